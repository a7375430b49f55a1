"""Distance on the ground, for cameras, calls and zones of one city."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

#: Mean earth radius in metres (IUGG 1980, R1).
EARTH_RADIUS_M = 6_371_008.8


def distance_m(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Return the great-circle distance in metres (haversine; within 0.5 % of the ellipsoid)."""
    phi1, phi2 = radians(lat1), radians(lat2)
    a = sin((phi2 - phi1) / 2) ** 2 + cos(phi1) * cos(phi2) * sin(radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(a)))
