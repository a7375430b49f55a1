"""The account book for the server's event loop, and its records on their way to the log."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TypeVar

from compose.accounts.administering import Administering
from compose.accounts.book import AccountBook, Record
from compose.recording import Recorder
from compose.settings import Settings
from dashboards.server.access.entrance import Entrance
from dashboards.server.access.provider import Provider
from dashboards.server.access.session import AccountsUnavailableError, Session, SignInRefusedError
from schemas.events.action import Action
from schemas.identity import identity
from schemas.wire.publisher import Publisher

#: Passwords that are tried at once, and how many may wait for their turn with them.
TRIES_AT_ONCE, TRIES_WAITING = 2, 20

T = TypeVar("T")


class SigningIn:
    """``dashboards.server.access.session.SignIn`` by an account book.

    SQLite and Argon2 run in threads of their own. Whoever floods the server with tries makes others wait who sign in,
    not those who have: a password takes 64 MiB and a third of a second, a session a fraction of a millisecond.
    """

    def __init__(self, book: AccountBook) -> None:
        self._book = book
        self._reading = ThreadPoolExecutor(1, "accounts")
        self._trying = ThreadPoolExecutor(TRIES_AT_ONCE, "sign-in")
        self._tries = 0

    async def session(self, token: str) -> Session | None:
        """As in the protocol."""
        return await self._read(self._book.session, token)

    async def sign_in(self, account: str, password: str, code: str, where: str) -> tuple[str, Session]:
        """As in the protocol."""
        return await self._try(self._book.sign_in, account, password, code, where)

    async def prove(self, token: str, password: str, where: str) -> Session:
        """As in the protocol."""
        return await self._try(self._book.prove, token, password, where)

    async def sign_out(self, token: str) -> None:
        """As in the protocol."""
        await self._read(self._book.sign_out, token)

    async def active(self, token: str) -> None:
        """As in the protocol."""
        await self._read(self._book.active, token)

    async def lock(self, token: str) -> None:
        """As in the protocol."""
        await self._read(self._book.lock, token)

    async def revision(self) -> int:
        """As in the protocol."""
        return await self._read(self._book.revision)

    async def _try(self, ask: Callable[..., T], *words: str) -> T:
        if self._tries >= TRIES_WAITING:
            raise SignInRefusedError("Too many are signing in at once. Try again in a moment.")
        self._tries += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._trying, ask, *words)
        finally:
            self._tries -= 1

    async def _read(self, ask: Callable[..., T], *words: str) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._reading, ask, *words)


def recorder(book: AccountBook, publisher: Publisher) -> Recorder[Record]:
    """Return what puts the records of a book into the log."""
    return Recorder(book, publisher, action_of, AccountsUnavailableError)


def action_of(record: Record) -> Action:
    """Return the action that tells of a record."""
    return Action(
        event_id=identity("action", "accounts", record.book, record.number),
        occurred_at=datetime.fromtimestamp(record.at, UTC),
        observed_at=datetime.fromtimestamp(record.at, UTC),
        source="server/accounts",
        name=record.name,
        subject_id=f"account:{record.account}",
        actor=record.actor,
        details=record.details,
    )


def book_in(settings: Settings) -> AccountBook:
    """Return the account book of these settings."""
    return AccountBook(settings.data_dir / "accounts.sqlite", lock_after_s=settings.lock_after_min * 60)


def entrance_for(settings: Settings, book: AccountBook, provider: Provider | None) -> Entrance:
    """Return what a server with sign-in is given; writes a new machine token."""
    file, token = settings.machine_token_file, secrets.token_urlsafe(32)
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(token)
    fresh.replace(file)
    return Entrance(
        sign_in=SigningIn(book),
        accounts=Administering(book),
        audiences=tuple(settings.audiences),
        machine_token=token,
        provider=provider,
        notice=settings.sign_in_notice,
        proof_lasts_s=settings.proof_lasts_min * 60,
    )
