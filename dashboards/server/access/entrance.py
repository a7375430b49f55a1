"""All that a server with sign-in is given."""

from __future__ import annotations

import time
from collections.abc import Callable

from msgspec import Struct

from dashboards.server.access.account_ports import Accounts
from dashboards.server.access.provider import Provider
from dashboards.server.access.session import SignIn


class Entrance(Struct, frozen=True, kw_only=True):
    """``audiences``: all that lists may be restricted to. ``machine_token``: what commands of this machine show.

    ``accounts``: to administer them; None: not from the page. ``provider``: the identity provider; None where all
    accounts are kept here. ``notice``: what people must read before they sign in. ``proof_lasts_s``: files may be
    made, and rights given, for so long after somebody showed who he is. ``now``: the clock of sessions, Unix time.
    """

    sign_in: SignIn
    audiences: tuple[str, ...]
    machine_token: str
    accounts: Accounts | None = None
    provider: Provider | None = None
    notice: str = ""
    proof_lasts_s: float = 900.0
    now: Callable[[], float] = time.time
