"""`watchfloor notify`: tells people outside of the room, by webhook, mail and Web Push, what the log says of alerts."""

from __future__ import annotations

import asyncio

import structlog

from compose.notify.outbox import OutboxError
from compose.notify.run import Notifying, destinations_in
from compose.roles.connection import BrokerConnection
from compose.settings import Settings

log = structlog.get_logger(__name__)


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Notify until ``stop``. Raises ConfigError, and SystemExit when there can be no outbox."""
    destinations = destinations_in(settings)
    connection = BrokerConnection(settings, "watchfloor-notify", stop)
    connecting = asyncio.create_task(connection.run())
    # What lies in the outbox is told while there is no broker, too; what is recorded waits for it.
    notifying = asyncio.create_task(Notifying(settings, destinations, connection).run())
    log.info("notifying", destinations=[one.name for one in destinations])
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({stopping, notifying}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (notifying, connecting, stopping):
            task.cancel()
        for task in (connecting, stopping, notifying):
            try:
                await task
            except asyncio.CancelledError:
                pass
            except OutboxError as error:
                log.error("cannot notify", why=str(error))
                raise SystemExit(1) from None
