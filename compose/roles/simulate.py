"""`watchfloor connect simulator`: a made-up city."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from compose.roles.edge_log import edge_log
from compose.settings import Settings
from connectors.simulator.config import SimulatorConfig
from connectors.simulator.run import run as simulate

_log = structlog.get_logger(__name__)


async def run(
    settings: Settings,
    stop: asyncio.Event,
    *,
    rate: float,
    calls_per_minute: float,
    seed: int,
    duration: float | None,
    journal: Path | None,
) -> None:
    """Make up a city until ``stop`` or for ``duration`` seconds."""
    config = SimulatorConfig(
        seed=seed,
        jurisdiction=settings.jurisdiction,
        reads_per_s=rate,
        calls_per_min=calls_per_minute,
        duration_s=duration,
    )
    async with edge_log(settings, "watchfloor-simulator", stop) as log:
        # The city begins once its facts are in the log: reads that overtook them would be judged without them.
        connected, stopped = (asyncio.create_task(one.wait()) for one in (log.connection.connected, stop))
        await asyncio.wait({connected, stopped}, return_when=asyncio.FIRST_COMPLETED)
        connected.cancel()
        stopped.cancel()
        confirmed = await simulate(config, log.publisher, stop=stop, journal=journal)
        # A city that is over is not started again: what waits for the broker would wait for ever.
        while log.spool.events and not stop.is_set():
            await asyncio.sleep(0.2)
        _log.info("ended", confirmed=dict(confirmed), left_in_spool=log.spool.events)
