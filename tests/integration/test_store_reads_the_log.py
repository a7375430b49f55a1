"""How the store reads: as a member of its group, acknowledging what is durable and nothing else."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
from kafka import KafkaProducer
from msgspec.structs import replace

from compose.ledger.log import Groups
from compose.roles.broker_settings import STORE_GROUP, store_reader
from compose.roles.store import STORED, StoreRole
from pipeline.store.async_store import AsyncStore
from pipeline.store.errors import BadRowsError, StoreUnavailableError
from pipeline.store.store import Placed
from schemas.event_type import EventType
from schemas.events.dead_letter import DEAD_LETTER
from schemas.events.plate_read import EXAMPLE, PLATE_READ
from schemas.identity import identity
from schemas.wire.frame import FrameDecoder
from schemas.wire.group_reader import Fetched, GroupReader
from schemas.wire.producer import FrameProducer
from schemas.wire.reader import LogReader
from tests.live_broker import PARTITIONS, LiveBroker

WITHIN_S = 60.0


def published(broker: LiveBroker, first: int, count: int) -> None:
    producer = FrameProducer(broker.address, client_id="test", **broker.config)
    try:
        producer.publish_sync(
            [
                replace(EXAMPLE, event_id=identity("plate_read", "group", number), plate=f"P{number}")
                for number in range(first, first + count)
            ]
        )
    finally:
        producer.close()


def plates(fetched: Sequence[Fetched]) -> Counter[str]:
    decoder = FrameDecoder(PLATE_READ)
    return Counter(
        event.plate for one in fetched for record in one.records for event in decoder.decode(record.value).events
    )


def read(reader: GroupReader, count: int) -> list[Fetched]:
    """Return what was fetched once it holds so many different plates."""
    found: list[Fetched] = []
    until = time.monotonic() + WITHIN_S
    while len(plates(found)) < count:
        assert time.monotonic() < until, f"{len(plates(found))} of {count}"
        found.append(reader.poll(0.5))
    return found


class Members:
    """Members of the store's group; one that a failed test left behind would take from those of the next."""

    def __init__(self, broker: LiveBroker) -> None:
        self._broker = broker
        self._joined: list[GroupReader] = []

    def join(self) -> GroupReader:
        reader = store_reader(self._broker.settings())
        self._joined.append(reader)
        return reader

    def leave(self) -> None:
        for reader in self._joined:
            reader.close()  # closing twice does no harm


@pytest.fixture
def members(broker: LiveBroker) -> Iterator[Members]:
    joined = Members(broker)
    yield joined
    joined.leave()


def test_what_was_not_acknowledged_is_given_to_the_next_member(broker: LiveBroker, members: Members) -> None:
    published(broker, 0, 100)
    first = members.join()
    found = read(first, 100)
    assert all(first.acknowledge(one) for one in found if one.records)
    published(broker, 100, 50)
    read(first, 50)
    first.close()
    again = plates(read(members.join(), 50))
    assert again == Counter({f"P{number}": 1 for number in range(100, 150)})


def shared_out(mine: GroupReader, other: GroupReader) -> bool:
    """Return whether each has some partitions and between them they have all, none twice."""
    ours, theirs = mine.assigned(), other.assigned()
    every = len(STORED) * PARTITIONS
    return bool(ours and theirs) and not ours & theirs and len(ours) + len(theirs) == every


def test_of_what_was_read_before_another_member_came_only_what_is_still_ours_can_be_acknowledged(
    broker: LiveBroker, members: Members
) -> None:
    published(broker, 0, 100)
    first = members.join()
    found = [one for one in read(first, 100) if one.records]
    second = members.join()
    theirs: list[Fetched] = []
    groups = Groups(broker.settings())
    until = time.monotonic() + WITHIN_S
    with ThreadPoolExecutor(2) as threads:

        def poll_both() -> None:
            assert time.monotonic() < until, f"{len(first.assigned())} and {len(second.assigned())} partitions"
            mine, other = threads.map(lambda reader: reader.poll(0.5), (first, second))
            theirs.append(other)
            found.extend([mine] if mine.records else [])

        while not (plates(theirs) and shared_out(first, second)):
            poll_both()
        kept = first.assigned()
        for one in found:
            first.acknowledge(one)
        while not (told := {place for place, offset in groups.acknowledged(STORE_GROUP).items() if offset > 0}):
            poll_both()  # while partitions are shared out anew nothing is taken: it is told again with a poll
    groups.close()
    assert told <= kept, "a partition that another member has now is theirs to acknowledge"


