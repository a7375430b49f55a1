"""Rows on the real engine: stored once, whole, and only where they belong."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import msgspec
import pytest

from pipeline.store.async_store import AsyncStore
from pipeline.store.chdb_store import ChdbStore
from pipeline.store.errors import BadRowsError
from pipeline.store.exactly_once import stored_ids_query
from pipeline.store.store import Placed
from pipeline.store.writer import BatchWriter
from schemas.event_type import EventType
from schemas.registry import (
    ACTION,
    ALERT,
    CAMERA,
    DEAD_LETTER,
    EMERGENCY_CALL,
    EVENT_TYPES,
    HOTLIST,
    PLATE_READ,
    SIGHTING,
    ZONE,
)

READ = PLATE_READ.examples[0]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChdbStore]:
    store = ChdbStore(tmp_path_factory.mktemp("store"), readers=1)
    store.migrate()
    yield store
    store.close()


@pytest.fixture
def store(opened: ChdbStore) -> ChdbStore:
    for kind in EVENT_TYPES:
        if kind.table is not None:
            opened._command(f"TRUNCATE TABLE rtcc.{kind.table.name}")
    return opened


def reads(numbers: Sequence[int], **changes: Any) -> list[Placed]:
    return [
        Placed(
            msgspec.structs.replace(
                READ,
                event_id=uuid5(NAMESPACE_OID, str(number)),
                occurred_at=READ.occurred_at + timedelta(seconds=number),
                **changes,
            ),
            PLATE_READ.topic,
            number % 3,
            number // 10,
        )
        for number in numbers
    ]


def answer(store: ChdbStore, sql: str, **params: Any) -> list[Any]:
    return list(msgspec.json.decode(store.query(sql, params, "JSONCompact"))["data"])


@pytest.mark.parametrize("kind", [kind for kind in EVENT_TYPES if kind.table is not None], ids=lambda kind: kind.name)
def test_every_example_comes_back_as_it_went_in(store: ChdbStore, kind: EventType[Any]) -> None:
    assert kind.table is not None
    row = Placed(kind.examples[0], kind.topic, 7, 99)
    assert store.insert(kind, [row]) == 1
    names = ", ".join(f"`{name}`" for name in kind.cls.__struct_fields__)
    stored = msgspec.json.decode(store.query(f"SELECT {names} FROM rtcc.{kind.table.name}", fmt="JSONEachRow"))
    expected = msgspec.to_builtins(row.event, builtin_types=(datetime, bytes))
    assert _comparable(stored) == _comparable(expected)
    place = answer(store, f"SELECT _topic, _partition, _offset, stored_at > now() - 60 FROM rtcc.{kind.table.name}")
    assert place == [[kind.topic, 7, 99, 1]]


def _comparable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _comparable(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_comparable(part) for part in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, bytes):
        return value.decode()
    return value


def test_the_same_rows_again_store_nothing(store: ChdbStore) -> None:
    rows = reads(range(100))
    assert store.insert(PLATE_READ, rows) == 100
    assert store.insert(PLATE_READ, rows) == 0
    assert answer(store, "SELECT count() FROM plate_reads") == [[100]]


def test_rows_that_come_again_in_other_batches_are_stored_once(store: ChdbStore) -> None:
    store.insert(PLATE_READ, reads(range(60)))
    assert store.insert(PLATE_READ, reads(range(30, 90))) == 30
    assert store.insert(PLATE_READ, reads(range(100))) == 10
    assert answer(store, "SELECT count(), uniqExact(event_id) FROM plate_reads") == [[100, 100]]


def test_a_row_that_was_published_again_later_in_the_log_is_stored_once(store: ChdbStore) -> None:
    store.insert(PLATE_READ, reads(range(5)))
    again = [Placed(row.event, row.topic, row.partition, row.offset + 1000) for row in reads(range(5))]
    assert store.insert(PLATE_READ, again) == 0


@pytest.mark.parametrize(
    ("kind", "time"), [(ALERT, "raised_at"), (DEAD_LETTER, "occurred_at"), (ACTION, "occurred_at")]
)
def test_what_is_made_anew_with_a_later_time_is_stored_once(store: ChdbStore, kind: EventType[Any], time: str) -> None:
    assert kind.table is not None
    first = kind.examples[0]
    later = msgspec.structs.replace(first, **{time: getattr(first, time) + timedelta(days=40)})
    assert store.insert(kind, [Placed(first, kind.topic, 0, 1)]) == 1
    assert store.insert(kind, [Placed(later, kind.topic, 0, 2)]) == 0
    assert answer(store, f"SELECT count() FROM {kind.table.name}") == [[1]]


def test_repetitions_inside_one_batch_are_stored_once(store: ChdbStore) -> None:
    assert store.insert(PLATE_READ, reads([1, 1, 2, 2, 2])) == 2


def test_two_parts_of_one_frame_are_both_stored(store: ChdbStore) -> None:
    frame = [Placed(row.event, row.topic, 0, 5) for row in reads(range(4))]
    assert store.insert(PLATE_READ, frame[:2]) == 2
    assert store.insert(PLATE_READ, frame[2:]) == 2
    assert answer(store, "SELECT count() FROM plate_reads") == [[4]]


def test_times_with_microseconds_and_other_zones_are_found_again(store: ChdbStore) -> None:
    chicago = timezone(timedelta(hours=-6))
    row = Placed(
        msgspec.structs.replace(READ, occurred_at=READ.occurred_at.astimezone(chicago).replace(microsecond=125999)),
        "t",
        0,
        0,
    )
    assert store.insert(PLATE_READ, [row]) == 1
    assert store.insert(PLATE_READ, [row]) == 0
    assert answer(store, "SELECT toString(occurred_at) FROM plate_reads") == [["2026-01-15 18:30:05.125"]]


def test_a_batch_over_many_years_is_stored_whole(store: ChdbStore) -> None:
    rows = [
        Placed(
            msgspec.structs.replace(
                READ,
                event_id=uuid5(NAMESPACE_OID, str(month)),
                occurred_at=datetime(2000 + month // 12, month % 12 + 1, 1, tzinfo=UTC),
            ),
            "t",
            0,
            month,
        )
        for month in range(150)
    ]
    assert store.insert(PLATE_READ, rows) == 150
    assert store.insert(PLATE_READ, rows) == 0


def test_a_row_that_cannot_be_stored_keeps_its_batch_out_and_says_so(store: ChdbStore) -> None:
    ancient = msgspec.structs.replace(READ, occurred_at=datetime(1066, 10, 14, tzinfo=UTC))
    with pytest.raises(BadRowsError, match="occurred_at"):
        store.insert(PLATE_READ, [*reads(range(3)), Placed(ancient, "t", 0, 9)])
    assert answer(store, "SELECT count() FROM plate_reads") == [[0]]
    huge = msgspec.structs.replace(SIGHTING.examples[0].hits[0], candidate_rank=2**70)
    with pytest.raises(BadRowsError, match="sighting"):
        store.insert(SIGHTING, [Placed(msgspec.structs.replace(SIGHTING.examples[0], hits=(huge,)), "t", 0, 0)])
    assert store.insert(PLATE_READ, reads(range(3))) == 3


def test_the_batch_writer_stores_the_good_rows_around_a_bad_one(store: ChdbStore) -> None:
    async def run() -> None:
        writer_store = AsyncStore(store)
        ancient = Placed(msgspec.structs.replace(READ, occurred_at=datetime(1066, 10, 14, tzinfo=UTC)), "t", 0, 9)
        async with BatchWriter(writer_store, max_age_s=0) as writer:
            written = await (await writer.add(PLATE_READ, [*reads(range(10)), ancient, *reads(range(10, 20))]))
        assert [rejected.row for rejected in written.rejected] == [ancient]

    asyncio.run(run())
    assert answer(store, "SELECT count() FROM plate_reads") == [[20]]


def test_bytes_that_are_no_text_are_kept_exactly(store: ChdbStore) -> None:
    raw = bytes(range(256))
    store.insert(DEAD_LETTER, [Placed(msgspec.structs.replace(DEAD_LETTER.examples[0], original=raw), "t", 0, 0)])
    assert answer(store, "SELECT hex(original) FROM dead_letters") == [[raw.hex().upper()]]
    msgspec.json.decode(store.query("SELECT original FROM dead_letters"))  # readable JSON, whatever the bytes are


def test_text_of_any_kind_is_kept_exactly(store: ChdbStore) -> None:
    text = "a\tb\nc\\d'e\"f`g\0h é 車 😀"
    store.insert(PLATE_READ, reads([1], plate_raw=text))
    assert answer(store, "SELECT plate_raw FROM plate_reads WHERE plate_raw = {text:String}", text=text) == [[text]]


def test_an_empty_batch_is_nothing(store: ChdbStore) -> None:
    assert store.insert(PLATE_READ, []) == 0


def test_calls_shows_the_newest_state_of_each_call(store: ChdbStore) -> None:
    call = EMERGENCY_CALL.examples[0]
    states = [
        Placed(
            msgspec.structs.replace(
                call, event_id=uuid5(NAMESPACE_OID, f"{number} {status}"), call_id=f"c{number}", status=status,
                updated_at=call.updated_at + timedelta(minutes=minute),
            ),
            "t", 0, minute,
        )
        for number in range(3)
        for minute, status in ((5, "closed"), (0, "received"), (2, "on_scene"))
    ]  # fmt: skip
    store.insert(EMERGENCY_CALL, states)
    assert answer(store, "SELECT count(), any(status) FROM calls") == [[3, "closed"]]
    assert answer(store, "SELECT status FROM calls WHERE call_id = {id:String}", id="c1") == [["closed"]]


def test_of_two_states_with_the_same_version_the_later_in_the_log_is_newest(store: ChdbStore) -> None:
    call = EMERGENCY_CALL.examples[0]
    first = Placed(msgspec.structs.replace(call, event_id=uuid5(NAMESPACE_OID, "1"), status="on_scene"), "t", 0, 8)
    later = Placed(msgspec.structs.replace(call, event_id=uuid5(NAMESPACE_OID, "2"), status="closed"), "t", 0, 9)
    store.insert(EMERGENCY_CALL, [later, first])
    assert answer(store, "SELECT status FROM calls") == [["closed"]]


def test_removed_cameras_and_zones_are_not_shown(store: ChdbStore) -> None:
    for kind in (CAMERA, ZONE):
        example = kind.examples[0]
        removed = msgspec.structs.replace(
            example,
            event_id=uuid5(NAMESPACE_OID, "x"),
            observed_at=example.observed_at + timedelta(days=1),
            removed=True,
        )
        view = kind.table.current if kind.table else ""
        store.insert(kind, [Placed(example, "t", 0, 0)])
        assert answer(store, f"SELECT count() FROM {view}") == [[1]]
        store.insert(kind, [Placed(removed, "t", 0, 1)])
        assert answer(store, f"SELECT count() FROM {view}") == [[0]]


def test_hotlists_shows_the_newest_version_of_each_list(store: ChdbStore) -> None:
    example = HOTLIST.examples[0]
    newer = msgspec.structs.replace(example, event_id=uuid5(NAMESPACE_OID, "v2"), version="20260116T060000.000Z")
    store.insert(HOTLIST, [Placed(newer, "t", 0, 1), Placed(example, "t", 0, 0)])
    assert answer(store, "SELECT version FROM hotlists") == [["20260116T060000.000Z"]]


def test_the_search_for_stored_ids_reads_only_the_time_of_the_batch(store: ChdbStore) -> None:
    store._command(
        "INSERT INTO rtcc.plate_reads (event_id, occurred_at, plate) SELECT generateUUIDv4(), "
        "addSeconds(toDateTime64('2026-01-15 00:00:00', 3, 'UTC'), number), toString(cityHash64(number) % 1000) "
        "FROM numbers(200000)"
    )
    assert PLATE_READ.table is not None
    sql, params = stored_ids_query(PLATE_READ.table, reads(range(100)), "rtcc")
    assert b"stored_ids" in store._writer.answer(f"EXPLAIN {sql}", "TSVRaw", params)


def test_health_tells_the_newest_row_of_every_table_and_the_room_left(store: ChdbStore) -> None:
    store.insert(PLATE_READ, reads(range(3)))
    health = store.health()
    assert health.reachable
    assert health.detached_parts == 0
    assert 0 < health.disk_free <= health.disk_total
    newest = health.newest_stored_at["plate_reads"]
    assert newest is not None
    assert abs((datetime.now(UTC) - newest).total_seconds()) < 60
    assert health.newest_stored_at["actions"] is None


def test_parameters_reach_the_engine_as_data(store: ChdbStore) -> None:
    hostile = "x' OR 1=1; -- \\ \t \n"
    rows = answer(
        store,
        "SELECT {s:String}, {many:Array(String)}, {n:Int64}, {f:Float64}, {b:Bool}, {id:UUID}, "
        "{t:DateTime64(3, 'UTC')}",
        s=hostile, many=[hostile, "b"], n=-5, f=0.1, b=True, id=READ.event_id, t=READ.occurred_at,
    )  # fmt: skip
    assert rows == [[hostile, [hostile, "b"], -5, 0.1, True, str(READ.event_id), "2026-01-15T18:30:05.125Z"]]
