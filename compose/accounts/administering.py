"""Administration of the account book from the page. Implements ``dashboards.server.access.account_ports.Accounts``."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence

from compose.accounts import passwords, second_factor
from compose.accounts.book import AccountBook
from dashboards.server.access.account_ports import Account, Entry


class Administering:
    """The book, in threads: SQLite waits for its turn, and a new password takes a third of a second."""

    def __init__(self, book: AccountBook) -> None:
        self._book = book

    async def accounts(self) -> Sequence[Account]:
        """As in the protocol."""
        return await asyncio.to_thread(self._book.accounts)

    async def add(
        self,
        account: str,
        *,
        name: str,
        roles: Sequence[str],
        agencies: Sequence[str] | None,
        areas: Sequence[str] | None,
        actor: str,
    ) -> Entry:
        """As in the protocol. It sees no restricted list, and its sessions lock: the command can give more."""
        password = _password(account, name)
        secret = await asyncio.to_thread(
            self._book.add, account, name=name, password=password, roles=roles, audiences=(), secured=False,
            ends_at=None, actor=actor, agencies=agencies, areas=areas,
        )  # fmt: skip
        return Entry(account=account, password=password, secret=secret, address=second_factor.address(secret, account))

    async def set_access(
        self,
        account: str,
        *,
        roles: Sequence[str],
        agencies: Sequence[str] | None,
        areas: Sequence[str] | None,
        actor: str,
    ) -> None:
        """As in the protocol."""
        await asyncio.to_thread(
            self._book.set_access, account, roles=roles, agencies=agencies, areas=areas, actor=actor
        )

    async def disable(self, account: str, why: str, actor: str) -> None:
        """As in the protocol."""
        await asyncio.to_thread(self._book.disable, account, why, actor)

    async def release(self, account: str, actor: str) -> None:
        """As in the protocol."""
        await asyncio.to_thread(self._book.release, account, actor)

    async def end_sessions(self, account: str, why: str, actor: str) -> None:
        """As in the protocol."""
        await asyncio.to_thread(self._book.end_sessions, account, why, actor)


def _password(account: str, name: str) -> str:
    """Return a password of chance, 120 bits, which may be one: a short name can be in it by chance."""
    while True:
        try:
            passwords.check(password := secrets.token_urlsafe(15), account, name)
        except passwords.WeakPasswordError:
            continue
        return password
