"""A measured process of `bench scale`: one member of the processors' group, beside others.

Started with one JSON argument. Says each second how many partitions it has and how many reads it has seen, one JSON
line each; when its standard input is closed, it says what the work cost and ends.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import Sequence

import msgspec
import psutil

from compose.bench.workload import PARTITIONS, Size, reference
from compose.roles.broker_settings import LIVE
from pipeline.engine import Engine, EngineSettings
from pipeline.guard import Guard
from pipeline.message import Message, Outgoing
from pipeline.processors.sightings import Sightings
from schemas.events.plate_read import PLATE_READ
from schemas.wire.security import Login

TELL_EVERY_S = 0.25


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to do."""

    bootstrap: str
    login: Login
    group: str
    folder: str
    size: Size


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """How it stands. ``first``, ``last``: epoch seconds when the first read was taken and the last acknowledged;
    ``cpu_s``: between the two; 0 while there is nothing to tell."""

    partitions: int
    reads: int
    cpu_s: float = 0.0
    first: float = 0.0
    last: float = 0.0
    rss_mb: float = 0.0


async def main() -> None:
    """Work until standard input is closed."""
    order = msgspec.json.decode(sys.argv[1], type=Order)
    guard = Guard(Sightings(reference(order.size)), PLATE_READ, partitions=PARTITIONS)
    gc.collect()
    gc.freeze()
    engine = Engine(
        EngineSettings(
            bootstrap=order.bootstrap,
            login=order.login,
            group=order.group,
            folder=order.folder,
            fetch_max_wait_ms=LIVE.kafka_ms,
        )
    )
    first = cpu = last = spent = 0.0

    async def handle(message: Message) -> Sequence[Outgoing]:
        nonlocal first, cpu
        if not first:
            first, cpu = time.time(), time.process_time()
        return await guard.handle(message)

    engine.add(PLATE_READ, handle)
    await engine.start()
    loop = asyncio.get_running_loop()
    asking = loop.run_in_executor(None, sys.stdin.read)
    held = True
    told_at = 0.0
    while not asking.done():
        busy = engine.progress.held > 0
        if held and not busy and first:
            last, spent = time.time(), time.process_time() - cpu
        held = busy
        if time.monotonic() - told_at > TELL_EVERY_S:
            told_at = time.monotonic()
            _tell(Told(partitions=engine.assigned_partitions, reads=guard.counts["events_in"]))
        await asyncio.sleep(0.01)
    rss_mb = psutil.Process().memory_info().rss / 1024 / 1024
    _tell(
        Told(
            partitions=engine.assigned_partitions,
            reads=guard.counts["events_in"],
            cpu_s=spent,
            first=first,
            last=last,
            rss_mb=rss_mb,
        )
    )
    await engine.stop()


def _tell(told: Told) -> None:
    sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
