"""What both stores share: exactly-once inserts, migrations, health, and the way of a person's SQL through the gate."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from threading import Lock
from typing import Any
from uuid import UUID

import structlog

from pipeline.store.errors import Limits, QueryRefusedError, StoreError, StoreUnavailableError, too_large
from pipeline.store.exactly_once import first_of_each, insert_token, stored_ids_query
from pipeline.store.migrations import Migration, ahead, migrations, pending
from pipeline.store.parameters import Parameter, quoted
from pipeline.store.rows import require_storable
from pipeline.store.search_keys import search_keys
from pipeline.store.sql_gate import Parser, SqlGate, canonical_form
from pipeline.store.store import FORMATS, Format, Placed, StoreHealth
from schemas.columns import columns_of
from schemas.envelope import Event
from schemas.event_type import EventType, KeyTable, Table
from schemas.generate.clickhouse import DATABASE, STORE_COLUMNS
from schemas.registry import EVENT_TYPES
from schemas.views import VIEWS

_log = structlog.get_logger(__name__)

#: What a person's query may use. Memory is small enough for two at once beside the writer.
FOREIGN_LIMITS = Limits(seconds=10, rows=100_000, answer_bytes=32 * 2**20, memory_bytes=300 * 2**20)
#: What one of our own queries may use unless it says otherwise.
OWN_LIMITS = Limits()

_MIGRATIONS_TABLE = (
    f"CREATE TABLE IF NOT EXISTS {DATABASE}.schema_migrations "
    "(number UInt32, name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3)) "
    "ENGINE = MergeTree ORDER BY number SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, "
    "min_rows_to_fsync_after_merge = 1"
)
_SHOW_TABLES = re.compile(r"SHOW TABLES(?: (?:FROM|IN) rtcc)?")
_DESCRIBE = re.compile(rf"DESCRIBE TABLE (?:{DATABASE}\.)?`?(\w+)`?")

Row = Sequence[Any]


class SqlStore(ABC):
    """A store that speaks ClickHouse's SQL. Subclasses bring the ways to the engine."""

    def __init__(self, foreign_limits: Limits = FOREIGN_LIMITS) -> None:
        self._write_lock = Lock()
        self._foreign_limits = foreign_limits
        #: Migrations of the store that this version does not know: a newer one made them, and they only add.
        self.ahead: tuple[str, ...] = ()

    @abstractmethod
    def _command(self, sql: str) -> None:
        """Run a statement that changes the schema. Raises StoreUnavailableError or StoreError."""

    @abstractmethod
    def _rows(self, sql: str, params: Mapping[str, Parameter] | None = None, *, writing: bool = False) -> list[Row]:
        """Run a small query of the store's own and return its rows; UUIDs may come as text.

        ``writing``: the writer asks, with the write lock held, and must not wait for people's queries.
        """

    @abstractmethod
    def _insert_rows(self, kind: EventType[Any], rows: Sequence[Placed], token: str) -> None:
        """Insert rows in one block under a deduplication token. Only called with the write lock held."""

    @abstractmethod
    def _insert_keys(self, table: KeyTable, rows: Sequence[Row]) -> None:
        """Insert rows of search keys, in the order of the table's columns. Only called with the write lock held."""

    @abstractmethod
    def _end_inserts_before(self, table: Table) -> None:
        """Make sure that no insert of an earlier try or process runs: its rows would not be found, and be doubled."""

    @abstractmethod
    def _run_foreign(self, sql: str, fmt: Format, *, spreadsheet_safe: bool) -> bytes:
        """Run a query that passed the gate, read-only and within the limits for people."""

    @abstractmethod
    def _parser(self) -> Parser:
        """Return the engine's parser for the gate."""

    @abstractmethod
    def query(
        self,
        sql: str,
        params: Mapping[str, Parameter] | None = None,
        fmt: Format = "JSON",
        *,
        limits: Limits = OWN_LIMITS,
    ) -> bytes:
        """See Store.query."""

    @abstractmethod
    def close(self) -> None:
        """See Store.close."""

    def insert(self, kind: EventType[Any], rows: Sequence[Placed]) -> int:
        """See Store.insert."""
        if kind.table is None:
            raise StoreError(f"{kind.name} has no table")
        with self._write_lock:
            unique = first_of_each(rows)
            if not unique:
                return 0
            self._end_inserts_before(kind.table)
            sql, params = stored_ids_query(kind.table, unique, DATABASE)
            stored = {UUID(str(row[0])) for row in self._rows(sql, params, writing=True)}
            fresh = [row for row in unique if row.event.event_id not in stored] if stored else unique
            if fresh:
                events = [row.event for row in fresh]
                # Before the rows: a crash between the two leaves keys without a row, which find nothing, and never a
                # row that nobody can find.
                if kind.table.keys is not None:
                    require_storable(kind, fresh)
                    if keys := search_keys(kind.table.keys, events):
                        self._insert_keys(kind.table.keys, keys)
                self._insert_rows(kind, fresh, insert_token(fresh))
            return len(fresh)

    def add_keys(self, kind: EventType[Any], events: Sequence[Event]) -> int:
        """See Store.add_keys."""
        table = _key_table(kind)
        with self._write_lock:
            if keys := search_keys(table, events):
                self._insert_keys(table, keys)
            return len(keys)

    def drop_keys(self, kind: EventType[Any], where: str) -> None:
        """See Store.drop_keys."""
        table = _key_table(kind)
        with self._write_lock:
            self._command(f"DELETE FROM {DATABASE}.{table.name} WHERE {where}")

    def foreign_query(self, sql: str, fmt: Format = "Pretty", *, spreadsheet_safe: bool = True) -> bytes:
        """See Store.foreign_query."""
        if fmt not in FORMATS:
            raise QueryRefusedError(f"the format must be one of {', '.join(FORMATS)}")
        parser = self._parser()
        canonical = canonical_form(sql, parser)
        if _SHOW_TABLES.fullmatch(canonical):
            return self._run_foreign(show_tables(), fmt, spreadsheet_safe=spreadsheet_safe)
        if described := _DESCRIBE.fullmatch(canonical):
            return self._run_foreign(describe_table(described[1]), fmt, spreadsheet_safe=spreadsheet_safe)
        self._gate.check(parser.tree(canonical))
        return self._run_foreign(canonical, fmt, spreadsheet_safe=spreadsheet_safe)

    def migrate(self) -> list[str]:
        """See Store.migrate."""
        found = migrations()
        with self._write_lock:
            self._command(f"CREATE DATABASE IF NOT EXISTS {DATABASE} ENGINE = Atomic")
            self._command(_MIGRATIONS_TABLE)
            rows = self._rows(f"SELECT number, name, checksum FROM {DATABASE}.schema_migrations")
            self.ahead = tuple(ahead(found, {int(number): str(name) for number, name, _ in rows}))
            if self.ahead:
                _log.warning("store_is_ahead_of_this_version", unknown_migrations=self.ahead)
            todo = pending(found, {int(number): str(checksum) for number, _, checksum in rows})
            for migration in todo:
                self._apply(migration)
        return [migration.name for migration in todo]

    def _apply(self, migration: Migration) -> None:
        # A crash between statements is harmless: every statement can be run again, and the note comes last.
        for statement in migration.statements:
            self._command(statement)
        values = f"{migration.number}, {quoted(migration.name)}, {quoted(migration.checksum)}"
        self._command(f"INSERT INTO {DATABASE}.schema_migrations (number, name, checksum) SELECT {values}")
        _log.info("store_migrated", migration=migration.name)

    def health(self) -> StoreHealth:
        """See Store.health."""
        try:
            (detached,) = self._rows("SELECT toInt64(count()) FROM system.detached_parts")[0]
            free, total = self._rows(
                "SELECT toInt64(min(free_space)), toInt64(min(total_space)) FROM system.disks WHERE name = 'default'"
            )[0]
            newest = {str(table): _moment(int(newest_ms)) for table, newest_ms in self._rows(_newest_stored())}
        except StoreError as error:
            return StoreHealth(reachable=False, detail=str(error))
        return StoreHealth(
            reachable=True,
            detached_parts=int(detached),
            disk_free=int(free),
            disk_total=int(total),
            newest_stored_at=newest,
        )

    @cached_property
    def _gate(self) -> SqlGate:
        names = self._rows("SELECT name FROM system.functions")
        if not names:
            raise StoreUnavailableError("the engine did not name its functions")
        stored = [kind for kind in EVENT_TYPES if kind.table is not None]
        columns = {column.name for kind in stored for column in columns_of(kind)} | {c for c, _ in STORE_COLUMNS}
        columns |= {column.name for view in VIEWS for column in view.columns}
        return SqlGate(DATABASE, visible_tables(), ("schema_migrations",), columns, [str(row[0]) for row in names])


