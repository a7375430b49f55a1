"""The frame producer and the log reader on a live broker."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import pytest
from kafka import KafkaProducer
from msgspec.structs import replace

from compose.kafka.cluster import Cluster
from compose.own_ports import free_ports
from connectors.hotlist_csv.publishing import publish_hotlist
from pipeline.state.hotlists import Hotlists
from schemas.events.alert import ALERT
from schemas.events.alert import EXAMPLE as AN_ALERT
from schemas.events.hotlist import HOTLIST
from schemas.events.hotlist_entry import HOTLIST_ENTRY
from schemas.events.plate_read import EXAMPLE, PLATE_READ, PlateRead
from schemas.identity import identity
from schemas.wire.frame import MAX_BYTES, MAX_EVENTS, FrameDecoder, encode_frame
from schemas.wire.log_ends import LogEnds
from schemas.wire.partition import partition_of
from schemas.wire.producer import FrameProducer
from schemas.wire.publisher import BackpressureError, BrokerUnavailableError
from schemas.wire.reader import LogReader, Record
from schemas.wire.topics import topic_states
from tests.live_broker import PARTITIONS, LiveBroker, emptied
from tests.unit.test_hotlist_csv import AS_OF, hotlist


def reads(count: int) -> list[PlateRead]:
    return [
        replace(EXAMPLE, event_id=identity("plate_read", "wire", at), plate=f"P{at % 300}", native_id=str(at))
        for at in range(count)
    ]


def everything(broker: LiveBroker, *kinds: object) -> list[Record]:
    reader = LogReader(broker.address, kinds, client_id="test", fetch_max_wait_ms=20, **broker.config)  # type: ignore[arg-type]
    try:
        return [record for records in reader.read_to_end() for record in records]
    finally:
        reader.close()


def test_events_travel_in_keyed_ordered_frames_with_headers(broker: LiveBroker) -> None:
    producer = FrameProducer(broker.address, client_id="test", **broker.config)
    events = reads(3_000)
    asyncio.run(producer.publish(events))
    assert producer.pending == 0
    producer.close()
    records = everything(broker, PLATE_READ)
    assert len(records) < 30, "three thousand events must not be hundreds of messages"
    decoder = FrameDecoder(PLATE_READ)
    by_key: dict[str, list[str | None]] = defaultdict(list)
    for record in records:
        frame = decoder.decode(record.value)
        headers = dict(record.headers)
        assert frame.rejected == []
        assert 1 <= len(frame.events) <= MAX_EVENTS
        assert len(record.value or b"") <= MAX_BYTES
        assert headers["count"] == str(len(frame.events)).encode()
        assert headers["ce_type"] == PLATE_READ.topic.encode()
        assert headers["ce_id"] == str(frame.events[0].event_id).encode()
        for event in frame.events:
            assert record.partition == partition_of(event.plate, PARTITIONS)
            by_key[event.plate].append(event.native_id)
    assert sum(map(len, by_key.values())) == 3_000
    for natives in by_key.values():
        assert natives == sorted(natives, key=lambda one: int(one or 0)), "one key stays in order"


def test_a_lone_event_does_not_wait_for_company(broker: LiveBroker) -> None:
    producer = FrameProducer(broker.address, client_id="test", **broker.config)
    producer.publish_sync([EXAMPLE])
    began = time.monotonic()
    producer.publish_sync([EXAMPLE])
    assert time.monotonic() - began < 2.0
    producer.close()


def test_a_compacted_topic_gets_one_key_a_message(broker: LiveBroker) -> None:
    producer = FrameProducer(broker.address, client_id="test", **broker.config)
    alerts = [replace(AN_ALERT, alert_id=identity("alert", number)) for number in range(20)]
    producer.publish_sync([*alerts, *(replace(alert, rev=2) for alert in alerts)])
    producer.close()
    decoder = FrameDecoder(ALERT)
    for record in everything(broker, ALERT):
        assert {str(event.alert_id).encode() for event in decoder.decode(record.value).events} == {record.key}


def test_of_a_list_and_its_deltas_what_compaction_leaves_is_enough(broker: LiveBroker, tmp_path: Path) -> None:
    producer = FrameProducer(broker.address, client_id="test", **broker.config)
    base = asyncio.run(publish_hotlist(hotlist(tmp_path, "entry_id,plate\nS-1,AAA111\nS-2,BBB222\n"), producer))
    chain = [base]
    for number, row in enumerate(("S-1,,remove", "S-3,CCC333,add"), start=1):
        file = hotlist(
            tmp_path, f"entry_id,plate,action\n{row}\n", as_of=AS_OF + timedelta(hours=number), base=chain[-1]
        )
        chain.append(asyncio.run(publish_hotlist(file, producer, before=chain)))
    producer.close()
    manifests = {record.key: record for record in everything(broker, HOTLIST)}  # the newest of each key
    lists = Hotlists()
    for record in (*manifests.values(), *everything(broker, HOTLIST_ENTRY)):
        for event in FrameDecoder(record.kind).decode(record.value).events:
            if record.kind is HOTLIST:
                lists.add_manifest(event)
            else:
                lists.add_entries([event])
    lists.rebuild()
    assert lists.in_force["stolen"] == chain[-1]
    assert {entry.plate for part in lists.index.parts for entry in part} == {"BBB222", "CCC333"}


def test_what_cannot_be_sent_is_refused_and_says_why(broker: LiveBroker) -> None:
    producer = FrameProducer(broker.address, client_id="test", max_pending_events=10, **broker.config)
    with pytest.raises(ValueError, match="the limit is"):
        producer.publish_sync([replace(AN_ALERT, note="x" * 1_000_000)])

    async def flood() -> None:
        first = asyncio.ensure_future(producer.publish(reads(10)))
        await asyncio.sleep(0)
        with pytest.raises(BackpressureError):
            await producer.publish(reads(5))
        await first

    producer.publish_sync([EXAMPLE])
    asyncio.run(flood())
    producer.close()


def test_no_broker_is_said_plainly() -> None:
    with pytest.raises(BrokerUnavailableError, match="no Kafka broker answers"):
        FrameProducer(f"127.0.0.1:{free_ports(1)[0]}", client_id="test", bootstrap_timeout_ms=1_000)


def test_a_reader_follows_what_comes_after_it_caught_up(broker: LiveBroker) -> None:
    producer = FrameProducer(broker.address, client_id="test", **broker.config)
    producer.publish_sync(reads(5))
    reader = LogReader(broker.address, (PLATE_READ,), client_id="test", fetch_max_wait_ms=20, **broker.config)
    before = [record for records in reader.read_to_end() for record in records]
    assert reader.caught_up
    threading.Timer(0.2, lambda: producer.publish_sync([AN_ALERT, EXAMPLE])).start()
    after: list[Record] = []
    end = time.monotonic() + 15
    while not after and time.monotonic() < end:
        after += reader.poll(0.5)
    assert len(before) >= 1
    assert [record.kind for record in after] == [PLATE_READ]
    reader.close()
    producer.close()


def test_every_topic_of_the_registry_is_made_with_the_same_number_of_partitions(broker: LiveBroker) -> None:
    assert {(state.partitions, state.exists) for state in topic_states(broker.address, **broker.config)} == {
        (PARTITIONS, True)
    }


@pytest.mark.parametrize("away_s", [-56 * 365 * 86_400, -3_600, 2 * 3_600, 400 * 86_400])
def test_apache_kafka_takes_what_a_wrong_clock_sends_and_gives_it_its_own_time(
    apache_kafka: Cluster, away_s: int
) -> None:
    broker = emptied(apache_kafka)
    producer = KafkaProducer(bootstrap_servers=broker.address, acks="all", **broker.config)
    now_ms = int(time.time() * 1000)
    try:
        sent = producer.send(PLATE_READ.topic, encode_frame([EXAMPLE]), timestamp_ms=max(0, now_ms + away_s * 1000))
        sent.get(timeout=20)
    finally:
        producer.close()
    (record,) = everything(broker, PLATE_READ)
    assert abs(record.timestamp_ms - now_ms) < 60_000


def test_a_reader_has_read_to_the_ends_until_more_is_published(broker: LiveBroker) -> None:
    producer = FrameProducer(broker.address, client_id="test", **broker.config)
    producer.publish_sync(reads(100))
    ends = LogEnds(broker.address, (PLATE_READ,), client_id="test", **broker.config)
    reader = LogReader(broker.address, (PLATE_READ,), client_id="test", fetch_max_wait_ms=20, **broker.config)
    try:
        first = ends.ask()
        assert len(first) == PARTITIONS
        assert sum(first.values()) > 0
        assert not reader.has_read(first)
        for _ in reader.read_to_end():
            pass
        assert reader.has_read(first)
        producer.publish_sync(reads(200)[100:])
        assert not reader.has_read(ends.ask())
    finally:
        reader.close()
        ends.close()
        producer.close()
