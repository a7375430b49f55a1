"""GET /api/ledger: what arrived at each hop, by source and minute, and what is missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel
from starlette.exceptions import HTTPException

from dashboards.server.errors import Problem
from dashboards.server.ports import Ledger, LedgerBusyError, LedgerReport, StoreUnavailableError

#: Rows of an answer; the worst come first, and how many there are is said.
MAX_ROWS = 2_000
#: A period that is verified may be this long.
MAX_PERIOD = timedelta(hours=24)
RECENT = timedelta(minutes=30)


class Gap(BaseModel):
    """Events that one hop had and the next has not."""

    hop: str
    count: int
    event_ids: list[str]
    why: str


class Row(BaseModel):
    """Events of one type and source, observed in one minute: counts by hop, state, and why."""

    event_type: str
    source: str
    minute: datetime
    accepted: int | None
    logged: int
    stored: int
    processed: int | None
    alerts_due: int | None
    alerts_raised: int | None
    state: str
    why: str
    gaps: list[Gap]


class Hole(BaseModel):
    """Numbers of a device that no event had."""

    source: str
    device: str
    first: int
    last: int
    missing: int


class LedgerPage(BaseModel):
    """The ledger of a period, worst rows first; ``states`` counts all rows, also those beyond ``rows``."""

    begin: datetime
    end: datetime
    judged_at: datetime | None
    exact: bool
    states: dict[str, int]
    rows: list[Row]
    left_out: int
    holes: list[Hole]


def ledger_router(ledger: Ledger | None) -> APIRouter:
    """Return the route."""
    router = APIRouter()

    @router.get("/api/ledger", responses={status: {"model": Problem} for status in (422, 429, 503)})
    async def period(
        from_: Annotated[AwareDatetime | None, Query(alias="from")] = None,
        to: Annotated[AwareDatetime | None, Query()] = None,
        exact: bool = False,
    ) -> LedgerPage:
        """Return the ledger of whole minutes from ``from`` to ``to`` (exclusive); the last half hour unless told.

        ``exact``: read log and store anew for it, which takes seconds to minutes; else what is kept of two hours.
        """
        if ledger is None:
            raise StoreUnavailableError
        now = datetime.now(UTC)
        end = to or now + timedelta(minutes=1)
        begin = from_ or end - RECENT
        if begin >= end:
            raise HTTPException(422, "The period ends before it begins.")
        if end - begin > MAX_PERIOD:
            raise HTTPException(422, "A period may have 24 hours at most.")
        try:
            report = await (ledger.verify(begin, end) if exact else ledger.recent(begin, end))
        except LedgerBusyError:
            raise HTTPException(429, "Another period is being verified.", {"retry-after": "10"}) from None
        return _page(report, exact)

    return router


def _page(report: LedgerReport, exact: bool) -> LedgerPage:
    states: dict[str, int] = {}
    for row in report.rows:
        states[row.state] = states.get(row.state, 0) + 1
    return LedgerPage.model_validate(
        {
            "begin": report.begin,
            "end": report.end,
            "judged_at": report.judged_at,
            "exact": exact,
            "states": states,
            "rows": report.rows[:MAX_ROWS],
            "left_out": max(0, len(report.rows) - MAX_ROWS),
            "holes": report.holes,
        },
        from_attributes=True,
    )
