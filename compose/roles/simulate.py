"""`watchfloor connect simulator`: a made-up city."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from compose.roles.runner import limited, open_producer
from compose.settings import Settings
from connectors.edge.accepted_counts import counting
from connectors.simulator.config import SimulatorConfig
from connectors.simulator.run import run as simulate

log = structlog.get_logger(__name__)


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
    producer = await open_producer(settings, "watchfloor-simulator", stop)
    if producer is None:
        return
    config = SimulatorConfig(
        seed=seed,
        jurisdiction=settings.jurisdiction,
        reads_per_s=rate,
        calls_per_min=calls_per_minute,
        duration_s=duration,
    )
    try:
        async with counting(limited(settings, producer), "watchfloor-simulator") as counted:
            confirmed = await simulate(config, counted, stop=stop, journal=journal)
        log.info("ended", confirmed=dict(confirmed))
    finally:
        await asyncio.to_thread(producer.close)
