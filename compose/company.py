"""What the store knows of a plate's past and of who was beside it, asked in SQL."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import msgspec

from compose.local import addresses
from compose.past_reads import Ask
from compose.settings import Settings
from compose.store_opening import connect_server
from dashboards.server import ports
from pipeline.path_questions import PastSightings, PastUnavailableError, Shared
from pipeline.rules.travelling_together import (
    BESIDE_S,
    Company,
    Passed,
    candidates,
    companions,
)
from pipeline.store.async_store import AsyncStore
from pipeline.store.errors import StoreError, StoreUnavailableError
from pipeline.store.parameters import quoted
from pipeline.store.store import Store
from schemas.look_alikes import LookAlikes

#: Passes of one plate that are looked at, the newest; each is a key range of the store's projection by camera.
MOST_PASSES = 200
#: Reads of a plate at a camera within this time are one pass, seconds.
SAME_PASS_S = 60.0
#: A worker waits so long for one answer, seconds.
ANSWER_WITHIN_S = 15.0
#: Reads of the same visit do not make a plate known in a zone.
_VISIT = timedelta(seconds=60)


class StoredSightings:
    """Implements ``pipeline.path_questions.PastSightings`` by whoever answers SQL, and whatever ``ask`` raises."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def in_zone_before(
        self, zone_id: str, reads: Sequence[tuple[str, datetime]], since: timedelta
    ) -> tuple[frozenset[str], datetime]:
        """See ``PastSightings.in_zone_before``: by the table's own order, plate and time."""
        zone = quoted(zone_id)
        asked = " OR ".join(
            f"(plate = {quoted(plate)} AND occurred_at BETWEEN {_moment(at - since)} AND {_moment(at - _VISIT)})"
            for plate, at in reads
        )
        rows = self._ask(
            f"SELECT DISTINCT plate FROM rtcc.sightings WHERE ({asked}) AND has(zones, {zone}) AND NOT is_preview"  # noqa: S608 - quoted
        )
        # A zone knows of no reads before it was made.
        (begin,) = self._ask(
            "SELECT greatest((SELECT min(occurred_at) FROM rtcc.sightings), "  # noqa: S608 - quoted
            f"(SELECT min(occurred_at) FROM rtcc.zone_states WHERE zone_id = {zone})) AS at"
        )
        return frozenset(str(row["plate"]) for row in rows), _read_moment(begin["at"])

    def beside(self, plate: str, begin: datetime, end: datetime) -> Shared:
        """See ``PastSightings.beside``. Three questions: the passes, who was beside them, how often these were read."""
        passes = self._passes(plate, begin, end)
        if not passes:
            return Shared((), {}, 0)
        ranges = " OR ".join(
            f"(camera_id = {quoted(name)} AND occurred_at BETWEEN {_moment(at - _BESIDE)} AND {_moment(at + _BESIDE)})"
            for at, name in passes
        )
        rows = self._ask(
            "SELECT camera_id, plate, groupArray(toUnixTimestamp64Milli(occurred_at)) AS times "  # noqa: S608 - quoted
            f"FROM rtcc.sightings WHERE ({ranges}) AND plate != {quoted(plate)} AND NOT is_preview "
            "GROUP BY camera_id, plate"
        )
        there: dict[str, list[tuple[str, list[float]]]] = {}
        for row in rows:
            times = [int(at) / 1000 for at in row["times"]]
            there.setdefault(str(row["camera_id"]), []).append((str(row["plate"]), times))
        found = [
            Passed(
                at.timestamp(),
                camera_id,
                frozenset(
                    other
                    for other, times in there.get(camera_id, ())
                    if any(abs(one - at.timestamp()) <= BESIDE_S for one in times)
                ),
            )
            for at, camera_id in passes
        ]
        return Shared(found, *self._reads(list(candidates(found)), begin, end))

    def _passes(self, plate: str, begin: datetime, end: datetime) -> list[tuple[datetime, str]]:
        rows = self._ask(
            f"SELECT occurred_at, camera_id FROM rtcc.sightings WHERE plate = {quoted(plate)} AND occurred_at "  # noqa: S608 - quoted
            f"BETWEEN {_moment(begin)} AND {_moment(end)} AND NOT is_preview ORDER BY occurred_at DESC "
            f"LIMIT {MOST_PASSES * 4}"
        )
        found: list[tuple[datetime, str]] = []
        last: dict[str, datetime] = {}
        for row in reversed(rows):
            at, camera_id = _read_moment(row["occurred_at"]), str(row["camera_id"])
            if camera_id not in last or at - last[camera_id] > timedelta(seconds=SAME_PASS_S):
                found.append((at, camera_id))
            last[camera_id] = at
        return found[-MOST_PASSES:]

    def _reads(self, plates: Sequence[str], begin: datetime, end: datetime) -> tuple[dict[str, int], int]:
        within = f"occurred_at BETWEEN {_moment(begin)} AND {_moment(end)} AND NOT is_preview"
        if not plates:
            return {}, 0
        named = ", ".join(quoted(plate) for plate in plates)
        rows = self._ask(
            f"SELECT plate, count() AS reads FROM rtcc.sightings WHERE plate IN ({named}) AND {within} GROUP BY plate"  # noqa: S608 - quoted
        )
        (everything,) = self._ask(f"SELECT count() AS reads FROM rtcc.sightings WHERE {within}")  # noqa: S608 - moments
        return {str(row["plate"]): int(row["reads"]) for row in rows}, int(everything["reads"])


