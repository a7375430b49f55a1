"""The frame producer: events in, confirmed frames out (DESIGN §3, §5).

kafka-python underneath: ``acks=all`` and the idempotent producer, so that a retry neither loses nor doubles
nor reorders. A frame is closed with 512 events or 256 KiB, and sooner when no other of its partition is on its way: an
event alone leaves at once, and the busier the broker, the more events go together.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from kafka import KafkaProducer
from kafka.errors import KafkaError

from schemas import tracing
from schemas.envelope import Event
from schemas.event_type import EventType
from schemas.metrics import PRODUCED_EVENTS, PRODUCED_FRAMES, watch_queue
from schemas.registry import BY_CLASS
from schemas.wire.connecting import connecting
from schemas.wire.frame import (
    MAX_BYTES,
    MAX_EVENT_BYTES,
    MAX_EVENTS,
    encode_event,
    frame_headers,
    join_frame,
)
from schemas.wire.partition import partition_of
from schemas.wire.publisher import BackpressureError, BrokerUnavailableError
from schemas.wire.reader import RECONNECT_WITHIN_MS

log = structlog.get_logger(__name__)

#: Events that may wait for the broker before new ones are refused: some 20 s of the busiest edge, about 100 MB.
MAX_PENDING_EVENTS = 100_000
#: Further traces that a frame is linked to.
MAX_LINKS = 16
_FRAMES_CONFIRMED, _FRAMES_FAILED = PRODUCED_FRAMES.labels("confirmed"), PRODUCED_FRAMES.labels("failed")


class _Confirmation:
    """Counts down the events of one ``publish`` call, and tells the caller once, from whatever thread."""

    __slots__ = ("_done", "_error", "_lock", "_missing")

    def __init__(self, count: int, done: Callable[[Exception | None], None]) -> None:
        self._missing = count
        self._error: Exception | None = None
        self._done = done
        self._lock = threading.Lock()

    def settle(self, count: int, error: Exception | None) -> None:
        with self._lock:
            self._missing -= count
            self._error = self._error or error
            finished = self._missing == 0
        if finished:
            self._done(self._error)


class _OpenFrame:
    """Events of one topic partition that wait for their frame to leave."""

    __slots__ = ("confirmations", "encoded", "first", "key", "kind", "partition", "place", "size", "span", "traces")

    def __init__(self, kind: EventType[Any], partition: int, first: Event, key: bytes) -> None:
        self.kind = kind
        self.partition = partition
        self.first = first
        self.key = key
        self.encoded: list[bytes] = []
        self.confirmations: list[tuple[_Confirmation, int]] = []
        self.size = 2
        self.place = (kind.topic, partition)
        self.traces: list[str] = []
        self.span: tracing.Span | None = None


class FrameProducer:
    """Publishes events as frames. Thread-safe. Implements ``schemas.wire.publisher.Publisher``."""

    def __init__(
        self,
        bootstrap: str,
        *,
        client_id: str,
        delivery_timeout_s: float = 30.0,
        max_pending_events: int = MAX_PENDING_EVENTS,
        **kafka_config: Any,
    ) -> None:
        """Connect. Raises BrokerUnavailableError when no broker answers at ``bootstrap``."""
        try:
            with connecting() as client:
                self._kafka = KafkaProducer(
                    kafka_client=client,
                    bootstrap_servers=bootstrap,
                    client_id=client_id,
                    acks="all",
                    enable_idempotence=True,
                    linger_ms=0,
                    batch_size=MAX_BYTES + 64 * 1024,
                    max_request_size=4 * 1024 * 1024,
                    max_block_ms=int(delivery_timeout_s * 1000),
                    delivery_timeout_ms=int(delivery_timeout_s * 1000),
                    request_timeout_ms=min(10_000, int(delivery_timeout_s * 1000) - 1),
                    allow_auto_create_topics=False,
                    reconnect_backoff_max_ms=RECONNECT_WITHIN_MS,
                    **kafka_config,
                )
        except KafkaError as error:
            raise BrokerUnavailableError(f"no Kafka broker answers at {bootstrap}: {error}") from error
        self._max_pending = max_pending_events
        self._pending = 0
        self._open: dict[tuple[str, int], _OpenFrame] = {}
        self._full: list[_OpenFrame] = []
        self._on_their_way: Counter[tuple[str, int]] = Counter()
        self._partitions: dict[str, int] = {}
        self._wake = threading.Condition()
        self._closed = False
        self.last_error: str | None = None
        self.last_confirmed: float | None = None
        watch_queue("producer_events", lambda: self._pending, max_pending_events)
        self._thread = threading.Thread(target=self._run, name="frame-producer", daemon=True)
        self._thread.start()

    @property
    def pending(self) -> int:
        """Events accepted for sending that the broker has not confirmed yet."""
        return self._pending

    async def publish(self, events: Sequence[Event]) -> None:
        """Return when the broker has confirmed every event; see ``Publisher.publish``."""
        if not events:
            return
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()

        def finish(error: Exception | None) -> None:
            if future.done():  # the caller went away meanwhile
                return
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)

        def done(error: Exception | None) -> None:
            loop.call_soon_threadsafe(finish, error)

        topics = {BY_CLASS[type(event)].topic for event in events}
        if any(topic not in self._partitions for topic in topics):
            await asyncio.to_thread(self._learn_partitions, topics)
        self._enqueue(events, done)
        await future

    def publish_sync(self, events: Sequence[Event], timeout_s: float = 60.0) -> None:
        """As ``publish``, for callers without an event loop."""
        if not events:
            return
        finished = threading.Event()
        errors: list[Exception] = []

        def done(error: Exception | None) -> None:
            if error is not None:
                errors.append(error)
            finished.set()

        self._learn_partitions({BY_CLASS[type(event)].topic for event in events})
        self._enqueue(events, done)
        if not finished.wait(timeout_s):
            raise BrokerUnavailableError(f"the broker did not confirm within {timeout_s:.0f} s")
        if errors:
            raise errors[0]

    def close(self, timeout_s: float = 10.0) -> None:
        """Send what waits, then disconnect."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join(timeout_s)
        self._kafka.close(timeout=timeout_s)

    def _learn_partitions(self, topics: set[str]) -> None:
        for topic in topics - self._partitions.keys():
            try:
                found = self._kafka.partitions_for(topic)
            except KafkaError as error:
                raise BrokerUnavailableError(f"topic {topic} is not there: {error}") from error
            if not found:
                raise BrokerUnavailableError(f"topic {topic} is not there; run `watchfloor topics create`")
            self._partitions[topic] = len(found)

    def _enqueue(self, events: Sequence[Event], done: Callable[[Exception | None], None]) -> None:
        if self._pending + len(events) > max(self._max_pending, len(events)):
            raise BackpressureError(f"{self._pending} events already wait for the broker")
        prepared = []
        for event in events:
            encoded = encode_event(event)
            if len(encoded) > MAX_EVENT_BYTES:
                raise ValueError(f"event {event.event_id} has {len(encoded)} bytes; the limit is {MAX_EVENT_BYTES}")
            kind = BY_CLASS[type(event)]
            key = kind.key_of(event)
            prepared.append((kind, partition_of(key, self._partitions[kind.topic]), key, event, encoded))
        confirmation = _Confirmation(len(prepared), done)
        trace = tracing.current()
        with self._wake:
            if self._closed:
                raise BrokerUnavailableError("the producer is closed")
            self._pending += len(prepared)
            for kind, partition, key, event, encoded in prepared:
                self._add(kind, partition, key, event, encoded, confirmation, trace)
            self._wake.notify()

    def _add(
        self,
        kind: EventType[Any],
        partition: int,
        key: str,
        event: Event,
        encoded: bytes,
        confirmation: _Confirmation,
        trace: str | None,
    ) -> None:
        place = (kind.topic, partition)
        frame = self._open.get(place)
        # A compacted topic keeps one message a key, so there a frame may hold one key only.
        if frame is not None and (
            frame.size + len(encoded) + 1 > MAX_BYTES or (kind.compacted and frame.key != key.encode())
        ):
            self._full.append(self._open.pop(place))
            frame = None
        if frame is None:
            frame = self._open[place] = _OpenFrame(kind, partition, event, key.encode())
        frame.encoded.append(encoded)
        frame.size += len(encoded) + 1
        if frame.confirmations and frame.confirmations[-1][0] is confirmation:
            frame.confirmations[-1] = (confirmation, frame.confirmations[-1][1] + 1)
        else:
            frame.confirmations.append((confirmation, 1))
        if trace is not None and trace not in frame.traces and len(frame.traces) <= MAX_LINKS:
            frame.traces.append(trace)
        if len(frame.encoded) >= MAX_EVENTS:
            self._full.append(self._open.pop(place))

    def _run(self) -> None:
        while True:
            with self._wake:
                while not (self._closed or self._full or self._ready()):
                    self._wake.wait()
                due, self._full = self._full, []
                due += [self._open.pop(place) for place in (list(self._open) if self._closed else self._ready())]
                self._on_their_way.update(frame.place for frame in due)
                last = self._closed
            for frame in due:
                self._send(frame)
            if last:
                return

    def _ready(self) -> list[tuple[str, int]]:
        return [place for place in self._open if not self._on_their_way[place]]

    def _send(self, frame: _OpenFrame) -> None:
        active = tracing.active() if frame.traces else None
        if active is not None:
            about: tracing.Attributes = {
                "topic": frame.kind.topic,
                "partition": frame.partition,
                "events": len(frame.encoded),
            }
            frame.span = active.begin("produce", frame.traces[0], about, frame.traces[1:])
        traceparent = None if frame.span is None else frame.span.traceparent
        try:
            sent = self._kafka.send(
                frame.kind.topic,
                value=join_frame(frame.encoded),
                key=frame.key,
                partition=frame.partition,
                headers=frame_headers(frame.kind, frame.first, len(frame.encoded), traceparent),
            )
        except (KafkaError, AssertionError) as error:
            self._settle(frame, error)
        else:
            sent.add_callback(lambda _metadata: self._settle(frame, None))
            sent.add_errback(lambda error: self._settle(frame, error))

    def _settle(self, frame: _OpenFrame, error: Exception | None) -> None:
        with self._wake:
            self._pending -= len(frame.encoded)
            self._on_their_way[frame.place] -= 1
            if frame.place in self._open and not self._on_their_way[frame.place]:
                self._wake.notify()
        failure = None
        if error is None:
            self.last_confirmed = time.monotonic()
            self.last_error = None
            _FRAMES_CONFIRMED.inc()
            PRODUCED_EVENTS.labels(frame.kind.name).inc(len(frame.encoded))
        else:
            _FRAMES_FAILED.inc()
            self.last_error = f"{type(error).__name__}: {error}"
            failure = BrokerUnavailableError(f"the broker did not confirm: {self.last_error}")
            log.error("frame not confirmed", topic=frame.kind.topic, partition=frame.partition, error=self.last_error)
        if frame.span is not None:
            frame.span.end("" if error is None else type(error).__name__)
        for confirmation, count in frame.confirmations:
            confirmation.settle(count, failure)
