"""Somebody who has signed in, and what the server needs of whoever keeps accounts and sessions."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from dashboards.server.access.rights import Right, rights_of

#: What a session is called where there are no accounts, and what the commands of this machine are.
MACHINE_ACCOUNT = "this machine"


class Session(Struct, frozen=True, kw_only=True):
    """One sign-in of an account.

    ``key``: names it without giving it away (a digest of the token). ``audiences``: whose restricted lists it may
    see; None: all. ``agencies``: whose events it may see; None: all. ``areas``: ids of the zones that what it may see
    lies in; None: anywhere. ``locks_at``, ``ends_at``: Unix time, seconds; None: it does not lock (a position in a
    secured room: CJIS AC-11). ``proved_at``: when whoever it is last showed who he is, likewise; ``is_vouched``: to an
    identity provider, not by a password kept here. ``locked``: nothing is shown until the same person signs in again.
    """

    key: str
    account: str
    name: str
    roles: tuple[str, ...]
    audiences: tuple[str, ...] | None
    agencies: tuple[str, ...] | None = None
    areas: tuple[str, ...] | None = None
    ends_at: float
    locks_at: float | None = None
    proved_at: float = 0.0
    is_vouched: bool = False
    locked: bool = False

    @property
    def rights(self) -> frozenset[Right]:
        """What it may do."""
        return frozenset(Right) if self.account == MACHINE_ACCOUNT else rights_of(self.roles)

    @property
    def is_limited(self) -> bool:
        """Whether it may see what is of some agencies, or lies in some areas, only."""
        return self.agencies is not None or self.areas is not None

    def same_rights(self, other: Session) -> bool:
        """Return whether the other may do and see the same."""
        mine = (self.roles, self.audiences, self.agencies, self.areas, self.account)
        return mine == (other.roles, other.audiences, other.agencies, other.areas, other.account)


class SignInRefusedError(Exception):
    """Nobody was signed in. The text says what may be said of it to whoever tried."""


class SignIn(Protocol):
    """Keeps accounts and sessions. ``revision`` changes when any of them changed, whoever changed it.

    Every method may raise AccountsUnavailableError.
    """

    async def session(self, token: str) -> Session | None:
        """Return the session of this token, locked or not; None when there is none, or it has ended."""
        ...

    async def sign_in(self, account: str, password: str, code: str, where: str) -> tuple[str, Session]:
        """Return a token and its session. ``code``: the second factor. ``where``: the address it came from.

        Raises SignInRefusedError.
        """
        ...

    async def prove(self, token: str, password: str, where: str) -> Session:
        """Return the session after whoever has it has shown its password again.

        Raises SignInRefusedError.
        """
        ...

    async def sign_out(self, token: str) -> None:
        """End a session."""
        ...

    async def active(self, token: str) -> None:
        """Say that somebody is at the desk."""
        ...

    async def lock(self, token: str) -> None:
        """Lock a session until somebody signs in again."""
        ...

    async def revision(self) -> int:
        """Return a number that changes with every change of accounts and sessions."""
        ...


#: What is said when they cannot be read.
ACCOUNTS_AWAY = "Accounts cannot be read now, so nobody is let in. Try again in a moment."


class AccountsUnavailableError(Exception):
    """Accounts cannot be read now: nobody is let in until they can."""
