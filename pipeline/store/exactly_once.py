"""How a row is stored once, however often it arrives (docs/adr/0003-exactly-once-rows.md)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from pipeline.store.parameters import Parameter
from pipeline.store.store import Placed
from schemas.event_type import Table

_TOKEN_CHARACTERS = re.compile(r"[^A-Za-z0-9._-]")


def first_of_each(rows: Iterable[Placed]) -> list[Placed]:
    """Return the rows without repetitions of an ``event_id``; the first one stays."""
    seen: dict[UUID, Placed] = {}
    for row in rows:
        seen.setdefault(row.event.event_id, row)
    return list(seen.values())


def stored_ids_query(table: Table, rows: Sequence[Placed], database: str) -> tuple[str, Mapping[str, Parameter]]:
    """Return the query, with its parameters, that finds which of these rows' ids are in the table already.

    Where the same id always has the same time, the times of the batch bound the search; the table's ``stored_ids``
    projection is ordered by time and answers it from a few granules. The other tables are small: there all ids are
    looked through.
    """
    ids: Parameter = [row.event.event_id for row in rows]
    if not table.steady_time:
        # Names are ours; the ids are a parameter.
        sql = f"SELECT event_id FROM {database}.{table.name} WHERE event_id IN (SELECT arrayJoin({{ids:Array(UUID)}}))"
        return sql, {"ids": ids}
    moments = [getattr(row.event, table.month_of) for row in rows]
    sql = (
        f"SELECT event_id FROM {database}.{table.name} "
        f"WHERE `{table.month_of}` BETWEEN {{since:DateTime64(3, 'UTC')}} AND {{until:DateTime64(3, 'UTC')}} "
        "AND event_id IN (SELECT arrayJoin({ids:Array(UUID)}))"
    )
    return sql, {"since": min(moments), "until": max(moments), "ids": ids}


def insert_token(rows: Sequence[Placed]) -> str:
    """Return the insert's deduplication token: where its rows stand in the log, and a digest of their ids.

    With the ids in it, two inserts share a token only when they are the same insert tried twice; ranges of offsets
    alone would also be shared by two parts of one frame, and the second part would be lost.
    """
    places: dict[tuple[str, int], tuple[int, int]] = {}
    for row in rows:
        low, high = places.get((row.topic, row.partition), (row.offset, row.offset))
        places[row.topic, row.partition] = (min(low, row.offset), max(high, row.offset))
    ranges = [f"{topic}-{part}-{low}-{high}" for (topic, part), (low, high) in sorted(places.items())]
    digest = hashlib.blake2b(digest_size=16)
    for identity in sorted(row.event.event_id.bytes for row in rows):
        digest.update(identity)
    for place in ranges:
        digest.update(place.encode())
    readable = _TOKEN_CHARACTERS.sub("_", ranges[0])[:100]
    return f"{readable}.{digest.hexdigest()}"
