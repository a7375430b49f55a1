"""ClickHouse killed, stopped, hanging, slow, read-only or without room: rows wait, bounded, and are stored once.

Nobody acts but the test that breaks and mends the server: the store's own code has to find back by itself, and to say
meanwhile what is wrong. Times until rows are stored again are printed (`pytest -s`).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from clickhouse_driver.errors import ServerException

from compose.roles.store_watch import StoreWatch
from pipeline.store.async_store import AsyncStore
from pipeline.store.errors import StoreUnavailableError
from pipeline.store.server_store import ServerStore
from pipeline.store.store import Placed
from pipeline.store.writer import BatchWriter
from schemas.registry import PLATE_READ
from tests.clickhouse.proxy import Proxy
from tests.clickhouse.server import ClickHouse
from tests.small_disk import needs_root, small_disk

SEED = int(os.environ.get("WATCHFLOOR_TEST_SEED", "7"))
CUTS = 60


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ClickHouse]:
    running = ClickHouse(tmp_path / "clickhouse")
    try:
        running.start()
        migrate(running)
        yield running
    finally:
        running.stop()


@pytest.fixture
def proxy(server: ClickHouse) -> Iterator[Proxy]:
    before = Proxy(server.port)
    yield before
    before.close()


def migrate(server: ClickHouse) -> None:
    store = server.store()
    store.migrate()
    store.close()


def reads(count: int) -> list[Placed]:
    return [
        Placed(msgspec.structs.replace(PLATE_READ.examples[0], event_id=uuid4()), PLATE_READ.topic, 0, offset)
        for offset in range(count)
    ]


def stored(server: ClickHouse) -> tuple[int, int]:
    """Rows, and different ids among them."""
    client = server.client()
    try:
        ((rows, ids),) = client.execute("SELECT count(), uniqExact(event_id) FROM rtcc.plate_reads")
        return int(rows), int(ids)
    finally:
        client.disconnect()


async def until(true: Callable[[], Any], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true"
        await asyncio.sleep(0.02)


class Line:
    """Rows on their way to the store: a writer with small batches over the product's own store, and its watch."""

    def __init__(self, store: ServerStore) -> None:
        self.store = AsyncStore(store)
        self.writer = BatchWriter(self.store, max_rows=200, max_age_s=0.05, max_pending_rows=1000)
        self.watch = StoreWatch(self.store, waiting=lambda: self.writer.waiting, every_s=0.2)
        self._watching: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Line:
        await self.writer.__aenter__()
        self._watching = asyncio.create_task(self.watch.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._watching is not None
        self._watching.cancel()
        await self.writer.stop()
        await self.store.close()

    async def send(self, frames: list[list[Placed]]) -> None:
        """Add frame after frame as the log's reader does, and wait until all are durable."""
        done = [await self.writer.add(PLATE_READ, frame) for frame in frames]
        written = await asyncio.gather(*done)
        assert all(not one.rejected for one in written)


def frames(count: int, size: int = 50) -> list[list[Placed]]:
    return [reads(size) for _ in range(count)]


def test_kill_9_in_mid_insert_again_and_again_loses_and_doubles_nothing(server: ClickHouse) -> None:
    dice = random.Random(SEED)

    async def run() -> None:
        async with Line(server.store(timeout_s=5)) as line:
            sending = asyncio.create_task(line.send(frames(400)))
            for number in range(1, 5):
                before, _ = await asyncio.to_thread(stored, server)
                await until(lambda: line.writer.pending_rows > 0)
                await asyncio.sleep(dice.uniform(0.0, 0.4))
                server.kill()
                assert not sending.done(), "the server was killed when all was stored already"
                await asyncio.to_thread(server.start)
                back = time.monotonic()
                while (await asyncio.to_thread(stored, server))[0] <= before:
                    assert time.monotonic() < back + 60
                print(f"kill {number}: rows stored again {time.monotonic() - back:.1f} s after it answered again")
            await sending
            await until(lambda: line.watch.fault == "")

    asyncio.run(run())
    assert stored(server) == (20_000, 20_000)


def test_an_insert_whose_answer_is_lost_is_tried_again_and_doubles_nothing(server: ClickHouse, proxy: Proxy) -> None:
    rows = reads(300)
    store = server.store(port=proxy.port)
    try:
        proxy.lose_insert_answers = True
        raised: list[Exception] = []

        def insert() -> None:
            try:
                store.insert(PLATE_READ, rows)
            except StoreUnavailableError as error:
                raised.append(error)

        inserting = threading.Thread(target=insert)
        inserting.start()
        assert proxy.lost.wait(30), "the server did not answer the insert"
        asyncio.run(until(lambda: stored(server) == (300, 300)))
        proxy.cut()
        inserting.join(30)
        assert raised, "the insert was confirmed although its answer was lost"
        proxy.lose_insert_answers = False
    finally:
        store.close()
    again = server.store(port=proxy.port)
    try:
        assert again.insert(PLATE_READ, rows) == 0
        assert again.insert(PLATE_READ, rows + reads(10)) == 10
    finally:
        again.close()
    assert stored(server) == (310, 310)


def test_an_insert_that_outlives_its_process_is_ended_before_its_rows_are_looked_for(server: ClickHouse) -> None:
    client = server.client()
    raised: list[ServerException] = []

    def insert() -> None:
        """Take long over it, as a server that stood still does."""
        try:
            client.execute(
                "INSERT INTO rtcc.plate_reads (plate) SELECT toString(sleepEachRow(1)) FROM numbers(60) "
                "SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0"
            )
        except ServerException as error:
            raised.append(error)

    inserting = threading.Thread(target=insert)
    inserting.start()
    watcher = server.client()
    running = "SELECT count() FROM system.processes WHERE query_kind = 'Insert'"
    asyncio.run(until(lambda: watcher.execute(running) == [(1,)]))
    store = server.store()
    try:
        assert store.insert(PLATE_READ, reads(10)) == 10
    finally:
        store.close()
    inserting.join(30)
    assert [error.code for error in raised] == [394]  # QUERY_WAS_CANCELLED: its own process would try again
    assert stored(server) == (10, 10)


def test_a_server_that_hung_with_a_whole_insert_and_a_new_process_store_its_rows_once(
    server: ClickHouse, proxy: Proxy
) -> None:
    """The rows come again in other batches, so that no token can tell that they are the same."""
    dice = random.Random(SEED)
    proxy.lose_insert_answers = True
    for number in range(1, 6):
        rows = reads(2000)
        first, second = server.store(port=proxy.port, timeout_s=1), server.store()

        def insert(store: ServerStore = first, rows: list[Placed] = rows) -> None:
            with contextlib.suppress(StoreUnavailableError):
                store.insert(PLATE_READ, rows)

        proxy.confirming.clear()
        inserting = threading.Thread(target=insert)
        inserting.start()
        assert proxy.confirming.wait(30)
        time.sleep(dice.uniform(0.0, 0.05))  # somewhere in its commit
        server.hang()
        inserting.join(30)
        goes_on = threading.Timer(0.5, server.go_on)
        goes_on.start()
        second.insert(PLATE_READ, rows[:700])
        second.insert(PLATE_READ, rows[700:])
        goes_on.join()
        first.close()
        second.close()
        assert stored(server) == (2000 * number, 2000 * number)


def test_while_the_server_is_stopped_rows_wait_bounded_and_are_stored_once(server: ClickHouse) -> None:
    async def run() -> None:
        async with Line(server.store(timeout_s=5)) as line:
            await line.send(frames(2))
            await until(lambda: line.watch.fault == "")
            server.kill()
            sending = asyncio.create_task(line.send(frames(60)))
            await until(lambda: line.writer.pending_rows == 1000)
            await until(lambda: line.watch.fault.startswith("Rows have waited for"))
            assert "cannot be reached: Connection refused" in line.watch.fault
            assert line.writer.pending_rows == 1000, "more rows wait than may"
            assert not sending.done()
            await asyncio.to_thread(server.start)
            back = time.monotonic()
            await sending
            print(f"stopped: all that waited was stored {time.monotonic() - back:.1f} s after it answered again")
            await until(lambda: line.watch.fault == "")

    asyncio.run(run())
    assert stored(server) == (3100, 3100)


def test_a_server_that_hangs_is_given_up_and_doubles_nothing_when_it_goes_on(server: ClickHouse) -> None:
    """What was sent to it while it hung is worked off when it goes on, beside what is sent again."""

    async def run() -> None:
        async with Line(server.store(timeout_s=1)) as line:
            await line.send(frames(2))
            sending = asyncio.create_task(line.send(frames(60)))
            await until(lambda: line.writer.pending_rows > 0)
            server.hang()
            try:
                await until(lambda: line.watch.fault.startswith("Rows have waited for"))
                assert "not answer" in line.watch.fault  # "has not answered", later "does not answer"
                assert line.writer.pending_rows <= 1000
            finally:
                server.go_on()
            on = time.monotonic()
            await sending
            print(f"hung: all that waited was stored {time.monotonic() - on:.1f} s after it went on")
            await until(lambda: line.watch.fault == "")

    asyncio.run(run())
    assert stored(server) == (3100, 3100)


def test_a_slow_server_takes_everything_once(server: ClickHouse, proxy: Proxy) -> None:
    async def run() -> None:
        async with Line(server.store(port=proxy.port, timeout_s=20)) as line:
            proxy.delay_s = 0.4
            sending = asyncio.create_task(line.send(frames(30)))
            await until(sending.done)
            await sending
            proxy.delay_s = 3.5
            late = asyncio.create_task(line.send(frames(1)))
            await until(lambda: line.watch.fault.startswith("Rows have waited for"))
            assert "not answered" in line.watch.fault
            proxy.delay_s = 0.0
            await late
            await until(lambda: line.watch.fault == "")

    asyncio.run(run())
    assert stored(server) == (1550, 1550)


def test_a_network_that_breaks_again_and_again_loses_and_doubles_nothing(server: ClickHouse, proxy: Proxy) -> None:
    dice = random.Random(SEED)

    async def run() -> int:
        async with Line(server.store(port=proxy.port, timeout_s=5)) as line:
            sent = 0
            sending = asyncio.create_task(asyncio.sleep(0))
            for _ in range(CUTS):
                if sending.done():  # so that there is always something under way when the network breaks
                    sending = asyncio.create_task(line.send(frames(50)))
                    sent += 2_500
                await asyncio.sleep(dice.uniform(0.05, 0.4))
                proxy.cut()
            last = time.monotonic()
            await sending
            took_s = time.monotonic() - last
            print(f"{CUTS} cuts: all that waited was stored {took_s:.1f} s after the last, seed {SEED}")
            return sent

    sent = asyncio.run(run())
    assert stored(server) == (sent, sent)


def test_while_our_user_may_only_read_rows_wait_and_it_is_said_why(server: ClickHouse) -> None:
    async def run() -> None:
        async with Line(server.store(timeout_s=5)) as line:
            await line.send(frames(2))
            server.kill()
            server.let_write(False)
            await asyncio.to_thread(server.start)
            sending = asyncio.create_task(line.send(frames(10)))
            await until(lambda: "readonly" in line.watch.fault)
            print(line.watch.fault)
            server.kill()
            server.let_write(True)
            await asyncio.to_thread(server.start)
            back = time.monotonic()
            await sending
            print(f"read-only: all that waited was stored {time.monotonic() - back:.1f} s after it could write again")
            await until(lambda: line.watch.fault == "")

    asyncio.run(run())
    assert stored(server) == (600, 600)


@needs_root
def test_a_full_disk_makes_rows_wait_until_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 64) as disk:
        server = ClickHouse(tmp_path / "clickhouse", disk.folder / "data")
        try:
            server.start()
            migrate(server)

            async def run() -> None:
                async with Line(server.store(timeout_s=5)) as line:
                    await line.send(frames(2))
                    disk.fill()
                    sending = asyncio.create_task(line.send(frames(30)))
                    await until(lambda: line.watch.fault.startswith("Rows have waited for"))
                    print(line.watch.fault)
                    assert "space" in line.watch.fault
                    assert not sending.done()
                    # A page whose process stores nothing itself sees it too.
                    page = StoreWatch(line.store, every_s=0.2)
                    asking = asyncio.create_task(page.run())
                    await until(lambda: page.fault == "The store's disk is full: 0 MiB of space are left.")
                    asking.cancel()
                    disk.make_room()
                    room = time.monotonic()
                    await sending
                    print(f"full: all that waited was stored {time.monotonic() - room:.1f} s after there was room")
                    await until(lambda: line.watch.fault == "")

            asyncio.run(run())
            assert stored(server) == (1600, 1600)
        finally:
            server.stop()
