"""Who is in the room: people who have a page open here now, and of them those to whom an alert may be given."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dashboards.server.access.gate import MACHINE
from dashboards.server.access.rights import Right
from dashboards.server.access.session import Session
from dashboards.server.audience import Audience, Audiences
from schemas.events.alert import Alert

#: What somebody needs to take an alert: to see it, and to act on it.
NEEDED = frozenset({Right.SEE, Right.ACT})


class Room:
    """``here``: the sessions of all pages that are open; None where nobody is asked who they are."""

    def __init__(self, audiences: Audiences, here: Callable[[], Iterable[Session]] | None = None) -> None:
        self._audiences = audiences
        self._here = here

    def may_take(self, alert: Alert) -> list[str] | None:
        """Return the accounts to whom an alert may be given, in order; None where any name will do."""
        if self._here is None:
            return None
        return sorted({one.account for one in self._here() if self._may_take(one, alert)})

    def _may_take(self, session: Session, alert: Alert) -> bool:
        if session is MACHINE or session.locked or not session.rights >= NEEDED:
            return False
        audience = Audience(
            names=None if session.audiences is None else frozenset(session.audiences),
            agencies=None if session.agencies is None else frozenset(session.agencies),
            areas=None if session.areas is None else frozenset(session.areas),
        )
        return audience.may_see(alert.audience) and self._audiences.shows(audience, alert)
