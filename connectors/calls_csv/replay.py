"""Gives a recorded table of calls to the log again: as fast as the broker takes it, or at the pace it happened."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import islice

from msgspec import Struct, field

from connectors.calls_csv.reading import CallRow, LaterState, RefusedRow
from connectors.calls_csv.row_translator import Place
from connectors.file_reading import RowError
from schemas.wire.publisher import Publisher

#: Rows confirmed together, and how many such chunks wait for the broker at once: memory is bounded by the product.
CHUNK_ROWS = 500
CHUNKS_IN_FLIGHT = 4
#: The longest nap at a pace, seconds, so that a replay that is stopped stops soon.
_LONGEST_NAP_S = 1.0
#: Errors kept for the report; the count goes on, and every refused row is in the dead letters.
_KEPT_ERRORS = 1000


class ReplayReport(Struct):
    """What became of a replay so far. ``accepted`` and ``refused`` count rows that the broker has confirmed.

    ``without_location`` rows gave no place; ``outside_area`` rows gave one outside the area that the map says the
    agency covers, so it was left out. ``later_states``: further states of these calls, of calls that take their course.
    ``bytes_read`` is how much of the file they are.
    """

    accepted: int = 0
    later_states: int = 0
    refused: int = 0
    without_location: int = 0
    outside_area: int = 0
    bytes_read: int = 0
    seconds: float = 0.0
    errors: list[RowError] = field(default_factory=list)


Progress = Callable[[ReplayReport], None]


async def replay(
    rows: Iterable[CallRow],
    publisher: Publisher,
    *,
    speed: float | None = None,
    progress: Progress | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> ReplayReport:
    """Publish rows and return what became of them, when the broker has confirmed every one.

    ``speed``: None for as fast as the broker confirms; 1 for the pace at which the calls were received, 60 for a
    minute of it each second. At a speed the rows have to come in time order (``read_calls_in_time_order``); each is
    due at its distance from the first call's. The events keep their own times; ``source`` tells of the replay.
    A refused row is published as its dead letter. ``progress`` is called after each confirmation.
    Raises ValueError for a speed that is not positive, and what the publisher raises.
    """
    if speed is not None and not 0 < speed < float("inf"):
        raise ValueError("speed must be a positive number, or None for as fast as possible")
    run = _Run(publisher, progress, clock)
    if speed is None:
        await run.at_once(iter(rows))
    else:
        await run.at_pace(iter(rows), speed, sleep)
    return run.report


class _Run:
    def __init__(self, publisher: Publisher, progress: Progress | None, clock: Callable[[], float]) -> None:
        self.report = ReplayReport()
        self._publisher = publisher
        self._progress = progress
        self._clock = clock
        self._began = clock()

    async def at_once(self, rows: Iterator[CallRow]) -> None:
        # Chunks are given to the publisher in order; only their confirmations overlap.
        waiting: list[asyncio.Task[None]] = []
        try:
            while chunk := list(islice(rows, CHUNK_ROWS)):
                waiting.append(asyncio.ensure_future(self._publish(chunk)))
                await asyncio.sleep(0)
                if len(waiting) >= CHUNKS_IN_FLIGHT:
                    await waiting.pop(0)
            while waiting:
                await waiting.pop(0)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def at_pace(self, rows: Iterator[CallRow], speed: float, sleep: Callable[[float], Awaitable[None]]) -> None:
        first: float | None = None
        start = 0.0
        due: list[CallRow] = []
        for row in rows:
            if not isinstance(row, RefusedRow):
                at = row.due.timestamp()
                if first is None:
                    first, start = at, self._clock()
                moment = start + (at - first) / speed
                if due and moment > self._clock():
                    await self._publish(due)
                    due = []
                while (left := moment - self._clock()) > 0:
                    await sleep(min(left, _LONGEST_NAP_S))
            due.append(row)
            if len(due) >= CHUNK_ROWS:
                await self._publish(due)
                due = []
        if due:
            await self._publish(due)

    async def _publish(self, rows: Sequence[CallRow]) -> None:
        await self._publisher.publish([row.dead_letter if isinstance(row, RefusedRow) else row.call for row in rows])
        report = self.report
        for row in rows:
            if isinstance(row, LaterState):
                report.later_states += 1
                continue
            report.bytes_read += row.size
            if isinstance(row, RefusedRow):
                report.refused += 1
                if len(report.errors) < _KEPT_ERRORS:
                    report.errors.append(row.error)
            else:
                report.accepted += 1
                report.without_location += row.place is Place.NONE
                report.outside_area += row.place is Place.OUTSIDE
        report.seconds = self._clock() - self._began
        if self._progress is not None:
            self._progress(report)
