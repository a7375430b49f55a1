"""POST /api/sql: questions to the store, by people."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, StringConstraints
from starlette.exceptions import HTTPException
from starlette.responses import Response

from dashboards.server.access.gate import session_of
from dashboards.server.access.session import MACHINE_ACCOUNT
from dashboards.server.errors import Problem
from dashboards.server.ports import Query, QueryFailedError, QueryRefusedError, StoreUnavailableError
from dashboards.server.searches import record_search
from schemas.events.action import SEARCH_SQL
from schemas.wire.publisher import Publisher

#: Questions answered at the same time, and how many may wait for their turn.
AT_ONCE = 4
WAITING = 16

_MEDIA_TYPES = {
    "Pretty": "text/plain; charset=utf-8",
    "JSON": "application/json",
    "CSV": "text/csv; charset=utf-8; header=present",
    "JSONEachRow": "application/x-ndjson",
}


class Question(BaseModel):
    """A question in SQL. ``raw``: the store's own numbers and ids rather than ones made for reading."""

    model_config = ConfigDict(extra="forbid")

    sql: Annotated[str, StringConstraints(min_length=1, max_length=60_000)]
    format: Literal["Pretty", "JSON", "CSV", "JSONEachRow"] = "Pretty"
    raw: bool = False


def questions_router(query: Query | None, publisher: Publisher) -> APIRouter:
    """Return the route."""
    router = APIRouter()
    turns = asyncio.Semaphore(AT_ONCE)
    asked = 0

    @router.post("/api/sql", responses={status: {"model": Problem} for status in (400, 403, 413, 415, 429, 503)})
    async def ask(question: Question, request: Request) -> Response:
        """Answer a question. Only reading is allowed, within the store's limits.

        Where people sign in, who asks what is recorded before; when the log does not confirm, nothing is asked.
        """
        nonlocal asked
        if query is None:
            raise StoreUnavailableError
        if asked >= AT_ONCE + WAITING:
            raise HTTPException(429, "Too many questions at once.", {"retry-after": "1"})
        asked += 1
        try:
            session = session_of(request)
            # The worker asks as this machine, again and again; whoever asks so could read the data folder, too.
            if session is not None and session.account != MACHINE_ACCOUNT:
                asking = {"sql": question.sql}
                await record_search(publisher, SEARCH_SQL, actor=session.account, purpose=None, asked=asking)
            async with turns:
                answer = await query.foreign(question.sql, question.format, question.raw)
        except QueryRefusedError as error:
            raise HTTPException(403, str(error)) from error
        except QueryFailedError as error:
            raise HTTPException(400, str(error)) from error
        finally:
            asked -= 1
        return Response(answer, media_type=_MEDIA_TYPES[question.format])

    return router
