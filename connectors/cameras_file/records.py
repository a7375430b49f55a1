"""Cuts a file of cameras into records: named cells, whatever the file's form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from connectors.file_reading import FileError, RowError, read_whole
from connectors.tabular import BadRow, Table, column_key

MAX_JSON_BYTES = 64 * 1024 * 1024
#: The cells that a GeoJSON point becomes.
GEO_LAT, GEO_LON = "geometry latitude", "geometry longitude"


class Record(Struct, frozen=True):
    """One camera's cells by compared column name, and where it stands (a line, or the number of a JSON object)."""

    line: int
    cells: dict[str, str]
    unit: str = "line"


class Records(Struct, frozen=True):
    """A file's columns as it names them, and its records."""

    columns: Sequence[str]
    records: Iterator[Record | RowError]


def read_records(path: Path) -> Records:
    """Return the records of a CSV, GeoJSON or JSON file; which it is, is told by its first character.

    Raises FileError when the file cannot be read in any of these forms.
    """
    if _looks_like_json(path):
        return _from_json(path)
    table = Table(path)
    return Records(table.header, _from_table(table))


def _looks_like_json(path: Path) -> bool:
    if not path.is_file():
        return False  # the table reader says what is wrong
    with path.open("rb") as file:
        return file.read(256).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def _from_table(table: Table) -> Iterator[Record | RowError]:
    keys = [column_key(name) for name in table.header]
    for row in table.rows():
        if isinstance(row, BadRow):
            yield row.error
        else:
            cells: dict[str, str] = {}
            for key, cell in zip(keys, row.cells, strict=False):
                cells.setdefault(key, cell)
            yield Record(row.line, cells)


def _from_json(path: Path) -> Records:
    try:
        document = msgspec.json.decode(read_whole(path, MAX_JSON_BYTES).removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FileError(f"{path.name} begins like JSON and is not: {error}. Export it again.") from error
    items: Any = document
    if isinstance(document, dict):
        items = [document] if document.get("type") == "Feature" else document.get("features")
        if not isinstance(items, list):
            raise FileError(
                f"{path.name} is neither a GeoJSON FeatureCollection nor an array of objects. "
                "Give one of these, or a CSV file."
            )
    rows = [_flatten(item) for item in items]
    columns = list(dict.fromkeys(name for row in rows if row is not None for name in row))
    return Records(columns, _from_objects(rows))


def _from_objects(rows: Sequence[dict[str, str] | None]) -> Iterator[Record | RowError]:
    for number, row in enumerate(rows, 1):
        if row is None:
            yield RowError(number, "", "", "not an object", "item")
        else:
            yield Record(number, {column_key(name): value for name, value in row.items()}, "item")


def _flatten(item: Any) -> dict[str, str] | None:
    """Return an object's plain values as text; of a GeoJSON feature its properties, id and point."""
    if not isinstance(item, dict):
        return None
    if item.get("type") != "Feature":
        return _texts(item)
    properties = item.get("properties")
    cells = _texts(properties) if isinstance(properties, dict) else {}
    if "id" in item and not any(column_key(name) == "id" for name in cells):
        cells |= _texts({"id": item["id"]})
    geometry = item.get("geometry")
    if isinstance(geometry, dict) and geometry.get("type") == "Point":
        at = geometry.get("coordinates")
        if isinstance(at, list) and len(at) >= 2:
            cells |= _texts({GEO_LAT: at[1], GEO_LON: at[0]})
    return cells


def _texts(item: dict[str, Any]) -> dict[str, str]:
    """Return the values that are text or numbers, as text; whole numbers lose a needless ".0"."""
    return {
        name: str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
        for name, value in item.items()
        if isinstance(value, str | int | float) and not isinstance(value, bool)
    }
