"""The ledger on a live broker and the real engine: it names exactly what is missing, and nothing when all is there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata
from msgspec.structs import replace

from compose.ledger.keeper import LedgerKeeper
from compose.roles.broker_settings import PROCESS_GROUP, STORE_GROUP
from connectors.edge.accepted_counts import AcceptedCounts
from dashboards.server.ports import LedgerReport, LedgerRow
from pipeline.dead_letters import dead_letter
from pipeline.ledger.stored import LOW_64
from pipeline.message import Message
from pipeline.rules import hotlist_hit
from pipeline.store.async_store import AsyncStore
from pipeline.store.chdb_store import ChdbStore
from pipeline.store.store import Placed
from schemas.envelope import Event
from schemas.events.plate_read import EXAMPLE, PLATE_READ, PlateRead
from schemas.events.sighting import EXAMPLE as SIGHTING_EXAMPLE
from schemas.events.sighting import Sighting
from schemas.id_digest import id_digest
from schemas.identity import identity
from schemas.registry import EVENT_TYPES
from schemas.wire.frame import FrameDecoder, encode_event
from schemas.wire.producer import FrameProducer
from schemas.wire.reader import LogReader
from tests.live_broker import PARTITIONS, LiveBroker
from tests.local_system import Up, until

#: Whole minutes, long over.
MINUTE = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=10)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChdbStore]:
    store = ChdbStore(tmp_path_factory.mktemp("store"))
    store.migrate()
    yield store
    store.close()


class Bench:
    """A log, a store, and a hand in the place of the store's writer and of the processors, so that it can skip."""

    def __init__(self, broker: LiveBroker, store: ChdbStore) -> None:
        for kind in EVENT_TYPES:
            if kind.table is None:
                continue
            store._command(f"TRUNCATE TABLE rtcc.{kind.table.name}")
        self.broker = broker
        self.store = store
        self.producer = FrameProducer(broker.address, client_id="ledger-test", **broker.config)
        self.counts = AcceptedCounts(self.producer, "test-edge")
        settings = broker.settings()
        self.asked = AsyncStore(store)
        self.keeper = LedgerKeeper(settings, self.asked, begins=lambda _since: 0.0)

    def accept(self, *events: Event) -> None:
        """Take events in as an edge does."""
        asyncio.run(self.counts.publish(events))

    def put(self, *events: Event) -> None:
        """Put events into the log as a processor does: nobody reports them."""
        self.producer.publish_sync(events)

    def store_all(self, skip: Sequence[UUID] = ()) -> None:
        """Report, store what is in the log but for what is skipped, and acknowledge all of it."""
        asyncio.run(self.counts.report())
        reader = LogReader(
            self.broker.address, EVENT_TYPES, client_id="writer", fetch_max_wait_ms=20, **self.broker.config
        )
        ends: dict[TopicPartition, int] = {}
        for records in reader.read_to_end():
            for record in records:
                events = FrameDecoder(record.kind).decode(record.value).events
                rows = [Placed(event, record.kind.topic, record.partition, record.offset) for event in events]
                self.store.insert(record.kind, [row for row in rows if row.event.event_id not in skip])
                ends[TopicPartition(record.kind.topic, record.partition)] = record.offset + 1
        reader.close()
        for group in (STORE_GROUP, PROCESS_GROUP):
            consumer = KafkaConsumer(
                bootstrap_servers=self.broker.address,
                group_id=group,
                enable_auto_commit=False,
                **self.broker.config,
            )
            consumer.assign(list(ends))
            consumer.commit({place: OffsetAndMetadata(at, "", -1) for place, at in ends.items()})
            consumer.close()

    def verify(self) -> LedgerReport:
        """Judge the twenty minutes around MINUTE."""
        return asyncio.run(self.keeper.verify(MINUTE - timedelta(minutes=5), MINUTE + timedelta(minutes=5)))


@pytest.fixture
def bench(broker: LiveBroker, opened: ChdbStore) -> Iterator[Bench]:
    made = Bench(broker, opened)
    made.keeper.start()
    yield made
    made.keeper.stop()
    made.producer.close()


def read(number: int, *, minute: int = 0, source: str = "rekor/east", **changes: Any) -> PlateRead:
    at = MINUTE + timedelta(minutes=minute, seconds=number % 50)
    fixed = {"event_id": identity("plate_read", "test", number), "plate": f"T{number:05d}", "source": source}
    return replace(EXAMPLE, observed_at=at, occurred_at=at, **{**fixed, **changes})


def sighting_of(one: PlateRead, **changes: Any) -> Sighting:
    envelope = {name: getattr(one, name) for name in ("event_id", "occurred_at", "observed_at", "source", "plate")}
    return replace(SIGHTING_EXAMPLE, **{**envelope, "hits": (), **changes})


