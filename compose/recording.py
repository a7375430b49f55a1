"""Records on their way from a file to the log: what was done and is told of only once the log has confirmed it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

import structlog

from schemas.events.action import Action
from schemas.wire.publisher import BrokerUnavailableError, Publisher

#: Seconds between looks for records that the log has not had.
LOOK_EVERY_S = 1.0
#: Records that are sent at once.
AT_ONCE = 200

log = structlog.get_logger(__name__)


class Numbered(Protocol):
    """A record: its number counts up within its file."""

    @property
    def number(self) -> int:
        """Its number."""
        ...


R = TypeVar("R", bound=Numbered)
R_co = TypeVar("R_co", bound=Numbered, covariant=True)


class Records(Protocol[R_co]):
    """Where records wait. Methods block, and may be called from any thread."""

    def records(self, limit: int) -> Sequence[R_co]:
        """Return the oldest that were not confirmed."""
        ...

    def confirmed(self, number: int) -> None:
        """Forget those up to this one."""
        ...


class Recorder(Generic[R]):
    """Puts records into the log as actions; what it has not confirmed waits where it is."""

    def __init__(
        self, where: Records[R], publisher: Publisher, action_of: Callable[[R], Action], away: type[Exception]
    ) -> None:
        """``away``: what ``where`` raises while it cannot be read."""
        self._where = where
        self._publisher = publisher
        self._action_of = action_of
        self._away = away

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            try:
                while await self.send():
                    pass
            except (BrokerUnavailableError, self._away) as error:
                log.warning("records wait", why=type(error).__name__)
            except Exception:
                log.exception("recording_failed")
            await asyncio.sleep(LOOK_EVERY_S)

    async def send(self) -> int:
        """Send what waits; return how many were confirmed. Sent twice, a record has the same id."""
        waiting = await asyncio.to_thread(self._where.records, AT_ONCE)
        if waiting:
            await self._publisher.publish([self._action_of(record) for record in waiting])
            await asyncio.to_thread(self._where.confirmed, waiting[-1].number)
        return len(waiting)
