"""Collects rows into batches worth inserting, and says when they are durable.

ClickHouse makes a part of every insert, so rows are collected until 10,000 of them, one second or 16 MiB are there
(reference/clickhouse §3). Nothing is dropped: while the store is away a batch is tried again for ever, and callers wait
when too many rows are pending.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Protocol

import structlog
from msgspec import Struct

from pipeline import metrics
from pipeline.store.errors import BadRowsError, StoreUnavailableError
from pipeline.store.store import Placed
from schemas.event_type import EventType
from schemas.metrics import watch_queue

_log = structlog.get_logger(__name__)

MAX_ROWS = 10_000
MAX_BYTES = 16 * 2**20
MAX_AGE_S = 1.0
#: Rows that may wait in all; beyond it ``add`` waits. Five batches, about 50 MB of events.
MAX_PENDING_ROWS = 50_000
FIRST_RETRY_S = 0.1
LAST_RETRY_S = 5.0


class Inserter(Protocol):
    """The part of AsyncStore that the writer uses."""

    async def insert(self, kind: EventType[Any], rows: Sequence[Placed]) -> int:
        """See Store.insert."""
        ...


class RejectedRow(Struct, frozen=True):
    """A row that the store cannot hold, and why; it belongs in the dead letters."""

    row: Placed
    error: str


class Written(Struct, frozen=True):
    """What became of the rows of one ``add``: all are durable but those in ``rejected``."""

    rejected: tuple[RejectedRow, ...] = ()


class _Added(Struct):
    rows: list[Placed]
    done: asyncio.Future[Written]


class _Batch(Struct):
    kind: EventType[Any]
    began: float
    added: list[_Added] = []
    rows: int = 0
    size: int = 0


class BatchWriter:
    """Writes rows of all event types in batches. Use it as ``async with``; leaving it writes what is still there."""

    def __init__(
        self,
        store: Inserter,
        *,
        max_rows: int = MAX_ROWS,
        max_bytes: int = MAX_BYTES,
        max_age_s: float = MAX_AGE_S,
        max_pending_rows: int = MAX_PENDING_ROWS,
        first_retry_s: float = FIRST_RETRY_S,
    ) -> None:
        self._store = store
        self._max_rows = max_rows
        self._max_bytes = max_bytes
        self._max_age_s = max_age_s
        self._max_pending_rows = max_pending_rows
        self._first_retry_s = first_retry_s
        self._batches: dict[str, _Batch] = {}
        self._pending_rows = 0
        self._changed = asyncio.Condition()
        self._stopping = False
        self._refused: tuple[float, str] | None = None
        self._inserting_since: float | None = None
        self._task: asyncio.Task[None] | None = None
        watch_queue("store_rows", lambda: self._pending_rows, max_pending_rows)
        metrics.STORE_AWAY.set(0)

    @property
    def away(self) -> str:
        """Why the store takes nothing now, or ""."""
        refused = self._refused
        return "" if refused is None else refused[1]

    @property
    def pending_rows(self) -> int:
        """Rows that were added and are not yet durable."""
        return self._pending_rows

    @property
    def waiting(self) -> tuple[float, str] | None:
        """For how many seconds the present batch has not been taken, and why; None while nothing is held up."""
        now = time.monotonic()
        if self._refused is not None:
            return now - self._refused[0], self._refused[1]
        if self._inserting_since is not None:
            return now - self._inserting_since, "the store has not answered"
        return None

    async def __aenter__(self) -> BatchWriter:
        self._task = asyncio.create_task(self._run(), name="store-batches")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Write what is still there, then stop. Cancel it to give up on a store that is away."""
        async with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._task is None:
            return
        try:
            await self._task
        finally:
            self._task.cancel()
            for batch in self._batches.values():
                _cancel(batch)
            self._batches.clear()

    async def add(
        self, kind: EventType[Any], rows: Sequence[Placed], *, size: int | None = None
    ) -> asyncio.Future[Written]:
        """Take rows of one type and return a future that is done when all of them are durable or rejected.

        ``size``: their bytes on the wire, if known. Waits while too many rows are pending. The future fails with
        StoreError when the store is broken; then nothing may be acknowledged.
        """
        done: asyncio.Future[Written] = asyncio.get_running_loop().create_future()
        if not rows:
            done.set_result(Written())
            return done
        async with self._changed:
            # An empty writer takes any number of rows, so that a large frame cannot wait for ever.
            await self._changed.wait_for(
                lambda: (
                    self._stopping
                    or self._pending_rows == 0
                    or self._pending_rows + len(rows) <= self._max_pending_rows
                )
            )
            if self._stopping or self._task is None or self._task.done():
                raise StoreUnavailableError("the writer is stopped")
            batch = self._batches.get(kind.name)
            if batch is None:
                batch = self._batches[kind.name] = _Batch(kind, asyncio.get_running_loop().time())
            batch.added.append(_Added(list(rows), done))
            batch.rows += len(rows)
            batch.size += 500 * len(rows) if size is None else size
            self._pending_rows += len(rows)
            self._changed.notify_all()
        return done

    async def _run(self) -> None:
        while (batch := await self._next()) is not None:
            try:
                await self._write(batch)
            finally:
                async with self._changed:
                    self._pending_rows -= batch.rows
                    self._changed.notify_all()

    async def _next(self) -> _Batch | None:
        """Wait for a batch that is full or old enough and take it; None when the writer has stopped and is empty."""
        loop = asyncio.get_running_loop()
        async with self._changed:
            while True:
                now = loop.time()
                oldest = min(self._batches.values(), key=lambda batch: batch.began, default=None)
                for batch in self._batches.values():
                    if batch.rows >= self._max_rows or batch.size >= self._max_bytes:
                        return self._batches.pop(batch.kind.name)
                if oldest is None:
                    if self._stopping:
                        return None
                    await self._changed.wait()
                    continue
                left = oldest.began + self._max_age_s - now
                if left <= 0 or self._stopping:
                    return self._batches.pop(oldest.kind.name)
                try:
                    async with asyncio.timeout(left):
                        await self._changed.wait()
                except TimeoutError:
                    continue

    async def _write(self, batch: _Batch) -> None:
        rows = [row for added in batch.added for row in added.rows]
        try:
            errors = await self._insert(batch.kind, rows)
        except asyncio.CancelledError:
            _cancel(batch)
            raise
        except Exception as error:  # a broken store: every caller must hear of it and none may acknowledge
            for added in batch.added:
                if not added.done.done():
                    added.done.set_exception(error)
            return
        for added in batch.added:
            rejected = tuple(RejectedRow(row, errors[id(row)]) for row in added.rows if id(row) in errors)
            if not added.done.done():
                added.done.set_result(Written(rejected))

    async def _insert(self, kind: EventType[Any], rows: list[Placed]) -> dict[int, str]:
        """Insert rows and return the errors of those that cannot be stored, by the row's id()."""
        try:
            await self._insert_patiently(kind, rows)
        except BadRowsError as error:
            if len(rows) == 1:
                _log.warning("row_rejected", event_type=kind.name, topic=rows[0].topic, offset=rows[0].offset)
                return {id(rows[0]): str(error)}
            half = len(rows) // 2
            return await self._insert(kind, rows[:half]) | await self._insert(kind, rows[half:])
        return {}

    async def _insert_patiently(self, kind: EventType[Any], rows: list[Placed]) -> None:
        wait_s = self._first_retry_s
        self._inserting_since = time.monotonic()
        while True:
            try:
                await self._store.insert(kind, rows)
            except StoreUnavailableError as error:
                self._refused = (self._refused[0] if self._refused else self._inserting_since, str(error))
                metrics.STORE_AWAY.set(1)
                metrics.STORE_FAILURES.inc()
                _log.warning("store_unavailable", event_type=kind.name, rows=len(rows), error=str(error), wait_s=wait_s)
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, LAST_RETRY_S)
            except BaseException:
                self._refused = self._inserting_since = None
                raise
            else:
                if self._refused is not None:
                    after_s = round(time.monotonic() - self._refused[0], 1)
                    _log.info("store_takes_rows_again", event_type=kind.name, rows=len(rows), after_s=after_s)
                    metrics.STORE_AWAY.set(0)
                self._refused = self._inserting_since = None
                return


def _cancel(batch: _Batch) -> None:
    for added in batch.added:
        added.done.cancel()
