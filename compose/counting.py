"""Counts over time and over the map, given to the server: a port of ``dashboards`` over the store of ``pipeline``."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from compose.store_answers import for_the_server
from dashboards.server.counting_ports import Bin, Cell, Counted, CountQuestion, Counts, Kind
from pipeline.store.async_store import AsyncStore
from pipeline.store.errors import Limits
from pipeline.store.parameters import Parameter

#: One question may take so long, seconds; a page asks four.
LIMITS = Limits(seconds=8, rows=50_000)
#: Everything that a page asks for, waiting for its turn included, seconds: the page waits for ten.
STOP_S = 9.0
#: Pages that are counted at once; others wait, so that call handlers find readers free.
AT_ONCE = 1
MAX_CELLS, MAX_KINDS = 2_000, 50

T = TypeVar("T")


class _Source(msgspec.Struct, frozen=True):
    """Where something is counted. ``newest``: how one row of an entity is chosen of its states; "": each row counts.
    ``kept``: which of the rows so chosen count."""

    table: str
    time: str
    kind: str
    where: str = "1"
    newest: str = ""
    kept: str = "1"


def _newest(key: str, version: str) -> str:
    # As the views of the current state have it; here only the states of the period are read.
    return f"ORDER BY {key}, {version} DESC, stored_at DESC, _offset DESC, event_id DESC LIMIT 1 BY {key}"


_SOURCES: Mapping[Counted, _Source] = {
    "plate_reads": _Source("rtcc.plate_reads", "occurred_at", "camera_id", where="NOT is_preview"),
    "hits": _Source("rtcc.sightings", "occurred_at", "hits.kind[1]", where="notEmpty(hits)"),
    "alerts": _Source("rtcc.alert_states", "raised_at", "rule", newest=_newest("alert_id", "rev")),
    "calls": _Source("rtcc.call_states", "received_at", "category", newest=_newest("call_id", "updated_at")),
    # What was merged into another is counted there.
    "incidents": _Source(
        "rtcc.incident_states",
        "opened_at",
        "category",
        newest=_newest("incident_id", "rev"),
        kept="isNull(merged_into)",
    ),
}
#: Of what has a camera and may have no place of its own: it is where its camera is.
_AT_CAMERA = frozenset({"plate_reads", "hits"})


class StoredCounts:
    """Implements ``dashboards.server.counting_ports.Counting``."""

    def __init__(self, store: AsyncStore, stop_s: float = STOP_S) -> None:
        self._store = store
        self._stop_s = stop_s
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def count(self, asked: CountQuestion) -> Counts:
        """See ``Counting.count``."""
        return await self._in_time(self._count(asked))

    async def bins(self, asked: CountQuestion) -> Sequence[Bin]:
        """See ``Counting.bins``."""
        bins, _ = await self._in_time(self._bins(*_rows_of(asked)))
        return bins

    async def _in_time(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            with for_the_server():
                async with asyncio.timeout(self._stop_s), self._turns:
                    return await work
        finally:
            work.close()

    async def _count(self, asked: CountQuestion) -> Counts:
        source = _SOURCES[asked.of]
        rows, params = _rows_of(asked)
        bins, unplaced = await self._bins(rows, params)
        cells = await self._rows(
            "SELECT h3ToString(cell) AS name, h3ToGeoBoundary(cell) AS ring, n FROM (SELECT"  # noqa: S608 - names of our own
            " geoToH3(assumeNotNull(lat), assumeNotNull(lon), {resolution:UInt8}) AS cell, count() AS n"
            f" FROM ({rows}) WHERE lat IS NOT NULL AND lon IS NOT NULL"
            " GROUP BY cell ORDER BY n DESC, cell LIMIT {cells:UInt32})"
            " ORDER BY n DESC, cell SETTINGS geotoh3_argument_order = 'lat_lon'",
            {**params, "resolution": asked.resolution, "cells": MAX_CELLS + 1},
        )
        # The choice of kinds is not narrowed by what was chosen of them.
        any_kind, more = _rows_of(msgspec.structs.replace(asked, kinds=()))
        kinds = await self._rows(
            f"SELECT kind AS name, count() AS n FROM ({any_kind}) GROUP BY kind ORDER BY n DESC, name"  # noqa: S608 - names of our own
            " LIMIT {kinds_shown:UInt32}",
            {**more, "kinds_shown": MAX_KINDS + 1},
        )
        real = "1" if asked.simulated else "NOT synthetic"
        (about,) = await self._rows(
            f"SELECT min({source.time}) AS oldest, max({source.time}) AS newest, count() AS n FROM {source.table}"  # noqa: S608 - names of our own
            f" WHERE {source.where} AND {real}",
            {},
        )
        any_at_all = int(about["n"]) > 0
        return Counts(
            total=sum(one.count for one in bins),
            unplaced=unplaced,
            bins=bins,
            cells=[
                Cell(row["name"], int(row["n"]), tuple((lon, lat) for lat, lon in row["ring"]))
                for row in cells[:MAX_CELLS]
            ],
            kinds=[Kind(row["name"], int(row["n"])) for row in kinds[:MAX_KINDS]],
            cells_cut=len(cells) > MAX_CELLS,
            kinds_cut=len(kinds) > MAX_KINDS,
            oldest=datetime.fromisoformat(about["oldest"]) if any_at_all else None,
            newest=datetime.fromisoformat(about["newest"]) if any_at_all else None,
        )

    async def _bins(self, rows: str, params: Mapping[str, Parameter]) -> tuple[list[Bin], int]:
        """Return the steps of time, and how many in all of them have no place."""
        found = await self._rows(
            "SELECT intDiv(toUnixTimestamp(at), {step:UInt32}) * {step:UInt32} AS second, count() AS n,"  # noqa: S608 - names of our own
            f" countIf(lat IS NULL OR lon IS NULL) AS unplaced FROM ({rows}) GROUP BY second ORDER BY second",
            params,
        )
        bins = [Bin(datetime.fromtimestamp(int(row["second"]), UTC), int(row["n"])) for row in found]
        return bins, sum(int(row["unplaced"]) for row in found)

    async def _rows(self, sql: str, params: Mapping[str, Parameter]) -> list[dict[str, Any]]:
        return await self._store.rows(sql, params, limits=LIMITS)


def _rows_of(asked: CountQuestion) -> tuple[str, dict[str, Parameter]]:
    """Return a question for ``at``, ``kind``, ``lat`` and ``lon`` of each thing that is counted, and its parameters."""
    source = _SOURCES[asked.of]
    params: dict[str, Parameter] = {"begin": asked.begin, "end": asked.end, "step": asked.step_s}
    at_camera = asked.of in _AT_CAMERA
    columns = f"{source.time} AS at, toString({source.kind}) AS kind, lat, lon, synthetic"
    columns += ", camera_id AS camera" if at_camera else ""
    period = f"{source.time} >= {{begin:DateTime64(3,'UTC')}} AND {source.time} < {{end:DateTime64(3,'UTC')}}"
    rows = f"SELECT * FROM {source.table} WHERE {source.where} AND {period} {source.newest}"  # noqa: S608 - names of our own
    rows = f"SELECT {columns} FROM ({rows}) WHERE {source.kept}"  # noqa: S608 - names of our own
    if at_camera:
        rows = (
            "SELECT at, kind, synthetic, if(isNull(lat) OR isNull(lon), camera_lat, lat) AS lat,"  # noqa: S608 - names of our own
            " if(isNull(lat) OR isNull(lon), camera_lon, lon) AS lon"
            f" FROM (SELECT at, kind, synthetic, lat, lon, camera FROM ({rows})) AS counted"
            " LEFT JOIN (SELECT camera_id, toNullable(lat) AS camera_lat, toNullable(lon) AS camera_lon"
            " FROM rtcc.cameras) AS cameras ON counted.camera = cameras.camera_id"
        )
    where = ["1" if asked.simulated else "NOT synthetic"]
    if asked.kinds:
        where.append("kind IN {kinds:Array(String)}")
        params["kinds"] = list(asked.kinds)
    if asked.area is not None:
        where.append(
            "lat BETWEEN {south:Float64} AND {north:Float64} AND lon BETWEEN {west:Float64} AND {east:Float64}"
        )
        params |= dict(zip(("west", "south", "east", "north"), map(float, asked.area), strict=True))
    return f"SELECT at, kind, lat, lon FROM ({rows}) WHERE {' AND '.join(where)}", params  # noqa: S608 - names of our own
