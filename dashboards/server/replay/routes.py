"""GET /api/replay: the gravest alerts of a period, for its time line, and how far back the store reaches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query, Request
from msgspec import Struct
from pydantic import AwareDatetime
from starlette.exceptions import HTTPException
from starlette.responses import Response

from dashboards.server.audience import Audiences
from dashboards.server.errors import Problem
from dashboards.server.ports import StoreUnavailableError, TooSlowError
from dashboards.server.replay.clock import SPEEDS
from dashboards.server.replay.replays import LONGEST_S
from dashboards.server.replay_ports import Recording

#: Marks of an answer.
MOST_MARKS = 1_000


class TimeLineMark(Struct, frozen=True, kw_only=True):
    """An alert on the time line."""

    at: datetime
    alert_id: UUID
    severity: str
    title: str


class TimeLine(Struct, frozen=True, kw_only=True):
    """P1 and P2 of a period, oldest first. ``is_cut``: there were more. ``oldest``: when the first event stored became
    known here; None: not known. ``speeds``: what can be asked for."""

    marks: Sequence[TimeLineMark]
    is_cut: bool
    oldest: datetime | None
    speeds: Sequence[int] = SPEEDS


def replay_router(recording: Recording | None, audiences: Audiences) -> APIRouter:
    """Return the route."""
    router = APIRouter()

    @router.get("/api/replay", responses={status: {"model": Problem} for status in (403, 422, 503, 504)})
    async def time_line(
        request: Request,
        begin: Annotated[AwareDatetime, Query(alias="from")],
        end: Annotated[AwareDatetime, Query(alias="to")],
    ) -> Response:
        """Return what stands on the time line of a period of at most a day."""
        if recording is None:
            raise StoreUnavailableError
        if not begin < end <= begin + timedelta(seconds=LONGEST_S):
            raise HTTPException(422, "from before to, and 24 hours at most between them.")
        try:
            marks = await recording.marks(begin, end, MOST_MARKS)
        except TooSlowError as error:
            raise HTTPException(504, "That took too long; narrow the time.") from error
        audience = audiences.of(request.headers)
        held: Sequence[bool] = [True] * len(marks.rows)
        if audience.areas is not None:
            held = audiences.areas.hold_places(audience.areas, [one.place for one in marks.rows])
        seen = [
            TimeLineMark(at=one.at, alert_id=one.alert_id, severity=one.severity, title=one.title)
            for one, lies_there in zip(marks.rows, held, strict=True)
            if lies_there and audience.may_see(one.audience) and audience.is_of(one.jurisdiction)
        ]
        # With what others only may see left out, "there were more" could tell of it.
        told = TimeLine(marks=seen, is_cut=marks.is_cut and audience.sees_everything, oldest=marks.oldest)
        return Response(msgspec.json.encode(told), media_type="application/json")

    return router
