"""The area that a zone encloses."""

from __future__ import annotations

import shapely
from shapely.geometry import MultiPolygon, Polygon

from schemas.events.zone import Zone


class NoAreaError(Exception):
    """A zone encloses nothing that a place could lie in; the text says why."""


def area_of(zone: Zone) -> MultiPolygon:
    """Return the area of a zone, x longitude and y latitude, degrees. Raises NoAreaError.

    Our loader repairs lines that cross themselves, but others may publish zones too, so it is done here again.
    """
    try:
        shape = MultiPolygon([Polygon(rings[0], rings[1:]) for rings in zone.polygons])
        if not shape.is_valid:
            parts = shapely.get_parts(shapely.make_valid(shape), return_index=False)
            shape = shapely.union_all([part for part in parts if part.geom_type in ("Polygon", "MultiPolygon")])
            shape = MultiPolygon([shape]) if isinstance(shape, Polygon) else shape
    except (IndexError, ValueError, shapely.errors.ShapelyError) as error:
        raise NoAreaError(type(error).__name__) from None
    if not isinstance(shape, MultiPolygon) or not shape.area > 0:
        raise NoAreaError("it encloses no area")
    return shape
