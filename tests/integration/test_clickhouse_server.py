"""The store on a ClickHouse that listens: handshake, schema, rows, questions, rights, and what its errors become.

The engine is of today and real, the wire too; docs/explanation/clickhouse-server.md says what it is and what it is not.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from clickhouse_driver.errors import ServerException

from pipeline.contact.history import ContactHistory
from pipeline.names import keys
from pipeline.names.key_rebuild import KeyRebuild
from pipeline.store.async_store import AsyncStore
from pipeline.store.chdb_store import ChdbStore
from pipeline.store.errors import (
    BadRowsError,
    Limits,
    QueryFailedError,
    QueryRefusedError,
    StoreError,
    StoreUnavailableError,
)
from pipeline.store.migrations import migrations
from pipeline.store.rows import columns_stored
from pipeline.store.server_store import ServerStore
from pipeline.store.store import Placed
from schemas.event_type import EventType
from schemas.events.emergency_call import EMERGENCY_CALL
from schemas.events.person import PERSON
from schemas.generate.clickhouse import intended_ddl
from schemas.registry import EVENT_TYPES, PLATE_READ
from tests.clickhouse.server import ClickHouse
from tests.component.test_store_migrations import ASPECTS
from tests.component.test_store_sql_gate import ATTACKS, LEGITIMATE, lines

TABLES = [kind for kind in EVENT_TYPES if kind.table is not None]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    """One ClickHouse for this file. Where it cannot be had, these tests fail: it is what people will run."""
    running = ClickHouse(tmp_path_factory.mktemp("clickhouse"))
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.fixture(scope="module")
def migrated(server: ClickHouse) -> Iterator[ServerStore]:
    store = server.store()
    store.migrate()
    yield store
    store.close()


@pytest.fixture
def store(migrated: ServerStore) -> ServerStore:
    for kind in TABLES:
        assert kind.table is not None
        migrated._command(f"TRUNCATE TABLE rtcc.{kind.table.name}")
    return migrated


def reads(count: int) -> list[Placed]:
    return [
        Placed(msgspec.structs.replace(PLATE_READ.examples[0], event_id=uuid4()), PLATE_READ.topic, 0, offset)
        for offset in range(count)
    ]


def answer(store: ServerStore, sql: str, **params: Any) -> list[list[Any]]:
    return json.loads(store.query(sql, params, "JSONCompact"))["data"]


def test_the_migrations_reach_the_intended_schema_on_the_server(server: ClickHouse, store: ServerStore) -> None:
    assert store.migrate() == []
    for statement in intended_ddl(database="intended"):
        store._command(statement)
    client = server.client()
    for aspect, sql in ASPECTS.items():
        assert client.execute(sql.format(db="rtcc")) == client.execute(sql.format(db="intended")), aspect
    assert client.execute("SELECT count() FROM rtcc.schema_migrations") == [(len(migrations()),)]


def test_our_configuration_for_a_server_is_read_by_the_engine(server: ClickHouse) -> None:
    """It refuses to start over a file that it cannot read; what is a setting of the engine has our value."""
    names = ("max_connections", "max_concurrent_queries", "mark_cache_size")
    found = server.client().execute("SELECT name, value FROM system.server_settings WHERE name IN %(n)s", {"n": names})
    assert dict(found) == {"max_connections": "256", "max_concurrent_queries": "64", "mark_cache_size": "536870912"}


@pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.name)
def test_every_type_of_event_is_the_same_row_on_the_server_and_in_process(
    server: ClickHouse, store: ServerStore, embedded: ChdbStore, kind: EventType[Any]
) -> None:
    assert kind.table is not None
    bare = msgspec.structs.replace(
        kind.examples[0],
        event_id=UUID(int=1),
        **{
            field.name: field.default
            for field in msgspec.structs.fields(kind.cls)
            if field.default is not msgspec.NODEFAULT
        },
    )
    rows = [Placed(kind.examples[0], kind.topic, 1, 2), Placed(bare, kind.topic, 1, 3)]
    assert store.insert(kind, rows) == 2
    embedded.insert(kind, rows)
    names = ", ".join(f"`{column.name}`" for column in columns_stored(kind.name))
    # Every value as the engine itself writes it, so that nothing of ours can make the two alike.
    told = f"SELECT hex(toString(tuple({names}))) FROM rtcc.{kind.table.name} ORDER BY event_id"
    theirs = [row[0] for row in server.client().execute(told)]
    assert theirs == embedded._writer.answer(told, "TSVRaw").decode().splitlines()
    assert len(theirs) == 2


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChdbStore]:
    opened = ChdbStore(tmp_path_factory.mktemp("store"), readers=1)
    opened.migrate()
    yield opened
    opened.close()


def test_what_is_sent_again_is_stored_once(store: ServerStore) -> None:
    rows = reads(100)
    assert store.insert(PLATE_READ, rows[:60]) == 60
    assert store.insert(PLATE_READ, rows) == 40
    assert store.insert(PLATE_READ, rows + rows) == 0
    assert answer(store, "SELECT count(), uniqExact(event_id) FROM plate_reads") == [[100, 100]]


def test_the_server_itself_leaves_out_an_insert_with_a_token_it_knows(store: ServerStore) -> None:
    rows = reads(5)
    for _ in range(2):
        store._insert_rows(PLATE_READ, rows, "the-same-insert")
    assert answer(store, "SELECT count() FROM plate_reads") == [[5]]
    store._insert_rows(PLATE_READ, rows, "another")
    assert answer(store, "SELECT count() FROM plate_reads") == [[10]]


def test_search_keys_of_an_older_version_are_made_again_on_the_server(
    server: ClickHouse, store: ServerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.client().execute("TRUNCATE TABLE rtcc.person_keys")
    people = [
        msgspec.structs.replace(PERSON.examples[0], event_id=uuid4(), person_id=f"test:{number}") for number in range(7)
    ]
    store.insert(PERSON, [Placed(one, PERSON.topic, 0, place) for place, one in enumerate(people)])
    made = "SELECT version, uniqExact(of_event), uniqExact(key) FROM rtcc.person_keys GROUP BY version"
    ((version, count, keys_of_each),) = server.client().execute(made)
    monkeypatch.setattr(keys, "KEYS_VERSION", version + 1)
    rebuild = KeyRebuild(AsyncStore(store), page=3)
    assert asyncio.run(rebuild.look()).old == count == 7
    state = asyncio.run(rebuild.run())
    assert (state.fault, state.done, state.old) == ("", 7, 0)
    assert server.client().execute(made) == [(version + 1, 7, keys_of_each)]


def test_calls_of_a_place_are_counted_and_shown_by_the_server(server: ClickHouse, store: ServerStore) -> None:
    server.client().execute("TRUNCATE TABLE rtcc.call_keys")
    now = datetime(2026, 6, 1, 12, tzinfo=UTC)
    calls = [
        msgspec.structs.replace(
            EMERGENCY_CALL.examples[0], event_id=uuid4(), call_id=f"test:{days}",
            received_at=now - timedelta(days=days), address="500 Bourbon St", lat=29.9585, lon=-90.0651,
        )
        for days in range(1, 13)
    ]  # fmt: skip
    store.insert(EMERGENCY_CALL, [Placed(one, EMERGENCY_CALL.topic, 0, place) for place, one in enumerate(calls)])
    history = ContactHistory(AsyncStore(store), clock=lambda: now)
    found = asyncio.run(history.of_place("500 bourbon st.", 29.9585, -90.0651))
    assert [one.count for one in found.windows] == [0, 12, 12]
    assert [one.call_id for one in found.calls] == [f"test:{days}" for days in range(1, 11)]


def test_parameters_reach_the_server_as_data(store: ServerStore) -> None:
    hostile = "x' OR 1=1; -- \\ \t \n"
    read = PLATE_READ.examples[0]
    assert answer(
        store,
        "SELECT {s:String}, {many:Array(String)}, {n:Int64}, {f:Float64}, {b:Bool}, {id:UUID}, "
        "{t:DateTime64(3, 'UTC')}",
        s=hostile, many=[hostile, "b"], n=-5, f=0.1, b=True, id=read.event_id, t=read.occurred_at,
    ) == [[hostile, [hostile, "b"], -5, 0.1, True, str(read.event_id), "2026-01-15T18:30:05.125Z"]]  # fmt: skip


def test_a_row_that_cannot_be_stored_is_told_from_a_server_that_is_away(store: ServerStore) -> None:
    (row,) = reads(1)
    bad = Placed(msgspec.structs.replace(row.event, plate_raw="\ud800"), row.topic, 0, 0)
    with pytest.raises(BadRowsError):
        store.insert(PLATE_READ, [bad])
    assert store.insert(PLATE_READ, [row]) == 1, "the connection was left in the middle of an insert"


def test_health_tells_rows_and_room_of_the_server(store: ServerStore) -> None:
    store.insert(PLATE_READ, reads(3))
    health = store.health()
    assert health.reachable, health.detail
    assert 0 < health.disk_free <= health.disk_total
    assert health.newest_stored_at["plate_reads"] is not None
    assert health.newest_stored_at["actions"] is None


def test_people_may_ask_what_the_gate_lets_pass(store: ServerStore) -> None:
    store.insert(PLATE_READ, reads(2))
    for sql in lines(LEGITIMATE):
        assert b'"data"' in store.foreign_query(sql, "JSON"), sql


def test_attacks_are_refused_with_the_servers_own_parser(store: ServerStore, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    for sql in lines(ATTACKS):
        with pytest.raises(QueryRefusedError):
            store.foreign_query(sql.replace("{file}", str(secret)), "JSON")


def test_limits_on_the_server_are_said_in_plain_words(server: ClickHouse, migrated: ServerStore) -> None:
    tight = server.store(foreign_limits=Limits(seconds=1, rows=10, answer_bytes=1000, memory_bytes=20 * 2**20))
    try:
        with pytest.raises(QueryFailedError, match="longer than 1 s"):
            tight.foreign_query("SELECT sum(cityHash64(number)) FROM numbers(100000000000)")
        with pytest.raises(QueryFailedError, match="more than 10 rows"):
            tight.foreign_query("SELECT number FROM numbers(11)")
        with pytest.raises(QueryFailedError, match="needs more memory"):
            tight.foreign_query("SELECT length(groupArray(number)) FROM numbers(100000000)")
        assert tight.foreign_query("SELECT 1 AS one", "CSV") == b'"one"\n1\n'
    finally:
        tight.close()


def test_a_user_that_may_only_read_cannot_store_and_it_is_said_why(server: ClickHouse, migrated: ServerStore) -> None:
    """The analysts' user of compose/clickhouse/users.xml."""
    rows = reads(1)
    analyst = server.store(user="analyst", password=server.analyst_password)
    try:
        with pytest.raises(StoreUnavailableError, match="Not enough privileges"):
            analyst.insert(PLATE_READ, rows)
    finally:
        analyst.close()
    client = server.client(analyst=True)
    assert client.execute("SELECT count() FROM rtcc.plate_reads WHERE event_id = %(id)s",
                          {"id": rows[0].event.event_id}) == [(0,)]  # fmt: skip
    for forbidden in (
        "SELECT * FROM file('/etc/hostname', LineAsString)",
        "SELECT * FROM url('http://127.0.0.1:1/', LineAsString)",
        "SELECT * FROM system.users",
        "INSERT INTO rtcc.actions (note) VALUES ('x')",
        "DROP TABLE rtcc.plate_reads",
    ):
        with pytest.raises(ServerException) as refused:
            client.execute(forbidden)
        assert refused.value.code in (164, 497), forbidden
    with pytest.raises(ServerException):
        client.execute("SELECT 1", settings={"max_execution_time": 31})