def company_of(
    ask: Ask, plate: str, begin: datetime, end: datetime, look_alikes: LookAlikes
) -> tuple[int, tuple[Company, ...]]:
    """Return how many passes a plate made in a time, and who kept it company, least likely by chance first."""
    shared = StoredSightings(ask).beside(plate, begin, end)
    return len(shared.passes), companions(plate, shared.passes, shared.reads, shared.all_reads, look_alikes)


_BESIDE = timedelta(seconds=BESIDE_S)


def _moment(at: datetime) -> str:
    return f"toDateTime64('{at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}', 3, 'UTC')"


def _read_moment(text: Any) -> datetime:
    at = datetime.fromisoformat(str(text))
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


class StoredCompany:
    """Implements ``dashboards.server.ports.Companions`` by the store of this process."""

    def __init__(self, store: AsyncStore, look_alikes: LookAlikes) -> None:
        self._ask = asking_store(store.inner)
        self._look_alikes = look_alikes

    async def company(self, plate: str, begin: datetime, end: datetime) -> ports.CompanyReport:
        """See ``ports.Companions.company``."""
        try:
            passes, found = await asyncio.to_thread(company_of, self._ask, plate, begin, end, self._look_alikes)
        except StoreUnavailableError as error:
            raise ports.StoreUnavailableError(str(error)) from error
        return ports.CompanyReport(
            begin=begin,
            end=end,
            passes=passes,
            companions=tuple(
                ports.Companion(
                    plate=one.plate,
                    shared=one.shared,
                    cameras=one.cameras,
                    first_at=datetime.fromtimestamp(one.first_at, UTC),
                    last_at=datetime.fromtimestamp(one.last_at, UTC),
                    by_chance=one.by_chance,
                    chance=one.chance,
                )
                for one in found
            ),
        )


def asking_store(store: Store) -> Ask:
    """Return who answers SQL from a store, blocking. Raises StoreUnavailableError."""

    def ask(sql: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = msgspec.json.decode(store.query(sql, None, "JSON"))["data"]
        return rows

    return ask


def past_sightings(settings: Settings) -> PastSightings:
    """Return what a worker asks of the past: a ClickHouse server itself, the embedded store through its server."""
    if settings.embedded_store:
        return _Guarded(StoredSightings(lambda sql: _served(settings, sql)))
    store: list[Store] = []

    def ask(sql: str) -> list[dict[str, Any]]:
        # Connected on the first question, in the thread that asks: most workers never do.
        if not store:
            store.append(connect_server(settings))
        return asking_store(store[0])(sql)

    return _Guarded(StoredSightings(ask))


def _served(settings: Settings, sql: str) -> list[dict[str, Any]]:
    body = {"sql": sql, "format": "JSON"}
    where = f"{addresses(settings).web}/api/sql"
    reply = httpx2.post(where, json=body, headers=settings.own_headers, timeout=ANSWER_WITHIN_S)
    reply.raise_for_status()
    rows: list[dict[str, Any]] = reply.json()["data"]
    return rows


class _Guarded:
    """The same promises, with one kind of error."""

    def __init__(self, inner: StoredSightings) -> None:
        self._inner = inner

    def in_zone_before(
        self, zone_id: str, reads: Sequence[tuple[str, datetime]], since: timedelta
    ) -> tuple[frozenset[str], datetime]:
        try:
            return self._inner.in_zone_before(zone_id, reads, since)
        except _AWAY as error:
            raise PastUnavailableError(type(error).__name__) from error

    def beside(self, plate: str, begin: datetime, end: datetime) -> Shared:
        try:
            return self._inner.beside(plate, begin, end)
        except _AWAY as error:
            raise PastUnavailableError(type(error).__name__) from error


_AWAY = (StoreError, httpx2.HTTPError, ValueError, KeyError)
