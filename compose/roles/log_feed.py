"""What people watch, from the log to the hub: two readers, each in a thread, and one queue before the event loop."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog

from compose.roles.broker_settings import FLOW, LIVE, Pace, log_reader
from compose.settings import Settings
from dashboards.server.hub import Hub
from dashboards.server.hubs import Hubs
from dashboards.server.metrics import LAG_MESSAGES
from schemas import tracing
from schemas.envelope import Event
from schemas.event_type import EventType, Push
from schemas.events.attachment import ATTACHMENT
from schemas.events.camera_health import CAMERA_HEALTH
from schemas.events.canary import CANARY
from schemas.events.drawing import DRAWING
from schemas.events.emergency_call import EMERGENCY_CALL
from schemas.events.incident import INCIDENT
from schemas.events.sighting import SIGHTING
from schemas.events.unit_position import UNIT_POSITION
from schemas.metrics import CONNECTIONS, watch_queue
from schemas.registry import EVENT_TYPES
from schemas.wire.frame import FrameDecoder, events_in
from schemas.wire.publisher import BrokerUnavailableError
from schemas.wire.reader import LogReader, Record

log = structlog.get_logger(__name__)

WATCHED = tuple(kind for kind in EVENT_TYPES if kind.push is not Push.NONE)
#: How far back screens begin for facts whose topic is not compacted, seconds.
BACK_S = {
    SIGHTING.topic: 120,
    EMERGENCY_CALL.topic: 7 * 86_400,
    INCIDENT.topic: 7 * 86_400,
    DRAWING.topic: DRAWING.retention_days * 86_400,
    ATTACHMENT.topic: ATTACHMENT.retention_days * 86_400,
    CAMERA_HEALTH.topic: 3600,
    CANARY.topic: 120,
    UNIT_POSITION.topic: 3600,
}
#: Frames of each reader that may wait before the event loop; the reader waits for room. A frame has up to 512 events.
MAX_WAITING = 64
#: The hub takes frames for so long at a time, seconds; then sockets, timers and the sign of life have their turn.
SLICE_S = 0.01
#: Messages of a flow that may be behind while people watch: more are passed over unread, and counted. What is shown of
#: a flow is a sample anyway; late it would be wrong as well. Alerts have their own reader and are never passed over.
FLOW_BEHIND = 500

Take = Callable[[], None]
Work = Callable[[], None]


class LogFeed:
    """Hands what people watch from the log to the hub.

    Two readers: what nobody may miss, and what flows by. A fetch brings little of the first and much of the second, and
    an alert must not wait for a page full of sightings.
    """

    def __init__(self, settings: Settings, hub: Hub | Hubs, loop: asyncio.AbstractEventLoop) -> None:
        self._hub = hub
        self._queue = LoopQueue(loop)
        self._catching_up = 2
        urgent = tuple(kind for kind in WATCHED if kind.push is Push.LOSSLESS)
        flowing = tuple(kind for kind in WATCHED if kind.push is not Push.LOSSLESS)
        self._readings = [
            _Reading(settings, kinds, name, pace, partial(self._take, first), partial(self._pass_over, first),
                     partial(self._caught_up, first))
            for name, kinds, pace, first in (("urgent", urgent, LIVE, True), ("flowing", flowing, FLOW, False))
        ]  # fmt: skip

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

    def _take(self, first: bool, record: Record, events: list[Event], taken: Take) -> None:
        at = time.time()
        logged_at = record.timestamp_ms / 1000 if record.timestamp_ms else None
        span = tracing.begin_after("hub.push", record.headers, {"topic": record.kind.topic, "events": len(events)})

        def offer() -> None:
            taken()
            self._hub.offer(record.kind, events, at, logged_at=logged_at, span=span)

        self._queue.put(offer, first=first)

    def _pass_over(self, first: bool, kind: EventType[Any], count: int) -> None:
        self._queue.put(partial(self._hub.pass_over, kind, count), first=first)

    def _caught_up(self, first: bool) -> None:
        def one_more() -> None:
            self._catching_up -= 1
            if not self._catching_up:
                self._hub.caught_up()

        self._queue.put(one_more, first=first)


class LoopQueue:
    """Work from other threads for an event loop, a slice at a time; what is put ``first`` goes before all that is not.

    A loop works off all that is ready before it looks at its timers and sockets again: a thousand frames at once would
    keep it from both for half a minute. Each of the two keeps its own order.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, slice_s: float = SLICE_S) -> None:
        self._loop = loop
        self._slice_s = slice_s
        self._first: deque[Work] = deque()
        self._then: deque[Work] = deque()
        self._is_working = False

    def put(self, work: Work, *, first: bool) -> None:
        """Have the loop do this; from any thread. Raises RuntimeError when the loop is closed."""
        (self._first if first else self._then).append(work)
        self._loop.call_soon_threadsafe(self._begin)

    def _begin(self) -> None:
        if not self._is_working:
            self._is_working = True
            self._work()

    def _work(self) -> None:
        until = time.monotonic() + self._slice_s
        try:
            while (self._first or self._then) and time.monotonic() < until:
                (self._first or self._then).popleft()()
        finally:
            self._is_working = bool(self._first or self._then)
            if self._is_working:
                self._loop.call_soon(self._work)


class _Reading:
    """Follows the topics of some event types in a thread. ``take`` is called with the events of each frame in turn, and
    must call what it is given once they are taken: no more than ``MAX_WAITING`` frames wait. ``pass_over`` is told of
    events that were not read because too many of their flow are behind."""

    def __init__(
        self,
        settings: Settings,
        kinds: tuple[EventType[Any], ...],
        name: str,
        pace: Pace,
        take: Callable[[Record, list[Event], Take], None],
        pass_over: Callable[[EventType[Any], int], None],
        caught_up: Callable[[], None],
    ) -> None:
        self.last_answer: float | None = None
        self._settings = settings
        self._kinds = kinds
        self._name = f"watchfloor-hub-{name}"
        self._pace = pace
        self._take = take
        self._pass_over = pass_over
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
                        if told and record.kind.push is Push.FLOW and reader.behind(record.kind.topic) > FLOW_BEHIND:
                            self._pass_over(record.kind, events_in(record.headers))
                        else:
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
