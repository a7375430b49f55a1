"""A server's answers in the formats people ask for. (chDB writes them itself; the native protocol sends values.)"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import msgspec

from pipeline.store.store import Format
from schemas.csv_text import safe_text

Columns = Sequence[tuple[str, str]]
_encode = msgspec.json.Encoder().encode


def rendered(columns: Columns, rows: Sequence[Sequence[Any]], fmt: Format, *, spreadsheet_safe: bool) -> bytes:
    """Return rows in a format. ``columns`` are names with their ClickHouse types.

    Times are ISO 8601 in UTC; named tuples become objects, as ClickHouse's own JSON has them.
    """
    readers = [_reader(kind) for _, kind in columns]
    names = [name for name, _ in columns]
    values = [[reader(value) for reader, value in zip(readers, row, strict=True)] for row in rows]
    if fmt == "JSONEachRow":
        return b"".join(_encode(dict(zip(names, row, strict=True))) + b"\n" for row in values)
    if fmt == "CSV":
        return _csv(names, values, spreadsheet_safe=spreadsheet_safe)
    if fmt == "Pretty":
        return _pretty(names, values)
    data: Any = values if fmt == "JSONCompact" else [dict(zip(names, row, strict=True)) for row in values]
    meta = [{"name": name, "type": kind} for name, kind in columns]
    return _encode({"meta": meta, "data": data, "rows": len(values)})


def _reader(kind: str) -> Callable[[Any], Any]:
    """Return how a value of a ClickHouse type becomes one that JSON can hold."""
    name, inner = _split_type(kind)
    if name in ("Nullable", "LowCardinality"):
        return _reader(inner[0])
    if name == "Array":
        item = _reader(inner[0])
        return lambda value: [item(part) for part in value]
    if name == "Map":
        of_value = _reader(inner[1])
        return lambda value: {str(_plain(key)): of_value(part) for key, part in value.items()}
    if name == "Tuple":
        named = [part.rsplit("`", 1) if part.startswith("`") else part.split(" ", 1) for part in inner]
        if all(len(part) == 2 and "(" not in part[0] for part in named):
            labels = [part[0].strip("`") for part in named]
            items = [_reader(part[1].strip()) for part in named]
            return lambda value: {label: read(part) for label, read, part in zip(labels, items, value, strict=True)}
        parts = [_reader(part) for part in inner]
        return lambda value: [read(part) for read, part in zip(parts, value, strict=True)]
    return _plain


def _split_type(kind: str) -> tuple[str, list[str]]:
    """Return a type's name and its arguments: ``Array(Tuple(a Int64))`` gives ``Array`` and one argument."""
    name, bracket, rest = kind.strip().partition("(")
    if not bracket:
        return name, []
    arguments, depth, begin = [], 0, 0
    rest = rest.rstrip()[:-1]
    for place, char in enumerate(rest):
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            arguments.append(rest[begin:place].strip())
            begin = place + 1
    return name, [*arguments, rest[begin:].strip()]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return aware.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, UUID | date):
        return str(value)
    if value is None or isinstance(value, str | int | float | bool | list | dict):
        return value
    return str(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return bytes(_encode(value)).decode()


def _csv(names: Sequence[str], rows: Sequence[Sequence[Any]], *, spreadsheet_safe: bool) -> bytes:
    def cell(value: Any) -> str:
        if value is None or isinstance(value, int | float):
            return _text(value)
        text = safe_text(_text(value)) if spreadsheet_safe else _text(value)
        doubled = text.replace('"', '""')
        return f'"{doubled}"'  # as ClickHouse does: every text in quotes, numbers and missing values without

    return "".join(",".join(cell(value) for value in row) + "\n" for row in [names, *rows]).encode()


def _pretty(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    table = [[_text(value).replace("\n", "\\n") for value in row] for row in rows]
    widths = [max([len(name), *(len(row[place]) for row in table)]) for place, name in enumerate(names)]
    line = ["─" * (width + 2) for width in widths]

    def drawn(cells: Sequence[str]) -> str:
        return "│" + "│".join(f" {cell.ljust(width)} " for cell, width in zip(cells, widths, strict=True)) + "│"

    drawn_rows = [drawn(row) for row in table]
    frame = [f"┌{'┬'.join(line)}┐", drawn(names), f"├{'┼'.join(line)}┤", *drawn_rows, f"└{'┴'.join(line)}┘"]
    return ("\n".join(frame) + "\n").encode()
