"""Land and water of the demo city: coarse lines drawn by hand for this project, roughly where New Orleans lies.

They are right to a few hundred metres, so that real camera positions do not stand in the water, and no better.
Every position here is (longitude, latitude) in WGS 84 degrees, as GeoJSON has it (RFC 7946 §3.1.1).
"""

from __future__ import annotations

from functools import lru_cache
from math import cos, radians

import shapely
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from schemas.place import EARTH_RADIUS_M

Point = tuple[float, float]

#: West, south, east, north of the demo city, degrees.
EXTENT = (-90.14, 29.90, -89.93, 30.06)
#: What the basemap shows around it, so that the map does not end at the city's edge.
BASEMAP_EXTENT = (-90.24, 29.84, -89.83, 30.14)
CENTRE: Point = (-90.05, 29.97)

METRES_PER_DEGREE_LAT = radians(EARTH_RADIUS_M)
METRES_PER_DEGREE_LON = METRES_PER_DEGREE_LAT * cos(radians(CENTRE[1]))

RIVER_WIDTH_M = 700.0
_RIVER: tuple[Point, ...] = (
    (-90.26, 29.972), (-90.215, 29.957), (-90.178, 29.944), (-90.158, 29.954), (-90.146, 29.954), (-90.139, 29.945),
    (-90.1382, 29.93), (-90.134, 29.916), (-90.125, 29.91), (-90.113, 29.908), (-90.1, 29.909), (-90.085, 29.914),
    (-90.07, 29.921), (-90.061, 29.93), (-90.0575, 29.94), (-90.0585, 29.949), (-90.0583, 29.955), (-90.0525, 29.9585),
    (-90.043, 29.9585), (-90.03, 29.954), (-90.015, 29.947), (-89.995, 29.9355), (-89.98, 29.928), (-89.96, 29.924),
    (-89.94, 29.923), (-89.915, 29.918), (-89.9, 29.9), (-89.905, 29.88), (-89.93, 29.87), (-89.96, 29.878),
    (-89.985, 29.868), (-89.995, 29.85), (-89.99, 29.82),
)  # fmt: skip
_LAKE_SHORE: tuple[Point, ...] = (
    (-90.260, 30.045), (-90.200, 30.026), (-90.160, 30.020), (-90.140, 30.020), (-90.117, 30.026), (-90.092, 30.029),
    (-90.070, 30.034), (-90.046, 30.035), (-90.034, 30.031), (-90.027, 30.043), (-90.009, 30.041), (-89.990, 30.047),
    (-89.960, 30.064), (-89.935, 30.082), (-89.900, 30.105), (-89.860, 30.125), (-89.800, 30.150),
)  # fmt: skip
#: Name, width in metres, line.
_CHANNELS: tuple[tuple[str, float, tuple[Point, ...]], ...] = (
    ("Harbour Canal", 140.0, ((-90.0335, 30.033), (-90.030, 29.990), (-90.0265, 29.955))),
    ("Marsh Waterway", 160.0, ((-90.029, 29.9905), (-89.980, 29.998), (-89.920, 30.002), (-89.800, 30.020))),
    ("Park Bayou", 50.0, ((-90.083, 30.031), (-90.0835, 30.005), (-90.088, 29.990), (-90.0875, 29.975))),
)
_PARKS: tuple[tuple[str, tuple[Point, ...]], ...] = (
    ("Demo City Park", ((-90.104, 29.984), (-90.089, 29.986), (-90.0855, 30.008), (-90.102, 30.010))),
    ("Demo River Park", ((-90.1305, 29.921), (-90.122, 29.919), (-90.1195, 29.932), (-90.128, 29.9345))),
    ("Demo Square", ((-90.0705, 29.9605), (-90.0665, 29.9625), (-90.0685, 29.9655), (-90.0725, 29.9635))),
    ("Demo Grove", ((-90.066, 30.012), (-90.056, 30.012), (-90.056, 30.020), (-90.066, 30.020))),
    ("Demo Marsh", ((-90.000, 29.968), (-89.960, 29.955), (-89.850, 29.945), (-89.850, 29.985), (-90.000, 29.990))),
    ("Demo East Woods", ((-89.955, 30.008), (-89.85, 30.02), (-89.85, 30.085), (-89.925, 30.05), (-89.945, 30.022))),
    ("Demo South Woods", ((-90.0, 29.889), (-89.96, 29.889), (-89.935, 29.905), (-89.965, 29.913), (-89.998, 29.905))),
)  # fmt: skip


def to_plane(point: Point) -> Point:
    """Return metres east and north of the city's centre (equirectangular; within 0.2 % over the extent)."""
    return (point[0] - CENTRE[0]) * METRES_PER_DEGREE_LON, (point[1] - CENTRE[1]) * METRES_PER_DEGREE_LAT


def from_plane(point: Point) -> Point:
    """Return the position of a point given in metres east and north of the city's centre."""
    return CENTRE[0] + point[0] / METRES_PER_DEGREE_LON, CENTRE[1] + point[1] / METRES_PER_DEGREE_LAT


def smooth(points: tuple[Point, ...], parts: int = 8) -> list[Point]:
    """Return a Catmull-Rom curve through the points, each piece cut into ``parts``; ends stay where they are."""
    padded = (points[0], *points, points[-1])
    curve: list[Point] = []
    for before, a, b, after in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        for step in range(parts):
            t = step / parts
            curve.append((_spline(before[0], a[0], b[0], after[0], t), _spline(before[1], a[1], b[1], after[1], t)))
    curve.append(points[-1])
    return curve


def _spline(before: float, a: float, b: float, after: float, t: float) -> float:
    return a + 0.5 * t * (b - before + t * (2 * before - 5 * a + 4 * b - after + t * (3 * (a - b) + after - before)))


def _band(line: list[Point], width_m: float) -> BaseGeometry:
    """Return the polygon that a line of this width covers."""
    plane = LineString([to_plane(point) for point in line]).buffer(width_m / 2, quad_segs=4)
    return shapely.transform(plane, lambda xy: [from_plane((x, y)) for x, y in xy])


@lru_cache(maxsize=1)
def waters() -> tuple[tuple[str, BaseGeometry], ...]:
    """Return the named bodies of water: river, lake and channels."""
    west, _, east, north = BASEMAP_EXTENT
    shore = smooth(_LAKE_SHORE)
    lake = Polygon([*shore, (east + 0.05, north + 0.05), (west - 0.05, north + 0.05)])
    channels = [(name, _band(list(line), width)) for name, width, line in _CHANNELS]
    return (("River (demo)", _band(smooth(_RIVER), RIVER_WIDTH_M)), ("Lake (demo)", lake), *channels)


@lru_cache(maxsize=1)
def water() -> BaseGeometry:
    """Return all water as one geometry."""
    return shapely.union_all([shape for _, shape in waters()])


@lru_cache(maxsize=1)
def parks() -> tuple[tuple[str, BaseGeometry], ...]:
    """Return the named parks, without the water in them."""
    return tuple((name, Polygon(ring).difference(water())) for name, ring in _PARKS)
