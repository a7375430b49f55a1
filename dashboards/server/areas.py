"""Where things are, for people who are shown some zones of the estate only.

Zones and cameras are those of now, read from the live state when something is asked of them. Nothing is kept up to date
for those who see everything, and for the others the question is asked once for a frame of events.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
import shapely
import structlog
from msgspec import Struct
from shapely.geometry.base import BaseGeometry

from schemas.envelope import Event
from schemas.events.camera import Camera
from schemas.events.zone import Zone
from schemas.zone_area import NoAreaError, area_of

#: Sets of zones whose geometry is kept; there is one for each way in which accounts are limited.
_KEPT = 64
#: The kind of cameras that drive about.
MOBILE = "mobile_lpr"
#: Of no place: it is in no zone.
_NOWHERE = (float("nan"), float("nan"))

_log = structlog.get_logger(__name__)
_zone = msgspec.json.Decoder(Zone)

Place = tuple[float, float]
Box = tuple[float, float, float, float]


class _Camera(Struct, frozen=True, gc=False):
    lat: float
    lon: float
    kind: str = ""
    removed: bool = False


_camera = msgspec.json.Decoder(_Camera)


class _Geometry(Struct, frozen=True):
    rows: Sequence[bytes | None]
    shape: BaseGeometry


class ZoneAreas:
    """Tells what lies in named zones. ``row``: the newest state of a thing of a channel (``Hub.row``)."""

    def __init__(self, row: Callable[[str, str], bytes | None]) -> None:
        self._row = row
        self._geometries: dict[frozenset[str], _Geometry] = {}

    def hold(self, zones: frozenset[str], events: Sequence[Event]) -> Sequence[bool]:
        """Return for each event whether its place lies in one of these zones. What has no place lies in none."""
        return self.hold_places(zones, [self._place_of(event) for event in events])

    def hold_places(self, zones: frozenset[str], places: Sequence[Place | None]) -> Sequence[bool]:
        """Return the same for places: latitude and longitude, degrees."""
        if not places:
            return ()
        at = np.array([_NOWHERE if place is None else place for place in places], dtype=float)
        inside: list[bool] = shapely.contains_xy(self._shape(zones), at[:, 1], at[:, 0]).tolist()
        return inside

    def box(self, zones: frozenset[str]) -> Box | None:
        """Return west, south, east, north of all these zones together, degrees; None when there is nothing of them."""
        shape = self._shape(zones)
        if shape.is_empty:
            return None
        west, south, east, north = map(float, shape.bounds)
        return west, south, east, north

    def camera_place(self, camera_id: str) -> Place | None:
        """Return where a camera stands; None where that is not known, and for one that drives about: what is known of
        it by its name alone may be from anywhere."""
        row = self._row("cameras", camera_id)
        camera = None if row is None else _camera.decode(row)
        return None if camera is None or camera.removed or camera.kind == MOBILE else (camera.lat, camera.lon)

    def _place_of(self, event: Any) -> Place | None:
        if isinstance(event, Zone):
            # One point that surely lies in it: districts touch each other at their borders.
            return _point_in(event)
        if isinstance(event, Camera):
            return event.lat, event.lon
        lat, lon = getattr(event, "lat", None), getattr(event, "lon", None)
        if lat is not None and lon is not None:
            return lat, lon
        camera_id = getattr(event, "camera_id", None)
        return None if camera_id is None else self.camera_place(camera_id)

    def _shape(self, zones: frozenset[str]) -> BaseGeometry:
        names = sorted(zones)
        rows = [self._row("zones", name) for name in names]
        known = self._geometries.get(zones)
        if known is None or known.rows != rows:
            shapes = [shape for row in rows if row is not None and (shape := _area(_zone.decode(row))) is not None]
            known = _Geometry(rows, shapely.union_all(shapes))
            shapely.prepare(known.shape)
            self._geometries.pop(zones, None)
            while len(self._geometries) >= _KEPT:
                del self._geometries[next(iter(self._geometries))]
            self._geometries[zones] = known
        return known.shape


def _area(zone: Zone) -> BaseGeometry | None:
    if zone.removed:
        return None
    try:
        return area_of(zone)
    except NoAreaError as error:
        _log.error("zone_without_area", zone_id=zone.zone_id, why=str(error))
        return None


def _point_in(zone: Zone) -> Place | None:
    shape = _area(zone)
    if shape is None:
        return None
    point = shape.representative_point()
    return point.y, point.x
