"""What the store knows of plates that a list would hit, or would have hit: nothing of it is an alarm."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from pipeline.rules.hotlist_match import InForce, match_frame
from pipeline.state.hotlist_index import HotlistIndex
from pipeline.store.parameters import quoted
from schemas.events.plate_read import PlateRead
from schemas.events.sighting import Hit
from schemas.identity import identity
from schemas.wire.frame import utc_now

#: Asks the store (read-only, SQL) and returns rows.
Ask = Callable[[str], list[dict[str, Any]]]
#: Different plates asked for at a time, and plates named in one question.
PAGE, NAMED = 20_000, 400
#: What of a list's hits there would be at each tolerance.
MATCHES = {
    "exact": ("exact", "pattern"),
    "look_alike": ("exact", "pattern", "look_alike"),
    "edit": ("exact", "pattern", "look_alike", "edit"),
}


class Window(Struct, frozen=True, kw_only=True):
    """Which past reads are looked at: of the last so many days; made-up ones only if they are asked for."""

    days: int
    simulated: bool = False

    def where(self) -> str:
        """Return the condition in SQL."""
        made_up = "" if self.simulated else " AND NOT synthetic"
        return f"occurred_at >= now() - INTERVAL {self.days} DAY AND NOT is_preview{made_up}"


class Matched(Struct, frozen=True):
    """A plate as it was read, what it would hit, best first, and who may see each hit (none: everybody may)."""

    plate: str
    region: str
    hits: tuple[Hit, ...]
    audiences: tuple[str, ...] = ()


class ByMatch(Struct):
    """Reads and different plates of one type of match. ``other_state``: reads whose state is not the entry's."""

    plates: int = 0
    reads: int = 0
    other_state: int = 0


class BlastRadius(Struct, kw_only=True):
    """What a list would have hit. ``days``: the time that the store's reads cover, at most what was asked for."""

    days: float
    plates_read: int
    reads: int = 0
    plates: int = 0
    cameras: int = 0
    zones: dict[str, int] = {}
    by_match: dict[str, ByMatch] = {}
    #: Reads a day that would hit at each tolerance.
    hits_a_day: dict[str, float] = {}
    #: Those of them that are no exact read: at most so many are false, the rest are misreads of a wanted plate.
    false_a_day_at_most: dict[str, float] = {}


def matched_plates(
    ask: Ask, index: HotlistIndex, window: Window, in_force: InForce | None = None
) -> Iterator[tuple[int, list[Matched]]]:
    """Yield page by page how many different plates were looked at, and those that an index would hit now."""
    plate, region, begun = "", "", False
    while True:
        # The first condition is what the table is sorted by; the second goes on within one plate.
        after = (
            f" AND plate >= {quoted(plate)} AND (plate, ifNull(plate_region, '')) > ({quoted(plate)}, {quoted(region)})"
            if begun
            else ""
        )
        rows = ask(
            "SELECT plate, ifNull(plate_region, '') AS region FROM sightings "  # noqa: S608 - quoted
            f"WHERE {window.where()}{after} ORDER BY plate, region LIMIT 1 BY plate, region LIMIT {PAGE}"
        )
        if rows:
            yield len(rows), _matched(rows, index, in_force)
            plate, region, begun = rows[-1]["plate"], rows[-1]["region"], True
        if len(rows) < PAGE:
            return


def blast_radius(ask: Ask, index: HotlistIndex, window: Window) -> BlastRadius:
    """Return what the entries of an index, which should tolerate an edit, would have hit."""
    begin = ask(f"SELECT min(occurred_at) AS at, count() AS reads FROM sightings WHERE {window.where()}")  # noqa: S608
    days = float(window.days)
    if begin and int(begin[0]["reads"]):
        covered = utc_now() - datetime.fromisoformat(str(begin[0]["at"]))
        days = min(days, max(covered / timedelta(days=1), 1 / 24))
    told = BlastRadius(days=days, plates_read=0, zones={}, by_match={}, hits_a_day={}, false_a_day_at_most={})
    cameras: set[str] = set()
    for count, matched in matched_plates(ask, index, window):
        told.plates_read += count
        for some in portions(matched):
            best = {(one.plate, one.region): one.hits[0] for one in some}
            _count(ask, window, some, best, told, cameras)
    told.cameras = len(cameras)
    told.zones = dict(sorted(told.zones.items(), key=lambda item: (-item[1], item[0])))
    for tolerance, kinds in MATCHES.items():
        reads = {kind: told.by_match[kind].reads for kind in kinds if kind in told.by_match}
        told.hits_a_day[tolerance] = round(sum(reads.values()) / days, 1)
        told.false_a_day_at_most[tolerance] = round(
            sum(count for kind, count in reads.items() if kind != "exact") / days, 1
        )
    return told


def within(some: Iterable[Matched]) -> str:
    """Return the condition in SQL that a sighting is of one of these plates."""
    return f"plate IN ({', '.join(sorted({quoted(one.plate) for one in some}))})"


def portions(matched: Sequence[Matched]) -> Iterator[Sequence[Matched]]:
    """Yield as many plates at a time as one question names."""
    for at in range(0, len(matched), NAMED):
        yield matched[at : at + NAMED]


def _matched(rows: list[dict[str, Any]], index: HotlistIndex, in_force: InForce | None) -> list[Matched]:
    now = utc_now()
    found = []
    for at in range(0, len(rows), 512):
        some = rows[at : at + 512]
        reads = [
            PlateRead(
                event_id=identity("past", row["plate"], row["region"]),
                occurred_at=now,
                observed_at=now,
                source="history/hotlist",
                camera_id="-",
                plate=row["plate"],
                plate_raw=row["plate"],
                confidence=1.0,
                plate_region=row["region"] or None,
            )
            for row in some
        ]
        for place, match in sorted(match_frame(reads, index, in_force).items()):
            found.append(Matched(some[place]["plate"], some[place]["region"], match.hits, match.audiences))
    return found


def _count(
    ask: Ask,
    window: Window,
    some: Sequence[Matched],
    best: dict[tuple[str, str], Hit],
    told: BlastRadius,
    cameras: set[str],
) -> None:
    where = f"{window.where()} AND {within(some)}"
    for row in ask(
        "SELECT plate, ifNull(plate_region, '') AS region, count() AS reads, groupUniqArray(camera_id) AS cameras "  # noqa: S608 - quoted
        f"FROM sightings WHERE {where} GROUP BY plate, region"
    ):
        hit = best.get((row["plate"], row["region"]))
        if hit is None:
            continue  # another state's plate of these characters, which hits nothing
        reads = int(row["reads"])
        kind = told.by_match.setdefault(hit.match, ByMatch())
        kind.plates += 1
        kind.reads += reads
        kind.other_state += reads if hit.region_relation == "other" else 0
        told.plates += 1
        told.reads += reads
        cameras |= set(row["cameras"])
    for row in ask(
        "SELECT plate, ifNull(plate_region, '') AS region, arrayJoin(zones) AS zone, count() AS reads "  # noqa: S608 - quoted
        f"FROM sightings WHERE {where} GROUP BY plate, region, zone"
    ):
        if (row["plate"], row["region"]) in best:
            told.zones[row["zone"]] = told.zones.get(row["zone"], 0) + int(row["reads"])
