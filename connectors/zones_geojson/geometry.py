"""GeoJSON areas to the polygons of a zone: checked, repaired where that is safe, and turned the way the RFC asks."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

import shapely
from msgspec import Struct

from schemas.events.zone import Polygon

#: A polygon with more positions is better simplified first: the zone has to fit one event.
MAX_POSITIONS = 20_000


class GeometryError(Exception):
    """A geometry that makes no zone. The text says why, and holds no value from the file."""


class Area(Struct, frozen=True):
    """Polygons as a zone holds them, and whether they had to be repaired."""

    polygons: tuple[Polygon, ...]
    repaired: bool


def area_of(geometry: Any) -> Area:
    """Return the area of a GeoJSON Polygon or MultiPolygon (RFC 7946 §3.1.6, 3.1.7). Raises GeometryError.

    Outer rings run counter-clockwise and holes clockwise, whatever the file has. Self-crossing rings and the like are
    repaired. Heights are dropped.
    """
    if geometry is None:
        raise GeometryError("the feature has no geometry")
    if not isinstance(geometry, dict):
        raise GeometryError("the geometry is not an object")
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind not in ("Polygon", "MultiPolygon"):
        raise GeometryError("a zone needs a Polygon or a MultiPolygon")
    parts = [coordinates] if kind == "Polygon" else coordinates
    if not isinstance(parts, list) or not any(parts):
        raise GeometryError("the geometry is empty")
    shape = shapely.MultiPolygon([_polygon(part) for part in parts if part])
    repaired = not shape.is_valid
    if repaired:
        shape = shapely.make_valid(shape)
    # make_valid may put beside the polygons lines and points, which have no area, and wrap polygons once more.
    polygons = [part for part in shapely.get_parts(shapely.get_parts(shape)) if part.geom_type == "Polygon"]
    kept = [part for part in polygons if part.area > 0]
    if not kept:
        raise GeometryError("the geometry encloses no area")
    return Area(tuple(_rings(part) for part in shapely.orient_polygons(kept, exterior_cw=False)), repaired)


def _polygon(rings: Any) -> Any:
    if not isinstance(rings, list):
        raise GeometryError("a polygon is an array of rings")
    lines = [_ring(ring) for ring in rings]
    if sum(map(len, lines)) > MAX_POSITIONS:
        raise GeometryError(f"more than {MAX_POSITIONS:,} positions; simplify the geometry first")
    try:
        return shapely.Polygon(lines[0], lines[1:])
    except (ValueError, shapely.errors.GEOSException) as error:
        raise GeometryError("a ring needs at least four positions, the last like the first") from error


def _ring(ring: Any) -> Sequence[tuple[float, float]]:
    if not isinstance(ring, list) or len(ring) < 3:
        raise GeometryError("a ring needs at least four positions, the last like the first")
    line = []
    for position in ring:
        if (
            not isinstance(position, list)
            or len(position) < 2
            or not all(isinstance(value, int | float) and not isinstance(value, bool) for value in position[:2])
        ):
            raise GeometryError("a position is an array of longitude and latitude")
        lon, lat = float(position[0]), float(position[1])
        if not (isfinite(lon) and isfinite(lat)):
            raise GeometryError("a position is not finite")
        if abs(lon) > 180 or abs(lat) > 90:
            raise GeometryError(
                "coordinates are outside longitude and latitude: they look projected; convert the file to WGS 84"
            )
        line.append((lon, lat))
    return line


def _rings(polygon: Any) -> Polygon:
    return tuple(
        tuple((float(lon), float(lat)) for lon, lat in ring.coords) for ring in (polygon.exterior, *polygon.interiors)
    )
