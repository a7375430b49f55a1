"""What differs between Apache Kafka and the embedded broker, said once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from compose.settings import Settings
from schemas.event_type import EventType
from schemas.events.action import ACTION
from schemas.events.alert import ALERT
from schemas.events.camera import CAMERA
from schemas.events.camera_health import CAMERA_HEALTH
from schemas.events.emergency_call import EMERGENCY_CALL
from schemas.events.incident import INCIDENT
from schemas.events.incident_input import INCIDENT_INPUT
from schemas.events.plate_read import PLATE_READ
from schemas.events.sighting import SIGHTING
from schemas.events.zone import ZONE
from schemas.registry import EVENT_TYPES
from schemas.wire.group_reader import GroupReader
from schemas.wire.log_ends import LogEnds
from schemas.wire.reader import LogReader

if TYPE_CHECKING:
    from pipeline.engine import EngineSettings

#: Consumer groups: one for each role that acknowledges.
PROCESS_GROUP = "watchfloor-process"
STORE_GROUP = "watchfloor-store"
NOTIFY_GROUP = "watchfloor-notify"
#: What the processors consume (a test holds it to what they say).
PROCESSED: tuple[EventType[Any], ...] = (PLATE_READ, EMERGENCY_CALL, CAMERA_HEALTH, ACTION, SIGHTING, INCIDENT_INPUT)

#: What is told outside of the room.
NOTIFIED: tuple[EventType[Any], ...] = (ALERT, INCIDENT)
#: What says where they lie, for people who are told of some areas only.
PLACED: tuple[EventType[Any], ...] = (ZONE, CAMERA)


class Pace(NamedTuple):
    """How long a broker may hold a fetch, milliseconds.

    The embedded broker does not wake a waiting fetch, it sleeps half of the wait: short waits buy latency with idle
    work. Apache Kafka answers at once what it is asked for, but clients have one fetch under way per broker: one that
    went out while the busy partitions were still being worked off asks for the quiet ones alone, and the busy ones wait
    until it ends. With 500 ms, the clients' default, a read in 20 took over half a second.
    """

    embedded_ms: int
    kafka_ms: int
    #: Bytes for which Apache Kafka answers before the wait is over. Who asks for one has an answer for each frame: at a
    #: thousand reads a second a hundred answers a second, each of them work for the broker and for who asked.
    kafka_bytes: int = 1


#: What an alert waits for; what is shown ten times a second; facts; what is stored or counted.
LIVE = Pace(20, 50)
FLOW = Pace(100, 100, 64 * 1024)
REFERENCE = Pace(200, 500)
BULK = Pace(200, 250, 256 * 1024)
#: How soon a dead member of a group is noticed, seconds. A join of the embedded broker takes half of it.
SESSION_S = 15.0
EMBEDDED_SESSION_S = 6.0


def engine_settings(settings: Settings, group: str) -> EngineSettings:
    """Return how a consumer group's worker talks to the broker."""
    from pipeline.engine import EngineSettings  # the engine takes a second to import: who only reads does without

    folder = str(settings.data_dir.resolve() / "engine" / group)
    if settings.embedded_broker:
        return EngineSettings(
            bootstrap=settings.bootstrap,
            login=settings.kafka_login,
            group=group,
            folder=folder,
            stall_s=settings.stall_s,
            fetch_max_wait_ms=LIVE.embedded_ms,
            session_timeout_s=EMBEDDED_SESSION_S,
            heartbeat_s=1.0,
        )
    return EngineSettings(
        bootstrap=settings.bootstrap,
        login=settings.kafka_login,
        group=group,
        folder=folder,
        stall_s=settings.stall_s,
        fetch_max_wait_ms=LIVE.kafka_ms,
        session_timeout_s=SESSION_S,
    )


def store_reader(settings: Settings) -> GroupReader:
    """Return a member of the store's group, of every topic that has a table. Raises BrokerUnavailableError."""
    kinds = [kind for kind in EVENT_TYPES if kind.table is not None]
    return _member(settings, kinds, STORE_GROUP, BULK)


def notify_reader(settings: Settings) -> GroupReader:
    """Return a member of the group that tells people outside. Raises BrokerUnavailableError."""
    return _member(settings, NOTIFIED, NOTIFY_GROUP, LIVE)


def _member(settings: Settings, kinds: Sequence[EventType[Any]], group: str, pace: Pace) -> GroupReader:
    embedded = settings.embedded_broker
    return GroupReader(
        settings.bootstrap,
        kinds,
        group=group,
        client_id=group,
        fetch_max_wait_ms=pace.embedded_ms if embedded else pace.kafka_ms,
        fetch_min_bytes=1 if embedded else pace.kafka_bytes,
        session_timeout_s=EMBEDDED_SESSION_S if embedded else SESSION_S,
        heartbeat_s=1.0 if embedded else 3.0,
        **settings.kafka_config(),
    )


def log_reader(
    settings: Settings,
    kinds: Sequence[EventType[Any]],
    client_id: str,
    *,
    pace: Pace = REFERENCE,
    since_ms: dict[str, int] | None = None,
    from_offsets: Mapping[tuple[str, int], int] | None = None,
) -> LogReader:
    """Return a reader of these topics. Raises BrokerUnavailableError."""
    wait, least = pace.kafka_ms, pace.kafka_bytes
    if settings.embedded_broker:
        wait, least = pace.embedded_ms, 1
        since_ms = None  # it is as old as this start, so all of it is read
    return LogReader(
        settings.bootstrap,
        kinds,
        client_id=client_id,
        fetch_max_wait_ms=wait,
        fetch_min_bytes=least,
        since_ms=since_ms,
        from_offsets=from_offsets,
        **settings.kafka_config(),
    )


def log_ends(settings: Settings, kinds: Sequence[EventType[Any]], client_id: str) -> LogEnds:
    """Return who asks where these topics end. Raises BrokerUnavailableError."""
    return LogEnds(settings.bootstrap, kinds, client_id=client_id, **settings.kafka_config())
