"""What differs between Apache Kafka and the embedded broker, said once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from compose.settings import Settings
from schemas.event_type import EventType
from schemas.wire.log_ends import LogEnds
from schemas.wire.reader import LogReader

if TYPE_CHECKING:
    from pipeline.engine import EngineSettings

#: Consumer groups: one for each role that acknowledges.
PROCESS_GROUP = "watchfloor-process"
STORE_GROUP = "watchfloor-store"

#: The embedded broker does not wake a waiting fetch, it sleeps half of the wait: short waits buy latency with idle
#: work. Live paths use 20 ms (about 10 ms added), others 200 ms. Apache Kafka answers at once: leave it alone.
LIVE_WAIT_MS = 20
REFERENCE_WAIT_MS = 200
KAFKA_WAIT_MS = 500


def engine_settings(
    settings: Settings, group: str, *, window: int = 64, live: bool = True, stall_s: float = 120.0
) -> EngineSettings:
    """Return how a consumer group's worker talks to the broker; ``live`` where people wait for what it does."""
    from pipeline.engine import EngineSettings  # the engine takes a second to import: who only reads does without

    folder = str(settings.data_dir.resolve() / "engine" / group)
    if settings.embedded_broker:
        # A join takes half the session timeout there, so it must be short.
        return EngineSettings(
            bootstrap=settings.bootstrap,
            login=settings.kafka_login,
            group=group,
            folder=folder,
            window=window,
            stall_s=stall_s,
            fetch_max_wait_ms=LIVE_WAIT_MS if live else REFERENCE_WAIT_MS,
            session_timeout_s=6.0,
            heartbeat_s=1.0,
        )
    return EngineSettings(
        bootstrap=settings.bootstrap,
        login=settings.kafka_login,
        group=group,
        folder=folder,
        window=window,
        stall_s=stall_s,
        fetch_max_wait_ms=KAFKA_WAIT_MS,
    )


def log_reader(
    settings: Settings,
    kinds: Sequence[EventType[Any]],
    client_id: str,
    *,
    live: bool = False,
    since_ms: dict[str, int] | None = None,
    from_offsets: Mapping[tuple[str, int], int] | None = None,
) -> LogReader:
    """Return a reader of these topics; ``live`` for what people watch. Raises BrokerUnavailableError."""
    wait = KAFKA_WAIT_MS
    if settings.embedded_broker:
        wait = LIVE_WAIT_MS if live else REFERENCE_WAIT_MS
        since_ms = None  # it is as old as this start, so all of it is read
    return LogReader(
        settings.bootstrap,
        kinds,
        client_id=client_id,
        fetch_max_wait_ms=wait,
        since_ms=since_ms,
        from_offsets=from_offsets,
        **settings.kafka_config(),
    )


def log_ends(settings: Settings, kinds: Sequence[EventType[Any]], client_id: str) -> LogEnds:
    """Return who asks where these topics end. Raises BrokerUnavailableError."""
    return LogEnds(settings.bootstrap, kinds, client_id=client_id, **settings.kafka_config())
