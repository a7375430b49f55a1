"""Counting what was accepted: events that the log confirmed, by type, source and minute, reported as events.

The ledger compares these counts with what is in the log and in the store. A process that is killed takes the last
seconds with it: what it had not reported yet is "not reported", never a loss.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from uuid import uuid4

import structlog
from msgspec import Struct
from prometheus_client import Counter, Histogram

from connectors.edge.metrics import ACCEPTED_EVENTS
from schemas import tracing
from schemas.canary import is_canary
from schemas.envelope import Event
from schemas.events.ledger_count import LedgerCount
from schemas.events.plate_read import PlateRead
from schemas.id_digest import MASK, digest_text
from schemas.identity import identity
from schemas.metrics import STAGE_SECONDS, Newest, watch_queue
from schemas.registry import BY_CLASS
from schemas.wire.frame import utc_now
from schemas.wire.publisher import BrokerUnavailableError, Publisher

log = structlog.get_logger(__name__)

REPORT_S = 2.0
#: Buckets that may wait for the next report; events of further ones are not reported.
MAX_BUCKETS = 10_000

#: Type, source, minute since 1970, and the device where it numbers its events.
_Key = tuple[str, str, int, str | None]
#: Says which device made an event and the number it gave it; None where the vendor has no such number.
SequenceOf = Callable[[Event], tuple[str, int] | None]


def device_number(event: Event) -> tuple[str, int] | None:
    """Return the device of a read and the number it gave it, where it numbers its messages."""
    if isinstance(event, PlateRead) and event.device_sequence is not None:
        return event.camera_id, event.device_sequence
    return None


class _Count(Struct):
    count: int = 0
    digest: int = 0
    first: int | None = None
    last: int | None = None


class AcceptedCounts:
    """A publisher that counts what the one inside confirmed. Counts are kept until their report is confirmed."""

    def __init__(
        self,
        inner: Publisher,
        name: str,
        *,
        sequence_of: SequenceOf | None = None,
        clock: Callable[[], datetime] = utc_now,
        max_buckets: int = MAX_BUCKETS,
    ) -> None:
        """``name``: of the process, as in watchfloor-edge. ``sequence_of``: for vendors whose devices number events."""
        self._inner = inner
        self._name = name
        self._process = f"{name}/{uuid4().hex[:12]}"
        self._sequence_of = sequence_of
        self._clock = clock
        self._max_buckets = max_buckets
        self._counts: dict[_Key, _Count] = {}
        self._unconfirmed: list[LedgerCount] = []
        self._number = 0
        self.not_counted = 0
        self._newest = Newest("edge")
        # Looking a label up costs more than counting.
        self._figures: dict[type[Event], tuple[str, Counter, Histogram]] = {}
        watch_queue("ledger_buckets", lambda: len(self._counts), max_buckets)

    async def publish(self, events: Sequence[Event]) -> None:
        """As ``Publisher.publish``."""
        began = time.monotonic()
        if tracing.active() is None:
            await self._inner.publish(events)
        else:
            with tracing.accepting("edge.accept", {"client": self._name, "events": len(events)}):
                await self._inner.publish(events)
        self._measure(events, time.monotonic() - began)
        self.count(events)

    def count(self, events: Sequence[Event]) -> None:
        """Count events that were confirmed."""
        for event in events:
            if isinstance(event, PlateRead) and is_canary(event):
                continue
            numbered = self._sequence_of(event) if self._sequence_of is not None else None
            device, number = numbered if numbered is not None else (None, None)
            minute = int(event.observed_at.timestamp() // 60)
            key = (BY_CLASS[type(event)].name, event.source, minute, device)
            found = self._counts.get(key)
            if found is None:
                if len(self._counts) >= self._max_buckets:
                    self.not_counted += 1
                    continue
                found = self._counts[key] = _Count()
            found.count += 1
            found.digest = (found.digest + event.event_id.int) & MASK
            if number is not None:
                found.first = number if found.first is None else min(found.first, number)
                found.last = number if found.last is None else max(found.last, number)

    def _measure(self, events: Sequence[Event], took_s: float) -> None:
        """Tell of one publication; nearly all are of one type."""
        last = {type(event): event for event in events}
        for cls, event in last.items():
            known = self._figures.get(cls)
            if known is None:
                name = BY_CLASS[cls].name
                known = (name, ACCEPTED_EVENTS.labels(name), STAGE_SECONDS.labels("edge", name))
                self._figures[cls] = known
            name, accepted, took = known
            accepted.inc(len(events) if len(last) == 1 else sum(type(one) is cls for one in events))
            took.observe(took_s)
            self._newest.note(name, event.observed_at)

    def due(self) -> Sequence[LedgerCount]:
        """Return what is to be reported: the same events again until ``confirmed`` is called."""
        if not self._unconfirmed and self._counts:
            counts, self._counts = self._counts, {}
            now = self._clock()
            self._unconfirmed = [self._report(key, one, now) for key, one in counts.items()]
        return self._unconfirmed

    def confirmed(self) -> None:
        """Let go of what ``due`` returned last."""
        self._unconfirmed = []

    async def report(self) -> None:
        """Publish what was counted. Raises BrokerUnavailableError; the same report is then sent next time."""
        while due := self.due():
            await self._inner.publish(due)
            self.confirmed()

    async def run(self, stop: asyncio.Event, every_s: float = REPORT_S) -> None:
        """Report every few seconds until ``stop``, and once more then."""
        ended = False
        while not ended:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), every_s)
            ended = stop.is_set()
            try:
                await self.report()
            except BrokerUnavailableError as error:
                log.warning("counts for the ledger not reported yet", why=str(error))

    def _report(self, key: _Key, one: _Count, now: datetime) -> LedgerCount:
        number, self._number = self._number, self._number + 1
        event_type, source, minute, device = key
        return LedgerCount(
            event_id=identity("ledger_count", self._process, number),
            occurred_at=now,
            observed_at=now,
            source=f"ledger/{self._name}",
            process=self._process,
            number=number,
            hop="accepted",
            counted_type=event_type,
            counted_source=source,
            minute=datetime.fromtimestamp(minute * 60, UTC),
            count=one.count,
            digest=digest_text(one.digest),
            device=device,
            first_sequence=one.first,
            last_sequence=one.last,
        )


@contextlib.asynccontextmanager
async def counting(inner: Publisher, name: str) -> AsyncIterator[AcceptedCounts]:
    """Give a counting publisher that reports while it is used, and a last time at the end."""
    counts = AcceptedCounts(inner, name, sequence_of=device_number)
    stop = asyncio.Event()
    reporting = asyncio.create_task(counts.run(stop))
    try:
        yield counts
    finally:
        stop.set()
        await reporting
