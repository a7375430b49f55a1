"""What people watch, from the log to the hub: two readers, each in a thread."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog

from compose.roles.broker_settings import FLOW, LIVE, Pace, log_reader
from compose.settings import Settings
from dashboards.server.hub import Hub
from dashboards.server.metrics import LAG_MESSAGES
from schemas import tracing
from schemas.envelope import Event
from schemas.event_type import EventType, Push
from schemas.events.camera_health import CAMERA_HEALTH
from schemas.events.canary import CANARY
from schemas.events.emergency_call import EMERGENCY_CALL
from schemas.events.incident import INCIDENT
from schemas.events.sighting import SIGHTING
from schemas.metrics import CONNECTIONS, watch_queue
from schemas.registry import EVENT_TYPES
from schemas.wire.frame import FrameDecoder
from schemas.wire.publisher import BrokerUnavailableError
from schemas.wire.reader import LogReader, Record

log = structlog.get_logger(__name__)

WATCHED = tuple(kind for kind in EVENT_TYPES if kind.push is not Push.NONE)
#: How far back screens begin for facts whose topic is not compacted, seconds.
BACK_S = {
    SIGHTING.topic: 120,
    EMERGENCY_CALL.topic: 7 * 86_400,
    INCIDENT.topic: 7 * 86_400,
    CAMERA_HEALTH.topic: 3600,
    CANARY.topic: 120,
}
#: Frames that may wait between a reader's thread and the event loop.
MAX_WAITING = 2_000

Take = Callable[[Record, list[Event], Callable[[], None]], None]


class LogFeed:
    """Hands what people watch from the log to the hub.

    Two readers: what nobody may miss, and what flows by. A fetch brings little of the first and much of the second, and
    an alert must not wait for a page full of sightings.
    """

    def __init__(self, settings: Settings, hub: Hub, loop: asyncio.AbstractEventLoop) -> None:
        self._hub = hub
        self._loop = loop
        self._catching_up = 2
        urgent = tuple(kind for kind in WATCHED if kind.push is Push.LOSSLESS)
        flowing = tuple(kind for kind in WATCHED if kind.push is not Push.LOSSLESS)
        self._readings = [
            _Reading(settings, kinds, name, pace, self._take, self._caught_up)
            for name, kinds, pace in (("urgent", urgent, LIVE), ("flowing", flowing, FLOW))
        ]

    @property
    def alive(self) -> bool:
        """True while both threads run."""
        return all(one.alive for one in self._readings)

    @property
    def polled_ago_s(self) -> float | None:
        """Seconds since the broker last answered, of the reader that waits longer. None: one never had an answer."""
        answers = [one.last_answer for one in self._readings if one.last_answer is not None]
        return time.monotonic() - min(answers) if len(answers) == len(self._readings) else None

    def stop(self) -> None:
        """Stop reading."""
        for one in self._readings:
            one.stop()

    def _take(self, record: Record, events: list[Event], taken: Callable[[], None]) -> None:
        at = time.time()
        logged_at = record.timestamp_ms / 1000 if record.timestamp_ms else None
        span = tracing.begin_after("hub.push", record.headers, {"topic": record.kind.topic, "events": len(events)})

        def offer() -> None:
            taken()
            self._hub.offer(record.kind, events, at, logged_at=logged_at, span=span)

        self._loop.call_soon_threadsafe(offer)

    def _caught_up(self) -> None:
        def one_more() -> None:
            self._catching_up -= 1
            if not self._catching_up:
                self._hub.caught_up()

        self._loop.call_soon_threadsafe(one_more)


class _Reading:
    """Follows the topics of some event types in a thread. ``take`` is called with the events of each frame in turn, and
    must call what it is given once they are taken: no more than ``MAX_WAITING`` frames wait."""

    def __init__(
        self,
        settings: Settings,
        kinds: tuple[EventType[Any], ...],
        name: str,
        pace: Pace,
        take: Take,
        caught_up: Callable[[], None],
    ) -> None:
        self.last_answer: float | None = None
        self._settings = settings
        self._kinds = kinds
        self._name = f"watchfloor-hub-{name}"
        self._pace = pace
        self._take = take
        self._caught_up = caught_up
        self._stop = threading.Event()
        self._room = threading.Semaphore(MAX_WAITING)
        self._waiting = 0
        self._decoders = {kind.topic: FrameDecoder(kind) for kind in kinds}
        self._reader: LogReader | None = None
        watch_queue(f"hub_{name}_frames", lambda: self._waiting, MAX_WAITING)
        for kind in kinds:
            LAG_MESSAGES.labels(kind.name).set_function(partial(self._behind, kind.topic))
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(5.0)

    def _behind(self, topic: str) -> float:
        reader = self._reader
        return float("nan") if reader is None else reader.behind(topic)

    def _run(self) -> None:
        told = False
        while not self._stop.is_set():
            reader: LogReader | None = None
            try:
                now_ms = int(time.time() * 1000)
                since = {topic: now_ms - back * 1000 for topic, back in BACK_S.items() if topic in self._decoders}
                reader = log_reader(
                    self._settings,
                    self._kinds,
                    self._name,
                    pace=self._pace,
                    since_ms=since,
                )
                self._reader = reader
                CONNECTIONS.labels("hub").inc()
                while not self._stop.is_set():
                    for record in reader.poll(0.5):
                        self._hand_over(record, self._decoders[record.kind.topic].decode(record.value).events)
                    self.last_answer = reader.answered_at
                    if not told and reader.caught_up:
                        told = True
                        self._caught_up()
            except BrokerUnavailableError as error:
                log.warning("the log cannot be read, trying again", why=str(error))
                self._stop.wait(0.5)
            except RuntimeError:
                if not self._stop.is_set():
                    raise
                return
            finally:
                self._reader = None
                if reader is not None:
                    reader.close()

    def _hand_over(self, record: Record, events: list[Event]) -> None:
        while not self._room.acquire(timeout=0.5):
            if self._stop.is_set():
                return
        self._waiting += 1
        self._take(record, events, self._taken)

    def _taken(self) -> None:
        self._waiting -= 1
        self._room.release()
