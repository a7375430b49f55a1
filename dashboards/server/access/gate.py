"""The gate before every route: who asks, and may they. With sign-in off it is not there.

It stands where a proxy with sign-in would stand, and speaks to what is behind it as that would: in the headers SAID,
whose values from outside it removes.
"""

from __future__ import annotations

import hmac

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection, cookie_parser
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboards.server.access.entrance import Entrance
from dashboards.server.access.machine import MACHINE_HEADER
from dashboards.server.access.rights import door_of, who_may_grant
from dashboards.server.access.session import ACCOUNTS_AWAY, MACHINE_ACCOUNT, AccountsUnavailableError, Session
from dashboards.server.audience import ALL_AGENCIES, ALL_AREAS, area_line

COOKIE = "watchfloor_session"
AUDIENCE_HEADER = "x-watchfloor-audience"
AGENCY_HEADER = "x-watchfloor-agency"
AREA_HEADER = "x-watchfloor-areas"
SAID = (AUDIENCE_HEADER, AGENCY_HEADER, AREA_HEADER)
NOT_LIMITED = (
    "This account sees some agencies or areas only, and this cannot be limited to them, so it is refused."
    " Ask somebody who sees all of them."
)
#: Who somebody is was shown too long ago for this (RFC 9470 §3 calls it so).
PROOF_TOO_OLD = "insufficient_user_authentication"
#: A longer token is none of ours.
_LONGEST_TOKEN = 100
_NEVER = 4_102_444_800.0  # 2100-01-01
MACHINE = Session(
    key="machine", account=MACHINE_ACCOUNT, name=MACHINE_ACCOUNT, roles=(), audiences=None, ends_at=_NEVER
)


class Gate:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, entrance: Entrance) -> None:
        self._app = app
        self._entrance = entrance
        self._sign_in = entrance.sign_in
        self._audiences = entrance.audiences
        self._machine_token = entrance.machine_token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer 401, 403 or 503. A websocket is told after its hello (close codes)."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        is_socket = scope["type"] == "websocket"
        door = door_of("WEBSOCKET" if is_socket else scope["method"], scope["path"])
        if door is not None and door.open:
            await self._through(scope, None, receive, send)
            return
        session: Session | None = None
        refusal: tuple[int, dict[str, object]] | None = None
        try:
            session = await self._session(Headers(scope=scope))
        except AccountsUnavailableError:
            refusal = 503, {"error": ACCOUNTS_AWAY}
        else:
            if session is None:
                refusal = 401, {"error": "Sign in first."}
            elif session.locked:
                refusal = 401, {"error": "This session is locked. Sign in again.", "locked": True}
            elif door is None:
                refusal = 403, {"error": "This is open to nobody."}
            elif not door.rights <= session.rights:
                refusal = 403, {"error": who_may_grant(door.rights - session.rights)}
            elif session.is_limited and not door.limits:
                refusal = 403, {"error": NOT_LIMITED}
            elif door.proof and session is not MACHINE and self._is_too_old(session):
                # What the page then asks for: a password, or a way to the identity provider.
                by = "provider" if session.is_vouched else "password"
                words = "Show again who you are: this needs it."
                refusal = 401, {"error": words, "code": PROOF_TOO_OLD, "by": by}
        if refusal is not None and not is_socket:
            status, body = refusal
            await JSONResponse(body, status_code=status)(scope, receive, send)
            return
        await self._through(scope, None if refusal is not None else session, receive, send)

    def _is_too_old(self, session: Session) -> bool:
        return session.proved_at < self._entrance.now() - self._entrance.proof_lasts_s

    async def _session(self, headers: Headers) -> Session | None:
        shown = headers.get(MACHINE_HEADER)
        if shown is not None:
            return MACHINE if hmac.compare_digest(shown.encode(), self._machine_token) else None
        token = token_in(headers)
        return await self._sign_in.session(token) if token else None

    async def _through(self, scope: Scope, session: Session | None, receive: Receive, send: Send) -> None:
        scope["headers"] = list(scope["headers"])
        headers = MutableHeaders(scope=scope)
        for said in SAID:
            del headers[said]
        if session is not None:
            named = self._audiences if session.audiences is None else session.audiences
            headers[AUDIENCE_HEADER] = ",".join(sorted(named))
            headers[AGENCY_HEADER] = ALL_AGENCIES if session.agencies is None else ",".join(sorted(session.agencies))
            headers[AREA_HEADER] = ALL_AREAS if session.areas is None else area_line(session.areas)
        scope.setdefault("state", {})["session"] = session
        await self._app(scope, receive, send)


def token_in(headers: Headers) -> str:
    """Return the session's token, or "" when the request has none, or several."""
    found = [
        value
        for line in headers.getlist("cookie")
        for name, value in cookie_parser(line).items()
        if name == COOKIE and 0 < len(value) <= _LONGEST_TOKEN
    ]
    return found[0] if len(found) == 1 else ""


def session_of(connection: HTTPConnection) -> Session | None:
    """Return who asks; None where sign-in is off, or at a door that is open."""
    found: Session | None = connection.scope.get("state", {}).get("session")
    return found


def actor_of(request: HTTPConnection, said: str) -> str:
    """Return who does something: the account that is signed in; where none is asked for, whom the page named."""
    session = session_of(request)
    return said if session is None or session.account == MACHINE_ACCOUNT else session.account


def is_deed_of(request: HTTPConnection, account: str) -> bool:
    """Return whether what this account did may come from who asks; with sign-in off it may from anybody."""
    session = session_of(request)
    return session is None or session.account in (account, MACHINE_ACCOUNT)