def states(report: LedgerReport) -> dict[tuple[str, str, datetime], str]:
    return {(row.event_type, row.source, row.minute): row.state for row in report.rows}


def the_gap(report: LedgerReport) -> LedgerRow:
    (row,) = [row for row in report.rows if row.state == "gap"]
    return row


def test_the_stores_digest_is_pythons(opened: ChdbStore) -> None:
    event_ids = [identity("digest", number) for number in range(500)] + [UUID(int=2**128 - 1), UUID(int=0)]
    answer = opened.query(
        f"SELECT count(), sumWithOverflow({LOW_64}) FROM (SELECT arrayJoin({{ids:Array(UUID)}}) AS event_id)",
        {"ids": event_ids},
        "JSONCompact",
    )
    assert json.loads(answer)["data"] == [[len(event_ids), id_digest(event_ids)]]


def test_resends_stay_balanced_and_a_row_deleted_from_the_store_is_named(bench: Bench) -> None:
    reads = [read(number, minute=number % 3, source=("rekor/east", "rekor/west")[number % 2]) for number in range(120)]
    again_later = replace(reads[7], observed_at=MINUTE + timedelta(minutes=4))
    bench.accept(*reads)
    bench.accept(*reads[:5], again_later)
    bench.put(*map(sighting_of, [*reads, *reads[:5], again_later]))
    bench.store_all()
    told = states(bench.verify())
    assert set(told.values()) == {"balanced", "resends"}
    later = MINUTE + timedelta(minutes=4)
    assert told["plate_read", reads[7].source, later] == "resends"  # it is stored in the minute it first came

    lost = reads[64]
    bench.store._command(
        f"ALTER TABLE rtcc.plate_reads DELETE WHERE event_id = '{lost.event_id}' SETTINGS mutations_sync = 2"
    )
    row = the_gap(bench.verify())
    assert (row.event_type, row.source, row.minute) == ("plate_read", lost.source, MINUTE + timedelta(minutes=1))
    assert (row.accepted, row.logged, row.stored) == (21, 21, 19)  # one of them was sent twice
    assert [(gap.hop, gap.count, gap.event_ids) for gap in row.gaps] == [("stored", 1, (str(lost.event_id),))]


def test_an_event_that_the_writer_skipped_is_named_and_one_it_has_not_come_to_is_not(bench: Bench) -> None:
    reads = [read(number) for number in range(30)]
    skipped = replace(read(500, minute=1), plate=reads[0].plate)
    bench.accept(*reads, skipped)
    bench.put(*map(sighting_of, reads))
    bench.store_all(skip=[skipped.event_id])
    late = read(900, minute=2)
    bench.accept(late)
    asyncio.run(bench.counts.report())
    report = bench.verify()
    row = the_gap(report)
    assert (row.minute, row.gaps[0].event_ids) == (MINUTE + timedelta(minutes=1), (str(skipped.event_id),))
    (on_its_way,) = [one for one in report.rows if one.minute == MINUTE + timedelta(minutes=2)]
    assert (on_its_way.state, on_its_way.stored) == ("open", 0)


def test_a_read_that_never_became_a_sighting_is_a_gap_of_the_processors(bench: Bench) -> None:
    reads = [read(number) for number in range(10)]
    bench.accept(*reads)
    bench.put(*map(sighting_of, reads[1:]))
    bench.store_all()
    row = the_gap(bench.verify())
    assert (row.event_type, row.stored, row.processed) == ("plate_read", 10, 9)
    assert [(gap.hop, gap.event_ids) for gap in row.gaps] == [("processed", (str(reads[0].event_id),))]


def test_dead_letters_are_accounted_for(bench: Bench) -> None:
    good = read(1)
    bad = encode_event(read(2)).replace(b'"confidence":0.94', b'"confidence":94')
    assert bad != encode_event(read(2))
    producer = KafkaProducer(bootstrap_servers=bench.broker.address, acks="all", **bench.broker.config)
    frame = b"[" + encode_event(good) + b"," + bad + b"]"
    place = producer.send(PLATE_READ.topic, frame, partition=PARTITIONS - 1).get(10)
    broken = producer.send(PLATE_READ.topic, b'[{"event_id"', partition=0).get(10)
    producer.close()
    bench.counts.count([good, read(2)])
    message = Message(PLATE_READ.topic, PARTITIONS - 1, place.offset, None, frame, [])
    whole = Message(PLATE_READ.topic, 0, broken.offset, None, b'[{"event_id"', [])
    letters = [
        dead_letter(message, 1, reason="invalid_field", step="decode", error="", original=bad, source="store/reader"),
        dead_letter(whole, -1, reason="not_json", step="decode", error="", original=b"x", source="store/reader"),
    ]
    bench.put(sighting_of(good))
    bench.store_all()
    assert the_gap(bench.verify()).gaps[0].event_ids == (str(read(2).event_id),)
    bench.put(*letters)
    bench.store_all()
    report = bench.verify()
    assert set(states(report).values()) == {"balanced"}
    assert any("dead letter" in row.why for row in report.rows)


