"""Tile archives: what a PMTiles file says of itself, and MBTiles made into one (PMTiles specification version 3)."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import zlib
from collections.abc import Callable, Mapping
from html import unescape
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from compose.map_layers.errors import MapRefusedError
from compose.map_layers.shapes import Bounds

_HEADER_BYTES = 127
#: Where the header keeps the type of the tiles.
_TILE_TYPE_AT = 99
#: Metadata may say so much, bytes, unpacked: the list of layers and their fields.
MOST_METADATA = 8 * 1024 * 1024
MOST_SOURCE_LAYERS = 100
MOST_ATTRIBUTION = 500
_SCHEMAS = (
    ("protomaps", {"earth", "water", "roads"}),
    ("openmaptiles", {"transportation", "water"}),
    ("watchfloor", {"road", "water", "place"}),
)


class Archive(Struct, frozen=True, kw_only=True):
    """What a tile archive says. ``tiles``: vector or raster. ``tile_schema``: protomaps, openmaptiles, watchfloor or
    generic. ``addressed_tiles``: tiles that can be asked for; 0: it does not say."""

    bounds: Bounds
    min_zoom: int
    max_zoom: int
    tiles: str
    tile_schema: str
    source_layers: tuple[str, ...]
    attribution: str
    addressed_tiles: int


def read_archive(path: Path, told_as: str) -> Archive:
    """Read header and metadata of a PMTiles file. Raises MapRefusedError when it is not whole or cannot be shown."""
    from pmtiles.tile import Compression, TileType, deserialize_header

    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_HEADER_BYTES)
        try:
            header: Mapping[str, Any] = deserialize_header(head)
        except Exception as error:  # the library raises what its parsing happens to raise
            raise MapRefusedError(f"{told_as} is no PMTiles file of version 3, or not whole.") from error
        parts = ("root", "metadata", "leaf_directory", "tile_data")
        if any(header[f"{one}_offset"] + header[f"{one}_length"] > size for one in parts):
            raise MapRefusedError(f"{told_as} is not whole: it ends too soon. Copy or download it again.")
        if header["internal_compression"] not in (Compression.NONE, Compression.GZIP) or (
            header["tile_compression"] not in (Compression.UNKNOWN, Compression.NONE, Compression.GZIP)
        ):
            raise MapRefusedError(f"{told_as} is packed in a way that browsers cannot open: gzip or none is needed.")
        file.seek(header["metadata_offset"])
        if header["metadata_length"] > MOST_METADATA:
            raise MapRefusedError(f"{told_as} says too much of itself: more than {MOST_METADATA} bytes of metadata.")
        packed = file.read(header["metadata_length"])
    metadata = _metadata(packed, told_as, is_packed=header["internal_compression"] is Compression.GZIP)
    is_raster = header["tile_type"] in (TileType.PNG, TileType.JPEG, TileType.WEBP, TileType.AVIF)
    if not is_raster and header["tile_type"] is not TileType.MVT:
        raise MapRefusedError(f"{told_as} holds tiles of a type that the page cannot draw.")
    layers = () if is_raster else _source_layers(metadata, told_as)
    bounds = tuple(header[name] / 1e7 for name in ("min_lon_e7", "min_lat_e7", "max_lon_e7", "max_lat_e7"))
    west, south, east, north = bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90) or header["min_zoom"] > header["max_zoom"]:
        raise MapRefusedError(f"{told_as} says bounds or zooms that are none.")
    return Archive(
        bounds=(west, south, east, north),
        min_zoom=header["min_zoom"],
        max_zoom=header["max_zoom"],
        tiles="raster" if is_raster else "vector",
        tile_schema="generic" if is_raster else schema_of(set(layers)),
        source_layers=layers,
        attribution=plain_text(metadata.get("attribution")),
        addressed_tiles=header["addressed_tiles_count"],
    )


def schema_of(layers: set[str]) -> str:
    """Return how tiles with these layers are drawn."""
    return next((name for name, needed in _SCHEMAS if needed <= layers), "generic")


def plain_text(html: object) -> str:
    """Return an attribution without its markup: the page shows text, never what a file says is HTML."""
    if not isinstance(html, str):
        return ""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", "", html))).strip()[:MOST_ATTRIBUTION]


def _metadata(packed: bytes, told_as: str, *, is_packed: bool) -> dict[str, Any]:
    try:
        if is_packed:
            opening = zlib.decompressobj(wbits=31)
            packed = opening.decompress(packed, MOST_METADATA)
            if opening.unconsumed_tail:
                raise MapRefusedError(f"{told_as} says too much of itself: its metadata would grow too large.")
        found = msgspec.json.decode(packed)
    except (zlib.error, msgspec.DecodeError) as error:
        raise MapRefusedError(f"{told_as}: what it says of itself cannot be read.") from error
    if not isinstance(found, dict):
        raise MapRefusedError(f"{told_as}: what it says of itself cannot be read.")
    return found


def _source_layers(metadata: dict[str, Any], told_as: str) -> tuple[str, ...]:
    inner = metadata.get("json")
    if "vector_layers" not in metadata and isinstance(inner, str):
        # As MBTiles has it: JSON within JSON.
        with contextlib.suppress(msgspec.DecodeError):
            metadata = msgspec.json.decode(inner, type=dict[str, Any])
    listed = metadata.get("vector_layers")
    names = [one.get("id") for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    layers = tuple(dict.fromkeys(one for one in names if isinstance(one, str) and 0 < len(one) <= 200))
    if not layers:
        raise MapRefusedError(f"{told_as} does not say its layers (vector_layers), so nothing of it could be drawn.")
    if len(layers) > MOST_SOURCE_LAYERS:
        raise MapRefusedError(f"{told_as} has more than {MOST_SOURCE_LAYERS} layers.")
    return layers


def from_mbtiles(source: Path, out: Path) -> None:
    """Make a PMTiles file of an MBTiles file. Raises MapRefusedError when it is damaged or says too little."""
    from pmtiles.convert import mbtiles_to_pmtiles
    from pmtiles.tile import TileType

    try:
        said = _mbtiles_says(source)
        convert: Callable[[str, str, int], None] = mbtiles_to_pmtiles
        convert(str(source), str(out), int(said["maxzoom"]))
    except MapRefusedError:
        raise
    except KeyError as error:
        raise MapRefusedError(f"{source.name} does not say {error} in its metadata: it cannot be shown.") from error
    except Exception as error:  # the converter raises what SQLite, JSON and its own parsing happen to raise
        raise MapRefusedError(f"{source.name} cannot be made into PMTiles: {error}") from error
    if said.get("format") == "jpg":  # the name that MBTiles 1.3 gives, and the converter does not know
        with out.open("r+b") as file:
            file.seek(_TILE_TYPE_AT)
            file.write(bytes([TileType.JPEG.value]))


def _mbtiles_says(source: Path) -> dict[str, str]:
    with contextlib.closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as base:
        if not base.execute("SELECT 1 FROM tiles LIMIT 1").fetchone():
            raise MapRefusedError(f"{source.name} holds no tiles.")
        said = {str(name): str(value) for name, value in base.execute("SELECT name, value FROM metadata LIMIT 1000")}
    for needed in ("minzoom", "maxzoom", "format"):
        if needed not in said:
            raise KeyError(needed)
    return said
