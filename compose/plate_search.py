"""Plate search, given to the server: a port of ``dashboards`` over the store of ``pipeline``."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from compose.store_answers import for_the_server
from dashboards.server.search_ports import FoundRead, ListHit, PlateQuestion, ReadsFound
from pipeline.rules.vehicle_agreement import same_words
from pipeline.store.async_store import AsyncStore
from pipeline.store.errors import Limits
from pipeline.store.parameters import Parameter
from schemas.look_alikes import LookAlikes
from schemas.plate_pattern import ANY, as_expression, as_like, has_wildcards, variants

#: One question may take so long, seconds; a search asks four.
LIMITS = Limits(seconds=8, rows=5_000)
#: A whole search, waiting for its turn included, seconds: the page waits for ten.
STOP_S = 9.0
#: Searches that run at once; others wait, so that the contact view finds readers free.
AT_ONCE = 1
#: Hits that are told of the reads of an answer, the rest is left to the alert.
MOST_HITS = 20

_READ = (
    "SELECT event_id, occurred_at, plate, ifNull(plate_region, '') AS state, confidence, camera_id, lat, lon,"
    " heading_deg, ifNull(vehicle_make, '') AS make, ifNull(vehicle_model, '') AS model,"
    " ifNull(vehicle_colour, '') AS colour, ifNull(vehicle_body, '') AS body, ifNull(image_ref, '') AS image,"
    " source, synthetic FROM rtcc.plate_reads"
)
_AREA = "lat BETWEEN {south:Float64} AND {north:Float64} AND lon BETWEEN {west:Float64} AND {east:Float64}"


class StoredPlates:
    """Implements ``dashboards.server.search_ports.PlateReads``."""

    def __init__(self, store: AsyncStore, look_alikes: LookAlikes, stop_s: float = STOP_S) -> None:
        self._store = store
        self._look_alikes = look_alikes
        self._stop_s = stop_s
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def search(self, asked: PlateQuestion, limit: int) -> ReadsFound:
        """See ``PlateReads.search``."""
        with for_the_server():
            async with asyncio.timeout(self._stop_s), self._turns:
                return await self._search(asked, limit)

    async def _search(self, asked: PlateQuestion, limit: int) -> ReadsFound:
        where, params = conditions(asked, self._look_alikes)
        said, unsaid, words = _of_vehicle(asked)
        rows = await self._rows(
            f"{_READ} WHERE {where} AND {said} ORDER BY occurred_at DESC, event_id DESC LIMIT {{limit:UInt32}}",
            {**params, **words, "limit": limit + 1},
        )
        (about,) = await self._rows("SELECT min(occurred_at) AS oldest, count() AS reads FROM rtcc.plate_reads", {})
        others = 0
        if unsaid:
            sql = f"SELECT count() AS reads FROM rtcc.plate_reads WHERE {where} AND NOT ({said}) AND {unsaid}"  # noqa: S608 - names of our own
            (counted,) = await self._rows(sql, {**params, **words})
            others = int(counted["reads"])
        is_cut, rows = len(rows) > limit, rows[:limit]
        cameras, hits = await self._cameras(rows), await self._hits(rows)
        return ReadsFound(
            reads=tuple(_read(row, cameras, hits) for row in rows),
            is_cut=is_cut,
            unsaid=others,
            oldest=_moment(about["oldest"]) if int(about["reads"]) else None,
        )

    async def _cameras(self, rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
        ids = sorted({str(row["camera_id"]) for row in rows})
        if not ids:
            return {}
        sql = "SELECT camera_id, name, lat, lon FROM rtcc.cameras WHERE camera_id IN {ids:Array(String)}"
        return {str(row["camera_id"]): row for row in await self._rows(sql, {"ids": ids})}

    async def _hits(self, rows: Sequence[Mapping[str, Any]]) -> Mapping[str, tuple[ListHit, ...]]:
        if not rows:
            return {}
        found = await self._rows(
            "SELECT event_id, hits.list_id AS list_ids, hits.entry_id AS entry_ids, hits.kind AS kinds,"
            " hits.match AS matches, hits.severity AS severities, audiences FROM rtcc.sightings"
            " WHERE plate IN {plates:Array(String)} AND occurred_at BETWEEN {begin:DateTime64(3,'UTC')}"
            " AND {end:DateTime64(3,'UTC')} AND has({ids:Array(UUID)}, event_id) AND notEmpty(hits)"
            " ORDER BY observed_at LIMIT 1 BY event_id",
            {
                "plates": sorted({str(row["plate"]) for row in rows}),
                "begin": _moment(rows[-1]["occurred_at"]),
                "end": _moment(rows[0]["occurred_at"]),
                "ids": [UUID(row["event_id"]) for row in rows],
            },
        )
        return {str(row["event_id"]): _hits_of(row) for row in found}

    async def _rows(self, sql: str, params: Mapping[str, Parameter]) -> list[dict[str, Any]]:
        return await self._store.rows(sql, params, limits=LIMITS)


def conditions(asked: PlateQuestion, look_alikes: LookAlikes) -> tuple[str, dict[str, Parameter]]:
    """Return the condition in SQL for time, plate and place of a read, and its parameters."""
    where = [
        "occurred_at >= {begin:DateTime64(3,'UTC')} AND occurred_at < {end:DateTime64(3,'UTC')} AND NOT is_preview"
    ]
    params: dict[str, Parameter] = {"begin": asked.begin, "end": asked.end}
    if not asked.simulated:
        where.append("NOT synthetic")
    if asked.pattern and asked.pattern != ANY:
        condition, more = _of_plate(asked, look_alikes)
        where.append(condition)
        params |= more
    if asked.agencies is not None:
        where.append("jurisdiction IN {agencies:Array(String)}")
        params["agencies"] = list(asked.agencies)
    if asked.cameras:
        where.append("camera_id IN {cameras:Array(String)}")
        params["cameras"] = list(asked.cameras)
    if asked.area is not None:
        # A read without a place of its own is where its camera is.
        where.append(
            f"(({_AREA}) OR (lat IS NULL AND camera_id IN (SELECT camera_id FROM rtcc.cameras WHERE {_AREA})))"  # noqa: S608 - parameters
        )
        params |= dict(zip(("west", "south", "east", "north"), map(float, asked.area), strict=True))
    return " AND ".join(where), params


def _of_plate(asked: PlateQuestion, look_alikes: LookAlikes) -> tuple[str, dict[str, Parameter]]:
    # Plates are what the table is sorted by: named ones and those with a known beginning are found without a scan.
    if not asked.look_alikes:
        if has_wildcards(asked.pattern):
            return "plate LIKE {plate:String}", {"plate": as_like(asked.pattern)}
        return "plate = {plate:String}", {"plate": asked.pattern}
    named = variants(asked.pattern, look_alikes, asked.state)
    if named is not None:
        return "plate IN {plates:Array(String)}", {"plates": named}
    return "match(plate, {plate:String})", {"plate": as_expression(asked.pattern, look_alikes, asked.state)}


def _of_vehicle(asked: PlateQuestion) -> tuple[str, str, dict[str, Parameter]]:
    """Return the condition for what is asked of the vehicle, that for reads that say it or say nothing, and parameters.

    Make and colour are met by any word for the same (gray, GRY, silver).
    """
    said, unsaid = [], []
    params: dict[str, Parameter] = {}
    for name, column, words in (
        ("state", "plate_region", (asked.state,) if asked.state else ()),
        ("make", "vehicle_make", same_words("make", asked.make) if asked.make else ()),
        ("colour", "vehicle_colour", same_words("colour", asked.colour) if asked.colour else ()),
    ):
        if words:
            params[name] = list(words)
            condition = f"ifNull(lower({column}), '') IN {{{name}:Array(String)}}"
            said.append(condition)
            unsaid.append(f"({condition} OR ifNull({column}, '') = '')")
    return " AND ".join(said) or "1", " AND ".join(unsaid), params


def _read(
    row: Mapping[str, Any], cameras: Mapping[str, Mapping[str, Any]], hits: Mapping[str, tuple[ListHit, ...]]
) -> FoundRead:
    camera = cameras.get(str(row["camera_id"]), {})
    placed = row if row["lat"] is not None and row["lon"] is not None else camera
    return FoundRead(
        event_id=UUID(row["event_id"]),
        occurred_at=_moment(row["occurred_at"]),
        plate=row["plate"],
        plate_region=row["state"],
        confidence=float(row["confidence"]),
        camera_id=row["camera_id"],
        camera=str(camera.get("name", "")),
        lat=placed.get("lat"),
        lon=placed.get("lon"),
        heading_deg=row["heading_deg"],
        make=row["make"],
        model=row["model"],
        colour=row["colour"],
        body=row["body"],
        image_ref=row["image"],
        source=row["source"],
        synthetic=bool(row["synthetic"]),
        hits=hits.get(str(row["event_id"]), ()),
    )


def _hits_of(row: Mapping[str, Any]) -> tuple[ListHit, ...]:
    columns = [row[name] for name in ("list_ids", "entry_ids", "kinds", "matches", "severities")]
    audiences = row["audiences"] or [""] * len(columns[0])
    return tuple(
        ListHit(list_id=list_id, entry_id=entry_id, kind=kind, match=match, severity=severity, audience=audience)
        for (list_id, entry_id, kind, match, severity), audience in zip(
            zip(*columns, strict=True), audiences, strict=True
        )
    )[:MOST_HITS]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
