"""The store on a server, at its boundary: what the driver is given, what its errors become, and that the bytes it
would send are what the engine reads. There is no server here; tests/integration/test_clickhouse_server.py has one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from clickhouse_driver.bufferedwriter import BufferedSocketWriter
from clickhouse_driver.columns.service import write_column
from clickhouse_driver.context import Context
from clickhouse_driver.errors import NetworkError, ServerException, TypeMismatchError
from clickhouse_driver.varint import write_varint
from clickhouse_driver.writer import write_binary_str

from pipeline.store import server_store
from pipeline.store.chdb_store import ChdbStore
from pipeline.store.errors import (
    BadRowsError,
    QueryFailedError,
    QueryRefusedError,
    StoreError,
    StoreUnavailableError,
)
from pipeline.store.rows import column_values, columns_stored
from pipeline.store.server_store import ServerStore
from pipeline.store.store import Placed
from schemas.event_type import EventType
from schemas.registry import EVENT_TYPES, PLATE_READ

TABLES = [kind for kind in EVENT_TYPES if kind.table is not None]


class FakeClient:
    """Stands where clickhouse_driver.Client would: records calls, answers from a list, or raises."""

    made: list[FakeClient]
    script: list[Any]

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.disconnects = 0
        FakeClient.made.append(self)

    def execute(self, sql: str, *arguments: Any, **options: Any) -> Any:
        self.calls.append((sql, arguments, options))
        reply = FakeClient.script.pop(0) if FakeClient.script else ([], [])
        if isinstance(reply, BaseException):
            raise reply
        return reply

    def disconnect(self) -> None:
        self.disconnects += 1


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> ServerStore:
    FakeClient.made, FakeClient.script = [], []
    monkeypatch.setattr(server_store, "Client", FakeClient)
    return ServerStore("db.example", 9440, user="watchfloor", password="p", secure=True)


def read(offset: int = 0) -> Placed:
    event = msgspec.structs.replace(PLATE_READ.examples[0], event_id=uuid4())
    return Placed(event, PLATE_READ.topic, 2, offset)


def test_settings_the_server_does_not_know_are_errors_and_parameters_go_to_the_server(store: ServerStore) -> None:
    store.query("SELECT 1")
    options = FakeClient.made[0].options
    assert options["settings_is_important"] is True
    assert options["settings"]["server_side_params"] is True
    assert (options["host"], options["port"], options["secure"]) == ("db.example", 9440, True)


def test_an_insert_asks_for_stored_ids_then_sends_columns_under_a_token(store: ServerStore) -> None:
    rows = [read(1), read(2)]
    stored = rows[0].event.event_id
    FakeClient.script = [[], ([(stored,)], [("event_id", "UUID")]), 1]
    assert store.insert(PLATE_READ, rows) == 1
    (ending, _, _), (lookup, (params,), _), (insert, (columns,), options) = FakeClient.made[0].calls
    assert ending.startswith("KILL QUERY WHERE query_kind = 'Insert' AND user = currentUser()")
    assert "arrayJoin({ids:Array(UUID)})" in lookup
    assert params["ids"] == [str(row.event.event_id) for row in rows]
    assert params["since"] == "2026-01-15 18:30:05.125"
    names = [column.name for column in columns_stored("plate_read")]
    assert insert == f"INSERT INTO rtcc.plate_reads ({', '.join(f'`{name}`' for name in names)}) VALUES"
    assert dict(zip(names, columns, strict=True))["event_id"] == [rows[1].event.event_id]
    assert dict(zip(names, columns, strict=True))["_offset"] == [2]
    assert options["columnar"] is True
    assert options["settings"]["insert_deduplication_token"].startswith("rtcc.lpr.plate-read.v1-2-2-2.")
    assert options["settings"]["async_insert"] == 0


@pytest.mark.parametrize("error", [EOFError(), NetworkError("down"), ConnectionResetError(), TimeoutError()])
def test_a_lost_connection_means_try_again_on_a_new_one(store: ServerStore, error: Exception) -> None:
    FakeClient.script = [[], ([], []), error]
    with pytest.raises(StoreUnavailableError):
        store.insert(PLATE_READ, [read()])
    assert FakeClient.made[0].disconnects == 1


def test_a_retry_after_a_lost_connection_has_the_same_token(store: ServerStore) -> None:
    rows = [read(1), read(2)]
    FakeClient.script = [[], ([], []), EOFError(), [], ([], []), 2]
    with pytest.raises(StoreUnavailableError):
        store.insert(PLATE_READ, rows)
    assert store.insert(PLATE_READ, rows) == 2
    inserts = [options["settings"] for sql, _, options in FakeClient.made[0].calls if sql.startswith("INSERT")]
    assert inserts[0] == inserts[1]


def test_what_an_earlier_try_left_running_is_ended_before_stored_ids_are_looked_for(store: ServerStore) -> None:
    FakeClient.script = [[], ([], []), 1, ([], []), EOFError(), [], ([], []), 1]
    store.insert(PLATE_READ, [read(1)])
    again = [read(2)]
    with pytest.raises(StoreUnavailableError):
        store.insert(PLATE_READ, again)
    store.insert(PLATE_READ, again)
    words = [sql.split()[0] for sql, _, _ in FakeClient.made[0].calls]
    assert words == ["KILL", "SELECT", "INSERT", "SELECT", "INSERT", "KILL", "SELECT", "INSERT"]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ServerException("DB::Exception: full", 243), StoreUnavailableError),
        (ServerException("DB::Exception: merges must catch up", 252), StoreUnavailableError),
        (ServerException("DB::Exception: cannot parse", 27), BadRowsError),
        (TypeMismatchError("no number"), BadRowsError),
        (ValueError("no number"), BadRowsError),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates"), BadRowsError),
        (ServerException("DB::Exception: no such table", 60), StoreError),
        (ServerException("DB::Exception: unknown setting", 115), StoreError),
    ],
)
def test_errors_of_an_insert_say_what_to_do(store: ServerStore, error: Exception, expected: type[Exception]) -> None:
    FakeClient.script = [[], ([], []), error]
    with pytest.raises(expected) as raised:
        store.insert(PLATE_READ, [read()])
    assert type(raised.value) is expected


def test_every_thread_has_a_client_of_its_own(store: ServerStore) -> None:
    threads = [threading.Thread(target=store.query, args=("SELECT 1",)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(FakeClient.made) == 3
    store.close()
    assert all(client.disconnects == 1 for client in FakeClient.made)
    with pytest.raises(StoreUnavailableError):
        store.query("SELECT 1")


def test_a_persons_query_is_parsed_by_the_server_then_run_read_only_within_limits(store: ServerStore) -> None:
    tree = [
        ["SelectWithUnionQuery (children 1)"], [" ExpressionList (children 1)"], ["  SelectQuery (children 1)"],
        ["   ExpressionList (children 1)"], ["    Literal UInt64_1"],
    ]  # fmt: skip
    FakeClient.script = [
        ([["SELECT 1"]], []),
        ([["count"], ["file"]], []),
        (tree, []),
        ([(1,)], [("1", "UInt8")]),
    ]
    assert store.foreign_query("select /* x */ 1", "JSON") == (
        b'{"meta":[{"name":"1","type":"UInt8"}],"data":[{"1":1}],"rows":1}'
    )
    sql, _, options = FakeClient.made[-1].calls[-1]
    assert sql == "SELECT 1"
    assert FakeClient.made[-1].options["database"] == "rtcc", "people name tables without the database"
    assert options["settings"]["readonly"] == 1
    assert options["settings"]["max_execution_time"] == 10


def test_a_persons_query_that_the_server_cannot_parse_is_refused_with_its_words(store: ServerStore) -> None:
    FakeClient.script = [
        ServerException("DB::Exception: Syntax error: at position 3: In scope SELECT formatQuerySingleLine('x')", 62)
    ]
    with pytest.raises(QueryRefusedError) as refused:
        store.foreign_query("SEL")
    assert refused.value.reason == "Syntax error: at position 3"


def test_a_query_over_its_time_on_the_server_says_so(store: ServerStore) -> None:
    FakeClient.script = [ServerException("DB::Exception: Timeout exceeded", 159)]
    with pytest.raises(QueryFailedError, match="longer than 10 s"):
        store.query("SELECT 1")


def test_a_server_that_is_away_is_said_in_health_not_raised(store: ServerStore) -> None:
    FakeClient.script = [NetworkError("Connection refused")]
    health = store.health()
    assert not health.reachable
    assert health.detail == "the ClickHouse server at db.example:9440 cannot be reached: Connection refused"


class _Socket:
    def __init__(self) -> None:
        self.sent = bytearray()

    def sendall(self, data: bytes) -> None:
        self.sent += data


class _ServerInfo:
    used_revision = 54400

    def get_timezone(self) -> str:
        return "UTC"


def native_block(kind: EventType[Any], rows: list[Placed]) -> bytes:
    """Return the block that the driver would send, in ClickHouse's Native format, made by the driver's own writers."""
    context = Context()
    context.settings = {}
    context.client_settings = {
        "strings_as_bytes": False,
        "strings_encoding": "utf-8",
        "use_numpy": False,
        "input_format_null_as_default": False,
    }
    context.server_info = _ServerInfo()
    socket = _Socket()
    out = BufferedSocketWriter(socket, 1 << 20)
    columns = columns_stored(kind.name)
    write_varint(len(columns), out)
    write_varint(len(rows), out)
    for column, values in zip(columns, column_values(kind, rows, for_arrow=False), strict=True):
        write_binary_str(column.name, out)
        write_binary_str(column.type.sql, out)
        write_column(context, column.name, column.type.sql, values, out)
    out.flush()
    return bytes(socket.sent)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChdbStore]:
    opened = ChdbStore(tmp_path_factory.mktemp("store"), readers=1)
    opened.migrate()
    yield opened
    opened.close()


@pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.name)
def test_the_bytes_of_the_driver_and_of_arrow_make_the_same_rows(engine: ChdbStore, kind: EventType[Any]) -> None:
    assert kind.table is not None
    table = f"rtcc.{kind.table.name}"
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
    names = ", ".join(f"`{column.name}`" for column in columns_stored(kind.name))
    by_arrow = f"SELECT {names} FROM {table} ORDER BY event_id"
    engine._command(f"TRUNCATE TABLE {table}")
    engine.insert(kind, rows)
    expected = engine._writer.answer(by_arrow, "TSV")
    engine._command(f"TRUNCATE TABLE {table}")
    engine._writer.insert(f"INSERT INTO {table} ({names})", "Native", native_block(kind, rows))
    assert engine._writer.answer(by_arrow, "TSV") == expected
    assert expected.count(b"\n") == 2


def test_moments_of_other_zones_are_sent_as_the_same_instant(engine: ChdbStore) -> None:
    at = datetime.fromisoformat("2026-01-15T12:30:05.125-06:00")
    row = Placed(msgspec.structs.replace(PLATE_READ.examples[0], occurred_at=at, event_id=UUID(int=7)), "t", 0, 0)
    names = ", ".join(f"`{column.name}`" for column in columns_stored("plate_read"))
    engine._writer.insert(f"INSERT INTO rtcc.plate_reads ({names})", "Native", native_block(PLATE_READ, [row]))
    sql = "SELECT toString(occurred_at) FROM rtcc.plate_reads WHERE event_id = {id:UUID}"
    assert engine._writer.answer(sql, "TSV", {"id": UUID(int=7)}) == b"2026-01-15 18:30:05.125\n"
    assert at.astimezone(UTC).hour == 18
