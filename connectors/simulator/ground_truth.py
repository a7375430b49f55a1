"""Which alerts the made-up events must raise, worked out from the plan.

Written apart from the rules and by brute force: every open call, every edge of every zone, no index and no geometry
library. Where rounding or the order of arrival decides, an alert is tolerated, not required.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import cos, hypot, radians
from uuid import UUID

from msgspec import Struct

from connectors.simulator.city import Area
from schemas.events.camera_health import CameraHealth
from schemas.events.emergency_call import GRAVE
from schemas.place import EARTH_RADIUS_M

HOTLIST_HIT = "hotlist_hit"
WANTED_NEAR_INCIDENT = "wanted_near_incident"
GRAVE_CALL_NEAR_ZONE = "grave_call_near_zone"
CAMERA_STOPPED = "camera_stopped"

#: A wanted plate near an incident: within this distance of it and this time of its opening.
INCIDENT_M, INCIDENT_S = 500.0, 30 * 60.0
#: A grave call near a zone: within this distance of it.
ZONE_M = 200.0
#: Silent cameras are missed after so many promised reports.
SILENT_REPORTS = 3
#: Bands in which either answer is right: rounding of distances, and calls and reads that overtake each other.
INCIDENT_BAND, ZONE_BAND_M, RACE_S = 0.02, 3.0, 5.0
#: How long an alert may take; a silence is looked for now and then only.
PATIENCE_S, SILENCE_PATIENCE_S = 5.0, 10.0

_METRES_PER_DEGREE = radians(EARTH_RADIUS_M)


class ExpectedAlert(Struct, frozen=True, gc=False):
    """An alert that must arise, or may (``required`` false). Times are seconds after the start.

    ``key`` tells which: for plates ``read_id`` and ``entry_id``; for calls ``call_id``; for cameras ``camera_id`` and
    either ``since`` (it stopped) or ``last_report`` (it fell silent), RFC 3339. ``severity`` is empty where either
    of two is right.
    """

    rule: str
    key: dict[str, str]
    due_s: float
    deadline_s: float
    required: bool = True
    severity: str = ""


class KnownCall(Struct):
    """A call with a place: when it is received and closed, seconds after the start; the end is planned."""

    call_id: str
    lat: float
    lon: float
    received_s: float
    closed_s: float


class GroundTruth:
    """Knows the open calls and the watched zones; told of everything that may raise an alert."""

    def __init__(self, areas: Sequence[Area]) -> None:
        self._watched = [area for area in areas if area.watched]
        self._calls: list[KnownCall] = []
        self._judged: set[str] = set()

    def call_received(self, call: KnownCall) -> None:
        """Take note of a call with a place."""
        oldest = call.received_s - INCIDENT_S - 2 * RACE_S
        self._calls = [one for one in self._calls if one.received_s > oldest and one.closed_s > call.received_s - 60]
        self._calls.append(call)

    def wanted_read(
        self, at_s: float, read_id: UUID, entry_id: str, severity: str, lat: float, lon: float
    ) -> tuple[ExpectedAlert, ...]:
        """Return what a final read of a wanted plate at this place must raise."""
        key = {"read_id": str(read_id), "entry_id": entry_id}
        hit = ExpectedAlert(HOTLIST_HIT, key, at_s, at_s + PATIENCE_S, True, severity)
        near = [_near(call, at_s, lat, lon) for call in self._calls]
        if not any(certainty is not None for certainty in near):
            return (hit,)
        certain = any(near)
        return (hit, ExpectedAlert(WANTED_NEAR_INCIDENT, key, at_s, at_s + PATIENCE_S, certain, "P1"))

    def call_state(
        self, at_s: float, call_id: str, category: str, status: str, lat: float, lon: float
    ) -> tuple[ExpectedAlert, ...]:
        """Return what a state of a call at this place must raise: one alert for its first live grave state."""
        if category not in GRAVE or status in ("closed", "cancelled") or call_id in self._judged:
            return ()
        self._judged.add(call_id)
        distances = [(area.kind, metres_to_ring(lat, lon, area.ring)) for area in self._watched]
        reached = [(kind, metres) for kind, metres in distances if metres <= ZONE_M + ZONE_BAND_M]
        if not reached:
            return ()
        sure = {kind for kind, metres in reached if metres < ZONE_M - ZONE_BAND_M}
        severity = "P1" if "school" in sure else "" if any(kind == "school" for kind, _ in reached) else "P2"
        return (
            ExpectedAlert(GRAVE_CALL_NEAR_ZONE, {"call_id": call_id}, at_s, at_s + PATIENCE_S, bool(sure), severity),
        )

    def call_closed(self, call_id: str) -> None:
        """Forget what was said of a call that is over."""
        self._judged.discard(call_id)


def stopped(at_s: float, health: CameraHealth) -> ExpectedAlert:
    """Return what the report of a stop must raise."""
    key = {"camera_id": health.camera_id, "since": health.since.isoformat()}
    return ExpectedAlert(CAMERA_STOPPED, key, at_s, at_s + PATIENCE_S, True, "P3")


def silent(at_s: float, last: CameraHealth, *, required: bool = True) -> ExpectedAlert:
    """Return what must follow the last report before a silence, made at ``at_s``."""
    due_s = at_s + SILENT_REPORTS * (last.next_report_s or 0.0)
    key = {"camera_id": last.camera_id, "last_report": last.occurred_at.isoformat()}
    return ExpectedAlert(CAMERA_STOPPED, key, due_s, due_s + SILENCE_PATIENCE_S, required, "P3")


def _near(call: KnownCall, at_s: float, lat: float, lon: float) -> bool | None:
    """Return True if the call is surely near the read in space and time, None if surely not, False if it may be."""
    age = at_s - call.received_s
    metres = metres_between(lat, lon, call.lat, call.lon)
    if age < 0 or age > INCIDENT_S + RACE_S or at_s > call.closed_s + RACE_S:
        return None
    if metres > INCIDENT_M * (1 + INCIDENT_BAND):
        return None
    return (
        age >= RACE_S
        and age <= INCIDENT_S - RACE_S
        and at_s <= call.closed_s - RACE_S
        and metres <= INCIDENT_M * (1 - INCIDENT_BAND)
    )


def metres_between(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Return the distance in metres, on a plane that touches the middle (exact to centimetres within a city)."""
    return hypot(
        (lon2 - lon1) * _METRES_PER_DEGREE * cos(radians((lat1 + lat2) / 2)), (lat2 - lat1) * _METRES_PER_DEGREE
    )


def metres_to_ring(lat: float, lon: float, ring: Sequence[tuple[float, float]]) -> float:
    """Return the distance in metres from a place to a closed ring of (longitude, latitude); 0 inside it."""
    scale = _METRES_PER_DEGREE * cos(radians(lat))
    points = [((x - lon) * scale, (y - lat) * _METRES_PER_DEGREE) for x, y in ring]
    inside = False
    nearest = float("inf")
    for (ax, ay), (bx, by) in pairwise(points):
        if (ay > 0) != (by > 0) and ax - ay * (bx - ax) / (by - ay) > 0:
            inside = not inside
        dx, dy = bx - ax, by - ay
        length = dx * dx + dy * dy
        along = 0.0 if length == 0 else min(1.0, max(0.0, -(ax * dx + ay * dy) / length))
        nearest = min(nearest, hypot(ax + along * dx, ay + along * dy))
    return 0.0 if inside else nearest
