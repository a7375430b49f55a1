"""Under /api/session: who am I, sign in, sign out, lock, "somebody is here", and tickets for the websocket."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, SecretStr, StringConstraints
from starlette.exceptions import HTTPException

from dashboards.server.access.gate import COOKIE, session_of, token_in
from dashboards.server.access.session import Session, SignIn, SignInRefusedError
from dashboards.server.access.tickets import Tickets
from dashboards.server.errors import Problem

_Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Credentials(BaseModel):
    """What somebody signs in with: the account, its password, and the code of its second factor."""

    model_config = ConfigDict(extra="forbid")

    account: _Word
    password: Annotated[SecretStr, StringConstraints(max_length=1000)]
    code: Annotated[str, StringConstraints(strip_whitespace=True, max_length=20)] = ""


class Proof(BaseModel):
    """What somebody who is signed in shows once more."""

    model_config = ConfigDict(extra="forbid")

    password: Annotated[SecretStr, StringConstraints(max_length=1000)]


class Standing(BaseModel):
    """Who asks. ``sign_in``: whether this server asks for it at all. ``account`` is empty for nobody.
    ``areas``: ids of the zones that what is shown to them lies in; None: anywhere.

    ``provider``: what the identity provider is called, by whom one may sign in, too; "" for none. ``locks_at``,
    ``ends_at``: Unix time, seconds. ``notice``: what must be read before signing in (CJIS AC-8).
    """

    sign_in: bool
    notice: str = ""
    provider: str = ""
    account: str = ""
    name: str = ""
    roles: list[str] = []
    rights: list[str] = []
    areas: list[str] | None = None
    locked: bool = False
    locks_at: float | None = None
    ends_at: float | None = None


class Ticket(BaseModel):
    """What the hello of a websocket shows, once."""

    ticket: str


def session_router(sign_in: SignIn | None, tickets: Tickets, notice: str = "", provider: str = "") -> APIRouter:
    """Return the routes. ``sign_in``: None where nobody is asked who they are. ``provider``: as in Standing."""
    router = APIRouter()

    def standing(session: Session | None) -> Standing:
        if session is None:
            return Standing(sign_in=sign_in is not None, notice=notice, provider=provider)
        return Standing(
            sign_in=True,
            notice=notice,
            provider=provider,
            account=session.account,
            name=session.name,
            roles=sorted(session.roles),
            rights=[] if session.locked else sorted(session.rights),
            areas=None if session.areas is None else sorted(session.areas),
            locked=session.locked,
            locks_at=session.locks_at,
            ends_at=session.ends_at,
        )

    @router.get("/api/session")
    async def who(request: Request) -> Standing:
        """Tell who asks. Open to everybody: a page must know whether to ask for a name."""
        token = token_in(request.headers)
        return standing(await sign_in.session(token) if sign_in is not None and token else None)

    @router.post("/api/session", responses={status: {"model": Problem} for status in (401, 404, 422, 503)})
    async def enter(credentials: Credentials, request: Request, response: Response) -> Standing:
        """Sign in. Refusals do not say which of name, password and code was wrong."""
        if sign_in is None:
            raise HTTPException(404, "This server does not ask who you are.")
        before = token_in(request.headers)
        where = request.client.host if request.client else ""
        try:
            token, session = await sign_in.sign_in(
                credentials.account, credentials.password.get_secret_value(), credentials.code, where
            )
        except SignInRefusedError as error:
            raise HTTPException(401, str(error)) from error
        if before:
            await sign_in.sign_out(before)
        # Over TLS only, where the page came that way: its origin, which was compared with the host, says so.
        set_cookie(response, token, secure=request.headers.get("origin", "").startswith("https://"))
        return standing(session)

    @router.delete("/api/session")
    async def leave(request: Request, response: Response) -> Standing:
        """Sign out. Open sockets of the session are closed within seconds."""
        token = token_in(request.headers)
        if sign_in is not None and token:
            await sign_in.sign_out(token)
        response.delete_cookie(COOKIE, path="/")
        return standing(None)

    @router.post("/api/session/active", responses={401: {"model": Problem}})
    async def active(request: Request) -> Standing:
        """Say that somebody is at the desk: the lock waits anew."""
        if sign_in is None:
            return standing(None)
        await sign_in.active(token_in(request.headers))
        return standing(await sign_in.session(token_in(request.headers)))

    @router.post("/api/session/lock", responses={401: {"model": Problem}})
    async def lock(request: Request) -> Standing:
        """Lock the session; the same person goes on by signing in."""
        if sign_in is None:
            return standing(None)
        await sign_in.lock(token_in(request.headers))
        return standing(await sign_in.session(token_in(request.headers)))

    @router.post("/api/session/proof", responses={401: {"model": Problem}})
    async def prove(proof: Proof, request: Request) -> Standing:
        """Show the password again, so that files may be made."""
        if sign_in is None:
            return standing(None)
        where = request.client.host if request.client else ""
        try:
            return standing(await sign_in.prove(token_in(request.headers), proof.password.get_secret_value(), where))
        except SignInRefusedError as error:
            raise HTTPException(401, str(error)) from error

    @router.post("/api/session/ticket", responses={401: {"model": Problem}})
    async def ticket(request: Request) -> Ticket:
        """Return what opens one websocket, within 30 s."""
        session = session_of(request)
        return Ticket(ticket="" if session is None else tickets.issue(session.key))

    return router


def set_cookie(response: Response, token: str, *, secure: bool) -> None:
    """Have the browser keep a session's token where no script can read it. ``secure``: send it over TLS only."""
    response.set_cookie(COOKIE, token, httponly=True, samesite="strict", path="/", secure=secure)
