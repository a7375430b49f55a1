"""Any interleaving of outages, publishes and restarts brings every accepted event, in order per key."""

from __future__ import annotations

import asyncio
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from connectors.edge import spool as spool_module
from connectors.edge.spool import Spool
from schemas.envelope import Event
from schemas.events.plate_read import PLATE_READ, PlateRead
from schemas.wire.publisher import BackpressureError, BrokerUnavailableError

EXAMPLE = PLATE_READ.examples[0]
KEYS = ("A", "B", "C")
MOODS = ("well", "gone", "busy", "silent", "takes and fails", "takes a part")

#: What may happen: one publish of events of these keys, several at once, a broker that confirms, is gone, has too much
#: to do, never answers, or takes everything or a part and says that it failed; some time for the drain; a restart.
step = st.one_of(
    st.tuples(st.just("publish"), st.lists(st.sampled_from(KEYS), min_size=1, max_size=4)),
    st.tuples(st.just("at once"), st.lists(st.sampled_from(KEYS), min_size=2, max_size=3)),
    st.tuples(st.just("broker"), st.sampled_from(MOODS)),
    st.tuples(st.just("drain"), st.integers(1, 5)),
    st.tuples(st.just("restart"), st.none()),
)


class Broker:
    def __init__(self) -> None:
        self.log: list[Event] = []
        self.mood = "well"

    async def publish(self, events: Sequence[Event]) -> None:
        await asyncio.sleep(0)
        match self.mood:
            case "gone":
                raise BrokerUnavailableError("gone")
            case "busy":
                raise BackpressureError("busy")
            case "silent":
                await asyncio.Event().wait()
            case "takes a part":
                self.log += events[: len(events) // 2]
                raise BrokerUnavailableError("some were not confirmed")
        self.log += events
        if self.mood == "takes and fails":
            raise BrokerUnavailableError("the confirmation was lost")


async def happen(steps: Sequence[tuple[str, object]], folder: Path) -> None:
    broker = Broker()

    async def opened() -> Spool:
        made = Spool(
            broker, folder, "edge", limit_mb=4, confirm_within_s=0.005, drain_within_s=0.005, last_pause_s=0.001
        )
        await made.open()
        return made

    spool = await opened()
    made = 0
    #: For each key what was accepted, in groups: within a group the publishes overlapped, so no order was promised.
    accepted: dict[str, list[list[UUID]]] = defaultdict(list)

    def event(key: str) -> PlateRead:
        nonlocal made
        made += 1
        return replace(EXAMPLE, event_id=UUID(int=made), plate=key)

    async def taken(events: Sequence[PlateRead]) -> Sequence[PlateRead]:
        try:
            await spool.publish(events)
        except BrokerUnavailableError:
            return ()
        return events

    for what, detail in steps:
        if what == "publish":
            for one in await taken([event(key) for key in detail]):  # type: ignore[attr-defined]
                accepted[one.plate].append([one.event_id])
        elif what == "at once":
            groups: dict[str, list[UUID]] = defaultdict(list)
            for events in await asyncio.gather(*(taken([event(key)]) for key in detail)):  # type: ignore[attr-defined]
                for one in events:
                    groups[one.plate].append(one.event_id)
            for key, group in groups.items():
                accepted[key].append(group)
        elif what == "broker":
            broker.mood = str(detail)
        elif what == "drain":
            await asyncio.sleep(0.002 * int(str(detail)))
        else:
            await spool.close()
            spool = await opened()
    broker.mood = "well"
    async with asyncio.timeout(20):
        while spool.events:
            await asyncio.sleep(0.001)
    await spool.close()
    for key, groups_of_key in accepted.items():
        log = [one.event_id for one in broker.log if isinstance(one, PlateRead) and one.plate == key]
        first = {number: place for place, number in reversed(list(enumerate(log)))}
        last = dict(zip(log, range(len(log)), strict=True))
        for group in groups_of_key:
            assert set(group) <= first.keys(), "an accepted event was lost"
        for before, after in pairwise(groups_of_key):
            assert max(first[one] for one in before) < min(first[one] for one in after), "out of order"
            # What came twice ends in order too: a compacted topic keeps the newest.
            assert max(last[one] for one in before) < min(last[one] for one in after), "ends out of order"


@settings(max_examples=60, deadline=None)
@given(st.lists(step, max_size=25))
def test_every_accepted_event_arrives_and_in_order_of_its_key(steps: list[tuple[str, object]]) -> None:
    spool_module.CLOSE_WITHIN_S, before = 0.02, spool_module.CLOSE_WITHIN_S
    try:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(happen(steps, Path(folder)))
    finally:
        spool_module.CLOSE_WITHIN_S = before
