"""GET /api/answer-times and /api/measures: what a day of calls was like, counted in the store."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter
from fastapi import Query as Parameter
from msgspec import Struct
from starlette.responses import Response

from dashboards.server.answer_times import STANDARDS, Figures, Waits, figures
from dashboards.server.errors import Problem
from dashboards.server.ports import Query, StoreUnavailableError

#: Calls of one day (UTC) by hour. Simulated calls and tests are in no figure.
WAITS = """
SELECT
  formatDateTime(coalesce(presented_at, received_at), '%Y-%m-%dT%H:00:00Z', 'UTC') AS hour,
  groupArrayIf(toInt32(dateDiff('millisecond', assumeNotNull(presented_at), assumeNotNull(answered_at))),
    isNotNull(presented_at) AND isNotNull(answered_at) AND contact NOT IN ('silent', 'abandoned')) AS answer_ms,
  groupArrayIf(toInt32(dateDiff('millisecond', assumeNotNull(answered_at), assumeNotNull(dispatched_at))),
    isNotNull(answered_at) AND isNotNull(dispatched_at) AND contact NOT IN ('silent', 'abandoned')) AS process_ms,
  toInt32(countIf((isNull(presented_at) OR isNull(answered_at)) AND contact NOT IN ('silent', 'abandoned')))
    AS unanswered,
  toInt32(countIf(contact = 'silent')) AS silent,
  toInt32(countIf(contact = 'abandoned')) AS abandoned
FROM calls
WHERE toDate(coalesce(presented_at, received_at), 'UTC') = toDate('{day}') AND NOT synthetic
  AND contact NOT IN ('test', 'online', 'alarm')
GROUP BY hour
"""
#: Incidents that were first assessed on one day (UTC), and what was done for each by any version of its assessment.
MEASURES = """
SELECT
  toInt32(count()) AS assessed,
  toInt32(countIf(repeat)) AS repeat_checked,
  toInt32(countIf(vulnerability)) AS vulnerability_checked,
  toInt32(countIf(prevention)) AS prevention_advised,
  toInt32(countIf(evidence)) AS evidence_advised
FROM (
  SELECT
    incident_id,
    countIf(isNotNull(repeat_checked_at)) > 0 AS repeat,
    countIf(isNotNull(vulnerability_checked_at)) > 0 AS vulnerability,
    countIf(isNotNull(prevention_advised_at)) > 0 AS prevention,
    countIf(isNotNull(evidence_advised_at)) > 0 AS evidence
  FROM assessments
  WHERE NOT synthetic
  GROUP BY incident_id
  HAVING toDate(min(made_at), 'UTC') = toDate('{day}')
)
"""


class AnswerTimes(Struct, frozen=True, kw_only=True):
    """A day's answer times, by hour, against a standard."""

    date: str
    standard: str
    day: Figures
    hours: tuple[Figures, ...]


class _Assessed(Struct, frozen=True):
    assessed: int
    repeat_checked: int
    vulnerability_checked: int
    prevention_advised: int
    evidence_advised: int


class Measure(Struct, frozen=True, kw_only=True):
    """How many of the assessed incidents had one measure. ``percent``: to one decimal; None where there was none."""

    name: str
    done: int
    percent: float | None


class Measures(Struct, frozen=True, kw_only=True):
    """A day's measures, over the incidents that were first assessed on it."""

    date: str
    assessed: int
    measures: tuple[Measure, ...]


def figures_router(query: Query | None, standard: str) -> APIRouter:
    """Return the routes. ``standard``: a name of ``STANDARDS``, for who names none."""
    router = APIRouter()

    async def rows(sql: str) -> bytes:
        if query is None:
            raise StoreUnavailableError
        return await query.foreign(sql, "JSONEachRow", raw=True)

    @router.get("/api/answer-times", responses={503: {"model": Problem}})
    async def answer_times(
        day: date,
        against: Annotated[Literal["nena_sta_020", "nfpa_1225", "uk_999"] | None, Parameter()] = None,
    ) -> Response:
        """Say how long callers waited on a day (UTC), by the hour in which it rang."""
        asked = STANDARDS[against or standard]
        told = msgspec.json.decode(b"[" + b",".join((await rows(WAITS.format(day=day))).splitlines()) + b"]",
                                   type=list[Waits])  # fmt: skip
        whole, hours = figures(told, asked)
        return _json(AnswerTimes(date=day.isoformat(), standard=asked.title, day=whole, hours=hours))

    @router.get("/api/measures", responses={503: {"model": Problem}})
    async def measures(day: date) -> Response:
        """Say what was done for the incidents that were first assessed on a day (UTC)."""
        told = msgspec.json.decode(await rows(MEASURES.format(day=day)), type=_Assessed)
        names = ("repeat_checked", "vulnerability_checked", "prevention_advised", "evidence_advised")
        return _json(
            Measures(
                date=day.isoformat(),
                assessed=told.assessed,
                measures=tuple(
                    Measure(
                        name=name,
                        done=getattr(told, name),
                        percent=round(100 * getattr(told, name) / told.assessed, 1) if told.assessed else None,
                    )
                    for name in names
                ),
            )
        )

    return router


def _json(value: Struct) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
