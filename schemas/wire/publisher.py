"""The one promise that whoever makes events relies on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from schemas.envelope import Event


class BrokerUnavailableError(Exception):
    """The broker did not confirm; nothing may be acknowledged to a source. Trying again is safe: ids are the same."""


class BackpressureError(BrokerUnavailableError):
    """Too much is waiting for the broker already; the source should send again later."""


class Publisher(Protocol):
    """Puts events into the log."""

    async def publish(self, events: Sequence[Event]) -> None:
        """Return when the broker has confirmed every one of these events.

        Raises BrokerUnavailableError when it did not, and ValueError for an event too large for a frame.
        """
        ...
