"""Under /api/accounts: who may sign in, for administrators. Why comes first: what was not recorded is not done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.exceptions import HTTPException
from starlette.responses import Response

from dashboards.server.access.account_ports import AccountError, Accounts
from dashboards.server.access.gate import actor_of, session_of
from dashboards.server.access.rights import ROLES
from dashboards.server.audience import ALL_AGENCIES
from dashboards.server.errors import Problem
from dashboards.server.searches import record_deed
from schemas.events.action import ADMINISTER_ACCOUNT
from schemas.wire.publisher import Publisher

_Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
#: None: all. An agency's name goes into a header with commas between (``gate.SAID``).
_Agencies = Annotated[list[Annotated[_Word, StringConstraints(pattern=r"^[^,]+$")]] | None, Field(max_length=100)]
_Areas = Annotated[list[_Word] | None, Field(max_length=100)]
_PROBLEMS: dict[int | str, dict[str, object]] = {
    status: {"model": Problem} for status in (401, 403, 404, 409, 422, 503)
}


class Reason(BaseModel):
    """Why something is done with an account."""

    model_config = ConfigDict(extra="forbid")

    why: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]


class Access(Reason):
    """What an account may do, and of what it sees anything."""

    roles: Annotated[list[_Word], Field(min_length=1, max_length=len(ROLES))]
    agencies: _Agencies = None
    areas: _Areas = None


class NewAccount(Access):
    """An account that is to be made."""

    account: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]*$", max_length=100)]
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""


def accounts_router(accounts: Accounts | None, publisher: Publisher) -> APIRouter:
    """Return the routes. ``accounts``: None where nobody is asked who they are; then they answer 404."""
    router = APIRouter(prefix="/api/accounts", responses=_PROBLEMS)

    def known() -> Accounts:
        if accounts is None:
            raise HTTPException(404, "This server does not ask who you are, so it has no accounts.")
        return accounts

    async def begin(request: Request, account: str, deed: str, reason: Reason) -> tuple[Accounts, str]:
        """Record what is about to be done and why; return who keeps accounts, and who does it."""
        kept = known()
        if deed != "add" and all(one.account != account for one in await kept.accounts()):
            raise HTTPException(404, "There is no such account.")
        session = session_of(request)
        actor = actor_of(request, "" if session is None else session.account)
        told = {"deed": deed}
        if isinstance(reason, Access):
            if ALL_AGENCIES in (reason.agencies or ()):
                raise HTTPException(422, "This is no agency's name.")
            told |= {
                "roles": ", ".join(sorted(reason.roles)),
                "agencies": _said(reason.agencies),
                "areas": _said(reason.areas),
            }
        await record_deed(
            publisher, ADMINISTER_ACCOUNT, actor=actor, subject=f"account:{account}", note=reason.why, details=told
        )
        return kept, actor

    @router.get("")
    async def listed() -> Response:
        """Tell which accounts there are, and what roles there may be."""
        return _json({"accounts": await known().accounts(), "roles": list(ROLES)})

    @router.post("")
    async def add(new: NewAccount, request: Request) -> Response:
        """Make an account; return password and second factor, which are shown this once."""
        kept, actor = await begin(request, new.account, "add", new)
        try:
            entry = await kept.add(
                new.account,
                name=new.name or new.account,
                roles=new.roles,
                agencies=new.agencies,
                areas=new.areas,
                actor=actor,
            )
        except AccountError as error:
            raise HTTPException(409, str(error)) from error
        answer = _json(entry)
        answer.headers["cache-control"] = "no-store"
        return answer

    @router.post("/{account}/access")
    async def access(account: str, wanted: Access, request: Request) -> Response:
        """Say anew what an account may do. It holds on open screens within seconds."""
        kept, actor = await begin(request, account, "access", wanted)
        try:
            await kept.set_access(
                account, roles=wanted.roles, agencies=wanted.agencies, areas=wanted.areas, actor=actor
            )
        except AccountError as error:
            raise HTTPException(409, str(error)) from error
        return _json({"account": account})

    @router.post("/{account}/disable")
    async def disable(account: str, reason: Reason, request: Request) -> Response:
        """Let an account in no more, and close its screens within seconds."""
        kept, actor = await begin(request, account, "disable", reason)
        try:
            await kept.disable(account, reason.why, actor)
        except AccountError as error:
            raise HTTPException(409, str(error)) from error
        return _json({"account": account})

    @router.post("/{account}/release")
    async def release(account: str, reason: Reason, request: Request) -> Response:
        """Let an account in again that was disabled, locked after wrong tries, or not used for long."""
        kept, actor = await begin(request, account, "release", reason)
        await kept.release(account, actor)
        return _json({"account": account})

    @router.post("/{account}/end-sessions")
    async def end_sessions(account: str, reason: Reason, request: Request) -> Response:
        """End the sessions of an account; its screens close within seconds."""
        kept, actor = await begin(request, account, "end_sessions", reason)
        await kept.end_sessions(account, reason.why, actor)
        return _json({"account": account})

    return router


def _said(words: Sequence[str] | None) -> str:
    return "all" if words is None else ", ".join(sorted(words)) or "none"


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