def _key_table(kind: EventType[Any]) -> KeyTable:
    if kind.table is None or kind.table.keys is None:
        raise StoreError(f"{kind.name} has no search keys")
    return kind.table.keys


def bounded(answer: bytes, limits: Limits) -> bytes:
    """Return an answer if it is not too large: the engine counts whole blocks only, and one block can be large."""
    if len(answer) > limits.answer_bytes:
        raise too_large(limits)
    return answer


def visible_tables() -> list[str]:
    """Return the names of the tables and views that people may read."""
    tables = [kind.table for kind in EVENT_TYPES if kind.table is not None]
    names = [name for table in tables for name in (table.name, table.current) if name is not None]
    return names + [view.name for view in VIEWS]


def show_tables() -> str:
    """Return the query that answers SHOW TABLES: our tables and views and what each is."""
    rows = [(view.name, view.what) for view in VIEWS]
    for kind in EVENT_TYPES:
        if kind.table is not None:
            doc = (kind.cls.__doc__ or "").strip().splitlines()[0]
            rows.append((kind.table.name, doc))
            if kind.table.current is not None:
                rows.append((kind.table.current, f"The newest state of each {kind.key} in {kind.table.name}."))
    return _literal_rows(("name", "what"), sorted(rows))


def describe_table(name: str) -> str:
    """Return the query that answers DESCRIBE for one of our tables. Raises QueryRefusedError for any other."""
    for kind in EVENT_TYPES:
        if kind.table is not None and name in (kind.table.name, kind.table.current):
            rows = [(column.name, column.type.sql, column.description) for column in columns_of(kind)]
            rows += [(column, re.split(" DEFAULT| CODEC", definition)[0], "") for column, definition in STORE_COLUMNS]
            return _literal_rows(("name", "type", "description"), rows)
    for view in VIEWS:
        if view.name == name:
            rows = [(column.name, column.type, column.description) for column in view.columns]
            return _literal_rows(("name", "type", "description"), rows)
    raise QueryRefusedError(f"{name} is not one of our tables; SHOW TABLES lists them")


def _literal_rows(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    tuples = ", ".join(f"({', '.join(quoted(value) for value in row)})" for row in rows)
    columns = ", ".join(f"row.{place} AS {name}" for place, name in enumerate(names, 1))
    return f"SELECT {columns} FROM (SELECT arrayJoin([{tuples}]) AS row)"


def _newest_stored() -> str:
    """Return the query for the newest ``stored_at`` of every table, in milliseconds since 1970, 0 for an empty table.

    Only the part with the highest block number is read: the rows inserted last are in it.
    """
    return " UNION ALL ".join(
        f"SELECT '{table.name}' AS name, toUnixTimestamp64Milli(max(stored_at)) AS newest FROM {DATABASE}.{table.name} "
        f"WHERE _part = (SELECT argMax(name, max_block_number) FROM system.parts "
        f"WHERE active AND database = '{DATABASE}' AND table = '{table.name}')"
        for table in (kind.table for kind in EVENT_TYPES)
        if table is not None
    )


def _moment(milliseconds: int) -> datetime | None:
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None
