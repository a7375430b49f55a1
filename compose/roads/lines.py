"""Lines of roads out of a file: GeoJSON, Shapefile, GeoPackage, OpenStreetMap and what else GDAL reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import shapely
from msgspec import Struct, field
from numpy.typing import NDArray

from compose.roads.errors import RoadsRefusedError
from compose.roads.oneway import BOTH, CLOSED, directions
from compose.roads.speeds import CLASS_KMH, KMH_PER_MPH, limit_kmh

#: Lines of a file at most: what is more is a country, and would take the server's memory.
MOST_LINES = 2_000_000
#: Reasons told one by one: a file can have a class for each of its lines.
MOST_REASONS = 20
_LINE_TYPES = (1, 2, 5)  # LineString, LinearRing, MultiLineString


class Choice(Struct, frozen=True, kw_only=True):
    """What a person says about a file. ``speed_unit``: mph or kmh, of numbers without one. ``default_kmh``: of lines
    with neither a speed nor a class that is known; None leaves them out. ``crs``: where the file says none."""

    layer: str | None = None
    class_column: str | None = None
    speed_column: str | None = None
    speed_unit: str | None = None
    oneway_column: str | None = None
    default_kmh: float | None = None
    crs: str | None = None
    classes: Mapping[str, float] = field(default_factory=lambda: CLASS_KMH)


class Lines(Struct, frozen=True, kw_only=True):
    """Lines that cars drive on. ``lon_lat``: every vertex, WGS 84 degrees, (N, 2); ``line``: of each vertex, (N,),
    rising; ``kmh`` and ``direction`` (oneway.BOTH, FORWARD or BACKWARD) of each line. ``left_out``: features by
    reason; ``speeds_from``: lines by where their speed is from."""

    lon_lat: NDArray[np.float64]
    line: NDArray[np.int64]
    kmh: NDArray[np.float32]
    direction: NDArray[np.int8]
    layer: str
    crs: str
    features: int
    left_out: Mapping[str, int]
    speeds_from: Mapping[str, int]


def read_lines(path: Path, choice: Choice) -> Lines:
    """Read the roads of a file. Raises RoadsRefusedError when it holds none, or does not say enough."""
    try:
        import pyogrio
        import pyproj
    except ImportError as error:
        raise RoadsRefusedError("Reading roads needs the extra 'roads': pip install 'watchfloor[roads]'.") from error
    if not path.exists():
        raise RoadsRefusedError(f"{path} does not exist.")
    if (choice.speed_column is None) != (choice.speed_unit is None):
        raise RoadsRefusedError("--speed-column and --speed-unit go together: a file's numbers do not say their unit.")
    try:
        layers = pyogrio.list_layers(path)
        is_osm = len(layers) > 0 and pyogrio.read_info(path, layer=str(layers[0][0]))["driver"] == "OSM"
        layer = _layer(layers, choice.layer, is_osm=is_osm)
        meta, geometry, columns = _read(pyogrio, path, layer, choice, is_osm=is_osm)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.GeometryError) as error:
        raise RoadsRefusedError(f"{path} cannot be read: {error}") from error
    if len(geometry) == 0:
        raise RoadsRefusedError(f"{path}, layer {layer}: it holds no features.")
    if len(geometry) > MOST_LINES:
        raise RoadsRefusedError(f"{path} holds more than {MOST_LINES} roads: cut your area out of it first.")

    kmh, direction, speeds_from, reasons = _attributes(columns, choice, len(geometry), is_osm=is_osm)
    shapes = shapely.from_wkb(geometry, on_invalid="ignore")
    types = shapely.get_type_id(shapes)
    no_line = ~np.isin(types, _LINE_TYPES)
    reasons[no_line] = "not a line"
    reasons[~no_line & shapely.is_empty(shapes)] = "an empty line"

    keep = np.flatnonzero(reasons == "")
    parts, feature = shapely.get_parts(shapes[keep], return_index=True)
    lon_lat, line = shapely.get_coordinates(parts, return_index=True)
    crs = choice.crs or meta.get("crs")
    if not no_line.all():
        lon_lat = _degrees(pyproj, lon_lat, crs, path)
    # A line with a vertex that is nowhere is left out whole.
    lost = np.unique(feature[np.unique(line[~np.isfinite(lon_lat).all(axis=1)])])
    reasons[keep[lost]] = "a place that is none"
    good = ~np.isin(feature[line], lost)
    lon_lat, line = lon_lat[good], line[good]
    left_out = _told(reasons)
    if len(lon_lat) == 0:
        told = ", ".join(f"{count} {reason}" for reason, count in left_out.items())
        raise RoadsRefusedError(
            f"{path}, layer {layer}: nothing that a car drives on. Left out: {told}. "
            f"Columns: {', '.join(meta['fields']) or 'none'}."
        )
    used = reasons == ""
    return Lines(
        lon_lat=lon_lat,
        line=line,
        kmh=kmh[keep[feature]],
        direction=direction[keep[feature]],
        layer=layer,
        crs=str(crs),
        features=len(geometry),
        left_out=left_out,
        speeds_from=dict(Counter(speeds_from[used].tolist()).most_common()),
    )


def _layer(layers: Any, asked: str | None, *, is_osm: bool) -> str:
    names = [str(name) for name, _ in layers]
    if asked is not None:
        if asked not in names:
            raise RoadsRefusedError(f"The file has no layer {asked!r}; it has {', '.join(names) or 'none'}.")
        return asked
    if is_osm:
        return "lines"
    lines = [str(name) for name, kind in layers if kind is not None and "LineString" in str(kind)]
    # GeoJSON with several kinds of shapes has a layer of no kind.
    lines = lines or [str(name) for name, kind in layers if kind in (None, "Unknown", "GeometryCollection")]
    if len(lines) == 1:
        return lines[0]
    if lines:
        raise RoadsRefusedError(f"The file has more than one layer of lines: say --layer. {', '.join(lines)}.")
    raise RoadsRefusedError(f"The file has no layer of lines; its layers: {', '.join(names) or 'none'}.")


def _read(
    pyogrio: Any, path: Path, layer: str, choice: Choice, *, is_osm: bool
) -> tuple[Any, NDArray[np.object_], dict[str, NDArray[Any]]]:
    if is_osm:
        if choice.class_column or choice.speed_column or choice.oneway_column:
            raise RoadsRefusedError("OpenStreetMap's columns are known: leave the column options out.")
        # Where ways have it, "highway" is a column of its own; the rest comes as JSON.
        meta, _, geometry, fields = pyogrio.raw.read(
            path, layer=layer, columns=["highway", "other_tags"], where="highway IS NOT NULL", force_2d=True,
            max_features=MOST_LINES + 1, TAGS_FORMAT="JSON",
        )  # fmt: skip
        return meta, geometry, _osm_columns(dict(zip(meta["fields"], fields, strict=True)))
    wanted = [one for one in (choice.class_column, choice.speed_column, choice.oneway_column) if one is not None]
    there = [str(name) for name in pyogrio.read_info(path, layer=layer)["fields"]]
    for name in wanted:
        if name not in there:
            raise RoadsRefusedError(f"The layer has no column {name!r}; it has {', '.join(there) or 'none'}.")
    meta, _, geometry, fields = pyogrio.raw.read(
        path, layer=layer, columns=wanted, force_2d=True, max_features=MOST_LINES + 1
    )
    meta["fields"], read = np.array(there, dtype=object), meta["fields"]
    return meta, geometry, dict(zip(map(str, read), fields, strict=True))


def _osm_columns(read: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    count = len(read["highway"])
    maxspeed, oneway = np.full(count, "", object), np.full(count, "", object)
    for index, (highway, text) in enumerate(zip(read["highway"], read["other_tags"], strict=True)):
        tags = msgspec.json.decode(text) if text else {}
        maxspeed[index] = tags.get("maxspeed", "")
        # Both say one-way without the word (wiki: Key:oneway).
        implied = "yes" if highway == "motorway" or tags.get("junction") == "roundabout" else ""
        oneway[index] = tags.get("oneway", implied)
    return {"highway": read["highway"], "maxspeed": maxspeed, "oneway": oneway}


def _attributes(
    columns: dict[str, NDArray[Any]], choice: Choice, count: int, *, is_osm: bool
) -> tuple[NDArray[np.float32], NDArray[np.int8], NDArray[np.object_], NDArray[np.object_]]:
    """Return km/h, direction, where the speed is from, and why it is left out ("": it is not), of each feature."""
    classes = columns.get("highway" if is_osm else choice.class_column or "")
    limits = columns.get("maxspeed" if is_osm else choice.speed_column or "")
    words = columns.get("oneway" if is_osm else choice.oneway_column or "")
    if classes is None and limits is None and choice.default_kmh is None:
        raise RoadsRefusedError(
            "How fast are these roads? Say --speed-column and --speed-unit, --class-column, or --default-kmh."
        )
    unit = KMH_PER_MPH if choice.speed_unit == "mph" else 1.0
    kmh = np.zeros(count, np.float32)
    source, reasons = np.full(count, "", object), np.full(count, "", object)
    direction = np.full(count, BOTH, np.int8)
    if words is not None:
        direction[:] = directions(words)
    for index in range(count):
        name = "" if classes is None or classes[index] is None else str(classes[index]).strip().lower()[:60]
        by_class = choice.classes.get(name)
        if by_class == 0:
            reasons[index] = f"not for cars: {name}"
            continue
        limit = None if limits is None else limit_kmh(limits[index], unit)
        for value, words_for in ((limit, "limit"), (by_class, "class"), (choice.default_kmh, "default")):
            if value is not None:
                kmh[index], source[index] = value, words_for
                break
        else:
            reasons[index] = f"class not known: {name}" if name else "no usable speed"
    reasons[(direction == CLOSED) & (reasons == "")] = "closed, or of changing direction"
    return kmh, direction, source, reasons


def _told(reasons: NDArray[np.object_]) -> dict[str, int]:
    """Return how many features were left out for which reason, the commonest first; rare ones in one sum."""
    counts = Counter(str(reason) for reason in reasons if reason).most_common()
    rare = sum(count for _, count in counts[MOST_REASONS:])
    return dict(counts[:MOST_REASONS]) | ({"for other reasons": rare} if rare else {})


def _degrees(pyproj: Any, places: NDArray[np.float64], crs: Any, path: Path) -> NDArray[np.float64]:
    if not crs:
        raise RoadsRefusedError(f"{path} does not say its coordinate system: say --crs, for instance --crs EPSG:4326.")
    try:
        bring = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    except pyproj.exceptions.CRSError as error:
        raise RoadsRefusedError(f"{path}: its coordinate system is not known: {error}") from error
    lon, lat = bring.transform(places[:, 0], places[:, 1])
    found = np.column_stack((lon, lat))
    nowhere = (np.abs(found[:, 0]) > 180) | (np.abs(found[:, 1]) > 90)
    if len(found) and (nowhere | ~np.isfinite(found).all(axis=1)).all():
        raise RoadsRefusedError(f"{path}: its places are no degrees, though it says {crs}: say --crs.")
    found[nowhere] = np.nan
    return found
