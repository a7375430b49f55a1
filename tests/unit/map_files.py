"""Map files for tests, written here and now: of every kind that `watchfloor map add` takes."""

from __future__ import annotations

import gzip
import json
import sqlite3
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyogrio
import pyproj
import shapely

Places = Sequence[tuple[float, float]]
#: Corners of a town, longitude and latitude.
TOWN: Places = [(-90.12, 29.93), (-90.05, 29.96), (-90.0, 30.01), (-90.08, 30.02)]
DRIVERS = {".shp": "ESRI Shapefile", ".gpkg": "GPKG", ".gdb": "OpenFileGDB", ".kml": "LIBKML", ".geojson": "GeoJSON",
           ".fgb": "FlatGeobuf"}  # fmt: skip


def points(path: Path, places: Places = TOWN, *, crs: str | None = "EPSG:4326", layer: str | None = None) -> Path:
    """Write points, with their number as ``name``, in the format that the path's ending says and in this system."""
    x, y = np.array(places, dtype=float).reshape(-1, 2).T
    if crs not in (None, "EPSG:4326"):
        x, y = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(x, y)
    names = np.array([f"Place {number}" for number in range(len(places))], dtype=object)
    pyogrio.raw.write(
        path, geometry=shapely.to_wkb(shapely.points(x, y)), field_data=[names], fields=["name"], geometry_type="Point",
        crs=crs, driver=DRIVERS[path.suffix], **({} if layer is None else {"layer": layer, "append": path.exists()}),
    )  # fmt: skip
    return path


def geojson(path: Path, *shapes: object) -> Path:
    """Write GeoJSON with these geometries; each is a dict, or None."""
    features = [
        {"type": "Feature", "properties": {"name": f"Place {n}"}, "geometry": one} for n, one in enumerate(shapes)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def zipped(path: Path, *files: Path, under: Path) -> Path:
    """Zip files with their paths below ``under``."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for file in files:
            out.write(file, file.relative_to(under))
    return path


def gtfs(path: Path) -> Path:
    """Write a feed of one route with two usable stops, a stop without a place, and an entrance."""
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("routes.txt", "route_id,route_short_name\nr1,12\n")
        out.writestr("trips.txt", "route_id,service_id,trip_id,shape_id\nr1,s,t1,a\n")
        out.writestr(
            "shapes.txt",
            "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\n"
            "a,29.93,-90.12,1\na,29.98,-90.02,10\na,29.95,-90.07,2\nb,29.9,-90,1\nb,north,-90,2\n",
        )
        out.writestr(
            "stops.txt",
            "stop_id,stop_name,stop_lat,stop_lon,location_type\n"
            '1,"Main St, at 1st",29.93,-90.12,\n2,Canal,29.98,-90.02,0\n3,Nowhere,,,0\n4,Door,29.93,-90.12,2\n',
        )
    return path


def mbtiles(path: Path, tile: bytes, **metadata: str) -> Path:
    """Write an MBTiles file of one tile, 0/0/0."""
    base = sqlite3.connect(path)
    base.execute("CREATE TABLE metadata (name text, value text)")
    base.execute("CREATE TABLE tiles (zoom_level integer, tile_column integer, tile_row integer, tile_data blob)")
    said = {"minzoom": "0", "maxzoom": "0", "bounds": "-90.2,29.9,-89.9,30.1"} | metadata
    base.executemany("INSERT INTO metadata VALUES (?, ?)", said.items())
    base.execute("INSERT INTO tiles VALUES (0, 0, 0, ?)", (tile,))
    base.commit()
    base.close()
    return path


def vector_tile(layer: str = "roads") -> bytes:
    """Return a tile with one point in one layer (Mapbox Vector Tile 2.1 §4)."""
    geometry = _field(4, _varint(9) + _varint(50) + _varint(34))
    feature = _number(3, 1) + geometry
    return gzip.compress(_field(3, _field(1, layer.encode()) + _field(2, feature) + _number(5, 4096) + _number(15, 2)))


def osm_pbf(path: Path) -> Path:
    """Write an extract: a street with a name, a motorway, a park, a lake, and a suburb (OSM PBF, "File format")."""
    words = [b""]

    def word(text: str) -> int:
        encoded = text.encode()
        if encoded not in words:
            words.append(encoded)
        return words.index(encoded)

    at = {1: (29.93, -90.12), 2: (29.93, -90.02), 3: (29.99, -90.02), 4: (29.99, -90.12), 5: (29.95, -90.05)}
    nodes = b""
    for number, (lat, lon) in at.items():
        tags = {"place": "suburb", "name": "East"} if number == 5 else {}
        nodes += _field(1, _number(1, _zigzag(number)) + _tags(tags, word)
                        + _number(8, _zigzag(round(lat * 1e7))) + _number(9, _zigzag(round(lon * 1e7))))  # fmt: skip
    ways = b""
    for number, tags, refs in (
        (10, {"highway": "residential", "name": "Elm Street"}, [1, 2]),
        (11, {"highway": "motorway"}, [2, 3]),
        (12, {"leisure": "park", "name": "Green"}, [1, 2, 3, 1]),
        (13, {"natural": "water"}, [1, 3, 4, 1]),
        (14, {"highway": "footway"}, [3, 4]),
    ):
        steps = [b - a for a, b in zip([0, *refs], refs, strict=False)]
        ways += _field(
            3, _number(1, number) + _tags(tags, word) + _field(8, b"".join(_varint(_zigzag(s)) for s in steps))
        )
    table = b"".join(_field(1, one) for one in words)
    block = _field(1, table) + _field(2, nodes) + _field(2, ways)
    header = _field(4, b"OsmSchema-V0.6")
    path.write_bytes(_blob(b"OSMHeader", header) + _blob(b"OSMData", block))
    return path


def _tags(tags: dict[str, str], word: object) -> bytes:
    assert callable(word)
    keys = b"".join(_varint(word(key)) for key in tags)
    values = b"".join(_varint(word(value)) for value in tags.values())
    return _field(2, keys) + _field(3, values) if tags else b""


def _blob(kind: bytes, content: bytes) -> bytes:
    blob = _number(2, len(content)) + _field(3, zlib.compress(content))
    header = _field(1, kind) + _number(3, len(blob))
    return struct.pack(">I", len(header)) + header + blob


def _zigzag(value: int) -> int:
    return value << 1 if value >= 0 else (-value << 1) - 1


def _varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _field(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content
