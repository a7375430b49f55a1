"""OpenStreetMap extracts: as a basemap in the page's own style, or as an overlay of everything."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct

from compose.map_layers.errors import MapRefusedError
from compose.map_layers.gis_files import MOST_FEATURES
from compose.map_layers.shapes import Batch, Written, label_of, labels, read_wkb, write_layer

ATTRIBUTION = "© OpenStreetMap contributors"


class _Part(Struct, frozen=True):
    """A layer of a basemap. ``values``: of ``column``, what each becomes and the first zoom that has it.
    ``as_property``: the property that holds what it becomes; "" for none."""

    name: str
    layer: str
    column: str
    values: Mapping[str, tuple[str | int, int]]
    as_property: str = ""


_ROADS: dict[str, tuple[str | int, int]] = {
    **dict.fromkeys(("motorway", "motorway_link", "trunk", "trunk_link"), ("motorway", 7)),
    **dict.fromkeys(
        ("primary", "primary_link", "secondary", "secondary_link", "tertiary", "tertiary_link"), ("arterial", 9)
    ),
    **dict.fromkeys(("residential", "unclassified", "living_street", "road"), ("street", 12)),
}
_PLACES: dict[str, tuple[str | int, int]] = {
    "city": (1, 6), "town": (1, 8), "borough": (2, 10), "suburb": (2, 10), "village": (2, 10), "quarter": (3, 12),
    "neighbourhood": (3, 12), "hamlet": (3, 12),
}  # fmt: skip
#: The layers and properties of the demo map, so that one style draws both (dashboards/web/src/map/basemap.ts).
_BASEMAP = (
    _Part("water", "multipolygons", "natural", {"water": ("", 6), "bay": ("", 6)}),
    _Part("park", "multipolygons", "leisure", dict.fromkeys(("park", "golf_course", "nature_reserve"), ("", 9))),
    _Part("road", "lines", "highway", _ROADS, "class"),
    _Part("place", "points", "place", _PLACES, "rank"),
)
_OVERLAY = ("points", "lines", "multipolygons")


def read_osm(file: Path, folder: Path, *, basemap: bool) -> list[Written]:
    """Write the layers of an extract: water, park, road and place for a basemap; else all points, lines and areas that
    have a tag. Raises MapRefusedError when it cannot be read whole."""
    import pyogrio

    opened = folder / "opened.osm.pbf"
    opened.symlink_to(file.resolve())
    try:
        if basemap:
            return [_part(pyogrio, opened, part, folder) for part in _BASEMAP]
        return [_all(pyogrio, opened, layer, folder) for layer in _OVERLAY]
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FeatureError) as error:
        raise MapRefusedError(f"{file.name} cannot be read: it is damaged or not whole. {error}") from error


def _read(pyogrio: Any, file: Path, layer: str, columns: list[str], where: str | None) -> tuple[Any, dict[str, Any]]:
    meta, _, geometry, values = pyogrio.raw.read(
        file, layer=layer, columns=columns, where=where, force_2d=True, max_features=MOST_FEATURES + 1
    )
    if len(geometry) > MOST_FEATURES:
        raise MapRefusedError(f"The extract holds more than {MOST_FEATURES:,} {layer}: cut out your area first.")
    return geometry, dict(zip(map(str, meta["fields"]), values, strict=True))


def _part(pyogrio: Any, file: Path, part: _Part, folder: Path) -> Written:
    # Only words of our own are in the condition.
    chosen = ", ".join(f"'{value}'" for value in part.values)
    geometry, read = _read(pyogrio, file, part.layer, ["name", part.column], f"{part.column} IN ({chosen})")
    shapes, unreadable = read_wkb(geometry)
    properties: list[dict[str, str | int]] = []
    zooms: list[int] = []
    for value, name in zip(read[part.column], read["name"], strict=True):
        becomes, zoom = part.values[value]
        one: dict[str, str | int] = {part.as_property: becomes} if part.as_property else {}
        if text := label_of(name):
            one["name"] = text
        properties.append(one)
        zooms.append(zoom)
    batch = Batch(shapes=shapes, properties=properties, from_zoom=zooms)
    return write_layer(part.name, batch, folder, None, unreadable)


def _all(pyogrio: Any, file: Path, layer: str, folder: Path) -> Written:
    geometry, read = _read(pyogrio, file, layer, ["name"], None)
    shapes, unreadable = read_wkb(np.asarray(geometry, dtype=object))
    return write_layer(
        layer, Batch(shapes=shapes, properties=labels(read["name"], len(shapes))), folder, None, unreadable
    )
