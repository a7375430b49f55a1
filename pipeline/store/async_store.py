"""The store for asyncio: each call runs on a thread, so the event loop never waits for the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import msgspec

from pipeline.store.errors import Limits
from pipeline.store.parameters import Parameter
from pipeline.store.sql_store import OWN_LIMITS
from pipeline.store.store import Format, Placed, Store, StoreHealth
from schemas.envelope import Event
from schemas.event_type import EventType

T = TypeVar("T")


class AsyncStore:
    """Store's methods as coroutines: one thread writes, ``readers`` threads read, one runs people's SQL.

    Cancelling a call does not stop a query that has begun; its time limit does.
    """

    def __init__(self, store: Store, *, readers: int = 2) -> None:
        self._store = store
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="store-writer")
        self._reading = ThreadPoolExecutor(readers, thread_name_prefix="store-reader")
        self._foreign = ThreadPoolExecutor(2, thread_name_prefix="store-foreign")

    @property
    def inner(self) -> Store:
        """The store behind it, for what needs threads of its own."""
        return self._store

    async def insert(self, kind: EventType[Any], rows: Sequence[Placed]) -> int:
        """See Store.insert."""
        return await self._on(self._writing, partial(self._store.insert, kind, rows))

    async def add_keys(self, kind: EventType[Any], events: Sequence[Event]) -> int:
        """See Store.add_keys."""
        return await self._on(self._writing, partial(self._store.add_keys, kind, events))

    async def drop_keys(self, kind: EventType[Any], where: str) -> None:
        """See Store.drop_keys."""
        await self._on(self._writing, partial(self._store.drop_keys, kind, where))

    async def query(
        self,
        sql: str,
        params: Mapping[str, Parameter] | None = None,
        fmt: Format = "JSON",
        *,
        limits: Limits = OWN_LIMITS,
    ) -> bytes:
        """See Store.query."""
        return await self._on(self._reading, partial(self._store.query, sql, params, fmt, limits=limits))

    async def rows(
        self, sql: str, params: Mapping[str, Parameter] | None = None, *, limits: Limits = OWN_LIMITS
    ) -> list[dict[str, Any]]:
        """Return what a query answers, a row by the names of its columns; see Store.query."""
        answer = await self.query(sql, params, "JSONEachRow", limits=limits)
        return [msgspec.json.decode(line) for line in answer.splitlines() if line.strip()]

    async def foreign_query(self, sql: str, fmt: Format = "Pretty", *, spreadsheet_safe: bool = True) -> bytes:
        """See Store.foreign_query."""
        return await self._on(
            self._foreign, partial(self._store.foreign_query, sql, fmt, spreadsheet_safe=spreadsheet_safe)
        )

    async def migrate(self) -> list[str]:
        """See Store.migrate."""
        return await self._on(self._writing, self._store.migrate)

    async def health(self) -> StoreHealth:
        """See Store.health."""
        return await self._on(self._reading, self._store.health)

    async def close(self) -> None:
        """Finish what has begun, then let go of the store and the threads."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        for threads in (self._writing, self._reading, self._foreign):
            threads.shutdown(wait=True, cancel_futures=True)
        self._store.close()

    async def _on(self, threads: ThreadPoolExecutor, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(threads, call)
