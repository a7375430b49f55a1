"""What somebody drew, as GeoJSON (RFC 7946), and whether it can be what they say it is."""

from __future__ import annotations

from math import isfinite
from typing import Any

import msgspec
import shapely
from msgspec import Struct
from shapely.geometry import LineString, Polygon
from shapely.geometry.polygon import orient

from schemas.events.drawing import DRAWING_SHAPES, Drawing
from schemas.events.zone import Position
from schemas.place import distance_m

#: Positions of one drawing; the one that closes a ring is not counted.
MOST_CORNERS = 500
MOST_LABEL = 200
#: So far from its incident a drawing may reach, metres: what is further is a slip of the hand.
FURTHEST_M = 100_000.0
#: Six decimals are ten centimetres (RFC 7946 §11.2).
_DECIMALS = 6

_SHAPE_OF = {"Point": "point", "LineString": "line", "Polygon": "polygon"}
_TYPE_OF = {shape: name for name, shape in _SHAPE_OF.items()}
#: Fewest positions; a ring has four, the last as the first (RFC 7946 §3.1.4 and §3.1.6).
_FEWEST = {"point": 1, "line": 2, "polygon": 4}


class InvalidDrawingError(Exception):
    """It cannot be drawn so. ``field``: which part is wrong; ``why``: in words."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field
        self.why = why


class Geometry(Struct, frozen=True):
    """A shape and its corners, checked; a ring goes counterclockwise (RFC 7946 §3.1.6)."""

    shape: str
    corners: tuple[Position, ...]


class _GeoJson(Struct, frozen=True):
    type: str
    coordinates: Any


def checked(kind: str, label: str, geometry: str, place: tuple[float, float] | None) -> Geometry:
    """Return what was drawn, from GeoJSON text. ``place``: latitude and longitude of the incident, where they are
    known. Raises InvalidDrawingError."""
    if kind not in DRAWING_SHAPES:
        raise InvalidDrawingError("kind", f"one of {', '.join(DRAWING_SHAPES)} is expected")
    if len(label) > MOST_LABEL:
        raise InvalidDrawingError("label", f"at most {MOST_LABEL} characters")
    if kind == "note" and not label.strip():
        raise InvalidDrawingError("label", "a note needs a text")
    try:
        told = msgspec.json.decode(geometry, type=_GeoJson)
    except msgspec.DecodeError:
        raise InvalidDrawingError("geometry", "a GeoJSON geometry is expected") from None
    shape = _SHAPE_OF.get(told.type, "")
    if shape not in DRAWING_SHAPES[kind]:
        wanted = " or ".join(_TYPE_OF[one] for one in DRAWING_SHAPES[kind])
        raise InvalidDrawingError("geometry.type", f"{kind} is drawn as {wanted}")
    corners = _corners(shape, told.coordinates)
    for lon, lat in corners if place is not None else ():
        assert place is not None
        if distance_m(lat, lon, *place) > FURTHEST_M:
            raise _wrong(f"{lat}, {lon} is further than {FURTHEST_M / 1000:.0f} km from the incident")
    return Geometry(shape, corners)


def geometry_of(drawing: Drawing) -> dict[str, Any]:
    """Return a drawing's geometry as GeoJSON has it."""
    coordinates: Any = drawing.corners
    if drawing.shape == "polygon":
        coordinates = [coordinates]
    elif drawing.shape == "point":
        coordinates = coordinates[0]
    return {"type": _TYPE_OF[drawing.shape], "coordinates": coordinates}


def _corners(shape: str, coordinates: Any) -> tuple[Position, ...]:
    if shape == "polygon":
        if not isinstance(coordinates, list) or len(coordinates) != 1:
            raise _wrong("a polygon has one ring here, without holes")
        (coordinates,) = coordinates
    listed = [coordinates] if shape == "point" else coordinates
    if not isinstance(listed, list):
        raise _wrong("a list of positions is expected")
    if len(listed) - (shape == "polygon") > MOST_CORNERS:
        raise _wrong(f"at most {MOST_CORNERS} positions")
    corners = tuple(map(_position, listed))
    if len(corners) < _FEWEST[shape]:
        raise _wrong("at least three corners" if shape == "polygon" else "at least two positions")
    if shape == "line" and not LineString(corners).length > 0:
        raise _wrong("the line has no length")
    return _ring(corners) if shape == "polygon" else corners


def _position(told: Any) -> Position:
    if not isinstance(told, list) or len(told) != 2 or not all(type(part) in (int, float) for part in told):
        raise _wrong("a position is [longitude, latitude]")
    lon, lat = float(told[0]), float(told[1])
    if not (isfinite(lon) and isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        raise _wrong("longitudes go from -180 to 180 and latitudes from -90 to 90 degrees (WGS 84)")
    return round(lon, _DECIMALS), round(lat, _DECIMALS)


def _ring(corners: tuple[Position, ...]) -> tuple[Position, ...]:
    if corners[0] != corners[-1]:
        raise _wrong("the ring is not closed: its last position must be its first")
    polygon = Polygon(corners)
    if not polygon.is_valid:
        raise _wrong(f"the outline crosses or touches itself ({shapely.is_valid_reason(polygon)})")
    if not polygon.area > 0:
        raise _wrong("the outline encloses nothing")
    return tuple((lon, lat) for lon, lat in orient(polygon).exterior.coords)


def _wrong(why: str) -> InvalidDrawingError:
    return InvalidDrawingError("geometry.coordinates", why)
