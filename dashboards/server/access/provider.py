"""What the server needs of an identity provider, which says who people are in place of passwords kept here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from dashboards.server.access.session import Session

#: Where a browser goes to be sent to the provider; ``/callback`` under it is where it comes back to.
PATH = "/api/session/oidc"


class NotVouchedError(Exception):
    """Nobody was signed in. The text is for whoever tried. ``kind``: a word for logs; ``status``: of the answer."""

    def __init__(self, kind: str, status: int, text: str) -> None:
        super().__init__(text)
        self.kind = kind
        self.status = status


class Departure(Struct, frozen=True, kw_only=True):
    """Where to send a browser, and the secret that it must bring back in a cookie within ``lives_s`` seconds."""

    address: str
    browser: str
    lives_s: int


class Provider(Protocol):
    """An identity provider. ``name``: as people call it. ``secure``: the page is reached over TLS."""

    name: str
    secure: bool

    async def begin(self, before: str, *, anew: bool = False) -> Departure:
        """Begin a sign-in. ``before``: the token of the session that this browser has, "" for none. ``anew``: the
        person is asked who he is, even if the provider knows.

        Raises NotVouchedError, AccountsUnavailableError.
        """
        ...

    async def finish(self, answer: Mapping[str, str], browser: str, where: str) -> tuple[str, Session]:
        """Return a token and its session for the answer that a browser brought. ``where``: the address it came from.

        Raises NotVouchedError, AccountsUnavailableError.
        """
        ...
