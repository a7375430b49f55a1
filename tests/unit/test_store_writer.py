"""Batches: when they are written, what callers learn, and that nothing is dropped while the store is away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from pipeline.store.errors import BadRowsError, StoreError, StoreUnavailableError
from pipeline.store.store import Placed
from pipeline.store.writer import BatchWriter
from schemas.event_type import EventType
from schemas.registry import ACTION, PLATE_READ


def rows(count: int, note: str = "") -> list[Placed]:
    return [
        Placed(msgspec.structs.replace(PLATE_READ.examples[0], event_id=uuid4(), plate_raw=note), "t", 0, offset)
        for offset in range(count)
    ]


class FakeStore:
    """Keeps what it is given. ``trouble`` may raise for a batch."""

    def __init__(self, trouble: Callable[[Sequence[Placed]], None] = lambda _: None) -> None:
        self.trouble = trouble
        self.inserts: list[tuple[str, list[Placed]]] = []
        self.tries = 0
        self.open = asyncio.Event()
        self.open.set()
        self.called = asyncio.Event()

    async def insert(self, kind: EventType[Any], batch: Sequence[Placed]) -> int:
        self.tries += 1
        self.called.set()
        await self.open.wait()
        self.trouble(batch)
        self.inserts.append((kind.name, list(batch)))
        return len(batch)


def test_a_full_batch_is_written_at_once() -> None:
    async def run() -> None:
        store = FakeStore()
        async with BatchWriter(store, max_rows=10, max_age_s=3600) as writer:
            first = await writer.add(PLATE_READ, rows(6))
            second = await writer.add(PLATE_READ, rows(4))
            await asyncio.gather(first, second)
            assert [len(batch) for _, batch in store.inserts] == [10]
            assert writer.pending_rows == 0 or store.tries == 1

    asyncio.run(run())


def test_a_batch_is_written_when_it_is_old_enough() -> None:
    async def run() -> None:
        store = FakeStore()
        async with BatchWriter(store, max_age_s=0.01) as writer:
            await (await writer.add(PLATE_READ, rows(1)))
            assert len(store.inserts) == 1

    asyncio.run(run())


def test_a_batch_is_written_when_it_has_many_bytes() -> None:
    async def run() -> None:
        store = FakeStore()
        async with BatchWriter(store, max_bytes=1000, max_age_s=3600) as writer:
            await (await writer.add(PLATE_READ, rows(1), size=1000))
            assert len(store.inserts) == 1

    asyncio.run(run())


def test_event_types_are_written_apart() -> None:
    async def run() -> None:
        store = FakeStore()
        action = Placed(ACTION.examples[0], "t", 0, 0)
        async with BatchWriter(store, max_age_s=0.01) as writer:
            done = [await writer.add(PLATE_READ, rows(2)), await writer.add(ACTION, [action])]
            await asyncio.gather(*done)
        assert sorted((name, len(batch)) for name, batch in store.inserts) == [("action", 1), ("plate_read", 2)]

    asyncio.run(run())


def test_nothing_is_confirmed_before_the_store_has_it() -> None:
    async def run() -> None:
        store = FakeStore()
        store.open.clear()
        async with BatchWriter(store, max_age_s=0) as writer:
            done = await writer.add(PLATE_READ, rows(1))
            await store.called.wait()
            assert not done.done()
            store.open.set()
            assert (await done).rejected == ()

    asyncio.run(run())


def test_while_the_store_is_away_a_batch_is_tried_again_until_it_is_back() -> None:
    async def run() -> None:
        def trouble(_: Sequence[Placed]) -> None:
            if store.tries < 4:
                raise StoreUnavailableError("away")

        store = FakeStore(trouble)
        batch = rows(3)
        async with BatchWriter(store, max_age_s=0, first_retry_s=0.001) as writer:
            await (await writer.add(PLATE_READ, batch))
        assert store.tries == 4
        assert store.inserts == [("plate_read", batch)]

    asyncio.run(run())


def test_how_long_rows_have_waited_and_why_is_known_until_they_are_stored() -> None:
    async def run() -> None:
        refused = asyncio.Event()

        def trouble(_: Sequence[Placed]) -> None:
            if not refused.is_set():
                refused.set()
                raise StoreUnavailableError("no room")

        store = FakeStore(trouble)
        store.open.clear()
        async with BatchWriter(store, max_age_s=0, first_retry_s=0.001) as writer:
            assert writer.waiting is None
            done = await writer.add(PLATE_READ, rows(3))
            await store.called.wait()
            assert writer.waiting is not None
            assert writer.waiting[1] == "the store has not answered"
            store.called.clear()
            store.open.set()
            await refused.wait()
            store.open.clear()
            await store.called.wait()
            assert writer.waiting is not None
            waited, why = writer.waiting
            assert why == "no room"
            assert waited >= 0
            store.open.set()
            await done
            assert writer.waiting is None

    asyncio.run(run())


def test_one_bad_row_is_found_and_reported_and_the_others_are_stored() -> None:
    async def run() -> None:
        def trouble(batch: Sequence[Placed]) -> None:
            if any(row.event.plate_raw == "bad" for row in batch):  # type: ignore[attr-defined]
                raise BadRowsError("does not fit")

        store = FakeStore(trouble)
        good, bad = rows(20), rows(2, note="bad")
        async with BatchWriter(store, max_age_s=0) as writer:
            first = await writer.add(PLATE_READ, [*good[:7], bad[0], *good[7:]])
            second = await writer.add(PLATE_READ, [bad[1]])
            written = await asyncio.gather(first, second)
        assert [[rejected.row for rejected in result.rejected] for result in written] == [[bad[0]], [bad[1]]]
        assert written[0].rejected[0].error == "does not fit"
        stored = [row for _, batch in store.inserts for row in batch]
        assert sorted(row.event.event_id for row in stored) == sorted(row.event.event_id for row in good)

    asyncio.run(run())


def test_a_broken_store_fails_the_callers_and_later_batches_go_on() -> None:
    async def run() -> None:
        def trouble(_: Sequence[Placed]) -> None:
            if store.tries == 1:
                raise StoreError("no such table")

        store = FakeStore(trouble)
        async with BatchWriter(store, max_age_s=0) as writer:
            with pytest.raises(StoreError, match="no such table"):
                await (await writer.add(PLATE_READ, rows(1)))
            await (await writer.add(PLATE_READ, rows(1)))
        assert len(store.inserts) == 1

    asyncio.run(run())


def test_callers_wait_while_too_many_rows_are_pending() -> None:
    async def run() -> None:
        store = FakeStore()
        store.open.clear()
        async with BatchWriter(store, max_rows=5, max_age_s=3600, max_pending_rows=10) as writer:
            for _ in range(2):
                await writer.add(PLATE_READ, rows(5))
            waiting = asyncio.create_task(writer.add(PLATE_READ, rows(5)))
            for _ in range(10):
                await asyncio.sleep(0)
            assert not waiting.done()
            assert writer.pending_rows == 10
            store.open.set()
            await (await waiting)
        assert sum(len(batch) for _, batch in store.inserts) == 15

    asyncio.run(run())


def test_more_rows_than_may_be_pending_are_taken_when_nothing_else_waits() -> None:
    async def run() -> None:
        store = FakeStore()
        async with BatchWriter(store, max_rows=5, max_pending_rows=10) as writer:
            await (await writer.add(PLATE_READ, rows(512)))
        assert len(store.inserts[0][1]) == 512

    asyncio.run(run())


def test_stopping_writes_what_is_still_there_and_takes_no_more() -> None:
    async def run() -> None:
        store = FakeStore()
        async with BatchWriter(store, max_age_s=3600) as writer:
            done = await writer.add(PLATE_READ, rows(3))
        assert done.done()
        assert len(store.inserts) == 1
        with pytest.raises(StoreUnavailableError):
            await writer.add(PLATE_READ, rows(1))

    asyncio.run(run())


def test_giving_up_on_a_store_that_is_away_cancels_what_was_not_written() -> None:
    async def run() -> None:
        def trouble(_: Sequence[Placed]) -> None:
            raise StoreUnavailableError("away")

        writer = BatchWriter(FakeStore(trouble), max_age_s=0, first_retry_s=3600)
        await writer.__aenter__()
        done = await writer.add(PLATE_READ, rows(1))
        stopping = asyncio.create_task(writer.stop())
        await asyncio.sleep(0.01)
        stopping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stopping
        with pytest.raises(asyncio.CancelledError):
            await done

    asyncio.run(run())


def test_no_rows_are_done_at_once() -> None:
    async def run() -> None:
        store = FakeStore()
        async with BatchWriter(store) as writer:
            assert (await (await writer.add(PLATE_READ, []))).rejected == ()
        assert store.tries == 0

    asyncio.run(run())
