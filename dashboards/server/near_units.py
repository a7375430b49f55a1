"""Units that may be sent to an incident, the quickest first: by road where that is known, else by a straight line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from pydantic import BaseModel

from dashboards.server.ports import ByRoad, Roads
from schemas.events.unit_position import UnitPosition
from schemas.place import distance_m

#: Units that may be sent, in the order in which they are offered.
AVAILABLE = ("available", "conditionally_available")
NO_ROADS = "no road graph is loaded"


class NearUnit(BaseModel):
    """A unit that may be sent. ``measured``: how its way was measured. ``road_s``: seconds by road, None where it is
    not known, and ``why_not_by_road`` says why. ``distance_m``: a straight line in any case, metres.
    ``age_s``: of its position, seconds."""

    unit_id: str
    call_sign: str
    kind: str
    status: str
    measured: Literal["road", "straight_line"]
    road_s: float | None
    why_not_by_road: str
    distance_m: float
    age_s: float


class Candidate(Struct, frozen=True):
    """A unit of a status in AVAILABLE, and the age of its position, seconds."""

    unit: UnitPosition
    age_s: float


async def nearest(
    roads: Roads | None, lat: float, lon: float, candidates: Sequence[Candidate], most: int
) -> list[NearUnit]:
    """Return up to ``most`` units, the available ones first, each kind of them by time.

    One whose time by road is not known stands where it would if it drove straight at the highest speed of the graph:
    it may be nearer than it seems, so none that is surely later stands before it.
    """
    found: list[NearUnit] = []
    for status in AVAILABLE:
        if len(found) >= most:
            break
        group = [one for one in candidates if one.unit.status == status]
        found += await _of_status(roads, lat, lon, group, most - len(found))
    return found


async def _of_status(
    roads: Roads | None, lat: float, lon: float, group: Sequence[Candidate], most: int
) -> list[NearUnit]:
    if not group:
        return []
    ways: Sequence[ByRoad | None]
    if roads is None:
        ways = [ByRoad(seconds=None, why=NO_ROADS, at_least_s=None)] * len(group)
    else:
        ways = await roads.times(lat, lon, [(one.unit.lat, one.unit.lon) for one in group], most)
    ranked = []
    for one, way in zip(group, ways, strict=True):
        if way is None:
            continue
        metres = distance_m(lat, lon, one.unit.lat, one.unit.lon)
        seconds = way.at_least_s if way.seconds is None else way.seconds
        # Without a graph nobody has seconds, and metres decide.
        rank = (0.0 if seconds is None else seconds, metres, one.unit.unit_id)
        ranked.append((rank, one, way, metres))
    ranked.sort(key=lambda entry: entry[0])
    return [
        NearUnit(
            unit_id=one.unit.unit_id,
            call_sign=one.unit.call_sign,
            kind=one.unit.kind,
            status=one.unit.status,
            measured="straight_line" if way.seconds is None else "road",
            road_s=None if way.seconds is None else round(way.seconds, 1),
            why_not_by_road=way.why,
            distance_m=round(metres, 1),
            age_s=round(max(0.0, one.age_s), 1),
        )
        for _, one, way, metres in ranked[:most]
    ]
