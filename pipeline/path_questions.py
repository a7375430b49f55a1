"""Questions about the past that only the store can answer, asked beside the stream.

Who was in a zone within a month, and who was read beside a wanted plate by all cameras: the first does not fit in
memory, the second lies in all partitions. A thread asks the store, some questions at a time, and what comes of it is
raised through the log. The stream never waits; what was asked when a worker died is asked again by the next one, which
reads the last minutes back (docs/adr/0012).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from msgspec import Struct

from pipeline.rules import first_in_zone, travelling_together
from pipeline.rules.stale_list import Lists
from pipeline.rules.travelling_together import Passed
from pipeline.state.recent import Recent
from schemas.events.alert import Alert
from schemas.events.sighting import Sighting
from schemas.events.zone import Zone
from schemas.look_alikes import LookAlikes
from schemas.wire.frame import utc_now

log = structlog.get_logger(__name__)

#: Questions that wait at most, and strangers asked for at a time.
MOST_WAITING, AT_ONCE = 2_000, 100
#: What was read reaches the store a few seconds later; who comes behind is read half a minute later. Seconds.
STORED_AFTER_S, BESIDE_AFTER_S = 5.0, travelling_together.BESIDE_S + 10.0
#: Between two questions for the company of one plate, and how far back it is looked for.
COMPANY_EVERY = timedelta(minutes=5)
COMPANY_BACK = timedelta(hours=3)
#: A store that is away is asked for so long; then alerts say that history is incomplete. Seconds.
GIVE_UP_S = 60.0
LOOK_EVERY_S = 0.5


class PastUnavailableError(Exception):
    """The store cannot be asked now."""


class Shared(Struct, frozen=True):
    """The passes of a plate with who was beside them, how often each candidate was read, and all reads of the time."""

    passes: Sequence[Passed]
    reads: Mapping[str, int]
    all_reads: int


class PastSightings(Protocol):
    """What is asked of the store. Blocking; every method may raise PastUnavailableError."""

    def in_zone_before(
        self, zone_id: str, reads: Sequence[tuple[str, datetime]], since: timedelta
    ) -> tuple[frozenset[str], datetime]:
        """Return those plates that were in a zone within ``since`` before the moment beside them, and since when the
        store has reads in that zone.
        """
        ...

    def beside(self, plate: str, begin: datetime, end: datetime) -> Shared:
        """Return the passes of a plate in a time, and who was beside them."""
        ...


class _Asked(Struct, frozen=True):
    sighting: Sighting
    zone: Zone | None
    at: float
    due: float


class PathQuestions:
    """Implements ``pipeline.processors.paths.Questions``. ``announce`` makes alerts durable, and may raise."""

    def __init__(
        self,
        past: PastSightings,
        announce: Callable[[Sequence[Alert]], None],
        *,
        look_alikes: LookAlikes,
        lists: Callable[[], Lists],
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.let_go = 0
        self._past = past
        self._announce = announce
        self._look_alikes = look_alikes
        self._lists = lists
        self._clock = clock
        self._now = now
        self._strangers: deque[_Asked] = deque()
        self._company: deque[_Asked] = deque()
        self._asked: Recent[str, datetime] = Recent(10_000)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="path-questions", daemon=True)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(1.0)  # what it had under way is asked again by whoever comes next

    def is_stranger(self, sighting: Sighting, zone: Zone) -> None:
        """See ``Questions.is_stranger``."""
        self._ask(self._strangers, sighting, zone, STORED_AFTER_S)

    def has_company(self, sighting: Sighting) -> None:
        """See ``Questions.has_company``. Once in ``COMPANY_EVERY`` for a plate."""
        asked = self._asked.get(sighting.plate)
        if asked is not None and abs(sighting.occurred_at - asked) < COMPANY_EVERY:
            return
        self._asked.keep(sighting.plate, sighting.occurred_at)
        self._ask(self._company, sighting, None, BESIDE_AFTER_S)

    def answer(self) -> None:
        """Ask what is due and raise what comes of it. One round; called again and again by the thread."""
        due = self._due(self._strangers, AT_ONCE)
        by_zone: dict[str, list[_Asked]] = {}
        for one in due:
            assert one.zone is not None
            by_zone.setdefault(one.zone.zone_id, []).append(one)
        for asked in by_zone.values():
            self._raise(asked, self._strangers_among(asked))
        for one in self._due(self._company, 1):
            self._raise([one], self._company_of(one))

    def _strangers_among(self, asked: Sequence[_Asked]) -> list[Alert] | None:
        zone = asked[0].zone
        assert zone is not None
        reads = [(one.sighting.plate, one.sighting.occurred_at) for one in asked]
        known: frozenset[str] = frozenset()
        since: datetime | None = None
        try:
            known, since = self._past.in_zone_before(zone.zone_id, reads, first_in_zone.STRANGER_AFTER)
        except PastUnavailableError as error:
            if self._clock() - asked[0].at < GIVE_UP_S:
                log.info("the store cannot be asked for strangers", why=str(error))
                return None
        now = self._now()
        why_not = "the store could not be asked."
        return [
            alert
            for one in asked
            if one.sighting.plate not in known
            for alert in first_in_zone.evaluate(one.sighting, zone, stored_since=since, why_not=why_not, now=now)
        ]

    def _company_of(self, asked: _Asked) -> list[Alert] | None:
        sighting = asked.sighting
        end = sighting.occurred_at + timedelta(seconds=travelling_together.BESIDE_S)
        try:
            shared = self._past.beside(sighting.plate, end - COMPANY_BACK, end)
        except PastUnavailableError as error:
            log.info("the store cannot be asked for company", why=str(error))
            return None if self._clock() - asked.at < GIVE_UP_S else []
        now, lists = self._now(), self._lists()
        return [
            alert
            for company in travelling_together.companions(
                sighting.plate, shared.passes, shared.reads, shared.all_reads, self._look_alikes
            )
            for alert in travelling_together.evaluate(sighting, company, now, lists)
        ]

    def _raise(self, asked: Sequence[_Asked], alerts: list[Alert] | None) -> None:
        """Raise alerts; what could not be answered, or not be raised, waits for the next round."""
        try:
            if alerts:
                self._announce(alerts)
        except Exception as error:
            log.warning("alerts about paths could not be raised yet", error=type(error).__name__)
            alerts = None
        if alerts is None:
            for one in reversed(asked):
                (self._company if one.zone is None else self._strangers).appendleft(one)

    def _ask(self, waiting: deque[_Asked], sighting: Sighting, zone: Zone | None, after_s: float) -> None:
        if len(waiting) >= MOST_WAITING:
            if not self.let_go:
                log.warning("more questions about paths than the store answers: some are let go")
            self.let_go += 1
            return
        at = self._clock()
        waiting.append(_Asked(sighting, zone, at, at + after_s))

    def _due(self, waiting: deque[_Asked], most: int) -> list[_Asked]:
        now = self._clock()
        found: list[_Asked] = []
        while waiting and waiting[0].due <= now and len(found) < most:
            found.append(waiting.popleft())
        return found

    def _run(self) -> None:
        while not self._stop.wait(LOOK_EVERY_S):
            try:
                self.answer()
            except Exception as error:
                # One question that cannot be answered must not keep the others.
                log.error("a question about paths failed", error=type(error).__name__)
