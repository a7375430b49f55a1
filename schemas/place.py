"""Places of one city: distance on the ground, the cell of a grid that a point lies in, addresses as they compare."""

from __future__ import annotations

from math import asin, cos, floor, radians, sin, sqrt

#: Mean earth radius in metres (IUGG 1980, R1).
EARTH_RADIUS_M = 6_371_008.8
#: Metres in a degree of latitude, and in one of longitude at the equator.
METRES_PER_DEG = 111_195.0
#: Cells of a degree: each is some 111 m high, and as wide at the equator.
_CELLS_PER_DEG = 1_000


def distance_m(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Return the great-circle distance in metres (haversine; within 0.5 % of the ellipsoid)."""
    phi1, phi2 = radians(lat1), radians(lat2)
    a = sin((phi2 - phi1) / 2) ** 2 + cos(phi1) * cos(phi2) * sin(radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(a)))


def cell(lat: float, lon: float) -> str:
    """Return the cell of the grid that a point lies in: rows and columns of a thousandth of a degree."""
    return f"{floor(lat * _CELLS_PER_DEG)}:{floor(lon * _CELLS_PER_DEG)}"


def cells_within(lat: float, lon: float, metres: float) -> list[str]:
    """Return the cells that hold all points within so many metres of a point; near the poles no more than a degree."""
    high = metres / METRES_PER_DEG * 1.01  # the ellipsoid's degree is up to 0.5 % shorter
    wide = min(high / max(cos(radians(lat)), 0.01), 1.0)
    rows = range(floor((lat - high) * _CELLS_PER_DEG), floor((lat + high) * _CELLS_PER_DEG) + 1)
    columns = range(floor((lon - wide) * _CELLS_PER_DEG), floor((lon + wide) * _CELLS_PER_DEG) + 1)
    return [f"{row}:{column}" for row in rows for column in columns]


def plain_address(text: str) -> str:
    """Return an address as addresses are compared: capitals, and single spaces for all that is no letter or digit."""
    return " ".join("".join(sign if sign.isalnum() else " " for sign in text.upper()).split())
