"""The store of this configuration, opened and brought up to date: chDB in this process, or a ClickHouse server."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import structlog

from compose.settings import Settings
from pipeline.store.async_store import AsyncStore
from pipeline.store.errors import StoreUnavailableError
from pipeline.store.store import Store

log = structlog.get_logger(__name__)

#: Between looks for a store that is away, seconds.
LOOK_EVERY_S = 1.0
#: Questions of our own answered at once: the contact view asks several, beside the ledger.
READERS = 4


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
        inner: Any = await asyncio.to_thread(ChdbStore, folder, readers=READERS)
    else:
        inner = connect_server(settings)
    return AsyncStore(inner, readers=READERS)


def connect_server(settings: Settings) -> Store:
    """Return the store on a ClickHouse server, which need not be there yet."""
    from pipeline.store.server_store import ServerStore

    assert settings.clickhouse is not None
    host, _, port = settings.clickhouse.rpartition(":")
    return ServerStore(
        host or settings.clickhouse,
        int(port) if host else 9000,
        user=settings.clickhouse_user,
        password=settings.clickhouse_password.get_secret_value(),
        secure=settings.clickhouse_secure,
    )


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
