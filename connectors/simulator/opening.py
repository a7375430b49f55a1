"""The first minute of the demo: every rule is seen once or more, so that a short check or a first look shows them."""

from __future__ import annotations

from connectors.simulator.calls import GRAVE_KINDS, KINDS, Calls
from connectors.simulator.camera_reports import CameraReports
from connectors.simulator.city import Area, City
from connectors.simulator.geography import METRES_PER_DEGREE_LAT
from connectors.simulator.wanted_traffic import WantedTraffic

_SILENT_S, _FROZEN_S = 1.0, 10.0
#: Wanted vehicles pass a reader; those of the second group where a call came in shortly before.
_PASSES_S = (3.0, 7.0, 11.0, 15.0, 25.0, 29.0, 34.0, 46.0, 52.0)
_NEAR_CALL_S = (20.0, 40.0)
_CALL_BEFORE_S, _CALL_AWAY_M = 9.0, 220.0
#: Grave calls: when, in or beside which zone (its number among those of the kind), how far outside.
_GRAVE_S: tuple[tuple[float, str, int, float], ...] = (
    (6.0, "school", 0, 0.0),
    (17.0, "named", 0, 0.0),
    (31.0, "school", 1, 100.0),
)


def open_with(made: City, calls: Calls, reports: CameraReports, hunted: WantedTraffic) -> None:
    """Plan the opening."""
    reports.plan_silence(_SILENT_S)
    reports.plan_freeze(_FROZEN_S)
    for place, at_s in enumerate(_PASSES_S):
        hunted.plan(at_s, short=place % 3 != 0)
    burglary = next(kind for kind in KINDS if kind.category == "burglary")
    for at_s in _NEAR_CALL_S:
        site = hunted.plan(at_s, short=True).site
        beside = (round(site.lat + _CALL_AWAY_M / METRES_PER_DEGREE_LAT, 6), site.lon)
        calls.plan(at_s - _CALL_BEFORE_S, burglary, beside, f"near {site.name}")
    for number, (at_s, kind, place, outside_m) in enumerate(_GRAVE_S):
        area = [area for area in made.areas if area.kind == kind][place]
        calls.plan(at_s, GRAVE_KINDS[number], _north_of(area, outside_m), f"near {area.name}")


def _north_of(area: Area, outside_m: float) -> tuple[float, float]:
    """Return a place in the middle of an area, or so far north of it (latitude, longitude)."""
    corners = area.ring[:-1]
    lat = sum(lat for _, lat in corners) / len(corners)
    lon = sum(lon for lon, _ in corners) / len(corners)
    if outside_m:
        lat = max(lat for _, lat in corners) + outside_m / METRES_PER_DEGREE_LAT
    return round(lat, 6), round(lon, 6)
