"""Zones, indexed for the two questions asked of them: which hold this place, and which lie near it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import cos, radians

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon

from schemas.events.zone import Zone
from schemas.place import EARTH_RADIUS_M


class ZoneIndex:
    """An immutable index over zones; swap it whole. Geometry by shapely, distances on a local plane.

    The plane is equirectangular at the zones' mean latitude: within 0.2 % over a county, which is what "near" needs.
    """

    def __init__(self, zones: Iterable[Zone] = ()) -> None:
        self.zones: tuple[Zone, ...] = tuple(zone for zone in zones if not zone.removed)
        shapes = [_shape(zone) for zone in self.zones]
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


def _shape(zone: Zone) -> MultiPolygon:
    return MultiPolygon([Polygon(rings[0], rings[1:]) for rings in zone.polygons])
