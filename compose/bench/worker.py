"""The measured process of `bench pipeline`: reads its topic until all reads are acknowledged, then says what it cost.

Started by the benchmark with one JSON argument. Three ways to do the same work on the same reads:
``frames`` and ``single`` go through the product's own engine and guard; ``plain`` is Faust as its manual shows it,
one event per message with its JSON serializer, each output sent with ``topic.send`` and awaited.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import Sequence
from typing import Any

import msgspec
import psutil

from compose.bench.workload import PARTITIONS, Size, reference
from pipeline.engine import Engine, EngineSettings
from pipeline.guard import Guard
from pipeline.message import Message, Outgoing
from pipeline.outcome import Emit
from pipeline.processors.sightings import Sightings
from schemas.events.plate_read import PLATE_READ, PlateRead
from schemas.registry import BY_CLASS
from schemas.wire.frame import encode_event


class Order(msgspec.Struct):
    """What to do."""

    way: str
    bootstrap: str
    group: str
    folder: str
    reads: int
    size: Size


class Cost(msgspec.Struct):
    """What it cost: from the first read taken to the last acknowledged."""

    events: int
    cpu_s: float
    wall_s: float
    emitted: int
    rss_mb: float


async def through_engine(order: Order, sightings: Sightings) -> Cost:
    guard = Guard(sightings, PLATE_READ, partitions=PARTITIONS)
    engine = Engine(
        EngineSettings(
            bootstrap=order.bootstrap,
            group=order.group,
            folder=order.folder,
            fetch_max_wait_ms=20,
            session_timeout_s=6.0,
            heartbeat_s=1.0,
        )
    )
    began: list[float] = []

    async def handle(message: Message) -> Sequence[Outgoing]:
        if not began:
            began.extend((time.process_time(), time.perf_counter()))
        return await guard.handle(message)

    engine.add(PLATE_READ, handle)
    await engine.start()
    while guard.counts["events_in"] < order.reads or engine.progress.oldest_s > 0:
        await asyncio.sleep(0.005)
    cost = _cost(order, began, guard.counts["emitted"])
    await engine.stop()
    return cost


async def plain_faust(order: Order, sightings: Sightings) -> Cost:
    import faust

    app: Any = faust.App(
        order.group,
        broker=f"kafka://{order.bootstrap}",
        datadir=order.folder,
        web_enabled=False,
        topic_disable_leader=True,
        broker_session_timeout=6.0,
        broker_heartbeat_interval=1.0,
    )
    source = app.topic(PLATE_READ.topic, value_serializer="json")
    sinks: dict[str, Any] = {}
    began: list[float] = []
    done = 0
    emitted = 0

    @app.agent(source)  # type: ignore[untyped-decorator]
    async def agent(stream: Any) -> None:
        nonlocal done, emitted
        async for value in stream:
            if not began:
                began.extend((time.process_time(), time.perf_counter()))
            outcome = sightings.process(PLATE_READ, [msgspec.convert(value, PlateRead)], 0)[0]
            assert isinstance(outcome, Emit)
            for event in outcome.events:
                topic = BY_CLASS[type(event)].topic
                sink = sinks.get(topic) or sinks.setdefault(topic, app.topic(topic, value_serializer="raw"))
                await (await sink.send(key=b"k", value=encode_event(event)))
                emitted += 1
            done += 1

    await app.start()
    while done < order.reads:
        await asyncio.sleep(0.005)
    cost = _cost(order, began, emitted)
    await app.stop()
    return cost


def _cost(order: Order, began: list[float], emitted: int) -> Cost:
    return Cost(
        order.reads,
        time.process_time() - began[0],
        time.perf_counter() - began[1],
        emitted,
        psutil.Process().memory_info().rss / 1024 / 1024,
    )


async def main() -> None:
    """Do the order given as the first argument and print the cost as JSON."""
    order = msgspec.json.decode(sys.argv[1], type=Order)
    sightings = Sightings(reference(order.size))
    # A million entries never die: keep the collector from looking at them again and again.
    gc.collect()
    gc.freeze()
    work = plain_faust if order.way == "plain" else through_engine
    cost = await work(order, sightings)
    sys.stdout.write(msgspec.json.encode(cost).decode() + "\n")


if __name__ == "__main__":
    asyncio.run(main())
