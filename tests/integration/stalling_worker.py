"""A worker process for the tests of standing still: one engine whose engine fails in the way the test chooses.

Arguments: broker (JSON), folder, stall_s, fault. Offsets that were worked on go to ``done`` in the folder; ``broken``
is there once the fault is. Faults, after the first message: ``block`` (the handler never gives the loop back),
``fetcher`` (Faust's fetcher is cancelled), ``consumer`` (the thread of the consumer is blocked), ``unassigned`` (its
partitions are lost and not asked for again); ``crawl`` (no fault: each message takes a second); ``none``.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from compose import logs
from pipeline.engine import Engine, EngineSettings
from pipeline.message import Message, Outgoing
from schemas.events.plate_read import PLATE_READ
from tests.live_broker import LiveBroker


def break_it(engine: Engine, fault: str, folder: str) -> None:
    app = engine._app
    consumer = app.consumer._thread
    if fault == "fetcher":
        for task in app._fetcher._futures:
            task.cancel()
    elif fault == "consumer":
        consumer.thread_loop.call_soon_threadsafe(time.sleep, 1000)
    elif fault == "unassigned":
        consumer.thread_loop.call_soon_threadsafe(consumer._consumer.unsubscribe)
    Path(folder, "broken").touch()


async def main(broker_json: str, folder: str, stall_s: str, fault: str) -> None:
    logs.configure("info", "worker")
    broker = msgspec.json.decode(broker_json, type=LiveBroker)
    done = os.open(Path(folder, "done"), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    taken = 0
    engine = Engine(
        EngineSettings(
            bootstrap=broker.address,
            login=broker.login,
            group="stall-test",
            folder=f"{folder}/engine",
            fetch_max_wait_ms=20,
            session_timeout_s=6.0,
            heartbeat_s=1.0,
            stall_s=float(stall_s),
        )
    )

    async def handle(message: Message) -> Sequence[Outgoing]:
        nonlocal taken
        taken += 1
        if fault == "crawl":
            await asyncio.sleep(1.0)
        if fault == "block" and taken > 1:
            time.sleep(1000)  # noqa: ASYNC251 - the fault
        os.write(done, f"{message.partition}:{message.offset}\n".encode())
        if taken == 1:
            asyncio.get_running_loop().call_later(0.1, break_it, engine, fault, folder)
        return []

    engine.add(PLATE_READ, handle)
    await engine.start()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    await engine.stop()


asyncio.run(main(*sys.argv[1:]))
