"""What every kind of edge publishes to: the broker, and while it is away the spool on this disk."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from msgspec import Struct

from compose.observability import signs
from compose.roles.connection import BrokerConnection
from compose.roles.runner import limited
from compose.settings import Settings
from connectors.edge.accepted_counts import AcceptedCounts, counting
from connectors.edge.spool import Spool


class EdgeLog(Struct, frozen=True):
    """``publisher``: what to publish to; it counts for the ledger what the ``spool`` below it took, whose
    ``connection`` tells whether there is a broker."""

    publisher: AcceptedCounts
    spool: Spool
    connection: BrokerConnection


@contextlib.asynccontextmanager
async def edge_log(settings: Settings, client_id: str, stop: asyncio.Event) -> AsyncIterator[EdgeLog]:
    """Open a client's spool and connect in the background, until the block ends. Raises SpoolInUseError.

    The limit of the embedded log lies between the two: what is drained counts against it like all else.
    """
    connection = BrokerConnection(settings, client_id, stop)
    folder = settings.data_dir / "spool"
    spool = Spool(limited(settings, connection), folder, client_id, limit_mb=settings.spool_limit_mb)
    await spool.open()
    here = signs.here()
    here.note("spool", lambda: _spooling(spool))
    here.watch("spool", lambda: _refusing(spool))
    here.started = True
    connecting = asyncio.create_task(connection.run())
    # An edge that will never connect must not look alive: whatever ends this ends the role, and it is started again.
    connecting.add_done_callback(lambda _task: stop.set())
    try:
        async with counting(spool, client_id) as publisher:
            yield EdgeLog(publisher, spool, connection)
    finally:
        await spool.close()
        connecting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await connecting


def _spooling(spool: Spool) -> str:
    if not (spool.broker_away or spool.events):
        return ""
    return f"Spooling: {spool.events} events wait here for the broker. {spool.alarm}".strip()


def _refusing(spool: Spool) -> str:
    """Return why nothing is taken, or "": while the broker is away, a spool that takes nothing is the end."""
    return f"Nothing is taken: {spool.refusing}." if spool.refusing and spool.broker_away else ""
