"""Websockets of people who signed in: let in with a ticket, looked after, closed when a right is taken away."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator, Sequence

import structlog
from msgspec import Struct
from starlette.websockets import WebSocket

from dashboards.server.access.gate import MACHINE, session_of, token_in
from dashboards.server.access.rights import CHANNEL_RIGHTS
from dashboards.server.access.session import AccountsUnavailableError, Session, SignIn
from dashboards.server.access.tickets import Tickets
from dashboards.server.messages import CLOSE_GOING, CLOSE_NO_RIGHT, CLOSE_SIGN_IN

#: Changes must hold on open sockets within 5 s (reference/standards E17); this leaves time for a slow machine.
LOOK_EVERY_S = 1.0

_log = structlog.get_logger(__name__)


class NotLetInError(Exception):
    """This socket is closed. ``code``: of the protocol; the text is the reason that is sent."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class WatchedSocket(Struct, eq=False):
    """A socket that is open: ``gone`` is set when it must be closed, with ``code`` and ``reason``.

    ``revision``: of the accounts when it was last looked at. A new one is looked at in any case: what was taken away
    between its handshake and its hello raised the number before it was here.
    """

    session: Session
    token: str
    gone: asyncio.Event
    revision: int | None = None
    code: int = CLOSE_SIGN_IN
    reason: str = "the session has ended"

    def close(self, code: int, reason: str) -> None:
        """Have it closed."""
        self.code, self.reason = code, reason
        self.gone.set()


class SocketAccess:
    """Decides for each websocket whether it is let in, what it may be sent, and when it must go."""

    def __init__(self, sign_in: SignIn, tickets: Tickets, now: Callable[[], float] = time.time) -> None:
        self._sign_in = sign_in
        self._tickets = tickets
        self._now = now
        self._open: set[WatchedSocket] = set()

    def let_in(self, websocket: WebSocket, ticket: str) -> Session:
        """Return the session of a socket that said hello with this ticket. Raises NotLetInError."""
        session = session_of(websocket)
        if session is None:
            raise NotLetInError(CLOSE_SIGN_IN, "sign in first")
        # A browser cannot add a header to a websocket: who shows the machine's needs no ticket.
        if session is not MACHINE and not self._tickets.take(ticket, session.key):
            raise NotLetInError(CLOSE_SIGN_IN, "the ticket is missing, used or too old")
        return session

    def channels(self, session: Session, wanted: Sequence[str]) -> list[str]:
        """Return which of the wanted channels this session may be sent. Raises NotLetInError when it may have none."""
        allowed = [channel for channel in wanted if CHANNEL_RIGHTS.get(channel) in session.rights]
        if wanted and not allowed:
            raise NotLetInError(CLOSE_NO_RIGHT, "this account may see none of these channels")
        return allowed

    @contextlib.contextmanager
    def watched(self, websocket: WebSocket, session: Session) -> Iterator[WatchedSocket]:
        """Give the socket as one that is looked after, while the block runs."""
        one = WatchedSocket(session, token_in(websocket.headers), asyncio.Event())
        self._open.add(one)
        try:
            yield one
        finally:
            self._open.discard(one)

    def sessions(self) -> Sequence[Session]:
        """Return the sessions of all sockets that are open and may stay so."""
        return [one.session for one in self._open if not one.gone.is_set()]

    async def run(self) -> None:
        """Look after all open sockets until cancelled."""
        while True:
            try:
                await self.look()
            except AccountsUnavailableError:
                # Who may still see what is not known now: nobody is shown anything that is not known to be his.
                for one in self._open:
                    one.close(CLOSE_GOING, "accounts cannot be read now")
            except Exception:
                _log.exception("looking_at_sockets_failed")
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Close every socket whose session has ended, is locked, or may do other things than when it was let in."""
        revision = await self._sign_in.revision()
        now = self._now()
        known: dict[str, Session | None] = {}
        for one in list(self._open):
            if one.session is MACHINE:
                continue
            due = now >= one.session.ends_at or (one.session.locks_at is not None and now >= one.session.locks_at)
            if one.revision == revision and not due:
                continue
            if one.token not in known:
                known[one.token] = await self._sign_in.session(one.token)
            session = known[one.token]
            if session is None:
                one.close(CLOSE_SIGN_IN, "the session has ended")
            elif session.locked:
                one.close(CLOSE_SIGN_IN, "the session is locked")
            elif not session.same_rights(one.session):
                one.close(CLOSE_GOING, "what this account may see has changed")
            else:
                one.session, one.revision = session, revision
