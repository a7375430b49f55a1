"""The guard: the only code that acknowledges, retries or dead-letters (DESIGN §5).

It turns one Kafka message into the messages that must be durable before it may be acknowledged. It knows nothing
of the engine that runs it; ``pipeline.engine`` binds it to Faust.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from importlib.metadata import version
from typing import Any

import structlog
from msgspec import Struct

from pipeline.outcome import DeadLetter, Drop, Emit, Outcome, Processor, Retry
from schemas.envelope import Event
from schemas.event_type import EventType
from schemas.events.dead_letter import DeadLetter as DeadLetterEvent
from schemas.identity import identity
from schemas.registry import BY_CLASS
from schemas.wire.frame import (
    MAX_BYTES,
    MAX_EVENTS,
    FrameDecoder,
    Headers,
    encode_event,
    frame_headers,
    join_frame,
    utc_now,
)
from schemas.wire.partition import partition_of

log = structlog.get_logger(__name__)

#: Dead letters in a row after which the line stops: a bug or a schema break must not drain a topic into the bin.
STOP_AFTER = 2_000
#: Original bytes kept in a dead letter; a larger frame is kept in its topic and named by place.
MAX_ORIGINAL = 600_000

CODE_VERSION = version("watchfloor")


class Message(Struct, frozen=True):
    """A Kafka message as it came in."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class Outgoing(Struct, frozen=True):
    """A Kafka message that must be confirmed by the broker before its cause is acknowledged."""

    topic: str
    partition: int
    key: bytes
    value: bytes
    headers: Headers


class LineStoppedError(Exception):
    """Too many dead letters in a row: nothing is acknowledged until a person has looked."""


