"""`watchfloor serve`: page, API, websocket hub; with the embedded store, the store role too (one process owns it)."""

from __future__ import annotations

import asyncio
import threading
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
import structlog
import uvicorn

from compose.backup.store_copies import StoreCopies
from compose.bounded_http import BoundedHttp
from compose.broker import LogLimit
from compose.ledger.keeper import LedgerKeeper
from compose.roles.broker_settings import log_reader
from compose.roles.runner import limited, open_producer, serve_until
from compose.roles.store import StoreRole, open_store
from compose.settings import Settings
from compose.stored import StoredDeadLetters, StoredQuery
from connectors.edge.accepted_counts import AcceptedCounts
from dashboards.server.app import create_server
from dashboards.server.hub import Hub
from dashboards.server.ports import Vitals
from dashboards.server.serve import listening_socket, uvicorn_config
from schemas.envelope import Event
from schemas.event_type import EventType, Push
from schemas.events.camera_health import CAMERA_HEALTH
from schemas.events.emergency_call import EMERGENCY_CALL
from schemas.events.incident import INCIDENT
from schemas.events.sighting import SIGHTING
from schemas.registry import EVENT_TYPES
from schemas.wire.frame import FrameDecoder
from schemas.wire.producer import FrameProducer
from schemas.wire.publisher import BrokerUnavailableError
from schemas.wire.reader import LogReader

log = structlog.get_logger(__name__)

WATCHED = tuple(kind for kind in EVENT_TYPES if kind.push is not Push.NONE)
#: How far back screens begin for facts whose topic is not compacted, seconds.
BACK_S = {
    SIGHTING.topic: 120,
    EMERGENCY_CALL.topic: 7 * 86_400,
    INCIDENT.topic: 7 * 86_400,
    CAMERA_HEALTH.topic: 3600,
}
#: Frames that may wait between the reader's thread and the event loop.
MAX_WAITING = 2_000

WEB = Path(__file__).parents[2] / "dashboards" / "web"


class LogFeed:
    """Reads what people watch, in a thread, and hands it to the hub on the event loop."""

    def __init__(self, settings: Settings, hub: Hub, loop: asyncio.AbstractEventLoop) -> None:
        self._settings = settings
        self._hub = hub
        self._loop = loop
        self._stop = threading.Event()
        self._room = threading.Semaphore(MAX_WAITING)
        self._decoders = {kind.topic: FrameDecoder(kind) for kind in WATCHED}
        self._last_poll: float | None = None
        self._thread = threading.Thread(target=self._run, name="log-feed", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """True while the thread runs."""
        return self._thread.is_alive()

    @property
    def polled_ago_s(self) -> float | None:
        """Seconds since the broker last answered."""
        return None if self._last_poll is None else time.monotonic() - self._last_poll

    def stop(self) -> None:
        """Stop reading."""
        self._stop.set()
        self._thread.join(5.0)

    def _run(self) -> None:
        caught_up = False
        while not self._stop.is_set():
            reader: LogReader | None = None
            try:
                now_ms = int(time.time() * 1000)
                since = {topic: now_ms - back * 1000 for topic, back in BACK_S.items()}
                reader = log_reader(
                    self._settings,
                    WATCHED,
                    "watchfloor-hub",
                    live=True,
                    since_ms=since,
                )
                while not self._stop.is_set():
                    for record in reader.poll(0.5):
                        frame = self._decoders[record.kind.topic].decode(record.value)
                        self._hand_over(record.kind, frame.events)
                    self._last_poll = time.monotonic()
                    if not caught_up and reader.caught_up:
                        caught_up = True
                        self._loop.call_soon_threadsafe(self._hub.caught_up)
            except BrokerUnavailableError as error:
                log.warning("the log cannot be read, trying again", why=str(error))
                self._stop.wait(0.5)
            except RuntimeError:
                if not self._loop.is_closed():
                    raise
                return
            finally:
                if reader is not None:
                    reader.close()

    def _hand_over(self, kind: EventType[Any], events: list[Event]) -> None:
        while not self._room.acquire(timeout=0.5):
            if self._stop.is_set():
                return
        at = time.time()

        def offer() -> None:
            self._room.release()
            self._hub.offer(kind, events, at)

        self._loop.call_soon_threadsafe(offer)


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until ``stop``."""
    producer = await open_producer(settings, "watchfloor-serve", stop)
    if producer is None:
        return
    store = await open_store(settings)
    role: StoreRole | None = None
    feed: LogFeed | None = None
    ledger = LedgerKeeper(settings, store)
    counts = AcceptedCounts(producer, "watchfloor-serve")
    reporting = asyncio.create_task(counts.run(stop))
    try:
        hub = Hub(version=version("watchfloor"))
        # What people do is always taken; only the edge stops when the embedded log is full.
        log_size = limited(settings, producer)
        health = _StoreWatch(store)
        watching = asyncio.create_task(health.run())
        if settings.embedded_store:
            role = StoreRole(settings, store)
            await role.restore_log(producer)
        feed = LogFeed(settings, hub, asyncio.get_running_loop())
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
        config = uvicorn_config(app)
        config.http = BoundedHttp
        server = uvicorn.Server(config)
        listening = listening_socket(settings.web_host, settings.web_port)
        await serve_until(server, stop, [listening])
        watching.cancel()
        if storing is not None:
            await storing
    finally:
        stop.set()
        if feed is not None:
            await asyncio.to_thread(feed.stop)
        await asyncio.to_thread(ledger.stop)
        await reporting
        await store.close()
        await asyncio.to_thread(producer.close)


def _publisher_fault(producer: FrameProducer) -> str:
    return f"The broker did not confirm: {producer.last_error}" if producer.last_error else ""


class _StoreWatch:
    """Asks the store how it is every few seconds, so that asking us costs nothing."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.fault: str | None = "The store has not been asked yet."

    async def run(self) -> None:
        while True:
            health = await self._store.health()
            if not health.reachable:
                self.fault = f"The store cannot be reached: {health.detail}"
            elif health.detached_parts:
                self.fault = f"The store has set aside {health.detached_parts} damaged parts: rows are missing."
            else:
                self.fault = ""
            await asyncio.sleep(5.0)
