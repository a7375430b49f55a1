"""How the API says that something went wrong: always ``{"error": ..., "fields": [...]}``, never quoting the input."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from dashboards.server.access.session import ACCOUNTS_AWAY, AccountsUnavailableError
from dashboards.server.ports import StoreUnavailableError
from schemas.wire.publisher import BrokerUnavailableError

_RETRY = {"retry-after": "5"}


class FieldProblem(BaseModel):
    """A field of the request that is not as it must be."""

    field: str
    problem: str


class Problem(BaseModel):
    """Why a request was not carried out."""

    error: str
    fields: list[FieldProblem] = []


def add_error_handlers(app: FastAPI) -> None:
    """Make every refusal of this app a Problem."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(BrokerUnavailableError, _broker_away)
    app.add_exception_handler(StoreUnavailableError, _store_away)
    app.add_exception_handler(AccountsUnavailableError, _accounts_away)
    app.add_exception_handler(Exception, _failed)


def _answer(status: int, problem: Problem, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse(problem.model_dump(), status_code=status, headers=headers)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = [
        FieldProblem(field=".".join(str(part) for part in item["loc"][1:]) or "body", problem=str(item["msg"]))
        for item in error.errors()
    ]
    return _answer(422, Problem(error="The request is not valid.", fields=fields))


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _answer(error.status_code, Problem(error=str(error.detail)), dict(error.headers or {}))


async def _accounts_away(request: Request, error: Exception) -> Response:
    return _answer(503, Problem(error=ACCOUNTS_AWAY), _RETRY)


async def _broker_away(request: Request, error: Exception) -> Response:
    return _answer(503, Problem(error="The log did not confirm; nothing is lost by trying again."), _RETRY)


async def _store_away(request: Request, error: Exception) -> Response:
    return _answer(503, Problem(error="The store cannot be reached now."), _RETRY)


async def _failed(request: Request, error: Exception) -> Response:
    return _answer(500, Problem(error="Something went wrong on the server; its log says what."))
