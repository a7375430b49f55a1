"""Shapes of a layer: brought to degrees, what is no shape left out and counted, and written for the tile builder."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import msgspec
import numpy as np
import shapely
from msgspec import Struct
from numpy.typing import NDArray

from compose.map_layers.errors import MapRefusedError

#: Degrees are written with so many decimals, a centimetre: more makes files larger and nothing finer.
DECIMALS = 7
#: A label is not longer than this.
MOST_LABEL = 200
_AT_ONCE = 10_000

Bounds = tuple[float, float, float, float]
#: Brings x and y, each (N,), to longitude and latitude.
ToDegrees = Callable[[NDArray[np.float64], NDArray[np.float64]], tuple[NDArray[np.float64], NDArray[np.float64]]]


class Written(Struct, frozen=True, kw_only=True):
    """A layer as it goes to the tile builder. ``features``: as the file had them. ``kept``: of them, with a shape that
    can be drawn. ``mended``: of these, polygons whose rings crossed. ``dropped``: the others, by reason.
    ``bounds``: west, south, east, north, degrees; None where nothing was kept."""

    name: str
    path: Path
    features: int
    kept: int
    mended: int
    dropped: Mapping[str, int]
    bounds: Bounds | None


class Batch(Struct, frozen=True, kw_only=True):
    """Features side by side. ``properties``: of each, as the tiles shall have them. ``from_zoom``: of each, the first
    zoom whose tiles have it; None: all."""

    shapes: NDArray[np.object_]
    properties: Sequence[Mapping[str, str | int]]
    from_zoom: Sequence[int] | None = None


def write_layer(
    name: str, batch: Batch, folder: Path, to_degrees: ToDegrees | None, unreadable: NDArray[np.bool_] | None = None
) -> Written:
    """Write a layer as one GeoJSON feature a line. ``to_degrees``: None where the shapes are in degrees.

    ``unreadable``: features that had a shape, though it could not be read.
    """
    reasons = np.full(len(batch.shapes), "", object)
    shapes, mended = _placed(batch.shapes, reasons, to_degrees)
    if unreadable is not None:
        reasons[unreadable] = "a shape that cannot be read"
    keep = np.flatnonzero(reasons == "")
    path = folder / f"{name}.geojsonl"
    with path.open("w", encoding="utf-8") as out:
        for start in range(0, len(keep), _AT_ONCE):
            _write(out, batch, shapes, keep[start : start + _AT_ONCE])
    total = shapely.total_bounds(shapes[keep]) if len(keep) else None
    return Written(
        name=name,
        path=path,
        features=len(batch.shapes),
        kept=len(keep),
        mended=int(mended[keep].sum()),
        dropped=dict(Counter(str(one) for one in reasons if one).most_common()),
        bounds=None if total is None else (float(total[0]), float(total[1]), float(total[2]), float(total[3])),
    )


def _placed(
    shapes: NDArray[np.object_], reasons: NDArray[np.object_], to_degrees: ToDegrees | None
) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Return the shapes in degrees and which were mended; say in ``reasons`` why one cannot be drawn."""
    reasons[shapely.is_missing(shapes)] = "no shape"
    reasons[(reasons == "") & shapely.is_empty(shapes)] = "an empty shape"
    keep = np.flatnonzero(reasons == "")
    corners, of = shapely.get_coordinates(shapes[keep], return_index=True)
    if to_degrees is not None and len(corners):
        lon, lat = to_degrees(corners[:, 0], corners[:, 1])
        corners = np.column_stack((lon, lat))
    nowhere = ~np.isfinite(corners).all(axis=1)
    nowhere |= (np.abs(np.nan_to_num(corners[:, 0])) > 180) | (np.abs(np.nan_to_num(corners[:, 1])) > 90)
    lost = np.unique(of[nowhere])
    reasons[keep[lost]] = "a place that is none"
    inside = ~np.isin(of, lost)
    keep = np.delete(keep, lost)
    placed = np.full(len(shapes), None, object)
    if len(keep):
        placed[keep] = shapely.set_coordinates(
            shapely.force_2d(shapes[keep]).copy(), np.round(corners[inside], DECIMALS)
        )
    return placed, _mend(placed, keep, reasons)


def _mend(shapes: NDArray[np.object_], keep: NDArray[np.int64], reasons: NDArray[np.object_]) -> NDArray[np.bool_]:
    mended = np.zeros(len(shapes), bool)
    is_area = shapely.get_dimensions(shapes[keep]) == 2
    broken = keep[is_area & ~shapely.is_valid(shapes[keep])]
    if len(broken):
        repaired = shapely.make_valid(shapes[broken])
        whole = shapely.get_dimensions(repaired) == 2
        shapes[broken[whole]] = repaired[whole]
        mended[broken[whole]] = True
        reasons[broken[~whole]] = "an area without any extent"
    return mended


def _write(out: TextIO, batch: Batch, shapes: NDArray[np.object_], chosen: NDArray[np.int64]) -> None:
    encode = msgspec.json.encode
    for index, text in zip(chosen.tolist(), shapely.to_geojson(shapes[chosen]), strict=True):
        zoom = "" if batch.from_zoom is None else f'"tippecanoe":{{"minzoom":{int(batch.from_zoom[index])}}},'
        properties = encode(batch.properties[index]).decode()
        out.write(f'{{"type":"Feature",{zoom}"properties":{properties},"geometry":{text}}}\n')


def read_wkb(geometry: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Return the shapes, and which of them were there and could not be read."""
    shapes = shapely.from_wkb(geometry, on_invalid="ignore")
    return shapes, shapely.is_missing(shapes) & np.array([one is not None for one in geometry], bool)


def labels(values: Iterable[Any] | None, count: int) -> list[dict[str, str]]:
    """Return the properties that the tiles get: the label alone, for what nobody sees need not be sent."""
    if values is None:
        return [{}] * count
    return [{"label": text} if (text := label_of(value)) else {} for value in values]


def label_of(value: Any) -> str:
    """Return a value as it is written beside a shape; "" where there is none."""
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", str(value)).strip()[:MOST_LABEL]


def degrees_from(crs: Any, file: str) -> ToDegrees | None:
    """Return what brings coordinates of ``crs`` to degrees; None where they are in degrees.

    Raises MapRefusedError when there is none, or it is not known.
    """
    import pyproj

    if not crs:
        raise MapRefusedError(f"{file} does not say its coordinate system: say --crs, for instance --crs EPSG:4326.")
    try:
        known = pyproj.CRS.from_user_input(crs)
        if known.to_epsg() == 4326:
            return None
        bring = pyproj.Transformer.from_crs(known, "EPSG:4326", always_xy=True)
    except pyproj.exceptions.ProjError as error:
        raise MapRefusedError(f"{file}: its coordinate system is not known: {error}") from error
    return lambda x, y: bring.transform(x, y)
