"""The shapes of RFC 5491 and the OGC's PIDF-LO profile: where they say that something is, as points and areas.

In EPSG:4326 and EPSG:4979 a position is latitude, longitude (and height); in GeoJSON it is longitude, latitude.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import cos, isfinite, pi, radians, sin
from xml.etree.ElementTree import Element

import msgspec
from msgspec import Struct
from shapely import Polygon
from shapely.errors import GEOSException
from shapely.geometry import mapping
from shapely.geometry.polygon import orient

from connectors.geodesic import destination, offset
from connectors.xml_text import local
from schemas.place import distance_m

#: Corners by which a curve is drawn. They lie outside of it so that its chords touch it: an area that is drawn holds
#: all of what is meant, and reaches beyond it by at most 1/cos(pi/64) - 1 = 0.12 % of the radius.
CORNERS = 64
#: Longest GeoJSON kept of a shape; of a longer one its bounding box is.
MAX_GEOJSON = 20_000
#: A radius above that is no place on earth.
_MAX_METRES = 20_000_000.0
#: Units of length in metres and of angles in degrees: EPSG codes and what else is in use.
_METRES = {
    "9001": 1.0, "m": 1.0, "metre": 1.0, "meter": 1.0, "metres": 1.0, "meters": 1.0,
    "9002": 0.3048, "ft": 0.3048, "9003": 1200 / 3937, "9036": 1000.0, "km": 1000.0,
    "9030": 1852.0, "9093": 1609.344,
}  # fmt: skip
_DEGREES = {
    "9102": 1.0, "9122": 1.0, "deg": 1.0, "degree": 1.0, "degrees": 1.0,
    "9101": 180 / pi, "rad": 180 / pi, "radian": 180 / pi, "radians": 180 / pi,
}  # fmt: skip
_LAT_LON = frozenset({"4326", "4979"})
_CODE = re.compile(r"(CRS84h?|\d+)$", re.IGNORECASE)

LatLon = tuple[float, float]


class ShapeError(Exception):
    """A shape says no place. The text tells why, without any coordinate."""


class Shape(Struct, frozen=True):
    """Where a shape lies: ``point`` inside it if it has a middle that lies in it, else None; the radius around that
    which holds it (metres; None: exact); its area as GeoJSON ("": a point); ``inside``: any place that lies in it, and
    ``reach_m``: how far from there it reaches."""

    kind: str
    point: LatLon | None
    uncertainty_m: float | None
    geojson: str
    inside: LatLon | None
    reach_m: float | None


KINDS = ("Point", "Circle", "Ellipse", "Polygon", "ArcBand", "Sphere", "Ellipsoid", "Prism")


def read_shape(element: Element, srs: str = "") -> Shape:
    """Return where a shape lies. ``srs``: the reference system of what is around it.

    Raises ShapeError for a shape that is not known or makes no sense.
    """
    kind = local(element)
    system = element.get("srsName") or srs
    if kind == "Point":
        lat, lon = _position(element, system)
        return Shape(kind, (lat, lon), None, "", (lat, lon), None)
    if kind in ("Circle", "Sphere"):
        return _circle(kind, element, system)
    if kind in ("Ellipse", "Ellipsoid"):
        return _ellipse(kind, element, system)
    if kind == "ArcBand":
        return _arc_band(element, system)
    if kind == "Polygon":
        return _polygon(kind, element, system)
    if kind == "Prism":
        base = next((one for one in element.iter() if local(one) == "Polygon"), None)
        if base is None:
            raise ShapeError("a Prism without the Polygon of its base")
        return _polygon(kind, base, base.get("srsName") or system)
    raise ShapeError("a shape that is not known here")


def _circle(kind: str, element: Element, srs: str) -> Shape:
    lat, lon = _position(element, srs)
    radius = _length(element, "radius")
    ring = [destination(lat, lon, 360.0 * step / CORNERS, radius / cos(pi / CORNERS)) for step in range(CORNERS)]
    return Shape(kind, (lat, lon), radius, _geojson([ring]) if radius else "", (lat, lon), radius)


def _ellipse(kind: str, element: Element, srs: str) -> Shape:
    lat, lon = _position(element, srs)
    major, minor = _length(element, "semiMajorAxis"), _length(element, "semiMinorAxis")
    turn = radians(_angle(element, "orientation"))
    ring = []
    for step in range(CORNERS):
        along = major / cos(pi / CORNERS) * cos(2 * pi * step / CORNERS)
        across = minor / cos(pi / CORNERS) * sin(2 * pi * step / CORNERS)
        # The orientation is the major axis's, clockwise from north (RFC 5491, 5.2.5).
        ring.append(offset(lat, lon, along * cos(turn) - across * sin(turn), along * sin(turn) + across * cos(turn)))
    radius = max(major, minor)
    return Shape(kind, (lat, lon), radius, _geojson([ring]) if major and minor else "", (lat, lon), radius)


def _arc_band(element: Element, srs: str) -> Shape:
    lat, lon = _position(element, srs)
    inner, outer = _length(element, "innerRadius"), _length(element, "outerRadius")
    start, opening = _angle(element, "startAngle"), _angle(element, "openingAngle")
    if not (0 <= inner < outer and 0 < abs(opening) <= 360):
        raise ShapeError("an ArcBand without an area")
    if opening < 0:
        start, opening = start + opening, -opening
    steps = max(2, round(CORNERS * opening / 360))
    bearings = [start + opening * step / steps for step in range(steps + 1)]
    # Only the outer chords cut into the band; the inner ones lie in the hole, so the band is never drawn too small.
    beyond = outer / cos(radians(opening / steps) / 2)
    rim = [destination(lat, lon, bearing, beyond) for bearing in bearings]
    if opening == 360:
        hole = [destination(lat, lon, bearing, inner) for bearing in bearings[:-1]]
        drawn = _geojson([rim[:-1], hole] if inner else [rim[:-1]])
    elif inner:
        drawn = _geojson([rim + [destination(lat, lon, bearing, inner) for bearing in reversed(bearings)]])
    else:
        drawn = _geojson([[*rim, (lat, lon)]])
    middle = destination(lat, lon, start + opening / 2, (inner + outer) / 2)
    # The antenna stands at the centre, which is not in the band: nobody is there.
    reach = max(distance_m(*middle, *corner) for corner in rim)
    return Shape("ArcBand", None, None, drawn, middle, max(reach, distance_m(*middle, lat, lon)))


def _polygon(kind: str, element: Element, srs: str) -> Shape:
    rings: list[list[LatLon]] = []
    for bound in element:
        if local(bound) not in ("exterior", "interior", "outerBoundaryIs", "innerBoundaryIs"):
            continue
        ring = _ring(bound, srs)
        if local(bound) in ("exterior", "outerBoundaryIs"):
            rings.insert(0, ring)
        else:
            rings.append(ring)
    if not rings:
        raise ShapeError("a Polygon without an exterior")
    try:
        area = Polygon([(lon, lat) for lat, lon in rings[0]], [[(lon, lat) for lat, lon in hole] for hole in rings[1:]])
        if not area.is_valid or not area.area:
            raise ShapeError("a Polygon whose border crosses itself or holds no area")
        spot = area.representative_point()
    except (GEOSException, ValueError):
        raise ShapeError("a Polygon whose border makes no sense") from None
    lat, lon = float(spot.y), float(spot.x)
    reach = max(distance_m(lat, lon, *corner) for corner in rings[0])
    return Shape(kind, None, None, _geojson(rings), (lat, lon), reach)


def _ring(bound: Element, srs: str) -> list[LatLon]:
    """The corners of a ring: of its ``pos`` elements, or of one ``posList``. The last may be the first again."""
    corners: list[LatLon] = []
    for one in bound.iter():
        name = local(one)
        if name == "pos":
            corners.append(_lat_lon(_numbers(one), one.get("srsName") or srs))
        elif name == "posList":
            numbers = _numbers(one)
            told = one.get("srsDimension") or bound.get("srsDimension") or ""
            size = int(told) if told in ("2", "3") else 3 if _code(srs) == "4979" else 2
            if len(numbers) % size:
                size = 5 - size
            if len(numbers) % size:
                raise ShapeError("a border whose numbers are no pairs")
            corners += [_lat_lon(numbers[at : at + size], srs) for at in range(0, len(numbers), size)]
    if len(corners) > 1 and corners[0] == corners[-1]:
        corners.pop()
    if len(corners) < 3:
        raise ShapeError("a Polygon with fewer than three corners")
    return corners


def _geojson(rings: Sequence[Sequence[LatLon]]) -> str:
    """Return rings of (latitude, longitude) as a GeoJSON polygon: exterior counter-clockwise (RFC 7946)."""
    turned = [[_beside(rings[0][0][1], lon, lat) for lat, lon in ring] for ring in rings]
    area = orient(Polygon(turned[0], turned[1:]))
    text = _text(area)
    if len(text) > MAX_GEOJSON:
        text = _text(orient(area.envelope))
    return text


def _text(area: Polygon) -> str:
    shape = mapping(area)
    rings = [[[round(lon, 7), round(lat, 7)] for lon, lat in ring] for ring in shape["coordinates"]]
    return msgspec.json.encode({"type": "Polygon", "coordinates": rings}).decode()


def _beside(first_lon: float, lon: float, lat: float) -> tuple[float, float]:
    """A corner on the same side of the date line as the first, so that the ring does not go around the earth."""
    return (lon - 360 if lon - first_lon > 180 else lon + 360 if first_lon - lon > 180 else lon), lat


def _position(element: Element, srs: str) -> LatLon:
    for one in element.iter():
        if local(one) == "pos":
            return _lat_lon(_numbers(one), one.get("srsName") or srs)
    raise ShapeError("a shape without a position")


def _lat_lon(numbers: Sequence[float], srs: str) -> LatLon:
    if len(numbers) not in (2, 3):
        raise ShapeError("a position of neither two nor three numbers")
    code = _code(srs)
    if code in ("crs84", "crs84h"):
        lon, lat = numbers[:2]
    elif code in _LAT_LON:
        lat, lon = numbers[:2]
    else:
        raise ShapeError("a reference system other than EPSG:4326 and EPSG:4979")
    if abs(lat) > 90 or abs(lon) > 180:
        raise ShapeError("a position outside the earth: are latitude and longitude in this order?")
    return lat, lon


def _code(srs: str) -> str:
    """The code of a reference system, in any of its spellings: urn:ogc:def:crs:EPSG::4326, EPSG:4326, a URL."""
    if not srs.strip():
        return "4326"
    found = _CODE.search(srs.strip().rstrip("/#"))
    return found[1].lower() if found else ""


def _numbers(element: Element) -> list[float]:
    text = (element.text or "").split()
    try:
        numbers = [float(one) for one in text]
    except ValueError:
        raise ShapeError("a position that is no numbers") from None
    if not all(map(isfinite, numbers)):
        raise ShapeError("a position that is no numbers")
    return numbers


def _length(element: Element, name: str) -> float:
    metres = _measure(element, name, _METRES)
    if not 0 <= metres <= _MAX_METRES:
        raise ShapeError(f"a {name} that is no length")
    return metres


def _angle(element: Element, name: str) -> float:
    angle = _measure(element, name, _DEGREES)
    if abs(angle) > 3600:
        raise ShapeError(f"a {name} that is no angle")
    return angle


def _measure(element: Element, name: str, units: dict[str, float]) -> float:
    found = [one for one in element if local(one) == name]
    if len(found) != 1:
        raise ShapeError(f"a shape {'without' if not found else 'with more than one'} {name}")
    told = (found[0].get("uom") or "").strip().lower()
    unit = 1.0 if not told else units.get(re.split(r"[:/#]", told)[-1], 0.0)
    if not unit:
        raise ShapeError(f"a {name} in a unit that is not known")
    numbers = _numbers(found[0])
    if len(numbers) != 1:
        raise ShapeError(f"a {name} that is no number")
    return numbers[0] * unit
