"""POST /api/counts: how many there were, over time, over the map and by kind."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from fastapi import APIRouter, Request
from msgspec import Struct
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from starlette.exceptions import HTTPException
from starlette.responses import Response

from dashboards.server.access.gate import session_of
from dashboards.server.access.session import MACHINE_ACCOUNT
from dashboards.server.counting_ports import Bin, Counted, Counting, CountQuestion, Counts
from dashboards.server.errors import Problem
from dashboards.server.plates import Area
from dashboards.server.ports import StoreUnavailableError, TooSlowError
from dashboards.server.searches import record_search
from schemas.events.action import SEARCH_COUNTS
from schemas.wire.publisher import Publisher

#: A period may be so long; a year's weeks can be held against each other.
MAX_PERIOD = timedelta(days=400)
#: Steps of a histogram, seconds: what people count by. The shortest that makes at most MOST_BINS is taken.
STEPS_S = (60, 300, 900, 3600, 4 * 3600, 86_400, 7 * 86_400)
MOST_BINS = 240
#: Pages at once; one more is asked to come again.
AT_ONCE = 4
#: For all of an answer, the period before too; the page waits ten seconds.
ANSWERS_WITHIN_S = 9.0

KindName = Annotated[str, StringConstraints(max_length=200)]


class CountsAsked(BaseModel):
    """What is counted. ``compare``: the period of the same length just before, too; ``resolution``: of the H3 cells."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    of: Counted
    begin: AwareDatetime = Field(alias="from")
    end: AwareDatetime = Field(alias="to")
    kinds: Annotated[tuple[KindName, ...], Field(max_length=50)] = ()
    area: Area | None = None
    resolution: Annotated[int, Field(ge=4, le=12)] = 8
    simulated: bool = False
    compare: bool = False

    def question(self) -> CountQuestion:
        """Return the question for the store. Raises HTTPException 422 for a time that is none or too long."""
        begin, end = self.begin.astimezone(UTC), self.end.astimezone(UTC)
        if begin >= end:
            raise HTTPException(422, "The period ends before it begins.")
        if end - begin > MAX_PERIOD:
            raise HTTPException(422, f"A period may have {MAX_PERIOD.days} days at most.")
        area = self.area
        return CountQuestion(
            of=self.of,
            begin=begin,
            end=end,
            step_s=step_for(end - begin),
            resolution=self.resolution,
            kinds=tuple(dict.fromkeys(self.kinds)),
            area=None if area is None else (area.west, area.south, area.east, area.north),
            simulated=self.simulated,
        )


class CountsAnswer(Struct, frozen=True, kw_only=True):
    """What was counted. ``step_s``: length of a bin; ``before``: the bins of the period just before, as if they were in
    this one; None when they were not asked for."""

    begin: datetime
    end: datetime
    step_s: int
    counts: Counts
    before: Sequence[Bin] | None


def step_for(period: timedelta) -> int:
    """Return the length of a bin for a period, seconds."""
    return next((step for step in STEPS_S if period.total_seconds() / step <= MOST_BINS), STEPS_S[-1])


def counting_router(counting: Counting | None, publisher: Publisher) -> APIRouter:
    """Return the route."""
    router = APIRouter()
    under_way = 0

    @router.post("/api/counts", responses={status: {"model": Problem} for status in (403, 422, 429, 503)})
    async def count(asked: CountsAsked, request: Request) -> Response:
        """Count. Where people sign in, who asks what is recorded before; when the log does not confirm, nothing is
        asked."""
        nonlocal under_way
        question = asked.question()
        if counting is None:
            raise StoreUnavailableError
        if under_way >= AT_ONCE:
            raise HTTPException(429, "Too many are counting at once. Try again in a moment.", {"retry-after": "2"})
        under_way += 1
        try:
            session = session_of(request)
            if session is not None and session.account != MACHINE_ACCOUNT:
                await record_search(
                    publisher, SEARCH_COUNTS, actor=session.account, purpose=None, asked=_told(question)
                )
            async with asyncio.timeout(ANSWERS_WITHIN_S):
                counts = await counting.count(question)
                before = await _before(counting, question) if asked.compare else None
        except (TooSlowError, TimeoutError) as error:
            raise HTTPException(503, "The store needs too long for this. Choose a shorter period.") from error
        finally:
            under_way -= 1
        answer = CountsAnswer(
            begin=question.begin, end=question.end, step_s=question.step_s, counts=counts, before=before
        )
        return Response(msgspec.json.encode(answer), media_type="application/json")

    return router


async def _before(counting: Counting, question: CountQuestion) -> Sequence[Bin]:
    """Return the bins of the period before, each moved to the bin that it is held against."""
    # By whole steps, so that a bin is held against one bin, and by a whole number of days where it is a day or longer,
    # so that nights are held against nights.
    unit = timedelta(seconds=question.step_s)
    if question.end - question.begin >= timedelta(days=1):
        unit = max(unit, timedelta(days=1))
    shift = -(-(question.end - question.begin) // unit) * unit
    earlier = msgspec.structs.replace(question, begin=question.begin - shift, end=question.end - shift)
    return [Bin(one.at + shift, one.count) for one in await counting.bins(earlier)]


def _told(question: CountQuestion) -> dict[str, str]:
    """Return what is asked, as the record says it."""
    return {
        "of": question.of,
        "from": question.begin.isoformat(timespec="seconds"),
        "to": question.end.isoformat(timespec="seconds"),
        "kinds": ", ".join(question.kinds)[:1000],
        "area": "" if question.area is None else ", ".join(f"{degrees:g}" for degrees in question.area),
        "simulated": "yes" if question.simulated else "",
    }
