"""Rows of events as an Arrow stream, the fastest columnar way into chDB."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any

import pyarrow as pa

from pipeline.store.errors import BadRowsError
from pipeline.store.rows import column_values, columns_stored
from pipeline.store.store import Placed
from schemas.columns import ColumnType, Many, Plain, Record, TextMap
from schemas.event_type import EventType

_PLAIN = {
    "UUID": pa.binary(16),
    "Float64": pa.float64(),
    "Int64": pa.int64(),
    "Int32": pa.int32(),
    "Bool": pa.bool_(),
    "String": pa.string(),
    "LowCardinality(String)": pa.string(),
    "DateTime64(3, 'UTC')": pa.timestamp("ms", "UTC"),
}


class _NoPandas(MetaPathFinder):
    """Answers that pandas is not installed."""

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        """Raise ModuleNotFoundError for pandas, leave all else to the next finder."""
        if fullname == "pandas":
            raise ModuleNotFoundError("pandas is not wanted here", name="pandas")
        return None


def _without_pandas() -> None:
    """Keep pyarrow from importing pandas, which it does at its first array when pandas happens to be installed.

    Nothing here needs it; it took 2 s before the first row was stored, and memory for as long as the process lives.
    pyarrow asks once and remembers the answer.
    """
    if "pandas" in sys.modules:
        return
    finder = _NoPandas()
    sys.meta_path.insert(0, finder)
    try:
        pa.array([], pa.int64())
    finally:
        sys.meta_path.remove(finder)


_without_pandas()


def arrow_stream(kind: EventType[Any], rows: Sequence[Placed]) -> bytes:
    """Return the rows in Arrow's streaming format. Raises BadRowsError when a value does not fit its column."""
    schema = arrow_schema(kind.name)
    try:
        arrays = [
            pa.array(values, type=field.type)
            for values, field in zip(column_values(kind, rows, for_arrow=True), schema, strict=True)
        ]
    except (pa.ArrowException, OverflowError, UnicodeEncodeError, ValueError, TypeError) as error:
        raise BadRowsError(f"a value of {kind.name} does not fit its column: {type(error).__name__}") from error
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as stream:
        stream.write_batch(pa.record_batch(arrays, schema=schema))
    return bytes(sink.getvalue())


@cache
def arrow_schema(name: str) -> pa.Schema:
    """Return the Arrow schema of an event type's table."""
    return pa.schema([pa.field(column.name, _arrow_type(column.type)) for column in columns_stored(name)])


def _arrow_type(kind: ColumnType) -> pa.DataType:
    if isinstance(kind, Plain):
        return pa.binary() if kind.raw_bytes else _PLAIN[kind.base]
    if isinstance(kind, Many):
        return pa.list_(_arrow_type(kind.item))
    if isinstance(kind, TextMap):
        return pa.map_(pa.string(), pa.string())
    assert isinstance(kind, Record)
    names = kind.names or tuple(str(place) for place in range(1, len(kind.items) + 1))
    return pa.struct([pa.field(name, _arrow_type(item)) for name, item in zip(names, kind.items, strict=True)])
