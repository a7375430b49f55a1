"""The past, given to the server for replays: what was known at a moment, and what became known after it.

Every question names its columns twice: the inner one looks at a few narrow columns to choose rows by their id, the
outer one reads those rows whole.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from compose.roles.log_feed import BACK_S
from compose.store_answers import for_the_server
from compose.stored import event_columns
from dashboards.server import ports
from dashboards.server.flow import KEPT
from dashboards.server.replay_ports import Mark, Marks, Portion, Recorded
from pipeline.store.async_store import AsyncStore
from pipeline.store.errors import Limits
from pipeline.store.parameters import Parameter
from schemas.event_type import EventType, Push
from schemas.events.alert import ALERT
from schemas.events.camera_health import CAMERA_HEALTH
from schemas.events.emergency_call import EMERGENCY_CALL
from schemas.events.incident import INCIDENT
from schemas.events.sighting import SIGHTING
from schemas.events.unit_position import UNIT_POSITION

LIMITS = Limits(seconds=8, rows=120_000, memory_bytes=300 * 2**20)
#: Things of one kind in the state at a moment: the newest of more.
MOST_THINGS = 25_000
#: An event may become known so long before or after its own clock says it happened, and no longer: months of a busy
#: table that cannot hold what is asked for are not read.
LATE = timedelta(days=1)
#: The first event of the store is looked for again after so long, seconds.
OLDEST_KEPT_S = 600.0

#: When the control room could know of a state, in SQL. Later states of an alert keep the time of the report that it
#: began with, so that the latencies beside it stay true; what was done to it is known when it was done.
_KNOWN = {ALERT.name: "greatest(raised_at, ifNull(changed_at, raised_at))"}
#: Busy tables: only months around the time asked for are read.
_BUSY = (SIGHTING, UNIT_POSITION, CAMERA_HEALTH)
#: Kinds that tell of what happens; the first of these is where the past begins.
_HAPPENS = (ALERT, SIGHTING, INCIDENT, EMERGENCY_CALL, UNIT_POSITION, CAMERA_HEALTH)


class _At(Struct, frozen=True):
    known_ms: int = msgspec.field(name="_known_ms")


_at = msgspec.json.Decoder(_At, strict=False)


class StoredRecording:
    """Implements ``dashboards.server.replay_ports.Recording``. One question at a time: others ask the store, too."""

    def __init__(self, store: AsyncStore) -> None:
        self._store = store
        self._turn = asyncio.Semaphore(1)
        self._oldest: tuple[float, datetime | None] | None = None

    async def state(self, kind: EventType[Any], at: datetime) -> Sequence[Recorded]:
        """See ``Recording.state``."""
        back_s = BACK_S.get(kind.topic)
        since = datetime.fromtimestamp(0, UTC) if back_s is None else at - timedelta(seconds=back_s)
        params: dict[str, Parameter] = {"begin": since, "end": at, "most": MOST_THINGS}
        if kind.push is Push.FLOW:
            params["most"] = KEPT
            chosen = f"SELECT event_id FROM {_within(kind)} ORDER BY {_known(kind)} DESC LIMIT {{most:UInt32}}"  # noqa: S608 - names of our own
            return await self._rows(kind, chosen, params)
        newest = _newest(kind)
        chosen = f"SELECT argMax(event_id, {newest}) FROM {_within(kind)} GROUP BY {kind.key}"  # noqa: S608 - names of our own
        if kind is ALERT:
            # What was over for longer was on no screen (dashboards/server/channel.py).
            params["over"] = at - timedelta(days=1)
            chosen += (
                f" HAVING argMax(toString(status), {newest}) NOT IN ('closed', 'recalled')"
                f" OR argMax({_known(kind)}, {newest}) >= {{over:DateTime64(3,'UTC')}}"
            )
        chosen += f" ORDER BY max({_known(kind)}) DESC LIMIT {{most:UInt32}}"
        return await self._rows(kind, chosen, params)

    async def stretch(self, kind: EventType[Any], begin: datetime, end: datetime, apart_s: float, most: int) -> Portion:
        """See ``Recording.stretch``."""
        params: dict[str, Parameter] = {"begin": begin, "end": end, "most": most + 1}
        within, known = _within(kind), _known(kind)
        if kind.push is Push.FLOW:
            # Spread evenly, the same ones each time.
            chosen = f"SELECT event_id FROM {within} ORDER BY empty(hits), cityHash64(event_id)"  # noqa: S608 - names of our own
        elif kind.push is Push.LATEST:
            params["apart"] = max(1, int(apart_s * 1000))
            slot = f"intDiv(toUnixTimestamp64Milli({known}), {{apart:UInt64}})"
            chosen = (
                f"SELECT argMax(event_id, {_newest(kind)}) FROM {within} GROUP BY {kind.key}, {slot}"  # noqa: S608 - names of our own
                f" ORDER BY max({known}) DESC"
            )
        else:
            chosen = f"SELECT event_id FROM {within} ORDER BY {known} DESC"  # noqa: S608 - names of our own
        rows = await self._rows(kind, f"{chosen} LIMIT {{most:UInt32}}", params)
        if len(rows) <= most:
            return Portion(rows=rows)
        if kind.push is Push.FLOW:
            count = await self._count(kind, params)
            plain = [row for row in rows if not row.event.hits]  # type: ignore[attr-defined]
            return Portion(rows=[row for row in rows if row is not plain[-1]] if plain else rows, left_out=count - most)
        return Portion(rows=rows[1:], left_out=1)

    async def marks(self, begin: datetime, end: datetime, most: int) -> Marks:
        """See ``Recording.marks``."""
        sql = (
            "SELECT toUnixTimestamp64Milli(min(raised_at)) AS at, alert_id,"
            " argMax(toString(severity), rev) AS severity, argMax(title, rev) AS title,"
            " argMax(toString(audience), rev) AS audience, any(toString(jurisdiction)) AS agency,"
            " argMax(lat, rev) AS at_lat, argMax(lon, rev) AS at_lon FROM rtcc.alert_states"
            " WHERE raised_at >= {begin:DateTime64(3,'UTC')} AND raised_at <= {end:DateTime64(3,'UTC')}"
            " GROUP BY alert_id HAVING severity IN ('P1', 'P2') ORDER BY severity, at DESC LIMIT {most:UInt32}"
        )
        found = [
            Mark(
                at=datetime.fromtimestamp(int(row["at"]) / 1000, UTC),
                alert_id=UUID(row["alert_id"]),
                severity=row["severity"],
                title=row["title"],
                audience=row["audience"],
                jurisdiction=row["agency"],
                place=None if row["at_lat"] is None or row["at_lon"] is None else (row["at_lat"], row["at_lon"]),
            )
            for row in await self._asked(sql, {"begin": begin, "end": end, "most": most + 1})
        ]
        rows = sorted(found[:most], key=lambda mark: mark.at)
        return Marks(rows=rows, is_cut=len(found) > most, oldest=await self._first())

    async def _first(self) -> datetime | None:
        """Return when the first event became known; None when there is none, or looking takes too long."""
        if self._oldest is None or time.monotonic() - self._oldest[0] > OLDEST_KEPT_S:
            tables = " UNION ALL ".join(
                f"SELECT count() AS n, toUnixTimestamp64Milli(min({_known(kind)})) AS at FROM rtcc.{_table(kind)}"  # noqa: S608 - names of our own
                for kind in _HAPPENS
            )
            sql = f"SELECT minIf(at, n > 0) AS first, sum(n) AS many FROM ({tables})"  # noqa: S608 - names of our own
            try:
                (row,) = await self._asked(sql, {})
                first = datetime.fromtimestamp(int(row["first"]) / 1000, UTC) if int(row["many"]) else None
            except ports.TooSlowError:
                first = None
            if first is None:
                return None  # not kept: the first events may come at any moment
            self._oldest = time.monotonic(), first
        return self._oldest[1]

    async def _count(self, kind: EventType[Any], params: Mapping[str, Parameter]) -> int:
        (row,) = await self._asked(f"SELECT count() AS many FROM {_within(kind)}", params)  # noqa: S608 - names of our own
        return int(row["many"])

    async def _rows(self, kind: EventType[Any], chosen: str, params: Mapping[str, Parameter]) -> list[Recorded]:
        """Return the events whose ids a question chooses, oldest first."""
        sql = (
            f"SELECT {', '.join(event_columns(kind.cls))}, toUnixTimestamp64Milli({_known(kind)}) AS _known_ms"  # noqa: S608 - names of our own
            f" FROM {_within(kind)} AND event_id IN ({chosen}) ORDER BY _known_ms, event_id"
        )
        with for_the_server():
            async with self._turn:
                answer = await self._store.query(sql, params, "JSONEachRow", limits=LIMITS)
        # A thousand rows take tens of milliseconds, which are not the event loop's to spend.
        return await asyncio.to_thread(_decoded, kind, answer)

    async def _asked(self, sql: str, params: Mapping[str, Parameter]) -> list[dict[str, Any]]:
        with for_the_server():
            async with self._turn:
                return await self._store.rows(sql, params, limits=LIMITS)


def _decoded(kind: EventType[Any], answer: bytes) -> list[Recorded]:
    decoder = msgspec.json.Decoder(kind.cls, strict=False)
    return [
        Recorded(_at.decode(line).known_ms / 1000, decoder.decode(line)) for line in answer.splitlines() if line.strip()
    ]


def _table(kind: EventType[Any]) -> str:
    assert kind.table is not None
    return kind.table.name


def _known(kind: EventType[Any]) -> str:
    return _KNOWN.get(kind.name, "observed_at")


def _newest(kind: EventType[Any]) -> str:
    """Return by what the newest state is chosen: of two of one version, the one that was known first, as in a fold."""
    return f"({kind.version_field}, -toUnixTimestamp64Milli({_known(kind)}), event_id)"


def _within(kind: EventType[Any]) -> str:
    """Return a table with the condition that a row became known after ``begin`` and up to ``end``."""
    known = _known(kind)
    where = f"{known} > {{begin:DateTime64(3,'UTC')}} AND {known} <= {{end:DateTime64(3,'UTC')}}"
    if kind in _BUSY:
        late = int(LATE.total_seconds())
        where += (
            f" AND occurred_at > {{begin:DateTime64(3,'UTC')}} - INTERVAL {late} SECOND"
            f" AND occurred_at <= {{end:DateTime64(3,'UTC')}} + INTERVAL {late} SECOND"
        )
    return f"rtcc.{_table(kind)} WHERE {where}"
