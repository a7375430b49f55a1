"""The columns that a fact's fields become: derived from its class by recursion, read by the DDL and by the store."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct
from msgspec.inspect import (
    BoolType,
    BytesType,
    DateTimeType,
    DictType,
    FloatType,
    IntType,
    Metadata,
    NoneType,
    StrType,
    StructType,
    TupleType,
    Type,
    UnionType,
    UUIDType,
    VarTupleType,
    type_info,
)

from schemas.event_type import EventType

#: The ClickHouse type of each plain Python type. Moments keep milliseconds, as the wire does.
_PLAIN: tuple[tuple[type[Type], str], ...] = (
    (UUIDType, "UUID"),
    (DateTimeType, "DateTime64(3, 'UTC')"),
    (FloatType, "Float64"),
    (BoolType, "Bool"),
    (IntType, "Int64"),
    (StrType, "String"),
    (BytesType, "String"),
)
_LOW_CARDINALITY = "LowCardinality(String)"


class Plain(Struct, frozen=True):
    """A single value. ``base`` is its ClickHouse type without the wrapper that lets it be NULL."""

    base: str
    nullable: bool = False
    raw_bytes: bool = False

    @property
    def sql(self) -> str:
        """The type as ClickHouse writes it."""
        if not self.nullable:
            return self.base
        return "LowCardinality(Nullable(String))" if self.base == _LOW_CARDINALITY else f"Nullable({self.base})"


class Many(Struct, frozen=True):
    """A sequence of values of one type."""

    item: ColumnType

    @property
    def sql(self) -> str:
        """The type as ClickHouse writes it."""
        return f"Array({self.item.sql})"


class Record(Struct, frozen=True):
    """A value of several parts. ``names`` is empty for a plain tuple, such as a position."""

    items: tuple[ColumnType, ...]
    names: tuple[str, ...] = ()

    @property
    def sql(self) -> str:
        """The type as ClickHouse writes it."""
        parts = [item.sql for item in self.items]
        if self.names:
            parts = [f"{name} {part}" for name, part in zip(self.names, parts, strict=True)]
        return f"Tuple({', '.join(parts)})"


class TextMap(Struct, frozen=True):
    """A dictionary of text to text."""

    @property
    def sql(self) -> str:
        """The type as ClickHouse writes it."""
        return "Map(String, String)"


ColumnType = Plain | Many | Record | TextMap


class Column(Struct, frozen=True):
    """One field of an event as a column of its table."""

    name: str
    type: ColumnType
    description: str

    @property
    def codec(self) -> str:
        """The compression for this column, or "" for the engine's own choice.

        Times of neighbouring rows differ little, so their differences are kept; a dictionary-coded column is small
        already; the rest gains from ZSTD (measured: reference/clickhouse §4).
        """
        if isinstance(self.type, Plain):
            if self.type.base.startswith("DateTime64"):
                return "Delta(8), ZSTD(1)"
            if self.type.base in (_LOW_CARDINALITY, "UUID", "Bool"):
                return ""
        return "ZSTD(1)"


def columns_of(kind: EventType[Any]) -> tuple[Column, ...]:
    """Return the columns of an event type's own fields, envelope first. Raises TypeError for a type it cannot store."""
    info = _bare(type_info(kind.cls))
    if not isinstance(info, StructType):
        raise TypeError(f"{kind.cls!r} is not a struct")
    return tuple(Column(field.encode_name, _column_type(field.type), _description(field.type)) for field in info.fields)


def _column_type(kind: Type, nullable: bool = False, override: str | None = None) -> ColumnType:
    while isinstance(kind, Metadata):
        override = (kind.extra or {}).get("clickhouse", override)
        kind = kind.type
    if isinstance(kind, UnionType):
        members = [member for member in kind.types if not isinstance(member, NoneType)]
        if len(members) == 1 and len(kind.types) == 2:
            return _column_type(members[0], nullable=True, override=override)
    for python, base in _PLAIN:
        if isinstance(kind, python):
            return Plain(override or base, nullable, raw_bytes=isinstance(kind, BytesType))
    if not nullable:  # ClickHouse has no NULL for arrays, tuples and maps: they are empty instead
        if isinstance(kind, VarTupleType):
            return Many(_column_type(kind.item_type))
        if isinstance(kind, TupleType):
            return Record(tuple(_column_type(item) for item in kind.item_types))
        if isinstance(kind, StructType):
            names = tuple(field.encode_name for field in kind.fields)
            return Record(tuple(_column_type(field.type) for field in kind.fields), names)
        if isinstance(kind, DictType) and all(
            isinstance(_bare(part), StrType) for part in (kind.key_type, kind.value_type)
        ):
            return TextMap()
    raise TypeError(f"no ClickHouse column for {kind!r}{' or None' if nullable else ''}")


def _bare(kind: Type) -> Type:
    while isinstance(kind, Metadata):
        kind = kind.type
    return kind


def _description(kind: Type) -> str:
    while isinstance(kind, Metadata):
        text = (kind.extra_json_schema or {}).get("description")
        if text:
            return str(text)
        kind = kind.type
    return ""


# Many and Record name ColumnType before it exists; msgspec resolves it when it first needs it.
assert msgspec.structs.fields(Record)
