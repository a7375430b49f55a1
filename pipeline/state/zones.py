"""Zones, indexed for the two questions asked of them: which hold this place, and which lie near it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import cos, radians

import numpy as np
import shapely
import structlog
from shapely.geometry import MultiPolygon

from schemas.events.zone import Zone
from schemas.place import EARTH_RADIUS_M
from schemas.zone_area import NoAreaError, area_of

log = structlog.get_logger(__name__)


class ZoneIndex:
    """An immutable index over zones; swap it whole. Geometry by shapely, distances on a local plane.

    The plane is equirectangular at the zones' mean latitude: within 0.2 % over a county, which is what "near" needs.
    """

    def __init__(self, zones: Iterable[Zone] = ()) -> None:
        usable = [(zone, shape) for zone in zones if not zone.removed and (shape := _shape(zone)) is not None]
        self.zones: tuple[Zone, ...] = tuple(zone for zone, _ in usable)
        shapes = [shape for _, shape in usable]
        shapely.prepare(shapes)
        self._shapes = np.array(shapes, dtype=object)
        self._tree = shapely.STRtree(shapes)
        latitude = float(np.mean([shape.centroid.y for shape in shapes])) if shapes else 0.0
        self._scale = np.array([radians(1) * EARTH_RADIUS_M * cos(radians(latitude)), radians(1) * EARTH_RADIUS_M])
        plane = [shapely.transform(shape, lambda points: points * self._scale) for shape in shapes]
        self._plane = np.array(plane, dtype=object)
        self._plane_tree = shapely.STRtree(plane)
        self._ids = tuple(zone.zone_id for zone in self.zones)

    def containing(self, lats: Sequence[float], lons: Sequence[float]) -> list[tuple[str, ...]]:
        """Return for each place the ids of the zones that hold it. Vectorised: ask for many places at once."""
        if not self.zones or not lats:
            return [()] * len(lats)
        x, y = np.asarray(lons, dtype=float), np.asarray(lats, dtype=float)
        point, shape = self._tree.query(shapely.points(x, y))
        inside = shapely.contains_xy(self._shapes[shape], x[point], y[point])
        found: list[list[str]] = [[] for _ in lats]
        for at, which in zip(point[inside].tolist(), shape[inside].tolist(), strict=True):
            found[at].append(self._ids[which])
        return [tuple(ids) for ids in found]

    def near(self, lat: float, lon: float, radius_m: float) -> list[tuple[Zone, float]]:
        """Return the zones within ``radius_m`` metres of a place with their distance (0 inside), nearest first."""
        if not self.zones:
            return []
        place = shapely.points(np.array([lon, lat]) * self._scale)
        which = self._plane_tree.query(place, predicate="dwithin", distance=radius_m)
        distances = shapely.distance(self._plane[which], place)
        found = [(self.zones[at], float(metres)) for at, metres in zip(which.tolist(), distances, strict=True)]
        return sorted(found, key=lambda item: (item[1], item[0].zone_id))


def _shape(zone: Zone) -> MultiPolygon | None:
    """Return the zone's area; None, and a word in the log, when it has none: one bad zone must never cost the rules all
    the others."""
    try:
        return area_of(zone)
    except NoAreaError as error:
        log.error("zone left out of the rules", zone_id=zone.zone_id, why=str(error))
        return None
