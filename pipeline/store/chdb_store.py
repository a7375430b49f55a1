"""The store in process: chDB, ClickHouse's engine as a library, in a folder of its own.

One process may open a folder, and a process may open one folder. Never fork after opening it: use spawn.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import msgspec
import structlog

from pipeline.store.arrow_columns import arrow_stream
from pipeline.store.chdb_connection import ChdbConnection
from pipeline.store.csv_safety import spreadsheet_safe as made_safe
from pipeline.store.errors import (
    LIMIT_CODES,
    Limits,
    QueryRefusedError,
    StoreError,
    StoreUnavailableError,
    code_of,
    command_error,
    insert_error,
    query_error,
    syntax_message,
)
from pipeline.store.exactly_once import stored_ids_query
from pipeline.store.parameters import Parameter
from pipeline.store.rows import columns_stored
from pipeline.store.sql_gate import Parser
from pipeline.store.sql_store import FOREIGN_LIMITS, OWN_LIMITS, Row, SqlStore, bounded
from pipeline.store.store import Format, Placed
from pipeline.store.table_files import TableFiles
from schemas.event_type import EventType, KeyTable, Table
from schemas.generate.clickhouse import DATABASE

_log = structlog.get_logger(__name__)

#: chDB reads these from the working directory, already when it is imported, and what they say wins over the folder it
#: is given (measured).
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
    "output_format_write_statistics": "0",
    "format_csv_null_representation": "''",
}
#: What is read lies in the system's cache, and handing it from thread to thread costs more than reading it (measured).
_INPUT = {"local_filesystem_read_method": "'pread'"}
#: What copying a table may take, beside those who write and ask.
_COPY_MEMORY_BYTES = 400 * 2**20
_rows_decoder = msgspec.json.Decoder(dict[str, Any])


class _Reader(msgspec.Struct):
    """A connection for reading, with the limits it is set to."""

    connection: ChdbConnection
    limits: Limits


class ChdbStore(SqlStore):
    """See Store. ``readers`` queries of our own and two of people's run at once; further ones wait."""

    def __init__(
        self,
        path: Path | str,
        *,
        readers: int = 2,
        memory_bytes: int = 2**30,
        threads: int = 2,
        foreign_limits: Limits = FOREIGN_LIMITS,
    ) -> None:
        """Open the folder, which is made when it is not there.

        ``memory_bytes`` caps what the engine allocates for all queries together. Raises StoreError when the folder
        is open in another process, or when the engine opened another folder than the one asked for.
        """
        super().__init__(foreign_limits)
        self._path = Path(path).resolve()
        _refuse_hijackers(Path.cwd())
        if set("?&#%") & set(str(self._path)):
            raise StoreError("the store's folder may not have ?, &, # or % in its path")
        try:
            self._path.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StoreError(f"the store's folder {self._path} cannot be made: {error.strerror}") from None
        # By the rights it will write with: a service may have been given more than its user has.
        if not os.access(self._path, os.R_OK | os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
            raise StoreError(f"the store's folder {self._path} cannot be written: a read-only disk, or another owner")
        from chdb import _chdb  # only now: importing it opens an engine, which reads the working directory

        # Keeps faulthandler and Ctrl-Z working; it only has an effect before the first connection.
        _chdb.set_signal_handlers_enabled(0)  # type: ignore[attr-defined]
        self._pid = os.getpid()
        self._closed = False
        self._target = (
            f"{self._path}?log-level=none&max_server_memory_usage={memory_bytes}&mark_cache_size={64 * 2**20}"
            f"&max_threads={threads}&max_insert_threads=1"
        )
        self._writer = self._connected()
        try:
            self._verify_folder()
            self._alarm_on_detached_parts()
            self._command(f"CREATE DATABASE IF NOT EXISTS {DATABASE} ENGINE = Atomic")
        except BaseException:
            self._writer.close()
            raise
        # A batch may reach over many years, each month a partition of its own; refusing it would stop the writer.
        self._writer.prepare("SET max_partitions_per_insert_block = 0")
        self._readers: SimpleQueue[_Reader] = SimpleQueue()
        self._foreign: SimpleQueue[_Reader] = SimpleQueue()
        self._counts = ((self._readers, readers), (self._foreign, 2))
        for _ in range(readers):
            self._readers.put(_Reader(ChdbConnection(self._target, _reading(OWN_LIMITS, readonly=2)), OWN_LIMITS))
        for _ in range(2):
            connection = ChdbConnection(self._target, _reading(foreign_limits, readonly=1))
            self._foreign.put(_Reader(connection, foreign_limits))

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
            try:
                if limits != reader.limits:
                    reader.connection.prepare(*_reading(limits, readonly=2))
                    reader.limits = limits
                return bounded(reader.connection.answer(sql, _ENGINE_FORMATS[fmt], params), limits)
            except RuntimeError as error:
                if code_of(str(error)) in LIMIT_CODES:
                    raise query_error(str(error), limits) from None
                raise command_error(str(error)) from None

    @contextmanager
    def table_files(self) -> Iterator[TableFiles]:
        """Give what copies whole tables, over a connection of its own, so that neither rows nor questions wait."""
        self._check_usable()
        connection = ChdbConnection(self._target, [f"SET max_memory_usage = {_COPY_MEMORY_BYTES}"])

        def ask(sql: str) -> list[Row]:
            self._check_usable()
            try:
                # A statement without an answer gives no JSON at all.
                answer = connection.answer(sql, "JSONCompact")
            except RuntimeError as error:
                raise command_error(str(error)) from None
            return list(_rows_decoder.decode(answer)["data"]) if answer else []

        try:
            yield TableFiles(ask)
        finally:
            connection.close()

    def close(self) -> None:
        """See Store.close. Waits for queries that are running."""
        if os.getpid() != self._pid:
            return  # a forked child: the engine and its folder are the parent's
        with self._write_lock:
            if self._closed:
                return
            self._closed = True
            for pool, count in self._counts:
                taken = [pool.get() for _ in range(count)]
                for reader in taken:
                    reader.connection.close()
                    pool.put(reader)  # whoever waits for one wakes up and finds the store closed
            self._writer.close()

    def _command(self, sql: str) -> None:
        self._check_usable()
        try:
            self._writer.answer(sql, "TSVRaw")
        except RuntimeError as error:
            raise command_error(str(error)) from None

    def _rows(self, sql: str, params: Mapping[str, Parameter] | None = None, *, writing: bool = False) -> list[Row]:
        try:
            if writing:
                self._check_usable()
                answer = self._writer.answer(sql, "JSONCompact", params)
            else:
                with self._borrowed(self._readers) as reader:
                    answer = reader.connection.answer(sql, "JSONCompact", params)
        except RuntimeError as error:
            raise command_error(str(error)) from None
        return list(_rows_decoder.decode(answer)["data"])

    def _end_inserts_before(self, table: Table) -> None:
        """See SqlStore. Here an insert ends with its call, and with its process."""

    def _insert_rows(self, kind: EventType[Any], rows: Sequence[Placed], token: str) -> None:
        assert kind.table is not None
        self._check_usable()
        data = arrow_stream(kind, rows)
        names = ", ".join(f"`{column.name}`" for column in columns_stored(kind.name))
        into = f"INSERT INTO {DATABASE}.{kind.table.name} ({names}) SETTINGS insert_deduplication_token = '{token}'"
        before = self._row_count(kind.table.name)
        try:
            self._writer.insert(into, "ArrowStream", data)
        except RuntimeError as error:
            raise insert_error(str(error)) from None
        # The engine confirms an insert of this kind even when it could not write it (measured: on a full disk it named
        # all rows as written and had none of them), so what it has is counted.
        if self._row_count(kind.table.name) - before != len(rows):
            self._require_stored(kind, kind.table, rows)

    def _insert_keys(self, table: KeyTable, rows: Sequence[Row]) -> None:
        self._check_usable()
        data = b"\n".join(msgspec.json.encode(dict(zip(table.names, row, strict=True))) for row in rows)
        names = ", ".join(f"`{name}`" for name in table.names)
        into = f"INSERT INTO {DATABASE}.{table.name} ({names}) SETTINGS date_time_input_format = 'best_effort'"
        before = self._row_count(table.name)
        try:
            self._writer.insert(into, "JSONEachRow", data)
        except RuntimeError as error:
            raise insert_error(str(error)) from None
        if self._row_count(table.name) - before != len(rows):
            raise StoreUnavailableError(f"the embedded store did not write the {len(rows)} rows of {table.name}")

    def _row_count(self, table: str) -> int:
        """Return how many rows the parts of a table have; nothing is read for it."""
        sql = f"SELECT total_rows FROM system.tables WHERE database = '{DATABASE}' AND name = '{table}'"
        ((count,),) = self._rows(sql, writing=True) or [(0,)]
        return int(count or 0)

    def _require_stored(self, kind: EventType[Any], table: Table, rows: Sequence[Placed]) -> None:
        """Raise StoreUnavailableError unless each of these rows is in the table, whatever else has come or gone."""
        sql, params = stored_ids_query(table, rows, DATABASE)
        found = len({str(row[0]) for row in self._rows(sql, params, writing=True)})
        if found == len(rows):
            return
        ((free,),) = self._rows("SELECT toInt64(min(free_space)) FROM system.disks", writing=True)
        raise StoreUnavailableError(
            f"the embedded store did not write {len(rows) - found} of {len(rows)} rows of {kind.name}; "
            f"its disk has {int(free) / 2**20:,.0f} MiB of space left"
        )

    def _run_foreign(self, sql: str, fmt: Format, *, spreadsheet_safe: bool) -> bytes:
        with self._borrowed(self._foreign) as reader:
            try:
                answer = bounded(reader.connection.answer(sql, _ENGINE_FORMATS[fmt]), self._foreign_limits)
            except RuntimeError as error:
                raise query_error(str(error), self._foreign_limits) from None
        return made_safe(answer) if fmt == "CSV" and spreadsheet_safe else answer

    def _parser(self) -> Parser:
        return Parser(
            canonical=lambda sql: self._parsed("SELECT formatQuerySingleLine({sql:String})", {"sql": sql}),
            tree=lambda sql: self._parsed(f"EXPLAIN AST {sql}").split("\n"),
        )

    def _parsed(self, sql: str, params: Mapping[str, Parameter] | None = None) -> str:
        with self._borrowed(self._foreign) as reader:
            try:
                answer = reader.connection.answer(sql, "TSVRaw", params)
            except RuntimeError as error:
                raise QueryRefusedError(syntax_message(str(error))) from None
        return answer.decode("utf-8", "replace").removesuffix("\n")

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

    def _connected(self) -> ChdbConnection:
        try:
            return ChdbConnection(self._target)
        except RuntimeError as error:
            raise StoreError(f"chDB could not open {self._path}; is another process using it? ({error})") from None

    def _verify_folder(self) -> None:
        opened = self._writer.answer("SELECT path FROM system.disks WHERE name = 'default'", "TSVRaw").decode().strip()
        if Path(opened).resolve() != self._path:
            raise StoreError(f"chDB opened {opened} instead of {self._path}; look for a ClickHouse config file")

    def _alarm_on_detached_parts(self) -> None:
        found = int(self._writer.answer("SELECT count() FROM system.detached_parts", "TSVRaw"))
        if found:
            _log.error("store_has_broken_parts", detached_parts=found)


def _refuse_hijackers(folder: Path) -> None:
    for name in _HIJACKERS:
        if (folder / name).exists():
            raise StoreError(f"{folder / name} would redirect the store; start from another folder or remove the file")


def _reading(limits: Limits, *, readonly: int) -> list[str]:
    """Return the statements that make a connection one for reading. ``readonly`` comes last: it cannot be undone."""
    return [
        f"USE {DATABASE}",
        f"SET {', '.join(f'{name} = {value}' for name, value in {**_INPUT, **_OUTPUT}.items())}",
        f"SET {', '.join(f'{name} = {value}' for name, value in _limit_settings(limits).items())}",
        f"SET readonly = {readonly}",
    ]


def _limit_settings(limits: Limits) -> dict[str, Any]:
    return {
        "max_execution_time": limits.seconds,
        "max_result_rows": limits.rows,
        "max_result_bytes": limits.answer_bytes,
        "max_memory_usage": limits.memory_bytes,
        "result_overflow_mode": "'throw'",
    }
