"""Places as files write them: two columns, a WKT point, or a pair in brackets; and when they say nothing."""

from __future__ import annotations

import re
from math import isfinite

LatLon = tuple[float, float]

_NUMBER = r"[-+]?\d{1,10}(?:\.\d{0,20})?(?:[eE][-+]?\d{1,3})?"
#: WKT (OGC 06-103r4, §7.2.2): longitude first; with or without an SRID prefix as PostGIS writes it.
_WKT = re.compile(
    rf"(?:SRID=4326\s*;\s*)?POINT\s*(?:Z\s*)?\(\s*({_NUMBER})\s+({_NUMBER})(?:\s+{_NUMBER})?\s*\)", re.IGNORECASE
)
#: The older form of open-data portals: latitude first, alone or after an address on lines of its own.
_PAIR = re.compile(rf"\(\s*({_NUMBER})\s*,\s*({_NUMBER})\s*\)\s*$")


def lat_lon(lat: str, lon: str) -> LatLon | None:
    """Return degrees from two cells; None when either is no number, out of range, or both are 0 (no place)."""
    try:
        return usable(float(lat), float(lon))
    except ValueError:
        return None


def point(text: str) -> LatLon | None:
    """Return (latitude, longitude) from "POINT (lon lat)" or "(lat, lon)"; None when it says no usable place."""
    stripped = text.strip()
    if wkt := _WKT.fullmatch(stripped):
        return usable(float(wkt[2]), float(wkt[1]))
    if pair := _PAIR.search(stripped):
        return usable(float(pair[1]), float(pair[2]))
    return None


def usable(lat: float, lon: float) -> LatLon | None:
    """Return the pair when it is a place in WGS 84; 0/0, in the Gulf of Guinea, is how exports write "none"."""
    if not (isfinite(lat) and isfinite(lon)) or abs(lat) > 90 or abs(lon) > 180 or (lat == 0 and lon == 0):
        return None
    return lat, lon
