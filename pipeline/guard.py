"""The guard: the only code that acknowledges, retries or dead-letters (DESIGN §5).

It turns one Kafka message into the messages that must be durable before it may be acknowledged. It knows nothing
of the engine that runs it; ``pipeline.engine`` binds it to Faust.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog
from prometheus_client import Counter as PrometheusCounter

from pipeline import metrics
from pipeline.dead_letters import dead_letter
from pipeline.framing import frames
from pipeline.message import Message, Outgoing
from pipeline.outcome import DeadLetter, Drop, Emit, Outcome, Processor, Retry
from schemas.envelope import Event
from schemas.event_type import EventType
from schemas.events.dead_letter import DeadLetter as DeadLetterEvent
from schemas.metrics import Newest
from schemas.wire.frame import FrameDecoder, original_at

log = structlog.get_logger(__name__)

#: Dead letters in a row after which the line stops: a bug or a schema break must not drain a topic into the bin.
STOP_AFTER = 2_000


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
        self._may_emit = frozenset(one.topic for one in processor.emits)
        self._decoder = FrameDecoder(kind)
        self._stop_after = stop_after
        self._dead_in_a_row = 0
        self._sleep = sleep
        self._newest = Newest("process")
        self._emitted = metrics.EMITTED_EVENTS.labels(processor.name)
        # Looking a label up costs more than counting.
        self._decisions: dict[tuple[str, str], PrometheusCounter] = {}

    async def handle(self, message: Message) -> list[Outgoing]:
        """Return what must be durable before ``message`` may be acknowledged.

        Holds the line on ``Retry``. Raises LineStoppedError after too many dead letters in a row; the caller must
        then end the process without acknowledging.
        """
        frame = self._decoder.decode(message.value)
        self.counts["events_in"] += len(frame.events) + len(frame.rejected)
        dead: list[DeadLetterEvent] = [
            self._letter(message, rejected.index, rejected.reason, "decode", rejected.error, rejected.original)
            for rejected in frame.rejected
        ]
        emitted: list[Event] = []
        dropped: dict[str, int] = {}
        refused = 0
        outcomes = await self._outcomes(message, frame.events)
        for place, outcome in zip(frame.places, outcomes, strict=True):
            if isinstance(outcome, Emit):
                emitted += outcome.events
            elif isinstance(outcome, Drop):
                dropped[outcome.reason] = dropped.get(outcome.reason, 0) + 1
            else:
                refused += 1
                error, name = outcome.error, self.processor.name
                original = original_at(message.value or b"", place)
                dead.append(self._letter(message, place, outcome.reason, name, error, original))
        if emitted:
            self.counts["emitted"] += len(emitted)
        for reason, number in dropped.items():
            self.counts[f"dropped:{reason}"] += number
        self._measure(frame.events, emitted, dropped, dead)
        if refused < len(frame.events):
            self._dead_in_a_row = 0
        if dead:
            self._dead_in_a_row += len(dead)
            if self._dead_in_a_row > self._stop_after:
                raise LineStoppedError(
                    f"{self._dead_in_a_row} dead letters in a row in {self.processor.name} on {message.topic}"
                )
        homes = dict.fromkeys(map(self.kind.key_of, frame.events), message.partition)
        made = frames(emitted, self._partitions, homes)
        for out in made:
            # Said here in every test, rather than by Apache Kafka, which denies what was not declared.
            assert out.topic in self._may_emit, f"{self.processor.name} does not declare that it emits {out.topic}"
        return made + frames(dead, self._partitions)

    def _measure(
        self,
        events: Sequence[Any],
        emitted: Sequence[Event],
        dropped: Mapping[str, int],
        dead: Sequence[DeadLetterEvent],
    ) -> None:
        """Tell of one frame: a few figures, however many events it had."""
        used = len(events) - sum(dropped.values())
        if dead:
            used -= sum(1 for letter in dead if letter.step == self.processor.name)
            for reason, number in Counter(letter.reason for letter in dead).items():
                self._decided("dead_letter", reason).inc(number)
        if used:
            self._decided("emit", "").inc(used)
        for reason, number in dropped.items():
            self._decided("drop", reason).inc(number)
        if emitted:
            self._emitted.inc(len(emitted))
        if events:
            self._newest.note(self.kind.name, events[-1].observed_at)

    def _decided(self, outcome: str, reason: str) -> PrometheusCounter:
        known = self._decisions.get((outcome, reason))
        if known is None:
            known = metrics.PROCESSED_EVENTS.labels(self.processor.name, outcome, reason)
            self._decisions[outcome, reason] = known
        return known

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
                metrics.RETRIES.labels(self.processor.name).inc()
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
        source = f"processor/{self.processor.name}"
        return dead_letter(message, index, reason=reason, step=step, error=error, original=original, source=source)