def test_a_table_that_is_gone_is_no_reason_to_wait(store: ServerStore) -> None:
    store._command("RENAME TABLE rtcc.plate_reads TO rtcc.elsewhere")
    try:
        with pytest.raises(StoreError) as raised:
            store.insert(PLATE_READ, reads(1))
        assert type(raised.value) is StoreError
    finally:
        store._command("RENAME TABLE rtcc.elsewhere TO rtcc.plate_reads")


def test_too_many_parts_pass_when_they_are_merged(store: ServerStore) -> None:
    rows = reads(3)
    store._command("SYSTEM STOP MERGES rtcc.plate_reads")
    store.insert(PLATE_READ, reads(1))
    store.insert(PLATE_READ, reads(1))
    limit = "parts_to_throw_insert = 1, parts_to_delay_insert = 1"
    store._command(f"ALTER TABLE rtcc.plate_reads MODIFY SETTING {limit}")
    try:
        with pytest.raises(StoreUnavailableError, match="Too many parts"):
            store.insert(PLATE_READ, rows)
    finally:
        store._command("ALTER TABLE rtcc.plate_reads RESET SETTING parts_to_throw_insert, parts_to_delay_insert")
        store._command("SYSTEM START MERGES rtcc.plate_reads")
    assert store.insert(PLATE_READ, rows) == 3


def test_a_wrong_password_is_said_in_words(tmp_path: Path) -> None:
    """On a server of its own: the listener of clickhouse-local ends when somebody fails to log in."""
    alone = ClickHouse(tmp_path).start()
    try:
        wrong = alone.store(password="not this")
        health = wrong.health()
        assert not health.reachable
        assert "Authentication failed" in health.detail
        assert "Stack trace" not in health.detail
        assert "not this" not in health.detail
        wrong.close()
    finally:
        alone.stop()
