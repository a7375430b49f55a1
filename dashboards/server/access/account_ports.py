"""What the server needs of whoever keeps accounts, to administer them. ``watchfloor account`` does the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct


class AccountError(Exception):
    """An account cannot be made or changed so; the text says why."""


class Account(Struct, frozen=True, kw_only=True):
    """An account as administrators see it. Times are Unix seconds.

    ``audiences``: whose restricted lists it may see; None: all. ``agencies``: whose events; None: all. ``areas``:
    ids of the zones that what it sees lies in; None: anywhere. ``secured``: its sessions do not lock by themselves.
    ``disabled``: why it lets nobody in, else "". ``ends_at``: when it ends, None: never. ``issuer``: the identity
    provider that says who it is; "": its password and the secret of its second factor are kept here.
    """

    account: str
    name: str
    roles: tuple[str, ...]
    audiences: tuple[str, ...] | None
    agencies: tuple[str, ...] | None
    areas: tuple[str, ...] | None
    secured: bool
    disabled: str
    made_at: float
    used_at: float
    ends_at: float | None
    sessions: int
    issuer: str


class Entry(Struct, frozen=True, kw_only=True):
    """What somebody signs in with, shown once: ``address`` is the second factor for an authenticator application."""

    account: str
    password: str
    secret: str
    address: str


class Accounts(Protocol):
    """Accounts of people. Changes hold on open screens within seconds, as those of commands do.

    Every method may raise AccountsUnavailableError; those that change raise AccountError.
    """

    async def accounts(self) -> Sequence[Account]:
        """Return all accounts by name."""
        ...

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
        """Make an account with a password of chance."""
        ...

    async def set_access(
        self,
        account: str,
        *,
        roles: Sequence[str],
        agencies: Sequence[str] | None,
        areas: Sequence[str] | None,
        actor: str,
    ) -> None:
        """Say anew what an account may do, and of what it sees anything."""
        ...

    async def disable(self, account: str, why: str, actor: str) -> None:
        """Let it in no more, and end its sessions."""
        ...

    async def release(self, account: str, actor: str) -> None:
        """Let it in again."""
        ...

    async def end_sessions(self, account: str, why: str, actor: str) -> None:
        """End its sessions; it may sign in again."""
        ...
