"""The audit, given to the server: what people did, from the tables of actions, lists, withdrawals and markers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from compose.store_answers import for_the_server
from dashboards.server import ports
from dashboards.server.search_ports import AuditQuestion, Deed
from pipeline.store.async_store import AsyncStore
from pipeline.store.errors import Limits
from pipeline.store.parameters import Parameter

LIMITS = Limits(seconds=8, rows=20_000)

#: Where deeds are, each with the columns that a deed has.
_ACTIONS = (
    "SELECT event_id, occurred_at AS at, actor AS who, toString(name) AS what, subject_id AS subject, note AS why,"
    " mapFilter((k, v) -> v != '', mapUpdate(a.details, map('verdict', toString(verdict),"
    " 'checks', arrayStringConcat(checks, ', '), 'true_plate', true_plate))) AS told,"
    " toString(source) AS by_source, synthetic FROM rtcc.actions AS a"
)
_WITHDRAWALS = (
    "SELECT event_id, changed_at AS at, changed_by AS who,"
    " if(is_withdrawn, 'hotlist.withdraw', 'hotlist.reinstate') AS what, listing_id AS subject, reason AS why,"
    " map('list', list_id, 'entry', entry_id) AS told, toString(source) AS by_source, synthetic"
    " FROM rtcc.hotlist_withdrawal_states"
)
#: A list names no person: whoever loads it does so by a command, and the source says which.
_LISTS = (
    "SELECT event_id, occurred_at AS at, '' AS who, 'hotlist.load' AS what, list_id AS subject, '' AS why,"
    " map('version', version, 'title', title, 'owner', toString(owner), 'entries', toString(entry_count)) AS told,"
    " toString(source) AS by_source, synthetic FROM rtcc.hotlist_versions"
)
_MARKERS = (
    "SELECT event_id, changed_at AS at, changed_by AS who, if(is_removed, 'marker.remove', 'marker.add') AS what,"
    " marker_id AS subject, text AS why, map('category', toString(category), 'kind', toString(m.kind), 'of', m.subject,"
    " 'origin', origin) AS told, toString(source) AS by_source, synthetic FROM rtcc.marker_states AS m"
)
SOURCES = (_ACTIONS, _WITHDRAWALS, _LISTS, _MARKERS)
#: A seal is made after its deeds, but for a clock that was set back meanwhile.
_AHEAD = timedelta(days=1)
_SEALED_AT_ONCE = 1_000
_SEALS = (
    "SELECT toString(one) AS deed, min(number) AS seal FROM rtcc.seals ARRAY JOIN deeds AS one"
    " WHERE occurred_at >= {oldest:DateTime64(3,'UTC')} AND has({ids:Array(UUID)}, one) GROUP BY deed"
)


class StoredAudit:
    """Implements ``dashboards.server.search_ports.Audit``."""

    def __init__(self, store: AsyncStore) -> None:
        self._store = store

    async def deeds(self, asked: AuditQuestion, limit: int, before: ports.Before | None) -> Sequence[Deed]:
        """See ``Audit.deeds``."""
        where = ["at >= {begin:DateTime64(3,'UTC')} AND at < {end:DateTime64(3,'UTC')}"]
        params: dict[str, Parameter] = {"begin": asked.begin, "end": asked.end, "limit": limit}
        if asked.who:
            where.append("positionCaseInsensitiveUTF8(who, {who:String}) > 0")
            params["who"] = asked.who
        if asked.kind:
            where.append("startsWith(what, {kind:String})")
            params["kind"] = asked.kind.lower()
        if asked.subject:
            where.append(
                "(positionCaseInsensitiveUTF8(subject, {subject:String}) > 0"
                " OR arrayExists(v -> positionCaseInsensitiveUTF8(v, {subject:String}) > 0, mapValues(told)))"
            )
            params["subject"] = asked.subject
        if before is not None:
            where.append("(at, event_id) < ({before:DateTime64(3,'UTC')}, {id:UUID})")
            params |= {"before": before.occurred_at, "id": before.event_id}
        sql = (
            f"SELECT * FROM ({' UNION ALL '.join(SOURCES)}) WHERE {' AND '.join(where)}"  # noqa: S608 - names of our own
            " ORDER BY at DESC, event_id DESC LIMIT {limit:UInt32}"
        )
        with for_the_server():
            rows = await self._store.rows(sql, params, limits=LIMITS)
            seals: dict[str, int] = {}
            for at in range(0, len(rows), _SEALED_AT_ONCE):
                seals |= await self._seals_of(rows[at : at + _SEALED_AT_ONCE])
        return [_deed(row, seals.get(row["event_id"])) for row in rows]

    async def _seals_of(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
        """Return the number of the first seal over each of these deeds, by its id."""
        params: dict[str, Parameter] = {
            "ids": [row["event_id"] for row in rows],
            "oldest": min(datetime.fromisoformat(row["at"]) for row in rows) - _AHEAD,
        }
        found = await self._store.rows(_SEALS, params, limits=LIMITS)
        return {row["deed"]: int(row["seal"]) for row in found}


def _deed(row: Mapping[str, Any], seal: int | None) -> Deed:
    return Deed(
        event_id=UUID(row["event_id"]),
        at=datetime.fromisoformat(row["at"]),
        who=row["who"],
        what=row["what"],
        subject=row["subject"],
        why=row["why"],
        details=dict(row["told"]),
        source=row["by_source"],
        synthetic=bool(row["synthetic"]),
        seal=seal,
    )
