"""Tickets: what opens a websocket, once, within a few seconds, for the session that asked for it.

A foreign page can make a browser open a websocket with its cookie; it can read no answer, so it has no ticket.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

#: Seconds that a ticket can be used.
LIVES_S = 30.0
#: Tickets waiting to be used; the oldest gives way.
MOST = 10_000


class Tickets:
    """Issues tickets and takes each once. They are in memory: a restart only makes pages ask again."""

    def __init__(self, mono: Callable[[], float] = time.monotonic) -> None:
        self._mono = mono
        self._waiting: dict[str, tuple[str, float]] = {}

    def issue(self, session_key: str) -> str:
        """Return a new ticket for a session."""
        now = self._mono()
        while self._waiting:
            oldest = next(iter(self._waiting))
            if self._waiting[oldest][1] > now and len(self._waiting) < MOST:
                break
            del self._waiting[oldest]
        ticket = secrets.token_urlsafe(32)
        self._waiting[ticket] = (session_key, now + LIVES_S)
        return ticket

    def take(self, ticket: str, session_key: str) -> bool:
        """Return whether this ticket is good for this session, and make it good for nothing."""
        known = self._waiting.pop(ticket, None)
        return known is not None and known[0] == session_key and known[1] > self._mono()