def test_accepted_and_never_in_the_log_is_a_gap_and_unreported_is_not(bench: Bench) -> None:
    reads = [read(number) for number in range(6)]
    bench.accept(*reads)
    bench.counts.count([read(77)])
    unreported = [read(number, minute=1) for number in range(100, 104)]
    bench.put(*unreported, *map(sighting_of, [*reads, *unreported]))
    bench.store_all()
    report = bench.verify()
    assert [(gap.hop, gap.count) for gap in the_gap(report).gaps] == [("logged", 1)]
    assert states(report)["plate_read", "rekor/east", MINUTE + timedelta(minutes=1)] == "not_reported"


def test_an_alert_that_is_due_and_was_not_raised_is_a_gap(bench: Bench) -> None:
    reads = [read(number, minute=number // 4, camera_id="C1") for number in range(8)]
    sightings = [sighting_of(one, hits=SIGHTING_EXAMPLE.hits, camera_id="C1") for one in reads]
    assert sightings[0].hits
    # Two passes of the same vehicle: the reads of each minute are seconds apart, the minutes more than one.
    apart = [
        replace(one, occurred_at=one.occurred_at + timedelta(minutes=2 * (at // 4))) for at, one in enumerate(sightings)
    ]
    bench.accept(*reads)
    bench.put(*apart, *hotlist_hit.evaluate(apart[2], "C1", datetime.now(UTC)))
    bench.store_all()
    row = the_gap(bench.verify())
    assert (row.minute, row.alerts_due, row.alerts_raised) == (MINUTE + timedelta(minutes=1), 1, 0)
    assert row.gaps[0].event_ids == (str(reads[4].event_id),)
    bench.put(*hotlist_hit.evaluate(apart[5], "C1", datetime.now(UTC)))
    bench.store_all()
    assert set(states(bench.verify()).values()) == {"balanced"}


def test_what_is_kept_of_the_last_hours_says_the_same_as_a_verification(bench: Bench) -> None:
    reads = [read(number) for number in range(20)]
    bench.accept(*reads)
    bench.put(*map(sighting_of, reads))
    bench.store_all(skip=[reads[3].event_id])

    def kept() -> LedgerReport:
        return asyncio.run(bench.keeper.recent(MINUTE, MINUTE + timedelta(minutes=1)))

    until(lambda: sorted(row.state for row in kept().rows) == ["gap", "gap"], 90)
    assert kept().rows == bench.verify().rows
    figures = bench.keeper.figures()
    # The read and its sighting, which has the same id.
    assert (figures.states["gap"], figures.missing) == (2, {"stored": 2})


def test_a_system_that_is_well_verifies_its_own_ledger(tmp_path: Path) -> None:
    """Through `up`, its edge and its page: reads, some sent twice, and a command that ends with 0."""
    import httpx2

    up = Up(tmp_path / "data")
    try:
        now = datetime.now(UTC)
        reads = [replace(read(number), occurred_at=now) for number in range(50)]

        def post(events: Sequence[PlateRead]) -> None:
            body = b"[" + b",".join(map(encode_event, events)) + b"]"
            answer = httpx2.post(f"{up.edge}/ingest/events/plate_read", content=body,
                                 headers={"content-type": "application/json"})  # fmt: skip
            assert answer.json()["accepted"] == len(events)

        # In one body, so that all are observed at one moment.
        post([*reads, *reads[:7]])
        begin = now.replace(second=0, microsecond=0)
        end = begin + timedelta(minutes=2)  # the minute may end before they arrive
        path = f"/api/ledger?from={begin:%Y-%m-%dT%H:%M:%SZ}&to={end:%Y-%m-%dT%H:%M:%SZ}"

        def settled() -> bool:
            told = up.get(path)["states"]
            return bool(told) and set(told) <= {"balanced", "resends"}

        until(settled, 150)
        done = up.run("ledger", "verify", "--from", begin.isoformat(), "--to", end.isoformat(), "--json")
        assert done.returncode == 0, done.stdout
        told = json.loads(done.stdout)
        (row,) = [row for row in told["rows"] if row["event_type"] == "plate_read"]
        assert (row["state"], row["accepted"], row["stored"], row["processed"]) == ("resends", 57, 50, 50)
        assert 'watchfloor_ledger_buckets{state="gap"} 0.0' in httpx2.get(f"{up.web}/metrics").text
    finally:
        up.stop()
