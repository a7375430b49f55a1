"""Public transport out of a GTFS feed: the ways of its routes, and its stops (GTFS Schedule reference)."""

from __future__ import annotations

import csv
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import shapely
from msgspec.structs import replace

from compose.map_layers.errors import MapRefusedError
from compose.map_layers.shapes import Batch, Written, label_of, write_layer

#: Rows of a file at most: all points of the shapes are in memory at once.
MOST_ROWS = 20_000_000


def read_gtfs(feed: Path, folder: Path) -> list[Written]:
    """Write the layers ``routes`` (lines, labelled with the route's short name) and ``stops`` (points, with theirs).

    Raises MapRefusedError when a file cannot be read.
    """
    try:
        return [_routes(feed, folder), _stops(feed, folder)]
    except (csv.Error, UnicodeDecodeError, OSError) as error:
        raise MapRefusedError(f"The GTFS feed cannot be read: {error}") from error


def _rows(path: Path) -> Iterator[Mapping[str, str]]:
    if not path.exists():
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.DictReader(file, skipinitialspace=True)):
            if number >= MOST_ROWS:
                raise MapRefusedError(f"{path.name} has more than {MOST_ROWS:,} rows.")
            yield row


def _routes(feed: Path, folder: Path) -> Written:
    names = {row.get("route_id"): row.get("route_short_name") or row.get("route_long_name") or "" for row in
             _rows(feed / "routes.txt")}  # fmt: skip
    route_of: dict[str, str] = {}
    for trip in _rows(feed / "trips.txt"):
        route_of.setdefault(trip.get("shape_id") or "", names.get(trip.get("route_id"), ""))
    points: dict[str, list[tuple[int, float, float]]] = defaultdict(list)
    dropped: Counter[str] = Counter()
    for row in _rows(feed / "shapes.txt"):
        place, order = _place(row, "shape_pt_lat", "shape_pt_lon"), (row.get("shape_pt_sequence") or "").strip()
        if place is None or not order.isdigit():
            dropped["a point of a route without a place"] += 1
            continue
        points[row.get("shape_id") or ""].append((int(order), *place))
    lines, properties = [], []
    for shape, way in points.items():
        way.sort()
        if len(way) < 2:
            dropped["a route of one point"] += 1
            continue
        lines.append(shapely.LineString([(lon, lat) for _, lon, lat in way]))
        name = label_of(route_of.get(shape))
        properties.append({"label": name} if name else {})
    batch = Batch(shapes=np.array(lines, dtype=object), properties=properties)
    return _with(write_layer("routes", batch, folder, None), dropped)


def _stops(feed: Path, folder: Path) -> Written:
    shapes, properties = [], []
    dropped: Counter[str] = Counter()
    for row in _rows(feed / "stops.txt"):
        if (row.get("location_type") or "0").strip() not in ("0", "1", ""):
            dropped["an entrance or a way inside a station"] += 1
            continue
        place = _place(row, "stop_lat", "stop_lon")
        if place is None:
            dropped["a stop without a place"] += 1
            continue
        shapes.append(shapely.Point(place))
        name = label_of(row.get("stop_name"))
        properties.append({"label": name} if name else {})
    batch = Batch(shapes=np.array(shapes, dtype=object), properties=properties, from_zoom=[11] * len(shapes))
    return _with(write_layer("stops", batch, folder, None), dropped)


def _place(row: Mapping[str, str], lat: str, lon: str) -> tuple[float, float] | None:
    """Return longitude and latitude, or None where they are none."""
    try:
        place = float(row.get(lon) or ""), float(row.get(lat) or "")
    except ValueError:
        return None
    # At 0, 0 there is no stop: it is how some feeds say that they do not know.
    return place if all(map(math.isfinite, place)) and place != (0.0, 0.0) else None


def _with(written: Written, dropped: Mapping[str, int]) -> Written:
    return replace(
        written,
        features=written.features + sum(dropped.values()),
        dropped=dict(Counter(written.dropped) + Counter(dropped)),
    )