def test_a_member_that_can_take_nothing_more_stays_and_loses_nothing(broker: LiveBroker, members: Members) -> None:
    reader = members.join()
    published(broker, 0, 10)
    found = read(reader, 10)
    published(broker, 10, 90)
    for _ in range(20):
        reader.stay()
        time.sleep(0.05)
    found += read(reader, 90)
    assert plates(found) == Counter({f"P{number}": 1 for number in range(100)})


class Rows:
    """A store that takes rows, or does not."""

    def __init__(self) -> None:
        self.away = False
        self.refused: set[str] = set()
        self.plates: Counter[str] = Counter()

    async def insert(self, kind: EventType[Any], rows: Sequence[Placed]) -> int:
        if self.away:
            raise StoreUnavailableError("away")
        found = [cast("Any", row.event).plate for row in rows if kind is PLATE_READ]
        if self.refused & set(found):
            raise BadRowsError("a row cannot be stored")
        self.plates.update(found)
        return len(rows)


def acknowledged(broker: LiveBroker) -> int:
    groups = Groups(broker.settings())
    try:
        offsets = groups.acknowledged(STORE_GROUP)
        return sum(offset for (topic, _), offset in offsets.items() if topic == PLATE_READ.topic and offset > 0)
    finally:
        groups.close()


def logged(broker: LiveBroker) -> int:
    reader = LogReader(broker.address, (PLATE_READ,), client_id="test", fetch_max_wait_ms=20, **broker.config)
    try:
        return sum(len(records) for records in reader.read_to_end())
    finally:
        reader.close()


async def reached(what: Any) -> None:
    until = time.monotonic() + WITHIN_S
    while not await asyncio.to_thread(what):
        assert time.monotonic() < until
        await asyncio.sleep(0.1)


def test_nothing_is_acknowledged_while_the_store_is_away_and_all_of_it_after(broker: LiveBroker) -> None:
    rows = Rows()
    rows.away = True
    rows.refused = {"P7"}
    producer = FrameProducer(broker.address, client_id="test", **broker.config)

    async def work() -> None:
        stop = asyncio.Event()
        role = StoreRole(broker.settings(), cast("AsyncStore", rows), producer)
        running = asyncio.create_task(role.run(stop))
        await asyncio.to_thread(published, broker, 0, 200)
        raw = KafkaProducer(bootstrap_servers=broker.address, **broker.config)
        await asyncio.to_thread(lambda: raw.send(PLATE_READ.topic, b"no frame", partition=0).get(30))
        raw.close()
        await asyncio.sleep(3.0)
        assert await asyncio.to_thread(acknowledged, broker) == 0
        rows.away = False
        messages = await asyncio.to_thread(logged, broker)
        await reached(lambda: acknowledged(broker) == messages)
        assert role.stored["plate_read"] == 199
        stop.set()
        await running

    asyncio.run(work())
    producer.close()
    assert rows.plates == Counter({f"P{number}": 1 for number in range(200) if number != 7})
    reader = LogReader(broker.address, (DEAD_LETTER,), client_id="test", fetch_max_wait_ms=20, **broker.config)
    decoder = FrameDecoder(DEAD_LETTER)
    letters = {
        letter.reason: letter
        for records in reader.read_to_end()
        for record in records
        for letter in decoder.decode(record.value).events
    }
    reader.close()
    assert set(letters) == {"not_json", "not_storable"}
