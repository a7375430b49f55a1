"""`watchfloor store`: from the log to ClickHouse, acknowledged only when the rows are durable."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Sequence
from typing import Any

import structlog

from compose import run_file
from compose.restore import restore_log
from compose.roles.broker_settings import STORE_GROUP, engine_settings
from compose.roles.runner import ensure_topics
from compose.settings import Settings
from pipeline.dead_letters import dead_letter
from pipeline.engine import Engine, Handler, Work
from pipeline.framing import frames
from pipeline.message import Message
from pipeline.store.async_store import AsyncStore
from pipeline.store.errors import StoreUnavailableError
from pipeline.store.store import Placed
from pipeline.store.writer import BatchWriter, Written
from schemas.event_type import EventType
from schemas.registry import EVENT_TYPES
from schemas.wire.frame import FrameDecoder, encode_event
from schemas.wire.publisher import Publisher

log = structlog.get_logger(__name__)

SOURCE = "store/reader"
#: Frames that may wait for their batch: the writer bounds the rows in them, so that this only must not be the limit.
WINDOW = 4096
#: A ClickHouse that is away for this long is no reason to start anew: rows wait and are tried again, seconds.
STALL_S = 3600.0
#: Between looks for a store that is away, seconds.
LOOK_EVERY_S = 1.0


async def open_store(settings: Settings) -> AsyncStore:
    """Return the store, migrated: chDB in this process, or a ClickHouse server. Raises StoreUnavailableError."""
    store = await connect_store(settings)
    try:
        await _migrate(store)
    except BaseException:
        await store.close()
        raise
    return store


async def connect_store(settings: Settings) -> AsyncStore:
    """Return the store as it is: chDB in this process, or a ClickHouse server, which need not be there yet."""
    if settings.embedded_store:
        from pipeline.store.chdb_store import ChdbStore

        folder = settings.data_dir.resolve() / "store"
        folder.mkdir(parents=True, exist_ok=True)
        inner: Any = await asyncio.to_thread(ChdbStore, folder)
    else:
        from pipeline.store.server_store import ServerStore

        assert settings.clickhouse is not None
        host, _, port = settings.clickhouse.rpartition(":")
        inner = ServerStore(
            host or settings.clickhouse,
            int(port) if host else 9000,
            user=settings.clickhouse_user,
            password=settings.clickhouse_password.get_secret_value(),
            secure=settings.clickhouse_secure,
        )
    return AsyncStore(inner)


async def migrate(store: AsyncStore, stop: asyncio.Event) -> bool:
    """Bring the schema up to date, once the store can be reached; False when told to stop meanwhile.

    Raises StoreError when the schema is one that this version must not touch.
    """
    told = ""
    while not stop.is_set():
        try:
            await _migrate(store)
            return True
        except StoreUnavailableError as error:
            if str(error) != told:
                told = str(error)
                log.warning("waiting for the store", why=told)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await stop.wait()
    return False


async def _migrate(store: AsyncStore) -> None:
    applied = await store.migrate()
    if applied:
        log.info("store migrated", applied=applied)


class StoreRole:
    """Reads every topic that has a table and stores it. ``stored`` counts events made durable, by event type."""

    def __init__(self, settings: Settings, store: AsyncStore) -> None:
        self.stored: Counter[str] = Counter()
        self._settings = settings
        self._store = store
        self._writer: BatchWriter | None = None

    @property
    def waiting(self) -> tuple[float, str] | None:
        """For how many seconds the store has refused rows, and what it says; None while it takes them."""
        return None if self._writer is None else self._writer.waiting

    async def restore_log(self, publisher: Publisher) -> None:
        """Put back into an empty embedded log what must outlive it: reference facts and open alerts and incidents."""
        if not self._settings.embedded_broker:
            return
        running = run_file.read(self._settings.data_dir)  # before: a broker that is replaced meanwhile was not meant
        await restore_log(self._settings, self._store, publisher)
        broker = None if running is None else running.roles.get("broker")
        if broker is not None:
            run_file.note_restored(self._settings.data_dir, broker)  # edges wait for it with what they have spooled

    async def run(self, stop: asyncio.Event) -> None:
        """Store until ``stop``."""
        engine = Engine(engine_settings(self._settings, STORE_GROUP, window=WINDOW, live=False, stall_s=STALL_S))
        async with BatchWriter(self._store) as writer:
            self._writer = writer
            for kind in EVENT_TYPES:
                if kind.table is not None:
                    engine.add(kind, self._handler(kind, writer, engine))
            await engine.start()
            log.info("storing", types=len(EVENT_TYPES))
            await stop.wait()
            await engine.stop()

    def _handler(self, kind: EventType[Any], writer: BatchWriter, engine: Engine) -> Handler:
        decoder = FrameDecoder(kind)
        partitions = self._settings.kafka_partitions

        async def handle(message: Message) -> Work:
            frame = decoder.decode(message.value)
            letters = [
                dead_letter(
                    message,
                    rejected.index,
                    reason=rejected.reason,
                    step="decode",
                    error=rejected.error,
                    original=rejected.original,
                    source=SOURCE,
                )
                for rejected in frame.rejected
            ]
            placed = [Placed(event, message.topic, message.partition, message.offset) for event in frame.events]
            written = await writer.add(kind, placed, size=len(message.value or b""))
            return Work(frames(letters, partitions), [settle(message, placed, frame.places, written)])

        async def settle(
            message: Message, placed: Sequence[Placed], places: Sequence[int], written: asyncio.Future[Written]
        ) -> None:
            """Wait until the rows are durable; those the store cannot hold become dead letters, durable too."""
            rejected = {id(one.row): one.error for one in (await written).rejected}
            self.stored[kind.name] += len(placed) - len(rejected)
            letters = [
                dead_letter(
                    message,
                    place,
                    reason="not_storable",
                    step="store",
                    error=rejected[id(row)],
                    original=encode_event(row.event),
                    source=SOURCE,
                )
                for row, place in zip(placed, places, strict=True)
                if id(row) in rejected
            ]
            if letters:
                await engine.send(frames(letters, partitions))

        return handle


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Run the store role on its own (with a ClickHouse server)."""
    if not await ensure_topics(settings, stop):
        return
    store = await connect_store(settings)
    try:
        if await migrate(store, stop):
            await StoreRole(settings, store).run(stop)
    finally:
        await store.close()
