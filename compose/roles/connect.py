"""`watchfloor connect`: the edge. Webhooks by default; or one source that is read, played or made up."""

from __future__ import annotations

import asyncio
from zoneinfo import ZoneInfo

import uvicorn

from compose.bounded_http import BoundedHttp
from compose.observability import signs
from compose.roles.edge_log import edge_log
from compose.roles.runner import serve_until
from compose.settings import Settings
from compose.webhook_maps import connectors_with_maps
from connectors.edge.app import create_edge
from connectors.edge.known_calls import KnownCalls


async def webhooks(settings: Settings, stop: asyncio.Event) -> None:
    """Receive webhooks until ``stop``."""
    known = await asyncio.to_thread(
        KnownCalls, settings.data_dir / "edge" / "known-calls.sqlite", settings.snapshot_close_share
    )
    async with edge_log(settings, "watchfloor-edge", stop) as log:
        token = settings.edge_token.get_secret_value() if settings.edge_token is not None else None
        app = create_edge(
            log.publisher,
            spool=log.spool,
            token=token,
            signing_keys=settings.edge_signing_keys,
            jurisdiction=settings.jurisdiction,
            connectors=connectors_with_maps(settings),
            zone=ZoneInfo(settings.readers_zone),
            known_calls=known,
        )
        signs.here().watch("edge", app.state.fault)
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
        try:
            await serve_until(uvicorn.Server(config), stop)
        finally:
            await asyncio.to_thread(known.close)
