"""Made-up towns: streets in a grid, as lines, networks and files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from compose.roads.lines import Lines
from compose.roads.network import Network, Report, network

#: The corner in the south-west, and the way from one crossing to the next, degrees.
LAT, LON, STEP = 29.95, -90.07, 0.002

#: A street: its places (latitude, longitude), km/h and direction.
Street = tuple[Sequence[tuple[float, float]], float, int]


def crossing(row: float, column: float) -> tuple[float, float]:
    """Return latitude and longitude; rows count to the north, columns to the east. Between them: a half is half way."""
    return LAT + row * STEP, LON + column * STEP


def street(*crossings: tuple[float, float], kmh: float = 36.0, direction: int = 0) -> Street:
    """Return a street through crossings (row, column)."""
    return [crossing(*one) for one in crossings], kmh, direction


def grid(rows: int, columns: int, of: Callable[[int], tuple[float, int]] = lambda _: (36.0, 0)) -> list[Street]:
    """Return the blocks of a town; ``of`` gives km/h and direction of each by its number."""
    pairs = [((r, c), (r, c + 1)) for r in range(rows) for c in range(columns - 1)]
    pairs += [((r, c), (r + 1, c)) for r in range(rows - 1) for c in range(columns)]
    return [street(*pair, kmh=of(number)[0], direction=of(number)[1]) for number, pair in enumerate(pairs)]


def made(streets: Sequence[Street]) -> Network:
    """Return the network of streets."""
    places = [np.array(places)[:, ::-1] for places, _, _ in streets]
    return network(
        Lines(
            lon_lat=np.concatenate(places),
            line=np.repeat(np.arange(len(places)), [len(one) for one in places]),
            kmh=np.array([kmh for _, kmh, _ in streets], np.float32),
            direction=np.array([direction for _, _, direction in streets], np.int8),
            layer="town", crs="EPSG:4326", features=len(places), left_out={}, speeds_from={},
        )
    )  # fmt: skip


REPORT = Report(
    file="town.geojson", layer="town", crs="EPSG:4326", loaded_at="2026-01-15T12:00:00+00:00", features=1, left_out={},
    speeds_from={"limit": 1}, segments=1, nodes=2, km=1.0, one_way=0, parts=1, fragments=0,
    connected_share=1.0, most_kmh=36.0,
)  # fmt: skip


def feature(geometry: Mapping[str, Any] | None, **properties: Any) -> dict[str, Any]:
    """Return a GeoJSON feature."""
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def line(*crossings: tuple[float, float], **properties: Any) -> dict[str, Any]:
    """Return a GeoJSON line through crossings (row, column)."""
    return feature({"type": "LineString", "coordinates": [crossing(*one)[::-1] for one in crossings]}, **properties)


def geojson(path: Path, *features: Mapping[str, Any]) -> Path:
    """Write features to a file, and return it."""
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path
