"""Handing events to the broker, and remembering truthfully how that goes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from connectors.edge.spool import Spool
from schemas.envelope import Event
from schemas.wire.publisher import BrokerUnavailableError, Publisher

#: A confirmation that is waited for longer than this counts as trouble, seconds.
STALLED_AFTER_S = 5.0


class Confirmations:
    """Publishes, and keeps what /health tells: the last confirmation, the last failure, and what is waited for.

    ``spool``: the one below the publisher, if any. It confirms with its disk too: what the broker did, it knows itself.
    """

    def __init__(
        self, publisher: Publisher, clock: Callable[[], datetime], max_seconds: float, spool: Spool | None = None
    ) -> None:
        self._publisher = publisher
        self._spool = spool
        self._clock = clock
        self._max_seconds = max_seconds
        self._waiting: dict[object, datetime] = {}
        self._confirmed_at: datetime | None = None
        self._failed_at: datetime | None = None
        self._failure = ""
        self._last_failed = False
        self._confirmed_events = 0

    async def publish(self, events: Sequence[Event]) -> None:
        """Return when the broker has confirmed. Raises BrokerUnavailableError (also when it takes too long)
        and ValueError for an event too large."""
        ticket = object()
        self._waiting[ticket] = self._clock()
        try:
            async with asyncio.timeout(self._max_seconds):
                await self._publisher.publish(events)
        except TimeoutError:
            self._note_failure("no confirmation in time")
            raise BrokerUnavailableError("no confirmation in time") from None
        except BrokerUnavailableError as error:
            self._note_failure(type(error).__name__)
            raise
        finally:
            del self._waiting[ticket]
        self._confirmed_at = self._clock()
        self._last_failed = False
        self._confirmed_events += len(events)

    def _note_failure(self, kind: str) -> None:
        self._failed_at, self._failure, self._last_failed = self._clock(), kind, True

    def health(self) -> dict[str, object]:
        """Return the state. ``status``: ok; idle (nothing was sent yet, so nothing is known); spooling (events are
        taken and wait here for the broker); failing (nothing is taken)."""
        now = self._clock()
        longest = max(((now - since).total_seconds() for since in list(self._waiting.values())), default=0.0)
        spool = self._spool
        if self._last_failed or longest > STALLED_AFTER_S:
            status = "failing"
        elif spool is not None and (spool.broker_away or spool.events):
            status = "spooling"
        else:
            status = "idle" if self._confirmed_at is None else "ok"
        confirmed_at = self._confirmed_at if spool is None else spool.confirmed_at
        failed_at, failure = self._failed_at, self._failure
        if spool is not None and spool.failed_at is not None and (failed_at is None or spool.failed_at > failed_at):
            failed_at, failure = spool.failed_at, spool.failure
        state: dict[str, object] = {
            "status": status,
            "broker": {
                "last_confirmed_at": confirmed_at,
                "seconds_since_confirmed": _age(now, confirmed_at),
                "confirmed_events": self._confirmed_events if spool is None else spool.confirmed_events,
                "last_failed_at": failed_at,
                "last_failure": failure or None,
                "pending_requests": len(self._waiting),
                "longest_pending_s": round(longest, 3),
            },
        }
        if spool is not None:
            state["spool"] = spool.health()
        return state


def _age(now: datetime, then: datetime | None) -> float | None:
    return None if then is None else round((now - then).total_seconds(), 3)
