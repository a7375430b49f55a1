"""`watchfloor serve`: page, API, websocket hub; with the embedded store, the store role too (one process owns it)."""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from pathlib import Path

import psutil
import structlog
import uvicorn

from compose.backup.store_copies import StoreCopies
from compose.bounded_http import BoundedHttp
from compose.broker import LogLimit
from compose.canary import Canaries
from compose.ledger.keeper import LedgerKeeper
from compose.observability import metrics, signs
from compose.roles.log_feed import LogFeed
from compose.roles.runner import limited, open_producer, serve_until
from compose.roles.stage_lag import StageLag
from compose.roles.store import StoreRole
from compose.roles.store_watch import StoreWatch
from compose.settings import Settings
from compose.store_opening import connect_store, migrate
from compose.stored import StoredDeadLetters, StoredQuery
from connectors.edge.accepted_counts import AcceptedCounts
from dashboards.server.app import create_server
from dashboards.server.hub import Hub
from dashboards.server.ports import Vitals
from dashboards.server.serve import listening_socket, uvicorn_config
from dashboards.server.vitals import what_is_wrong
from schemas.wire.producer import FrameProducer

log = structlog.get_logger(__name__)

WEB = Path(__file__).parents[2] / "dashboards" / "web"


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until ``stop``."""
    producer = await open_producer(settings, "watchfloor-serve", stop)
    if producer is None:
        return
    store = await connect_store(settings)
    role: StoreRole | None = None
    feed: LogFeed | None = None
    ledger = LedgerKeeper(settings, store)
    stages = StageLag(settings)
    canaries = Canaries(settings, store)
    counts = AcceptedCounts(producer, "watchfloor-serve")
    reporting = asyncio.create_task(counts.run(stop))
    try:
        hub = Hub(version=version("watchfloor"))
        # What people do is always taken; only the edge stops when the embedded log is full.
        log_size = limited(settings, producer)
        health = StoreWatch(store, waiting=lambda: role.waiting if role is not None else None)
        watching = asyncio.create_task(health.run())
        telling = asyncio.create_task(_tell_delays(hub, stages))
        flying = asyncio.create_task(canaries.run())
        # A server that is away must not keep the map from people: the map comes from the log, the store is for history.
        migrating: asyncio.Task[bool] | None = None
        if settings.embedded_store:
            await store.migrate()
            role = StoreRole(settings, store, producer)
            await role.restore_log()
        else:
            migrating = asyncio.create_task(migrate(store, stop))
            migrating.add_done_callback(lambda done: stop.set() if done.exception() is not None else None)
        feed = LogFeed(settings, hub, asyncio.get_running_loop())
        stages.start()
        await asyncio.to_thread(ledger.start)
        storing = asyncio.create_task(role.run(stop)) if role is not None else None
        if storing is not None:
            # A server that stores nothing must not look alive: if storing ends, everything here ends and is restarted.
            storing.add_done_callback(lambda _task: stop.set())

        def vitals() -> Vitals:
            assert feed is not None
            return Vitals(
                log_alive=feed.alive,
                log_polled_ago_s=feed.polled_ago_s,
                publisher=_publisher_fault(producer),
                store=health.fault,
                behind_s=stages.behind_s,
                canaries=canaries.flights,
                details={
                    "embedded_log": settings.embedded_broker,
                    "embedded_log_mb": round(log_size.size_mb, 1) if isinstance(log_size, LogLimit) else None,
                    "embedded_log_limit_mb": settings.embedded_log_limit_mb if settings.embedded_broker else None,
                    "events_stored": dict(role.stored) if role is not None else None,
                    "store_ahead": getattr(store.inner, "ahead", ()),
                    "rss_mb": round(psutil.Process().memory_info().rss / 1024 / 1024, 1),
                },
            )

        app = create_server(
            hub=hub,
            publisher=counts,
            query=StoredQuery(store),
            dead_letters=StoredDeadLetters(store, settings, producer),
            ledger=ledger,
            copies=StoreCopies(store.inner, settings.data_dir) if settings.embedded_store else None,
            web_dir=WEB / "dist",
            maps_dir=WEB / "public" / "maps",
            vitals=vitals,
            hosts=settings.web_hosts,
        )
        here = signs.here()
        here.registries.append(app.state.figures)
        here.watch("server", lambda: " ".join(what_is_wrong(hub, vitals()).values()))
        here.started = True
        if isinstance(log_size, LogLimit):
            metrics.EMBEDDED_LOG.set_function(lambda: log_size.size_mb / settings.embedded_log_limit_mb)
        config = uvicorn_config(app)
        config.http = BoundedHttp
        server = uvicorn.Server(config)
        listening = listening_socket(settings.web_host, settings.web_port)
        await serve_until(server, stop, [listening])
        watching.cancel()
        telling.cancel()
        flying.cancel()
        if migrating is not None:
            await migrating
        if storing is not None:
            await storing
    finally:
        stop.set()
        if feed is not None:
            await asyncio.to_thread(feed.stop)
        await asyncio.to_thread(ledger.stop)
        await asyncio.to_thread(stages.stop)
        await reporting
        await store.close()
        await asyncio.to_thread(producer.close)


async def _tell_delays(hub: Hub, stages: StageLag) -> None:
    while True:
        hub.delayed(stages.behind_s or {})
        await asyncio.sleep(1.0)


def _publisher_fault(producer: FrameProducer) -> str:
    return f"The broker did not confirm: {producer.last_error}" if producer.last_error else ""
