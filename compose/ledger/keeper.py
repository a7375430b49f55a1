"""Keeps the ledger: follows the log, judges every few seconds, answers the server. Implements ``ports.Ledger``."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError
from datetime import UTC, datetime
from typing import Any, TypeVar

import structlog

from compose.ledger.log import WINDOW_MIN, LogFollower, read_period
from compose.ledger.reconciling import Reconciler
from compose.settings import Settings
from dashboards.server import ports
from pipeline.ledger.bucket import Bucket, minute_begins, minute_of
from pipeline.ledger.sequences import Numbers, holes
from pipeline.ledger.stored import Asked, sequence_ranges
from pipeline.ledger.verdict import Verdict
from pipeline.store.errors import QueryFailedError, StoreError, StoreUnavailableError
from schemas.wire.publisher import BrokerUnavailableError

log = structlog.get_logger(__name__)

ROUND_S = 10.0
#: Minutes judged in every round; older ones while they are open, and all in every so many rounds.
NEWEST_MIN = 5
WHOLE_EVERY = 30
#: Worst first, as people read it.
ORDER = ("gap", "not_reported", "not_comparable", "open", "resends", "balanced")

T = TypeVar("T")


class LedgerKeeper:
    """The ledger, in a thread and an event loop of its own: comparing must not hold up screens."""

    def __init__(
        self, settings: Settings, store: Asked, *, begins: Callable[[float], float | None] | None = None
    ) -> None:
        """``begins``: as for LogFollower."""
        self._settings = settings
        self._store = store
        self._begins = begins
        self._follower = LogFollower(settings, begins)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._stopping: asyncio.Event | None = None
        self._ready = threading.Event()
        self._verdicts: dict[Bucket, Verdict] = {}
        self._lag: dict[str, int] = {}
        self._judged_at: float | None = None
        self._verifying = threading.Lock()

    def start(self) -> None:
        """Begin to follow and to judge."""
        self._follower.start()
        self._thread.start()
        self._ready.wait(10.0)

    def stop(self) -> None:
        """Stop. Blocking, for seconds at most when a comparison is under way."""
        if self._stopping is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(10.0)
        self._follower.stop()

    async def recent(self, begin: datetime, end: datetime) -> ports.LedgerReport:
        """See ``ports.Ledger.recent``."""
        first, last = minute_of(begin), minute_of(end)
        chosen = [one for bucket, one in self._verdicts.copy().items() if first <= bucket.minute < last]
        judged = None if self._judged_at is None else datetime.fromtimestamp(self._judged_at, UTC)
        return _report(first, last, judged, chosen)

    async def verify(self, begin: datetime, end: datetime) -> ports.LedgerReport:
        """See ``ports.Ledger.verify``."""
        if not self._verifying.acquire(blocking=False):
            raise ports.LedgerBusyError
        try:
            return await self._here(self._verify(minute_of(begin), minute_of(end)))
        except (StoreUnavailableError, QueryFailedError) as error:
            raise ports.StoreUnavailableError(str(error)) from error
        finally:
            self._verifying.release()

    def figures(self) -> ports.LedgerFigures:
        """See ``ports.Ledger.figures``."""
        verdicts = list(self._verdicts.copy().values())
        missing: Counter[str] = Counter()
        for verdict in verdicts:
            for gap in verdict.gaps:
                missing[gap.hop] += gap.count
        return ports.LedgerFigures(
            states=dict(Counter(verdict.state for verdict in verdicts)),
            missing=dict(missing),
            lag=dict(self._lag),
            judged_ago_s=None if self._judged_at is None else time.time() - self._judged_at,
        )

    async def _here(self, work: Coroutine[Any, Any, T]) -> T:
        """Run work on the ledger's own loop, from another."""
        try:
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))
        except CancelledError:
            raise ports.StoreUnavailableError("the ledger is being stopped") from None

    async def _verify(self, first: int, last: int) -> ports.LedgerReport:
        seen = await asyncio.to_thread(read_period, self._settings, first, last, self._begins)
        judge = Reconciler(self._settings, self._store)
        try:
            verdicts = await judge.judge(seen, first, last)
        finally:
            judge.close()
        numbers = [
            Numbers(source, device, int(low), int(high), int(count))
            for source, device, low, high, count, _ in await sequence_ranges(self._store, first, last)
        ]
        found = tuple(
            ports.SequenceHole(source=one.source, device=one.device, first=one.first, last=one.last,
                               missing=one.missing)
            for one in holes(numbers)
        )  # fmt: skip
        return _report(first, last, datetime.now(UTC), verdicts, found)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._rounds())
        finally:
            # Who still waits for an answer is told that there will be none.
            left = asyncio.all_tasks(self._loop)
            for task in left:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            self._loop.close()

    async def _rounds(self) -> None:
        self._stopping = asyncio.Event()
        self._ready.set()
        judge = Reconciler(self._settings, self._store)
        number = 0
        looked_at = 0.0
        while not self._stopping.is_set():
            began = time.time()
            now = int(began // 60)
            oldest = now - WINDOW_MIN
            try:
                changed = self._follower.changed_since(looked_at)
                still_open = [bucket.minute for bucket, one in self._verdicts.items() if one.state == "open"]
                first = min([now - NEWEST_MIN, *still_open, *([] if changed is None else [changed])])
                whole = number % WHOLE_EVERY == 0
                if whole:
                    judge.look_anew()
                await self._judge(judge, oldest if whole else max(first, oldest), now + 1)
                looked_at = began
                number += 1
            except (BrokerUnavailableError, StoreError, QueryFailedError) as error:
                log.warning("the ledger could not be judged, trying again", why=str(error))
            judge.forget_before(oldest)
            try:
                await asyncio.wait_for(self._stopping.wait(), ROUND_S)
            except TimeoutError:
                continue
        judge.close()

    async def _judge(self, judge: Reconciler, first: int, last: int) -> None:
        seen = self._follower.seen(first, last)
        verdicts = {one.facts.bucket: one for one in await judge.judge(seen, first, last)}
        before = self._verdicts
        kept = {
            bucket: verdict
            for bucket, verdict in before.items()
            if bucket.minute >= last - WINDOW_MIN and not first <= bucket.minute < last
        }
        for bucket, verdict in verdicts.items():
            known = before.get(bucket)
            if verdict.state == "gap" and (known is None or known.gaps != verdict.gaps):
                log.error("ledger gap", event_type=bucket.event_type, source=bucket.source,
                          minute=bucket.begins.isoformat(), why=verdict.why)  # fmt: skip
        self._verdicts = {**kept, **verdicts}
        self._lag = (await judge.reached()).lag(seen.ends)
        self._judged_at = time.time()


def _report(
    first: int,
    last: int,
    judged_at: datetime | None,
    verdicts: list[Verdict],
    found: tuple[ports.SequenceHole, ...] = (),
) -> ports.LedgerReport:
    verdicts.sort(key=lambda one: (ORDER.index(one.state), -one.facts.bucket.minute, one.facts.bucket))
    return ports.LedgerReport(
        begin=minute_begins(first),
        end=minute_begins(last),
        judged_at=judged_at,
        rows=tuple(map(_row, verdicts)),
        holes=found,
    )


def _row(verdict: Verdict) -> ports.LedgerRow:
    facts = verdict.facts
    return ports.LedgerRow(
        event_type=facts.bucket.event_type,
        source=facts.bucket.source,
        minute=facts.bucket.begins,
        accepted=facts.accepted.count if facts.accepted is not None else None,
        logged=facts.logged.count,
        stored=facts.stored.count,
        processed=facts.processed.count if facts.processed is not None else None,
        alerts_due=facts.alerts.due if facts.alerts is not None else None,
        alerts_raised=facts.alerts.raised if facts.alerts is not None else None,
        state=verdict.state,
        why=verdict.why,
        gaps=tuple(
            ports.LedgerGap(hop=gap.hop, count=gap.count, event_ids=tuple(map(str, gap.ids)), why=gap.why)
            for gap in verdict.gaps
        ),
    )
