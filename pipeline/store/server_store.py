"""The store on a ClickHouse server, over the native protocol (clickhouse-driver).

A client of the driver is one connection and takes one query at a time, so every thread has its own. What was and was
not run against a server is said in docs/explanation/clickhouse-server.md.
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Mapping, Sequence
from threading import Lock, local
from typing import Any, TypeVar

from clickhouse_driver import Client
from clickhouse_driver.errors import Error as DriverError
from clickhouse_driver.errors import NetworkError, ServerException, SocketTimeoutError

from pipeline.store.answers import rendered
from pipeline.store.errors import (
    LIMIT_CODES,
    BadRowsError,
    Limits,
    QueryRefusedError,
    StoreUnavailableError,
    command_error,
    insert_error,
    query_error,
    syntax_message,
)
from pipeline.store.parameters import Parameter, driver_parameter
from pipeline.store.rows import column_values, columns_stored
from pipeline.store.sql_gate import Parser
from pipeline.store.sql_store import FOREIGN_LIMITS, OWN_LIMITS, Row, SqlStore, bounded
from pipeline.store.store import Format, Placed
from schemas.event_type import EventType, KeyTable, Table
from schemas.generate.clickhouse import DATABASE

T = TypeVar("T")

#: The connection broke or was refused. A server killed in mid-insert shows as a bare EOFError (measured).
_LOST = (EOFError, OSError, NetworkError, SocketTimeoutError)
#: What the driver raises for a value it cannot write.
_UNWRITABLE = (ValueError, TypeError, AttributeError, OverflowError, struct.error)


class ServerStore(SqlStore):
    """See Store. For analysts' queries a user of its own, with rights to read only, is the better second wall."""

    def __init__(
        self,
        host: str,
        port: int = 9000,
        *,
        user: str = "default",
        password: str = "",
        secure: bool = False,
        alt_hosts: str | None = None,
        timeout_s: float = 30.0,
        foreign_limits: Limits = FOREIGN_LIMITS,
    ) -> None:
        """Connect on first use. ``alt_hosts``: further servers, as ``host:port,host:port``."""
        super().__init__(foreign_limits)
        # It writes a stack trace for every try that fails; what failed is raised and said in one line.
        logging.getLogger("clickhouse_driver").setLevel(logging.CRITICAL)
        self._options: dict[str, Any] = {
            "host": host,
            "port": port,
            "user": user,
            "password": password,
            "secure": secure,
            "alt_hosts": alt_hosts,
            "connect_timeout": 5,
            "send_receive_timeout": timeout_s,
            "compression": False,
            # Without this a server that does not know the token setting ignores it, and a lost guarantee looks well.
            "settings_is_important": True,
            "settings": {"server_side_params": True},
        }
        self._where = f"{host}:{port}"
        self._threads = local()
        self._clients: list[Client] = []
        self._clients_lock = Lock()
        self._closed = False
        #: Tables into which nobody's earlier insert can be running any more.
        self._alone_in: set[str] = set()

    def query(
        self,
        sql: str,
        params: Mapping[str, Parameter] | None = None,
        fmt: Format = "JSON",
        *,
        limits: Limits = OWN_LIMITS,
    ) -> bytes:
        """See Store.query."""
        try:
            rows, columns = self._select(sql, params, _limit_settings(limits) | {"readonly": 2}, database=DATABASE)
        except ServerException as error:
            if error.code in LIMIT_CODES:
                raise query_error(error.message, limits, code=error.code) from None
            raise command_error(error.message, error.code) from None
        return bounded(rendered(columns, rows, fmt, spreadsheet_safe=True), limits)

    def close(self) -> None:
        """See Store.close."""
        self._closed = True
        with self._clients_lock:
            for client in self._clients:
                client.disconnect()
            self._clients.clear()

    def _command(self, sql: str) -> None:
        try:
            self._execute(sql)
        except ServerException as error:
            raise command_error(error.message, error.code) from None

    def _rows(self, sql: str, params: Mapping[str, Parameter] | None = None, *, writing: bool = False) -> list[Row]:
        try:
            return self._select(sql, params, {})[0]
        except ServerException as error:
            raise command_error(error.message, error.code) from None

    def _end_inserts_before(self, table: Table) -> None:
        """See SqlStore. Asked for once for each table, and again after an insert whose outcome is not known.

        An insert outlives its client: one that a server had taken whole before it stood still was worked off when it
        went on, beside the same rows in other batches from a new process, and both were kept (measured). Another
        worker's insert that is ended here is tried again by that worker.
        """
        if table.name in self._alone_in:
            return
        self._command(
            f"KILL QUERY WHERE query_kind = 'Insert' AND user = currentUser() "
            f"AND startsWith(query, 'INSERT INTO {DATABASE}.{table.name} ') SYNC"
        )
        self._alone_in.add(table.name)

    def _insert_rows(self, kind: EventType[Any], rows: Sequence[Placed], token: str) -> None:
        assert kind.table is not None
        names = ", ".join(f"`{column.name}`" for column in columns_stored(kind.name))
        values = column_values(kind, rows, for_arrow=False)
        settings = {
            "insert_deduplication_token": token,
            "async_insert": 0,  # an insert must be on disk when it is confirmed
            "max_partitions_per_insert_block": 0,  # a batch may reach over many years
        }
        self._alone_in.discard(kind.table.name)
        try:
            self._execute(
                f"INSERT INTO {DATABASE}.{kind.table.name} ({names}) VALUES", values, columnar=True, settings=settings
            )
        except ServerException as error:
            raise insert_error(error.message, error.code) from None
        self._alone_in.add(kind.table.name)

    def _insert_keys(self, table: KeyTable, rows: Sequence[Row]) -> None:
        names = ", ".join(f"`{name}`" for name in table.names)
        values = [list(column) for column in zip(*rows, strict=True)]
        try:
            self._execute(
                f"INSERT INTO {DATABASE}.{table.name} ({names}) VALUES",
                values,
                columnar=True,
                settings={"async_insert": 0},
            )
        except ServerException as error:
            raise insert_error(error.message, error.code) from None

    def _run_foreign(self, sql: str, fmt: Format, *, spreadsheet_safe: bool) -> bytes:
        try:
            settings = _limit_settings(self._foreign_limits) | {"readonly": 1}
            rows, columns = self._select(sql, None, settings, database=DATABASE)
        except ServerException as error:
            raise query_error(error.message, self._foreign_limits, code=error.code) from None
        return bounded(rendered(columns, rows, fmt, spreadsheet_safe=spreadsheet_safe), self._foreign_limits)

    def _parser(self) -> Parser:
        return Parser(
            canonical=lambda sql: "\n".join(self._parsed("SELECT formatQuerySingleLine({sql:String})", {"sql": sql})),
            tree=lambda sql: self._parsed(f"EXPLAIN AST {sql}"),
        )

    def _parsed(self, sql: str, params: Mapping[str, Parameter] | None = None) -> list[str]:
        try:
            rows, _ = self._select(sql, params, {"readonly": 1})
        except ServerException as error:
            raise QueryRefusedError(syntax_message(error.message)) from None
        return [str(row[0]) for row in rows]

    def _select(
        self, sql: str, params: Mapping[str, Parameter] | None, settings: Mapping[str, Any], *, database: str = ""
    ) -> tuple[list[Row], list[tuple[str, str]]]:
        values = {name: driver_parameter(value) for name, value in (params or {}).items()}
        answer = self._execute(sql, values, database=database, with_column_types=True, settings=dict(settings))
        return list(answer[0]), [(str(name), str(kind)) for name, kind in answer[1]]

    def _execute(self, sql: str, *arguments: Any, database: str = "", **options: Any) -> Any:
        """Run a statement on this thread's client. ServerException is left to the caller, who knows what it means.

        ``database``: where tables without a database are looked for, as people write them. Only for questions: before
        the first migration it is not there, and the server would refuse the connection.
        """
        client = self._client(database)
        try:
            return client.execute(sql, *arguments, **options)
        except ServerException:
            raise
        except UnicodeError as error:
            client.disconnect()
            raise BadRowsError(f"a text cannot be written as UTF-8: {type(error).__name__}") from None
        except _LOST as error:
            client.disconnect()
            raise StoreUnavailableError(f"the ClickHouse server at {self._where} {_how_lost(error)}") from None
        except DriverError as error:
            client.disconnect()
            raise insert_error(str(error), error.code) from None
        except _UNWRITABLE as error:
            client.disconnect()  # the insert was begun; only a new connection is in a known state
            raise BadRowsError(f"a value does not fit its column: {type(error).__name__}") from None

    def _client(self, database: str) -> Client:
        if self._closed:
            raise StoreUnavailableError("the store is closed")
        mine: dict[str, Client] = self._threads.__dict__.setdefault("clients", {})
        client = mine.get(database)
        if client is None:
            client = Client(
                **{**self._options, "database": database, "settings": dict(self._options["settings"])},
            )
            mine[database] = client
            with self._clients_lock:
                self._clients.append(client)
        return client


def _how_lost(error: Exception) -> str:
    """Return how a connection was lost, in words."""
    if isinstance(error, SocketTimeoutError | TimeoutError):
        return "does not answer"
    if isinstance(error, EOFError | ConnectionResetError | BrokenPipeError):
        return "ended the connection"
    told = error.message if isinstance(error, NetworkError) else str(error)
    return f"cannot be reached: {told or type(error).__name__}"


def _limit_settings(limits: Limits) -> dict[str, Any]:
    return {
        "max_execution_time": limits.seconds,
        "max_result_rows": limits.rows,
        "max_result_bytes": limits.answer_bytes,
        "max_memory_usage": limits.memory_bytes,
        "result_overflow_mode": "throw",
    }