class Guard:
    """Runs one processor over messages of one event type and accounts for every event.

    ``partitions`` is the number of partitions of every topic (they are all alike, so that keys are co-partitioned).
    ``counts`` tells events in, emitted, dropped by reason, and dead-lettered by reason.
    """

    def __init__(
        self,
        processor: Processor,
        kind: EventType[Any],
        *,
        partitions: int,
        stop_after: int = STOP_AFTER,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.processor = processor
        self.kind = kind
        self.counts: Counter[str] = Counter()
        self._partitions = partitions
        self._decoder = FrameDecoder(kind)
        self._stop_after = stop_after
        self._dead_in_a_row = 0
        self._sleep = sleep

    async def handle(self, message: Message) -> list[Outgoing]:
        """Return what must be durable before ``message`` may be acknowledged.

        Holds the line on ``Retry``. Raises LineStoppedError after too many dead letters in a row; the caller must
        then end the process without acknowledging.
        """
        frame = self._decoder.decode(message.value)
        self.counts["events_in"] += len(frame.events) + len(frame.rejected)
        dead: list[Event] = [
            self._letter(message, rejected.index, rejected.reason, "decode", rejected.error, rejected.original)
            for rejected in frame.rejected
        ]
        emitted: list[Event] = []
        outcomes = await self._outcomes(message, frame.events)
        for place, event, outcome in zip(frame.places, frame.events, outcomes, strict=True):
            match outcome:
                case Emit(events):
                    emitted.extend(events)
                    self.counts["emitted"] += len(events)
                    self._dead_in_a_row = 0
                case Drop(reason):
                    self.counts[f"dropped:{reason}"] += 1
                    self._dead_in_a_row = 0
                case DeadLetter(reason, error):
                    dead.append(self._letter(message, place, reason, self.processor.name, error, encode_event(event)))
        if dead:
            self._dead_in_a_row += len(dead)
            if self._dead_in_a_row > self._stop_after:
                raise LineStoppedError(
                    f"{self._dead_in_a_row} dead letters in a row in {self.processor.name} on {message.topic}"
                )
        return self._frames(emitted) + self._frames(dead)

    async def _outcomes(self, message: Message, events: list[Any]) -> Sequence[Outcome]:
        if not events:
            return ()
        delay = 0.1
        while True:
            try:
                return self._process(message, events)
            except Retry as wait:
                log.warning("holding the line", step=self.processor.name, topic=message.topic, why=str(wait))
                self.counts["retries"] += 1
                await self._sleep(delay)
                delay = min(delay * 2, 10.0)

    def _process(self, message: Message, events: list[Any]) -> Sequence[Outcome]:
        try:
            outcomes = self.processor.process(self.kind, events, message.partition)
            if len(outcomes) != len(events):
                raise AssertionError(f"{len(outcomes)} outcomes for {len(events)} events")
            return outcomes
        except Retry:
            raise
        except Exception as error:
            if len(events) == 1:
                # The type and place of the error are enough to find the bug; its text might hold a plate or a name.
                log.error("event refused", step=self.processor.name, topic=message.topic, offset=message.offset,
                          event_id=str(events[0].event_id), error=type(error).__name__)  # fmt: skip
                return [DeadLetter("rule_failed", f"{type(error).__name__} in {self.processor.name}")]
            # Halving finds the poisoned events among 512 in a few calls; the good ones are processed once more,
            # which processors allow because frames may come again anyway.
            half = len(events) // 2
            return [*self._process(message, events[:half]), *self._process(message, events[half:])]

    def _letter(
        self, message: Message, index: int, reason: str, step: str, error: str, original: bytes
    ) -> DeadLetterEvent:
        self.counts[f"dead_lettered:{reason}"] += 1
        now = utc_now()
        if len(original) > MAX_ORIGINAL:
            error = f"{error} (the original has {len(original)} bytes and stays at its place in the topic)"
            original = b""
        return DeadLetterEvent(
            event_id=identity("dead_letter", message.topic, message.partition, message.offset, index, step),
            occurred_at=now,
            observed_at=now,
            source=f"processor/{self.processor.name}",
            reason=reason,
            step=step,
            error=error[:2000],
            topic=message.topic,
            partition=message.partition,
            offset=message.offset,
            index=index,
            key=message.key or b"",
            original=original,
            headers={name: value.decode(errors="replace") for name, value in message.headers},
            code_version=CODE_VERSION,
        )

    def _frames(self, events: Sequence[Event]) -> list[Outgoing]:
        """Group events into frames, keeping the order of each key."""
        open_frames: dict[tuple[str, int], _Building] = {}
        done: list[Outgoing] = []
        for event in events:
            kind = BY_CLASS[type(event)]
            key = kind.key_of(event)
            partition = partition_of(key, self._partitions)
            encoded = encode_event(event)
            place = (kind.topic, partition)
            frame = open_frames.get(place)
            if frame is not None and not frame.fits(key, len(encoded)):
                done.append(frame.close(partition))
                frame = None
            if frame is None:
                frame = open_frames[place] = _Building(kind, event, key)
            frame.encoded.append(encoded)
            frame.size += len(encoded) + 1
        return done + [frame.close(place[1]) for place, frame in open_frames.items()]


class _Building:
    """A frame being filled."""

    __slots__ = ("encoded", "first", "key", "kind", "size")

    def __init__(self, kind: EventType[Any], first: Event, key: str) -> None:
        self.kind = kind
        self.first = first
        self.key = key
        self.encoded: list[bytes] = []
        self.size = 2

    def fits(self, key: str, size: int) -> bool:
        # A compacted topic keeps one message a key, so there a frame may hold one key only.
        if self.kind.compacted and key != self.key:
            return False
        return len(self.encoded) < MAX_EVENTS and self.size + size + 1 <= MAX_BYTES

    def close(self, partition: int) -> Outgoing:
        return Outgoing(
            self.kind.topic,
            partition,
            self.key.encode(),
            join_frame(self.encoded),
            frame_headers(self.kind, self.first, len(self.encoded)),
        )


class Watch:
    """How long the oldest unacknowledged message has been held: the truth about a worker's progress."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._taken: dict[tuple[str, int, int], float] = {}

    def taken(self, message: Message) -> None:
        self._taken[message.topic, message.partition, message.offset] = self._clock()

    def acknowledged(self, message: Message) -> None:
        self._taken.pop((message.topic, message.partition, message.offset), None)

    @property
    def oldest_s(self) -> float:
        """Seconds since the oldest unacknowledged message was taken; 0 when nothing is held."""
        return self._clock() - min(self._taken.values()) if self._taken else 0.0
