"""What is live around a place: open incidents and cameras, from the hub's own state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from schemas.place import distance_m

#: How far is near for an incident and for a camera, metres, and how many are told.
INCIDENTS_M, CAMERAS_M, MOST = 500.0, 500.0, 10


class NearIncident(Struct, frozen=True, kw_only=True):
    """An open incident and how far away it is."""

    incident_id: str
    kind: str
    category: str
    priority: int | None
    address: str
    opened_at: datetime
    distance_m: float


class NearCamera(Struct, frozen=True, kw_only=True):
    """A camera and how far away it is."""

    camera_id: str
    name: str
    distance_m: float


class _Incident(Struct):
    incident_id: str
    status: str
    kind: str
    opened_at: datetime
    category: str = ""
    priority: int | None = None
    address: str = ""
    lat: float | None = None
    lon: float | None = None


class _Camera(Struct):
    camera_id: str
    lat: float | None = None
    lon: float | None = None
    name: str = ""


_incident = msgspec.json.Decoder(_Incident)
_camera = msgspec.json.Decoder(_Camera)


def near_incidents(rows: Sequence[bytes], lat: float, lon: float) -> list[NearIncident]:
    """Return the open incidents within INCIDENTS_M, nearest first; ``rows``: incidents as JSON."""
    return [
        NearIncident(
            incident_id=one.incident_id,
            kind=one.kind,
            category=one.category,
            priority=one.priority,
            address=one.address,
            opened_at=one.opened_at,
            distance_m=round(distance),
        )
        for one, distance in _near(rows, _incident, lat, lon, INCIDENTS_M, lambda one: one.status == "open")
    ]


def near_cameras(rows: Sequence[bytes], lat: float, lon: float) -> list[NearCamera]:
    """Return the cameras within CAMERAS_M, nearest first; ``rows``: cameras as JSON."""
    return [
        NearCamera(camera_id=one.camera_id, name=one.name, distance_m=round(distance))
        for one, distance in _near(rows, _camera, lat, lon, CAMERAS_M, lambda one: True)
    ]


def _near(
    rows: Sequence[bytes],
    decoder: msgspec.json.Decoder[Any],
    lat: float,
    lon: float,
    reach_m: float,
    wanted: Callable[[Any], bool],
) -> list[tuple[Any, float]]:
    found = []
    for row in rows:
        one = decoder.decode(row)
        if one.lat is None or one.lon is None or not wanted(one):
            continue
        # A degree of latitude is 111 km everywhere: most rows need no more than this.
        if abs(one.lat - lat) * 110_000 <= reach_m and (distance := distance_m(lat, lon, one.lat, one.lon)) <= reach_m:
            found.append((one, distance))
    return sorted(found, key=lambda pair: pair[1])[:MOST]
