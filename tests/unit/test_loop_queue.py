"""Work from the log's readers shares the event loop with its sockets and timers."""

from __future__ import annotations

import asyncio
import threading
import time
from itertools import pairwise

from compose.roles.log_feed import LoopQueue


def test_timers_have_their_turn_while_thousands_of_frames_wait() -> None:
    async def run() -> tuple[int, int]:
        loop = asyncio.get_running_loop()
        queue = LoopQueue(loop, slice_s=0.002)
        done: list[int] = []
        beats: list[int] = []
        for number in range(500):
            queue.put(lambda number=number: (time.sleep(0.0005), done.append(number)), first=False)  # type: ignore[misc]
        while len(done) < 500:
            await asyncio.sleep(0)
            beats.append(len(done))
        assert done == list(range(500))
        return len(beats), max(later - earlier for earlier, later in pairwise(beats))

    turns, most_at_once = asyncio.run(run())
    assert turns > 10
    assert most_at_once < 100


def test_what_nobody_may_miss_goes_before_what_flows_by() -> None:
    async def run() -> list[str]:
        queue = LoopQueue(asyncio.get_running_loop())
        done: list[str] = []
        for number in range(3):
            queue.put(lambda number=number: done.append(f"sighting {number}"), first=False)  # type: ignore[misc]
        queue.put(lambda: done.append("alert"), first=True)
        while len(done) < 4:
            await asyncio.sleep(0)
        return done

    assert asyncio.run(run()) == ["alert", "sighting 0", "sighting 1", "sighting 2"]


def test_work_of_other_threads_is_done_once_and_in_order_and_a_failure_stops_nothing() -> None:
    async def run() -> tuple[list[int], list[str]]:
        loop = asyncio.get_running_loop()
        failures: list[str] = []
        loop.set_exception_handler(lambda _, context: failures.append(type(context["exception"]).__name__))
        queue = LoopQueue(loop, slice_s=0.0005)
        done: list[int] = []

        def fail() -> None:
            raise ValueError

        def send() -> None:
            for number in range(1000):
                queue.put(lambda number=number: done.append(number), first=False)  # type: ignore[misc]
                if number == 500:
                    queue.put(fail, first=False)

        thread = threading.Thread(target=send)
        thread.start()
        while len(done) < 1000:
            await asyncio.sleep(0.001)
        thread.join()
        return done, failures

    assert asyncio.run(run()) == (list(range(1000)), ["ValueError"])
