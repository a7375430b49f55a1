"""POST /api/companions: which plates kept company with a plate. A POST, so that no plate stands in an address."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from fastapi import APIRouter, Request
from pydantic import AwareDatetime, Field, StringConstraints
from starlette.exceptions import HTTPException
from starlette.responses import Response

from dashboards.server.access.gate import actor_of
from dashboards.server.errors import Problem
from dashboards.server.ports import Companions, StoreUnavailableError
from dashboards.server.purpose import WithPurpose
from dashboards.server.searches import record_search
from schemas.events.action import SEARCH_COMPANY
from schemas.wire.publisher import Publisher

#: A period may be this long, and is this long unless told.
MAX_PERIOD, RECENT = timedelta(days=31), timedelta(days=1)


class Wanted(WithPurpose):
    """Whose company is asked for, by whom and what for: a normalised plate, and a period; the last day unless told."""

    plate: Annotated[str, StringConstraints(min_length=1, max_length=20)]
    begin: AwareDatetime | None = Field(None, alias="from")
    end: AwareDatetime | None = Field(None, alias="to")


def company_router(companions: Companions | None, publisher: Publisher) -> APIRouter:
    """Return the route."""
    router = APIRouter()

    @router.post("/api/companions", responses={status: {"model": Problem} for status in (403, 415, 422, 503)})
    async def company(wanted: Wanted, request: Request) -> Response:
        """Return who was beside a plate more often than traffic explains, least likely by chance first.

        It is a search for a plate: recorded with its purpose first, else nothing is looked up.
        """
        if companions is None:
            raise StoreUnavailableError
        end = wanted.end or datetime.now(UTC)
        begin = wanted.begin or end - RECENT
        if begin >= end:
            raise HTTPException(422, "The period ends before it begins.")
        if end - begin > MAX_PERIOD:
            raise HTTPException(422, "A period may have 31 days at most.")
        asked = {
            "plate": wanted.plate,
            "from": begin.isoformat(timespec="seconds"),
            "to": end.isoformat(timespec="seconds"),
        }
        await record_search(
            publisher, SEARCH_COMPANY, actor=actor_of(request, wanted.actor), purpose=wanted.why, asked=asked
        )
        told = await companions.company(wanted.plate, begin, end)
        return Response(msgspec.json.encode(told), media_type="application/json")

    return router
