"""A server's answers as JSON, CSV and a table."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from pipeline.store.answers import rendered
from pipeline.store.csv_safety import spreadsheet_safe
from pipeline.store.store import Format

COLUMNS = [
    ("id", "UUID"),
    ("at", "Nullable(DateTime64(3, 'UTC'))"),
    ("make", "LowCardinality(Nullable(String))"),
    ("candidates", "Array(Tuple(plate String, confidence Float64))"),
    ("headers", "Map(String, String)"),
    ("point", "Tuple(Float64, Float64)"),
    ("n", "UInt64"),
]
ID = UUID(int=5)
ROWS: list[list[Any]] = [
    [ID, datetime(2026, 1, 15, 18, 30, 5, 125000, tzinfo=UTC), "=x", [("A", 0.5)], {"a": "b"}, (1.0, float("nan")), 7],
    [ID, None, None, [], {}, (0.0, -1.5), -3],
]


def render(fmt: Format, *, safe: bool = True) -> bytes:
    return rendered(COLUMNS, ROWS, fmt, spreadsheet_safe=safe)


def test_json_has_names_types_and_rows_as_clickhouse_writes_them() -> None:
    answer = msgspec.json.decode(render("JSON"))
    assert answer["meta"][3] == {"name": "candidates", "type": "Array(Tuple(plate String, confidence Float64))"}
    assert answer["rows"] == 2
    assert answer["data"][0] == {
        "id": str(ID),
        "at": "2026-01-15T18:30:05.125Z",
        "make": "=x",
        "candidates": [{"plate": "A", "confidence": 0.5}],
        "headers": {"a": "b"},
        "point": [1.0, None],
        "n": 7,
    }


def test_a_row_a_line() -> None:
    lines = render("JSONEachRow").splitlines()
    assert [msgspec.json.decode(line)["n"] for line in lines] == [7, -3]


def test_compact_json_has_rows_as_arrays() -> None:
    assert msgspec.json.decode(render("JSONCompact"))["data"][1] == [str(ID), None, None, [], {}, [0.0, -1.5], -3]


@pytest.mark.parametrize(("safe", "cell"), [(True, '"\'=x"'), (False, '"=x"')])
def test_csv_disarms_formulas_in_texts_only_and_leaves_missing_values_empty(safe: bool, cell: str) -> None:
    lines = render("CSV", safe=safe).decode().splitlines()
    assert lines[0] == '"id","at","make","candidates","headers","point","n"'
    assert f",{cell}," in lines[1]
    assert lines[2].endswith(",-3")
    assert f'"{ID}",,,' in lines[2]


def test_a_table_is_drawn_with_equal_widths() -> None:
    lines = render("Pretty").decode().splitlines()
    assert len({len(line) for line in lines}) == 1
    assert len(lines) == 6


@pytest.mark.parametrize(
    ("csv", "expected"),
    [
        (b'"=1+1",-5\n', b'"\'=1+1",-5\n'),
        (b'"a ""=b","+c"\n', b'"a ""=b","\'+c"\n'),
        (b'"a,""\n=b","@c"\n', b'"a,""\n=b","\'@c"\n'),
        (b'"\tx","\rx","-x","x="\n', b'"\'\tx","\'\rx","\'-x","x="\n'),
        (b'-1.5,+2,"",\n', b'-1.5,+2,"",\n'),
    ],
)
def test_only_whole_cells_that_start_a_formula_are_changed(csv: bytes, expected: bytes) -> None:
    assert spreadsheet_safe(csv) == expected
