"""The intended ClickHouse schema: one table for each event type, a view of the newest states for each state, and the
views that are made of them.

The statements are what numbered migrations must reach; a test compares the two on the engine. Every statement can be
run again without harm. Settings and their reasons: docs/reference/store.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from schemas.columns import Column, columns_of
from schemas.event_type import EventType, KeyTable, Table
from schemas.registry import EVENT_TYPES
from schemas.views import VIEWS

DATABASE = "rtcc"

#: Columns that the store adds to every row, so that any row can be found in the log and loss is auditable.
STORE_COLUMNS: tuple[tuple[str, str], ...] = (
    ("stored_at", "DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1))"),
    ("_topic", "LowCardinality(String)"),
    ("_partition", "Int32 CODEC(ZSTD(1))"),
    ("_offset", "Int64 CODEC(Delta(8), ZSTD(1))"),
)

#: Without all three of the fsync settings a power failure took every recent row (measured, reference/clickhouse §1).
TABLE_SETTINGS: tuple[tuple[str, int], ...] = (
    ("non_replicated_deduplication_window", 10_000),
    ("fsync_after_insert", 1),
    ("fsync_part_directory", 1),
    ("min_rows_to_fsync_after_merge", 1),
)

#: A search asks for hundreds of keys, each in another place: of a granule of the usual 8,192 rows nearly all is read
#: for nothing (docs/adr/0015-finding-people.md).
KEYS_IN_A_GRANULE = 512
#: Bytes of a column that are packed together at the least. With the engine's own 64 KiB, who reads a granule of 512
#: keys unpacks a dozen granules, in every column (docs/adr/0015-finding-people.md).
KEYS_IN_A_BLOCK = 4096
#: Who reads twenty records by their ids would read twenty granules of 8,192 rows and of all columns.
LOOKED_UP_IN_A_GRANULE = 64


def intended_ddl(kinds: Iterable[EventType[Any]] = EVENT_TYPES, database: str = DATABASE) -> list[str]:
    """Return the CREATE statements in order, without closing semicolons: the database, then tables and their views."""
    kinds = tuple(kinds)
    statements = [f"CREATE DATABASE IF NOT EXISTS {database} ENGINE = Atomic"]
    for kind in kinds:
        if kind.table is None:
            continue
        statements.append(create_table(kind, kind.table, database))
        if kind.table.keys is not None:
            statements.append(create_key_table(kind, kind.table.keys, database))
        if kind.table.current is not None:
            statements.append(create_view(kind, kind.table, database))
    made = {kind.name for kind in kinds}
    statements += [view.ddl(database) for view in VIEWS if made.issuperset(view.reads)]
    return statements


def create_table(kind: EventType[Any], table: Table, database: str = DATABASE) -> str:
    """Return the CREATE TABLE of an event type."""
    lines = [_column(column) for column in columns_of(kind)]
    lines += [f"`{name}` {definition}" for name, definition in STORE_COLUMNS]
    lines.append("INDEX by_event_id event_id TYPE bloom_filter(0.01) GRANULARITY 4")
    # The ledger asks every few seconds what was observed in the newest minutes; old parts are passed over by this.
    lines.append("INDEX by_observed_at observed_at TYPE minmax GRANULARITY 4")
    # The writer asks which ids of a batch are stored already. In an order by plate the rows of one second are spread
    # over the whole month; this copy of ids by time makes the question 10x cheaper for 18 bytes a row (ADR 0003).
    lines.append(f"PROJECTION stored_ids (SELECT `event_id`, `{table.month_of}` ORDER BY `{table.month_of}`)")
    if table.projection:
        lines.append(f"PROJECTION by_{table.projection[0]} INDEX ({_names(table.projection)}) TYPE basic")
    if table.looked_up:
        # All fields by name: a column that is added later must not be looked for in the parts that lack it. By a hash:
        # in the order of the key itself the engine takes the table, whose granules are larger and therefore fewer.
        fields = _names([column.name for column in columns_of(kind)] + ["stored_at", "_offset"])
        lines.append(
            f"PROJECTION by_key (SELECT {fields} ORDER BY cityHash64(`{kind.key}`)) "
            f"WITH SETTINGS (index_granularity = {LOOKED_UP_IN_A_GRANULE})"
        )
    settings = ",\n  ".join(f"{name} = {value}" for name, value in TABLE_SETTINGS)
    body = ",\n  ".join(lines)
    return (
        f"CREATE TABLE IF NOT EXISTS {database}.{table.name} (\n  {body}\n)\n"
        f"ENGINE = MergeTree\n"
        f"PARTITION BY toYYYYMM(`{table.month_of}`)\n"
        f"ORDER BY ({_names(table.order_by)})\n"
        f"SETTINGS\n  {settings}"
    )


def create_key_table(kind: EventType[Any], keys: KeyTable, database: str = DATABASE) -> str:
    """Return the CREATE TABLE of search keys. The same key of the same row may come twice."""
    own = {column.name: column for column in columns_of(kind)}
    lines = [f"`{name}` {type_}" for name, type_ in keys.columns] + [_column(own[name]) for name in keys.copied]
    body = ",\n  ".join(lines)
    # Inserts are not told apart here: the same keys come again after a crash, and what was written is counted.
    told_apart = "non_replicated_deduplication_window"
    kept = tuple(one for one in TABLE_SETTINGS if one[0] != told_apart)
    small = (("index_granularity", KEYS_IN_A_GRANULE), ("min_compress_block_size", KEYS_IN_A_BLOCK))
    settings = ",\n  ".join(f"{name} = {value}" for name, value in (*kept, *small))
    return (
        f"CREATE TABLE IF NOT EXISTS {database}.{keys.name} (\n  {body}\n)\n"
        f"ENGINE = MergeTree\n"
        f"ORDER BY ({_names(keys.order_by)})\n"
        f"SETTINGS\n  {settings}"
    )


def create_view(kind: EventType[Any], table: Table, database: str = DATABASE) -> str:
    """Return the view that shows the newest state of each key.

    Of states that claim the same version the one stored last counts, then the one further on in the log, so that the
    answer never depends on merges.
    """
    if table.current is None or kind.version_field is None:
        raise ValueError(f"{kind.name} is no state with a version and a name for its view")
    newest = (
        f"SELECT * FROM {database}.{table.name}\n"
        f"ORDER BY `{kind.key}`, `{kind.version_field}` DESC, `stored_at` DESC, `_offset` DESC, `event_id` DESC\n"
        f"LIMIT 1 BY `{kind.key}`"
    )
    if "removed" in kind.cls.__struct_fields__:
        newest = f"SELECT * FROM (\n{newest}\n) WHERE NOT `removed`"
    return f"CREATE VIEW IF NOT EXISTS {database}.{table.current} AS\n{newest}"


def _column(column: Column) -> str:
    codec = f" CODEC({column.codec})" if column.codec else ""
    return f"`{column.name}` {column.type.sql}{codec}"


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
