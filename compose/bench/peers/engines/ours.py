"""This software: frames, its own engine and guard. ``watchfloor`` does what all do, ``watchfloor-sightings`` more.

The first runs a processor that is made for this comparison of the product's parts. The second runs the product's own
``Sightings``: it also publishes a sighting for each read, looks for incidents near it, and knows passes.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from compose.bench.peers import task
from compose.bench.peers.meter import Meter
from compose.bench.peers.order import Order, read_order, tell
from compose.bench.workload import PARTITIONS, Size, reference
from compose.roles.broker_settings import LIVE
from pipeline.engine import Engine, EngineSettings
from pipeline.guard import Guard
from pipeline.message import Message, Outgoing
from pipeline.outcome import Drop, Emit, Outcome, Processor
from pipeline.processors.sightings import Sightings
from pipeline.rules import hotlist_hit
from schemas.event_type import EventType
from schemas.events.alert import ALERT
from schemas.events.plate_read import PLATE_READ, PlateRead
from schemas.events.sighting import Hit, Sighting
from schemas.wire.frame import utc_now


class ListedReads:
    """An alert for each list entry that a read matches, with the product's rule; nothing for the others."""

    name = "listed-reads"
    consumes: tuple[EventType[Any], ...] = (PLATE_READ,)
    emits: tuple[EventType[Any], ...] = (ALERT,)

    def __init__(self, work: task.Task) -> None:
        self._work = work

    def process(self, kind: EventType[Any], events: Sequence[PlateRead], partition: int) -> Sequence[Outcome]:
        """Return the alerts of each read."""
        now = utc_now()
        outcomes: list[Outcome] = []
        work = self._work
        for read, inside, hits in zip(events, work.zones_of(events), work.hits_of(events), strict=True):
            outcomes.append(Emit(_alerts(read, hits, inside, now)) if hits else Drop("not_listed"))
        return outcomes


def _alerts(read: PlateRead, hits: tuple[Hit, ...], inside: tuple[str, ...], now: datetime) -> tuple[Any, ...]:
    sighting = Sighting(
        event_id=read.event_id,
        occurred_at=read.occurred_at,
        observed_at=read.observed_at,
        source=read.source,
        synthetic=read.synthetic,
        camera_id=read.camera_id,
        plate=read.plate,
        confidence=read.confidence,
        lat=read.lat,
        lon=read.lon,
        zones=inside,
        hits=hits,
    )
    return hotlist_hit.evaluate(sighting, f"camera {read.camera_id}", now)


def _processor(order: Order) -> Processor:
    if order.engine != "watchfloor-sightings":
        return ListedReads(task.load(order))
    size = Size(reads=order.reads, hotlist=order.hotlist_size, zones=order.zone_count, seed=order.seed)
    sightings = Sightings(reference(size))
    gc.collect()
    gc.freeze()
    return sightings


async def main() -> None:
    """Do the order."""
    order = read_order()
    guard = Guard(_processor(order), PLATE_READ, partitions=PARTITIONS)
    meter = Meter(order.reads)
    engine = Engine(
        EngineSettings(
            bootstrap=order.bootstrap,
            login=order.login,
            group=order.group,
            folder=f"{order.folder}/engine",
            fetch_max_wait_ms=LIVE.kafka_ms,
        )
    )
    done = asyncio.Event()

    async def handle(message: Message) -> Sequence[Outgoing]:
        meter.begin()
        before = guard.counts["events_in"]
        outgoing = await guard.handle(message)
        if meter.took(guard.counts["events_in"] - before):
            done.set()
        return outgoing

    engine.add(PLATE_READ, handle)
    await engine.start()
    await done.wait()
    while engine.progress.oldest_s > 0:  # until every output is confirmed and every frame acknowledged
        await asyncio.sleep(0.005)
    meter.end()
    await engine.stop()
    # Its version is this checkout's.
    tell(meter, "")


if __name__ == "__main__":
    asyncio.run(main())
