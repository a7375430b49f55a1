"""`watchfloor connect camera`: the health and motion of one camera."""

from __future__ import annotations

import asyncio

from compose.roles.edge_log import edge_log
from compose.settings import Settings
from connectors.camera_stream.config import CameraStream, Source
from connectors.camera_stream.run import run as watch


async def run(
    settings: Settings,
    stop: asyncio.Event,
    *,
    source: str,
    camera_id: str,
    lat: float | None,
    lon: float | None,
    name: str,
) -> None:
    """Watch until ``stop``. Raises ValueError for a source that is no file and no camera address."""
    config = CameraStream(
        camera_id=camera_id,
        source=Source(source),
        name=name or camera_id,
        lat=lat,
        lon=lon,
        jurisdiction=settings.jurisdiction,
    )
    async with edge_log(settings, f"watchfloor-camera-{camera_id}", stop) as log:
        await watch(config, log.publisher, stop=stop)
