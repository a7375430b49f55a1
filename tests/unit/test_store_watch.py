"""What a person is told of the store: the truth while it is away, hangs or refuses rows, else nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from compose.roles.store_watch import StoreWatch
from pipeline.store.store import StoreHealth


class Told:
    """Answers as it is told; does not answer while ``open`` is not set."""

    def __init__(self, health: StoreHealth) -> None:
        self.answer = health
        self.open = asyncio.Event()
        self.open.set()
        self.asked = 0

    async def health(self) -> StoreHealth:
        self.asked += 1
        await self.open.wait()
        return self.answer


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0)


def test_what_the_store_says_of_itself_is_told_in_words() -> None:
    async def run() -> None:
        store = Told(StoreHealth(reachable=False, detail="gone"))
        watch = StoreWatch(store, every_s=0)
        assert watch.fault, "a store that was never asked is not known to be well"
        task = asyncio.create_task(watch.run())
        await until(lambda: watch.fault == "The store cannot be reached: gone")
        store.answer = StoreHealth(reachable=True, detached_parts=2)
        await until(lambda: "2 damaged parts" in watch.fault)
        store.answer = StoreHealth(reachable=True, disk_free=3 * 2**20, disk_total=10 * 2**30)
        await until(lambda: watch.fault == "The store's disk is full: 3 MiB of space are left.")
        store.answer = StoreHealth(reachable=True, disk_free=2**30, disk_total=10 * 2**30)
        await until(lambda: watch.fault == "")
        task.cancel()

    asyncio.run(run())


def test_a_store_that_does_not_answer_is_not_said_to_be_well() -> None:
    async def run() -> None:
        now = [100.0]
        store = Told(StoreHealth(reachable=True))
        watch = StoreWatch(store, every_s=0, clock=lambda: now[0])
        task = asyncio.create_task(watch.run())
        await until(lambda: watch.fault == "")
        store.open.clear()
        asked = store.asked
        await until(lambda: store.asked > asked)
        assert watch.fault == "", "it has a moment to answer"
        now[0] += 7.0
        assert watch.fault == "The store has not answered for 7 s."
        store.open.set()
        await until(lambda: watch.fault == "")
        task.cancel()

    asyncio.run(run())


def test_rows_that_wait_are_told_before_all_else() -> None:
    waiting: list[tuple[float, str] | None] = [(60.0, "no room")]
    watch = StoreWatch(Told(StoreHealth(reachable=True)), waiting=lambda: waiting[0])
    assert watch.fault == "Rows have waited for 60 s to be stored: no room"
    waiting[0] = (0.5, "no room")
    assert "waited" not in watch.fault, "a hiccup is nothing to tell people of"
