"""Places some metres away from a place: what shapes of locations are drawn with."""

from __future__ import annotations

from math import asin, atan2, cos, degrees, hypot, radians, sin, sqrt

#: WGS 84: semi-major axis in metres, and the square of the first eccentricity.
_A = 6_378_137.0
_E2 = 0.00669437999014


def destination(lat: float, lon: float, bearing_deg: float, metres: float) -> tuple[float, float]:
    """Return (latitude, longitude), degrees, of the place so many metres away in a direction clockwise from north.

    On the sphere that touches the ellipsoid best at the start in that direction (Euler's radius): up to 50 km away it
    is off by less than 0.1 % of the distance.
    """
    phi, theta = radians(lat), radians(bearing_deg)
    flat = 1 - _E2 * sin(phi) ** 2
    meridian, vertical = _A * (1 - _E2) / flat**1.5, _A / sqrt(flat)
    radius = 1 / (cos(theta) ** 2 / meridian + sin(theta) ** 2 / vertical)
    angle = metres / radius
    sine = sin(phi) * cos(angle) + cos(phi) * sin(angle) * cos(theta)
    there = asin(max(-1.0, min(1.0, sine)))
    turn = atan2(sin(theta) * sin(angle) * cos(phi), cos(angle) - sin(phi) * sin(there))
    return degrees(there), (lon + degrees(turn) + 540.0) % 360.0 - 180.0


def offset(lat: float, lon: float, north_m: float, east_m: float) -> tuple[float, float]:
    """Return (latitude, longitude) of the place so many metres to the north and to the east."""
    return destination(lat, lon, degrees(atan2(east_m, north_m)), hypot(north_m, east_m))
