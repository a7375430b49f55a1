"""Rows of events as columns of plain values, ready for either engine's columnar insert."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from operator import attrgetter
from typing import Any

from pipeline.store.errors import BadRowsError
from pipeline.store.store import Placed
from schemas.columns import Column, ColumnType, Many, Plain, Record, TextMap, columns_of
from schemas.event_type import EventType
from schemas.registry import BY_NAME

#: Columns added to the event's own: its place in the log. ``stored_at`` is set by the engine.
_PLACE = (
    Column("_topic", Plain("LowCardinality(String)"), ""),
    Column("_partition", Plain("Int32"), ""),
    Column("_offset", Plain("Int64"), ""),
)

#: What DateTime64 can hold (clickhouse.com/docs/sql-reference/data-types/datetime64).
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2299, 1, 1, tzinfo=UTC)

Convert = Callable[[Any], Any]


@cache
def columns_stored(name: str) -> tuple[Column, ...]:
    """Return the columns that an insert of this event type fills: its fields, then its place in the log."""
    return columns_of(BY_NAME[name]) + _PLACE


def column_values(kind: EventType[Any], rows: Sequence[Placed], *, for_arrow: bool) -> list[list[Any]]:
    """Return the rows' values column by column, in the order of ``columns_stored``.

    Structs become tuples; for Arrow, UUIDs become their 16 bytes and dictionaries lists of pairs.
    Raises BadRowsError for a moment that ClickHouse cannot hold. The lists are new each time: clickhouse-driver
    changes those it is given.
    """
    columns = columns_stored(kind.name)
    fields = attrgetter(*(column.name for column in columns[: -len(_PLACE)]))
    values: list[list[Any]] = []
    for column, raw in zip(columns, zip(*(fields(row.event) for row in rows), strict=True), strict=False):
        _check_moments(column, raw)
        convert = converter(column.type, for_arrow=for_arrow)
        values.append(list(raw) if convert is None else [convert(value) for value in raw])
    values.append([row.topic for row in rows])
    values.append([row.partition for row in rows])
    values.append([row.offset for row in rows])
    return values


def require_storable(kind: EventType[Any], rows: Sequence[Placed]) -> None:
    """Raise BadRowsError for a moment that ClickHouse cannot hold."""
    for column in columns_of(kind):
        if _is_moment(column):
            _check_moments(column, [getattr(row.event, column.name) for row in rows])


def converter(kind: ColumnType, *, for_arrow: bool) -> Convert | None:
    """Return how a field's value becomes a plain one, or None when it already is."""
    if isinstance(kind, Plain):
        return _optional(_uuid_bytes) if for_arrow and kind.base == "UUID" else None
    if isinstance(kind, TextMap):
        return (lambda value: list(value.items())) if for_arrow else None
    if isinstance(kind, Many):
        item = converter(kind.item, for_arrow=for_arrow)
        return list if item is None else _each(item)
    return _parts(kind, for_arrow=for_arrow)


def _parts(kind: Record, *, for_arrow: bool) -> Convert | None:
    converts = [converter(item, for_arrow=for_arrow) for item in kind.items]
    if not kind.names:
        return None if not any(converts) else lambda value: tuple(_applied(converts, value))
    fields = attrgetter(*kind.names) if len(kind.names) > 1 else lambda value: (getattr(value, kind.names[0]),)
    return (lambda value: tuple(_applied(converts, fields(value)))) if any(converts) else fields


def _applied(converts: Sequence[Convert | None], values: Sequence[Any]) -> list[Any]:
    return [value if convert is None else convert(value) for convert, value in zip(converts, values, strict=True)]


def _each(item: Convert) -> Convert:
    return lambda value: [item(part) for part in value]


def _optional(convert: Convert) -> Convert:
    return lambda value: None if value is None else convert(value)


def _uuid_bytes(value: Any) -> bytes:
    return bytes(value.bytes)


def _check_moments(column: Column, values: Sequence[Any]) -> None:
    if not _is_moment(column):
        return
    moments = [value for value in values if value is not None]
    if moments and not (min(moments) >= EARLIEST and max(moments) < LATEST):
        raise BadRowsError(f"{column.name} must lie between the years 1900 and 2299")


def _is_moment(column: Column) -> bool:
    return isinstance(column.type, Plain) and column.type.base.startswith("DateTime64")
