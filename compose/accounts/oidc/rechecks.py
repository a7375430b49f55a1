"""Asks the identity provider, every so often, whether it still vouches for each session that it began."""

from __future__ import annotations

import asyncio

import structlog

from compose.accounts.oidc.flow import OidcSignIn
from compose.accounts.vouched import Due
from dashboards.server.access.session import AccountsUnavailableError

#: Questions on their way at once.
AT_ONCE = 8
_LOOK_EVERY_S = 1.0

_log = structlog.get_logger(__name__)


class Rechecks:
    """``every_s``: seconds after which a session is asked about again."""

    def __init__(self, sign_in: OidcSignIn, every_s: float) -> None:
        self._sign_in = sign_in
        self._every_s = every_s

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            try:
                await self.look()
            except AccountsUnavailableError:
                _log.warning("identity_provider_not_asked", why="the account book cannot be read")
            except Exception:
                _log.exception("asking_the_identity_provider_failed")
            await asyncio.sleep(_LOOK_EVERY_S)

    async def look(self) -> None:
        """Ask about every session whose time has come."""
        turn = asyncio.Semaphore(AT_ONCE)

        async def ask(due: Due) -> None:
            async with turn:
                # One that fails must not cut the others short: a refresh token that was used is good no more.
                try:
                    await self._sign_in.ask_again(due)
                except Exception as error:
                    _log.error("asking_about_a_session_failed", why=type(error).__name__)

        async with asyncio.TaskGroup() as asking:
            for due in await self._sign_in.due(self._every_s):
                asking.create_task(ask(due))
