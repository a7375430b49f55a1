"""Under /api/names: people by name, each with the reasons why, recorded before; and the keys they are found by."""

from __future__ import annotations

from typing import Annotated, Self

import msgspec
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StringConstraints, model_validator
from starlette.exceptions import HTTPException
from starlette.responses import Response

from dashboards.server.access.gate import actor_of
from dashboards.server.errors import Problem
from dashboards.server.ports import People, SearchKeys, StoreUnavailableError, TooSlowError
from dashboards.server.purpose import WithPurpose
from dashboards.server.searches import record_search
from schemas.contact import PersonQuery
from schemas.events.action import SEARCH_NAME
from schemas.wire.publisher import Publisher

#: Records of an answer.
MOST = 50

NamePart = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)]
#: A birth date as far as it is known.
BORN = r"^(\d{4}(-\d{2}(-\d{2})?)?)?$"


class NameQuestion(WithPurpose):
    """Who is looked for, by whom and what for. ``name`` or ``given`` and ``family``."""

    name: NamePart = ""
    given: NamePart = ""
    family: NamePart = ""
    born: Annotated[str, StringConstraints(strip_whitespace=True, pattern=BORN)] = ""
    phone: Annotated[str, StringConstraints(max_length=40)] = ""
    address: Annotated[str, StringConstraints(max_length=500)] = ""
    limit: Annotated[int, Field(ge=1, le=MOST)] = 20

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if not (self.name or self.given or self.family):
            raise ValueError("name: say who is looked for")
        return self


class KeyStanding(BaseModel):
    """How the search keys stand. ``old``: records whose keys are of an older version, None before they were counted;
    ``done`` of ``todo`` records were made keys for by the newest run; ``fault``: why it ended early, else empty."""

    version: int
    old: int | None
    is_running: bool
    done: int
    todo: int
    fault: str


def names_router(people: People | None, publisher: Publisher, keys: SearchKeys | None = None) -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.post("/api/names/search", responses={status: {"model": Problem} for status in (422, 503, 504)})
    async def search(question: NameQuestion, http: Request) -> Response:
        """Find people whose names and birth dates may be written otherwise. Leads, never an identity.

        Each record has ``grade`` (strong, likely, weak), ``points`` and ``reasons``: what was compared and what it
        gave. The search is recorded with its purpose first; when that fails, nothing is searched.
        """
        if people is None:
            raise StoreUnavailableError
        asked = PersonQuery(
            name=question.name,
            given=question.given,
            family=question.family,
            born=question.born,
            phone=question.phone,
            address=question.address,
        )
        await record_search(
            publisher,
            SEARCH_NAME,
            actor=actor_of(http, question.actor),
            purpose=question.why,
            asked=msgspec.structs.asdict(asked),
        )
        try:
            found = await people.find(asked, question.limit)
        except TooSlowError as error:
            raise HTTPException(504, "The search took too long; give more of the name, or the birth date.") from error
        return Response(msgspec.json.encode({"people": found}), media_type="application/json")

    @router.get("/api/names/keys", responses={503: {"model": Problem}})
    async def standing() -> KeyStanding:
        """Tell how the keys stand by which people are found."""
        return _standing(keys.state() if keys is not None else None)

    @router.post("/api/names/keys/rebuild", responses={503: {"model": Problem}})
    async def rebuild() -> KeyStanding:
        """Begin to make the keys of an older version again, in the background; while that runs it changes nothing."""
        return _standing(keys.start() if keys is not None else None)

    return router


def _standing(state: object | None) -> KeyStanding:
    if state is None:
        raise StoreUnavailableError
    return KeyStanding.model_validate(msgspec.to_builtins(state))
