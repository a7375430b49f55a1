"""What a file is, told by its content: a name can lie, and GDAL would open far more than maps."""

from __future__ import annotations

import re
import sqlite3
import struct
from collections.abc import Callable
from enum import Enum
from pathlib import Path

from compose.map_layers.errors import MapRefusedError

#: So much of a file's beginning is looked at, bytes.
_LOOK = 4096
#: GDAL looks for a pipeline in no more than this.
_LOOK_FOR_PROGRAM = 1024 * 1024
#: The root element after the declaration, comments, and what else may come before it (XML 1.0 §2.8).
_ROOT = re.compile(
    rb"^(?:\xef\xbb\xbf)?\s*(?:<\?[^>]*\?>\s*|<!--.*?-->\s*)*<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)", re.S
)
TAKEN = (
    "Shapefile, GeoPackage, FileGDB, KML, GeoJSON and FlatGeobuf, also in a zip; GTFS (zip); OpenStreetMap (.osm.pbf); "
    "PMTiles; MBTiles"
)


class Kind(Enum):
    """Kinds of files that are taken. The value of those that GDAL reads is the driver that must read them."""

    SHAPEFILE = "ESRI Shapefile"
    GEOPACKAGE = "GPKG"
    FILEGDB = "OpenFileGDB"
    KML = "LIBKML"
    GEOJSON = "GeoJSON"
    FLATGEOBUF = "FlatGeobuf"
    OSM = "OSM"
    PMTILES = "pmtiles"
    MBTILES = "mbtiles"
    ZIP = "zip"
    GTFS = "gtfs"


def kind_of(path: Path) -> Kind:
    """Return what a file or folder is. Raises MapRefusedError when it is nothing that is taken, or not whole."""
    if path.is_dir():
        if any(path.glob("*.gdbtable")):
            return Kind.FILEGDB
        raise MapRefusedError(f"{path.name} is a folder, and no FileGDB. What is taken: {TAKEN}.")
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(_LOOK)
    except FileNotFoundError:
        raise MapRefusedError(f"{path} does not exist.") from None
    except OSError as error:
        raise MapRefusedError(f"{path} cannot be read: {error.strerror or error}") from error
    if not head:
        raise MapRefusedError(f"{path.name} is empty.")
    kind = _by_head(path, head)
    if kind is None:
        raise MapRefusedError(f"{path.name} is of no kind that is taken: {TAKEN}.")
    if whole := _WHOLE.get(kind):
        whole(path, head, size)
    return kind


def _by_head(path: Path, head: bytes) -> Kind | None:
    if head.startswith(b"PMTiles"):
        return Kind.PMTILES
    if head.startswith(b"SQLite format 3\0"):
        return _sqlite_kind(path)
    if head.startswith(b"PK\x03\x04"):
        return Kind.ZIP
    if head.startswith(b"\x00\x00\x27\x0a"):
        return Kind.SHAPEFILE
    if head.startswith(b"fgb\x03fgb"):
        return Kind.FLATGEOBUF
    if b"OSMHeader" in head[:64]:
        return Kind.OSM
    if (root := _ROOT.match(head)) and root[1] == b"kml":
        return Kind.KML
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and not _is_program(path):
        return Kind.GEOJSON
    return None


def _is_program(path: Path) -> bool:
    """Tell whether GDAL would take JSON for a pipeline of its own (driver GDALG), which may open any other file."""
    with path.open("rb") as file:
        return b"gdal_streamed_alg" in file.read(_LOOK_FOR_PROGRAM)


def _sqlite_kind(path: Path) -> Kind | None:
    _whole_sqlite(path)
    try:
        # Read only, and never a journal beside the file: what is looked at stays as it is.
        base = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            names = {name for (name,) in base.execute("SELECT name FROM sqlite_master")}
        finally:
            base.close()
    except sqlite3.Error as error:
        raise MapRefusedError(f"{path.name} cannot be read: {error}") from error
    if "gpkg_contents" in names:
        return Kind.GEOPACKAGE
    return Kind.MBTILES if {"tiles", "metadata"} <= names else None


def _whole_sqlite(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(100)
    if len(head) < 100:
        raise _cut_off(path)
    page, pages = struct.unpack(">H", head[16:18])[0], struct.unpack(">I", head[28:32])[0]
    page = 65_536 if page == 1 else page
    # The count is valid only where both change counters agree (SQLite file format §1.3.7).
    if head[24:28] == head[92:96] and path.stat().st_size < page * pages:
        raise _cut_off(path)


def _whole_shapefile(path: Path, head: bytes, size: int) -> None:
    if len(head) < 100 or size < struct.unpack(">i", head[24:28])[0] * 2:
        raise _cut_off(path)
    have = {one.suffix.lower() for one in path.parent.glob(f"{path.stem}.*")}
    if missing := [end for end in (".shx", ".dbf") if end not in have]:
        raise MapRefusedError(f"{path.name} needs {' and '.join(missing)} of the same name beside it.")


def _whole_osm(path: Path, head: bytes, size: int) -> None:
    """A file of blocks, each with its length before it (OSM PBF, "File format"): the last must end with the file."""
    at = 0
    with path.open("rb") as file:
        while at < size:
            file.seek(at)
            prefix = file.read(4)
            length = struct.unpack(">I", prefix)[0] if len(prefix) == 4 else 0
            block = file.read(length) if 0 < length <= 65_536 else b""
            if not length or len(block) < length:
                raise _cut_off(path)
            at += 4 + length + _datasize(block)
    if at != size:
        raise _cut_off(path)


def _datasize(header: bytes) -> int:
    """Return field 3 of a BlobHeader, a varint; 0 where there is none. Fields 1 and 2 are of bytes."""
    at = 0
    while at < len(header):
        tag, at = header[at], at + 1
        value, shift = 0, 0
        while at < len(header):
            byte, at = header[at], at + 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        if tag == 0x18:
            return value
        if tag & 7 == 2:
            at += value
    return 0


def _cut_off(path: Path) -> MapRefusedError:
    return MapRefusedError(f"{path.name} is not whole: it ends too soon. Copy or download it again.")


_WHOLE: dict[Kind, Callable[[Path, bytes, int], None]] = {Kind.SHAPEFILE: _whole_shapefile, Kind.OSM: _whole_osm}
