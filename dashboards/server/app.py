"""Putting the server together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from fastapi import FastAPI, WebSocket
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import HTMLResponse

from dashboards.server.actions import actions_router
from dashboards.server.copies import copies_router
from dashboards.server.errors import add_error_handlers
from dashboards.server.hub import Hub
from dashboards.server.ledger import ledger_router
from dashboards.server.metrics import figures, metrics_router
from dashboards.server.ports import DeadLetters, Ledger, Query, StoreCopies, Vitals
from dashboards.server.protection import OwnPagesOnly, ProtectiveHeaders
from dashboards.server.questions import questions_router
from dashboards.server.refused import refused_router
from dashboards.server.static import Maps, Web, not_built
from dashboards.server.vitals import vitals_router
from dashboards.server.websocket import HubRoute
from schemas.wire.publisher import Publisher

#: The names under which this machine calls itself; others are configured (a foreign name may be DNS rebinding).
OWN_HOSTS = ("127.0.0.1", "localhost", "[::1]")


def create_server(
    *,
    hub: Hub,
    publisher: Publisher,
    query: Query | None,
    dead_letters: DeadLetters | None,
    web_dir: Path | None,
    maps_dir: Path | None,
    vitals: Callable[[], Vitals],
    hosts: Sequence[str] = (),
    ledger: Ledger | None = None,
    copies: StoreCopies | None = None,
) -> FastAPI:
    """Return the server: page, maps, API and websocket.

    ``query``, ``dead_letters``, ``ledger``: None where there is no store; their routes answer 503. ``copies``: None
    where the store is not in this process.
    ``web_dir``: the built page; ``maps_dir``: PMTiles archives, served under /maps/.
    ``hosts``: names besides OWN_HOSTS that the server is reached by. The hub's rounds run while the server runs.
    """

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        rounds = asyncio.create_task(hub.run(), name="hub")
        try:
            yield
        finally:
            rounds.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await rounds

    app = FastAPI(
        title="Watchfloor",
        version=hub.version or "0",
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
    )
    add_error_handlers(app)
    app.include_router(vitals_router(hub, vitals))
    app.include_router(actions_router(hub, publisher))
    app.include_router(questions_router(query))
    app.include_router(refused_router(dead_letters))
    app.include_router(ledger_router(ledger))
    app.include_router(copies_router(copies))
    #: Figures of this server besides those that all processes have.
    app.state.figures = figures(hub, vitals, ledger)
    app.include_router(metrics_router(app.state.figures))
    route = HubRoute(hub)

    @app.websocket("/ws")
    async def live(websocket: WebSocket) -> None:
        await route.serve(websocket)

    if maps_dir is not None and maps_dir.is_dir():
        app.mount("/maps", Maps(directory=maps_dir))
    if web_dir is not None and (web_dir / "index.html").is_file():
        app.mount("/", Web(directory=web_dir))
    else:

        @app.get("/", include_in_schema=False)
        async def explain() -> HTMLResponse:
            return not_built()

    # The last added sees a request first: headers go on refusals too.
    app.add_middleware(OwnPagesOnly)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*OWN_HOSTS, *hosts], www_redirect=False)
    app.add_middleware(ProtectiveHeaders)
    return app
