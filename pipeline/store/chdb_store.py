"""The store in process: chDB, ClickHouse's engine as a library, in a folder of its own.

One process may open a folder, and a process may open one folder. Never fork after opening it: use spawn.

chDB has two classes called ChdbError; the one its connections raise is a RuntimeError, so that is what is caught here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import chdb
import msgspec
import structlog
from chdb import _chdb

from pipeline.store.arrow_columns import arrow_stream
from pipeline.store.csv_safety import spreadsheet_safe as made_safe
from pipeline.store.errors import (
    QueryRefusedError,
    StoreError,
    StoreUnavailableError,
    code_of,
    command_error,
    insert_error,
    query_error,
)
from pipeline.store.parameters import Parameter, chdb_parameter
from pipeline.store.rows import columns_stored
from pipeline.store.sql_gate import Parser
from pipeline.store.sql_store import FOREIGN_LIMITS, OWN_LIMITS, Row, SqlStore
from pipeline.store.store import Format, Limits, Placed
from schemas.event_type import EventType
from schemas.generate.clickhouse import DATABASE

_log = structlog.get_logger(__name__)

#: chDB reads these from the working directory, and what they say wins over the folder it is given (measured).
_HIJACKERS = ("config.xml", "config.yaml", "config.yml")
_ENGINE_FORMATS: dict[Format, str] = {
    "JSON": "JSON",
    "JSONCompact": "JSONCompact",
    "JSONEachRow": "JSONEachRow",
    "CSV": "CSVWithNames",
    "Pretty": "PrettyCompactNoEscapesMonoBlock",
}
#: How answers are written: times as ISO 8601 in UTC, bytes that are no text replaced, tables whole.
_OUTPUT = {
    "date_time_output_format": "'iso'",
    "output_format_json_quote_64bit_integers": "0",
    "output_format_json_validate_utf8": "1",
    "output_format_pretty_max_rows": "100000",
    "output_format_pretty_row_numbers": "0",
    "output_format_pretty_color": "0",
    "format_csv_null_representation": "''",
}
_LOCK_CODES = frozenset({36, 76})
_rows_decoder = msgspec.json.Decoder(dict[str, Any])


class _Reader(msgspec.Struct):
    """A connection for reading, with the limits it is set to."""

    connection: Any
    limits: Limits


class ChdbStore(SqlStore):
    """See Store. ``readers`` queries of our own and two of people's run at once; further ones wait."""

    def __init__(self, path: Path | str, *, readers: int = 2, memory_bytes: int = 2**30, threads: int = 2) -> None:
        """Open the folder, which is made when it is not there.

        ``memory_bytes`` caps what the engine allocates for all queries together. Raises StoreError when the folder
        is open in another process, or when the engine opened another folder than the one asked for.
        """
        super().__init__()
        self._path = Path(path).resolve()
        _refuse_hijackers(Path.cwd())
        if set("?&#%") & set(str(self._path)):
            raise StoreError("the store's folder may not have ?, &, # or % in its path")
        self._path.mkdir(parents=True, exist_ok=True, mode=0o700)
        _chdb.set_signal_handlers_enabled(0)  # keeps faulthandler and Ctrl-Z; only works before the first connection
        self._pid = os.getpid()
        self._closed = False
        self._settings = (
            f"?log-level=none&max_server_memory_usage={memory_bytes}&mark_cache_size={64 * 2**20}"
            f"&max_threads={threads}&max_insert_threads=1"
        )
        self._open_connections: list[Any] = []
        self._writer = self._connect()
        self._verify_folder()
        self._alarm_on_detached_parts()
        self._run(self._writer, f"CREATE DATABASE IF NOT EXISTS {DATABASE} ENGINE = Atomic")
        # A batch may reach over many years, each month a partition of its own; refusing it would stop the writer.
        self._run(self._writer, "SET max_partitions_per_insert_block = 0")
        self._readers: SimpleQueue[_Reader] = SimpleQueue()
        self._foreign: SimpleQueue[_Reader] = SimpleQueue()
        for _ in range(readers):
            self._readers.put(self._reader(OWN_LIMITS, readonly=2))
        for _ in range(2):
            self._foreign.put(self._reader(FOREIGN_LIMITS, readonly=1))

    def query(
        self,
        sql: str,
        params: Mapping[str, Parameter] | None = None,
        fmt: Format = "JSON",
        *,
        limits: Limits = OWN_LIMITS,
    ) -> bytes:
        """See Store.query."""
        with self._borrowed(self._readers) as reader:
            if limits != reader.limits:
                self._run(reader.connection, f"SET {_limit_settings(limits)}")
                reader.limits = limits
            try:
                return self._answer(reader.connection, sql, _ENGINE_FORMATS[fmt], params)
            except RuntimeError as error:
                raise _own_query_error(str(error), limits) from None

    def close(self) -> None:
        """See Store.close."""
        with self._write_lock:
            if self._closed or os.getpid() != self._pid:
                return
            self._closed = True
            for connection in self._open_connections:
                connection.close()

    def _command(self, sql: str) -> None:
        self._run(self._writer, sql)

    def _rows(self, sql: str, params: Mapping[str, Parameter] | None = None) -> list[Row]:
        with self._borrowed(self._readers) as reader:
            try:
                answer = self._answer(reader.connection, sql, "JSONCompact", params)
            except RuntimeError as error:
                raise command_error(str(error)) from None
        return list(_rows_decoder.decode(answer)["data"])

    def _insert_rows(self, kind: EventType[Any], rows: Sequence[Placed], token: str) -> None:
        assert kind.table is not None
        self._check_usable()
        stream = arrow_stream(kind, rows)
        names = ", ".join(f"`{column.name}`" for column in columns_stored(kind.name))
        try:
            insert = self._writer.send_insert(
                f"INSERT INTO {DATABASE}.{kind.table.name} ({names}) SETTINGS insert_deduplication_token = '{token}'",
                "ArrowStream",
            )
        except RuntimeError as error:
            raise insert_error(str(error)) from None
        try:
            insert.append(stream)
            insert.finish()
        except RuntimeError as error:
            insert.cancel()
            raise insert_error(str(error)) from None

    def _run_foreign(self, sql: str, fmt: Format, *, spreadsheet_safe: bool) -> bytes:
        limits = FOREIGN_LIMITS
        with self._borrowed(self._foreign) as reader:
            try:
                answer = self._answer(reader.connection, sql, _ENGINE_FORMATS[fmt])
            except RuntimeError as error:
                raise query_error(
                    str(error), seconds=limits.seconds, rows=limits.rows, size=limits.answer_bytes
                ) from None
        return made_safe(answer) if fmt == "CSV" and spreadsheet_safe else answer

    def _parser(self) -> Parser:
        return Parser(canonical=self._canonical, tree=self._tree)

    def _canonical(self, sql: str) -> str:
        return self._parsed("SELECT formatQuerySingleLine({sql:String})", {"sql": sql}).removesuffix("\n")

    def _tree(self, sql: str) -> list[str]:
        return self._parsed(f"EXPLAIN AST {sql}").removesuffix("\n").split("\n")

    def _parsed(self, sql: str, params: Mapping[str, Parameter] | None = None) -> str:
        with self._borrowed(self._foreign) as reader:
            try:
                answer = self._answer(reader.connection, sql, "TSVRaw", params)
            except RuntimeError as error:
                raise QueryRefusedError(_syntax_message(str(error))) from None
        return answer.decode("utf-8", "replace")

    def _answer(self, connection: Any, sql: str, fmt: str, params: Mapping[str, Parameter] | None = None) -> bytes:
        texts = {name: chdb_parameter(value) for name, value in (params or {}).items()}
        return bytes(connection.query(sql, fmt, params=texts).bytes())

    def _run(self, connection: Any, sql: str) -> None:
        self._check_usable()
        try:
            connection.query(sql)
        except RuntimeError as error:
            raise command_error(str(error)) from None

    @contextmanager
    def _borrowed(self, pool: SimpleQueue[_Reader]) -> Iterator[_Reader]:
        self._check_usable()
        reader = pool.get()
        try:
            self._check_usable()
            yield reader
        finally:
            pool.put(reader)

    def _check_usable(self) -> None:
        if os.getpid() != self._pid:
            raise StoreError("chDB does not survive a fork; start worker processes with spawn")
        if self._closed:
            raise StoreUnavailableError("the store is closed")

    def _connect(self) -> Any:
        try:
            connection = chdb.connect(f"{self._path}{self._settings}")
        except RuntimeError as error:
            raise StoreError(f"chDB could not open {self._path}; is another process using it? {error}") from None
        self._open_connections.append(connection)
        return connection

    def _reader(self, limits: Limits, *, readonly: int) -> _Reader:
        connection = self._connect()
        output = ", ".join(f"{name} = {value}" for name, value in _OUTPUT.items())
        self._run(connection, f"USE {DATABASE}")
        self._run(connection, f"SET {output}")
        self._run(connection, f"SET {_limit_settings(limits)}")
        self._run(connection, f"SET readonly = {readonly}")  # last: it cannot be undone
        return _Reader(connection, limits)

    def _verify_folder(self) -> None:
        opened = str(self._writer.query("SELECT path FROM system.disks WHERE name = 'default'", "TSVRaw")).strip()
        if Path(opened).resolve() != self._path:
            raise StoreError(f"chDB opened {opened} instead of {self._path}; look for a ClickHouse config file")

    def _alarm_on_detached_parts(self) -> None:
        found = int(str(self._writer.query("SELECT count() FROM system.detached_parts", "TSVRaw")))
        if found:
            _log.error("store_has_broken_parts", detached_parts=found)


def _refuse_hijackers(folder: Path) -> None:
    for name in _HIJACKERS:
        if (folder / name).exists():
            raise StoreError(f"{folder / name} would redirect the store; start from another folder or remove the file")


def _limit_settings(limits: Limits) -> str:
    return (
        f"max_execution_time = {limits.seconds}, max_result_rows = {limits.rows}, "
        f"max_result_bytes = {limits.answer_bytes}, max_memory_usage = {limits.memory_bytes}, "
        "result_overflow_mode = 'throw'"
    )


def _own_query_error(message: str, limits: Limits) -> Exception:
    if code_of(message) in (158, 159, 160, 241, 307, 396):
        return query_error(message, seconds=limits.seconds, rows=limits.rows, size=limits.answer_bytes)
    return command_error(message)


def _syntax_message(message: str) -> str:
    """Return the engine's complaint without our own query around the person's."""
    text = str(query_error(message, seconds=0, rows=0, size=0, code=0))
    return text.split(": In scope SELECT formatQuerySingleLine")[0].strip()
