"""From a file of any kind that is taken to one file of tiles, and what there is to say of it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from compose.map_layers.archive import from_mbtiles, plain_text, read_archive
from compose.map_layers.errors import MapRefusedError
from compose.map_layers.kinds import Kind, kind_of
from compose.map_layers.shapes import Bounds, Written
from compose.map_layers.unpacking import unpack

#: Words for what is going on, and how far it is, per cent; None: not known.
Told = Callable[[str, float | None], None]


class Choice(Struct, frozen=True, kw_only=True):
    """What a person says of a file. ``label``: a field that is written beside each shape. ``crs``: where the file says
    none. ``attribution``: instead of the file's own."""

    basemap: bool = False
    label: str | None = None
    crs: str | None = None
    attribution: str = ""


class Made(Struct, frozen=True, kw_only=True):
    """A file of tiles. ``layers``: what was read of each layer; empty where tiles came as tiles."""

    path: Path
    kind: str
    bounds: Bounds
    min_zoom: int
    max_zoom: int
    tiles: str
    tile_schema: str
    source_layers: tuple[str, ...]
    label: str
    attribution: str
    layers: Sequence[Written]


def make(file: Path, choice: Choice, work: Path, told: Told) -> Made:
    """Make tiles of ``file`` in the folder ``work``. Raises MapRefusedError."""
    told("looking at the file", None)
    kind = kind_of(file)
    opened = file
    if kind is Kind.ZIP:
        told("unpacking", None)
        opened, kind = unpack(file, work / "unpacked")
    _needs(kind)
    tiles = work / "layer.pmtiles"
    attribution = choice.attribution
    layers: Sequence[Written] = ()
    label = choice.label or ""
    if kind is Kind.PMTILES:
        read_archive(opened, file.name)  # before gigabytes are copied
        told("copying", None)
        shutil.copyfile(opened, tiles)
    elif kind is Kind.MBTILES:
        told("changing MBTiles to PMTiles", None)
        from_mbtiles(opened, tiles)
    else:
        layers, label = _read(opened, kind, choice, work, told, file.name)
        if kind is Kind.OSM and not attribution:
            from compose.map_layers.osm import ATTRIBUTION

            attribution = ATTRIBUTION
        _tile(layers, tiles, work, attribution, told)
    told("checking the tiles", None)
    archive = read_archive(tiles, file.name)
    if label and not layers and archive.tiles == "raster":
        raise MapRefusedError(f"{file.name} holds pictures: there is nothing to label.")
    return Made(
        path=tiles,
        kind=kind.name.lower(),
        bounds=_around(layers) or archive.bounds,
        min_zoom=archive.min_zoom,
        max_zoom=archive.max_zoom,
        tiles=archive.tiles,
        # An extract without water is a basemap all the same.
        tile_schema="watchfloor" if kind is Kind.OSM and choice.basemap else archive.tile_schema,
        source_layers=archive.source_layers,
        label=label,
        attribution=plain_text(attribution or archive.attribution),
        layers=layers,
    )


def _read(
    opened: Path, kind: Kind, choice: Choice, work: Path, told: Told, told_as: str
) -> tuple[Sequence[Written], str]:
    """Return the layers, and the property of the tiles that holds their labels."""
    told("reading and bringing it to degrees", None)
    if kind is Kind.GTFS:
        from compose.map_layers.gtfs import read_gtfs

        _no_label(choice, "GTFS")
        return read_gtfs(opened, work), "label"
    if kind is Kind.OSM:
        from compose.map_layers.osm import read_osm

        _no_label(choice, "OpenStreetMap")
        return read_osm(opened, work, basemap=choice.basemap), "name" if choice.basemap else "label"
    from compose.map_layers.gis_files import read_layers

    layers = read_layers(opened, kind, work, label=choice.label, crs=choice.crs, told_as=told_as)
    return layers, "label" if choice.label else ""


def _tile(layers: Sequence[Written], tiles: Path, work: Path, attribution: str, told: Told) -> None:
    from compose.map_layers.tiles import build_tiles

    count = sum(one.kept for one in layers)
    words = f"making tiles of {count:,} shapes"
    told(words, None)
    build_tiles(layers, tiles, work, attribution=attribution, told=lambda share: told(words, share))


def _no_label(choice: Choice, what: str) -> None:
    if choice.label is not None:
        raise MapRefusedError(f"{what} has names of its own: leave --label out.")


def _around(layers: Sequence[Written]) -> Bounds | None:
    """Return the bounds of what was kept."""
    bounds = [one.bounds for one in layers if one.bounds is not None]
    if not bounds:
        return None
    west, south, east, north = zip(*bounds, strict=True)
    return min(west), min(south), max(east), max(north)


def _needs(kind: Kind) -> None:
    """Say which libraries are missing before the work begins."""
    try:
        import pmtiles.tile  # noqa: F401

        if kind not in (Kind.PMTILES, Kind.MBTILES, Kind.GTFS):
            import pyogrio  # noqa: F401
            import pyproj  # noqa: F401
    except ImportError as error:
        raise MapRefusedError("Map layers need the extra 'maps': pip install 'watchfloor[maps]'.") from error


def name_of(file: Path) -> str:
    """Return the name that a layer gets after its file."""
    name = re.sub(r"[^a-z0-9]+", "-", file.name.split(".")[0].lower()).strip("-")[:40].strip("-")
    return name or "layer"
