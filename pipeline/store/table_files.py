"""Whole tables as Parquet files, and back: written and read by the engine itself, in bounded memory.

A copy is one query, so it is the table at one moment, while rows go on coming in. Its counts and digests are taken from
the file and not from the table: they say what can be read back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from pipeline.store.errors import StoreError
from pipeline.store.parameters import quoted
from schemas.generate.clickhouse import DATABASE

#: Rows and bytes of a row group: what is held in memory at a time.
_PARQUET = (
    "output_format_parquet_row_group_size = 65536, output_format_parquet_row_group_size_bytes = 33554432, "
    "output_format_parquet_compression_method = 'zstd', engine_file_truncate_on_insert = 1, max_threads = 1"
)
#: Low 64 bits of an id, as schemas/id_digest.py takes them.
_LOW_64 = "reinterpretAsUInt64(reverse(substring(UUIDToNum(event_id), 9, 8)))"

Ask = Callable[[str], list[Sequence[Any]]]


class TableColumn(Struct, frozen=True):
    """A column of a table: its name and its ClickHouse type."""

    name: str
    type: str


class TableCopy(Struct, frozen=True, kw_only=True):
    """What a file of a table holds. ``id_digest``: schemas/id_digest.py over its event ids; "" for a table without.

    ``content_digest``: the sum modulo 2^64 of a hash of each row, whatever their order; both in hexadecimal.
    """

    table: str
    rows: int
    id_digest: str
    content_digest: str
    columns: list[TableColumn]


class TableFiles:
    """Copies tables; ``ask`` runs a statement and returns its rows. Methods block, and raise StoreError."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def tables(self) -> list[str]:
        """Return the tables that hold rows of ours; views and the list of migrations are made by migrations.

        Tables of search keys come last: copied before their rows, they could lack the keys of the newest.
        """
        rows = self._ask(
            f"SELECT name FROM system.tables WHERE database = '{DATABASE}' AND engine NOT LIKE '%View' "
            "AND name != 'schema_migrations' ORDER BY endsWith(name, '_keys'), name"
        )
        return [str(row[0]) for row in rows]

    def migrations(self) -> list[str]:
        """Return the names of the migrations that were applied, in order."""
        rows = self._ask(f"SELECT name FROM {DATABASE}.schema_migrations ORDER BY number")
        return [str(row[0]) for row in rows]

    def rows(self, table: str) -> int:
        """Return how many rows a table has."""
        return int(self._ask(f"SELECT toInt64(count()) FROM {DATABASE}.{_name(table)}")[0][0])

    def copy(self, table: str, file: Path) -> TableCopy:
        """Write a table into a file, which is overwritten, and return what the file holds."""
        columns = self._columns(table)
        if not columns:
            raise StoreError(f"there is no table {table}")
        names = _names(columns)
        self._ask(
            f"INSERT INTO FUNCTION {_file(file, columns)} SELECT {names} FROM {DATABASE}.{_name(table)} "
            f"SETTINGS {_PARQUET}"
        )
        return self._digested(table, _file(file, columns), columns)

    def load(self, copy: TableCopy, file: Path) -> TableCopy:
        """Read a file into its table, which must be empty, and return what the table then holds.

        Raises StoreError when the table has not all of the file's columns: then the copy is of a newer version.
        """
        known = {column.name: column.type for column in self._columns(copy.table)}
        if not known:
            raise StoreError(f"this version has no table {copy.table}: the copy was made by a newer Watchfloor")
        for column in copy.columns:
            if known.get(column.name) != column.type:
                raise StoreError(
                    f"{copy.table} has no column {column.name} of type {column.type} here: the copy was made by "
                    "another Watchfloor; use the version that made it"
                )
        if self.rows(copy.table):
            raise StoreError(f"{copy.table} is not empty")
        names = _names(copy.columns)
        self._ask(
            f"INSERT INTO {DATABASE}.{_name(copy.table)} ({names}) SELECT {names} FROM {_file(file, copy.columns)} "
            "SETTINGS max_threads = 1, max_insert_threads = 1, max_partitions_per_insert_block = 0, "
            "insert_deduplicate = 0, input_format_parquet_max_block_size = 65536"
        )
        return self._digested(copy.table, f"{DATABASE}.{_name(copy.table)}", copy.columns)

    def _digested(self, table: str, source: str, columns: list[TableColumn]) -> TableCopy:
        ids = f"hex(sumWithOverflow({_LOW_64}))" if any(one.name == "event_id" for one in columns) else "''"
        # As text, because a hash of columns is NULL where one of them is.
        text = f"formatRow('TSV', {_names(columns)})"
        rows, id_digest, content = self._ask(
            f"SELECT toInt64(count()), {ids}, hex(sumWithOverflow(cityHash64({text}))) FROM {source}"
        )[0]
        return TableCopy(
            table=table,
            rows=int(rows),
            id_digest=str(id_digest).lower().rjust(16, "0") if id_digest else "",
            content_digest=str(content).lower().rjust(16, "0"),
            columns=columns,
        )

    def _columns(self, table: str) -> list[TableColumn]:
        rows = self._ask(
            f"SELECT name, type FROM system.columns WHERE database = '{DATABASE}' AND table = {quoted(table)} "
            "AND default_kind IN ('', 'DEFAULT') ORDER BY position"
        )
        return [TableColumn(str(name), str(kind)) for name, kind in rows]


def _name(table: str) -> str:
    if not table.replace("_", "").isalnum() or not table.isascii():
        raise StoreError("that is no name of a table")
    return table


def _names(columns: Sequence[TableColumn]) -> str:
    return ", ".join(f"`{column.name}`" for column in columns)


def _file(file: Path, columns: Sequence[TableColumn]) -> str:
    structure = ", ".join(f"`{column.name}` {column.type}" for column in columns)
    return f"file({quoted(str(file))}, 'Parquet', {quoted(structure)})"
