"""`watchfloor connect`: the edge. Webhooks by default; or one source that is read, played or made up."""

from __future__ import annotations

import asyncio

import uvicorn
from starlette.applications import Starlette

from compose.bounded_http import BoundedHttp
from compose.roles.runner import limited, open_producer, serve_until
from compose.settings import Settings
from connectors.edge.accepted_counts import counting
from connectors.edge.app import create_edge


async def webhooks(settings: Settings, stop: asyncio.Event) -> None:
    """Receive webhooks until ``stop``."""
    producer = await open_producer(settings, "watchfloor-edge", stop)
    if producer is None:
        return
    try:
        token = settings.edge_token.get_secret_value() if settings.edge_token is not None else None
        async with counting(limited(settings, producer), "watchfloor-edge") as counted:
            await _serve(settings, create_edge(counted, token=token, jurisdiction=settings.jurisdiction), stop)
    finally:
        await asyncio.to_thread(producer.close)


async def _serve(settings: Settings, app: Starlette, stop: asyncio.Event) -> None:
    config = uvicorn.Config(
        app,
        host=settings.edge_host,
        port=settings.edge_port,
        http=BoundedHttp,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=512,
        timeout_keep_alive=20,
        timeout_graceful_shutdown=5,
    )
    await serve_until(uvicorn.Server(config), stop)
