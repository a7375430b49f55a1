"""Columns derived from the classes, and the DDL made of them."""

from __future__ import annotations

from typing import Annotated

import pytest
from msgspec import Meta

from schemas.columns import columns_of
from schemas.envelope import Event, Word
from schemas.event_type import EventType, Table
from schemas.generate.clickhouse import create_view, intended_ddl
from schemas.registry import BY_NAME, EVENT_TYPES


def types_of(name: str) -> dict[str, str]:
    return {column.name: column.type.sql for column in columns_of(BY_NAME[name])}


def test_plain_fields_become_plain_columns() -> None:
    types = types_of("plate_read")
    assert types["event_id"] == "UUID"
    assert types["occurred_at"] == "DateTime64(3, 'UTC')"
    assert types["synthetic"] == "Bool"
    assert types["plate"] == "String"
    assert types["confidence"] == "Float64"
    assert types["speed_kmh"] == "Nullable(Float64)"


def test_words_are_dictionary_coded_also_when_they_may_be_missing() -> None:
    types = types_of("plate_read")
    assert types["source"] == "LowCardinality(String)"
    assert types["vehicle_make"] == "LowCardinality(Nullable(String))"


def test_structs_sequences_and_maps_become_nested_columns() -> None:
    assert types_of("plate_read")["candidates"] == "Array(Tuple(plate String, confidence Float64))"
    assert types_of("zone")["polygons"] == "Array(Array(Array(Tuple(Float64, Float64))))"
    assert types_of("dead_letter")["headers"] == "Map(String, String)"
    assert types_of("alert")["triggers"] == "Array(UUID)"
    assert "substitutions Array(Tuple(position Int64" in types_of("sighting")["hits"]


def test_every_column_is_described() -> None:
    assert [
        (kind.name, column.name)
        for kind in EVENT_TYPES
        if kind.table is not None
        for column in columns_of(kind)
        if not column.description
    ] == []


def test_a_field_that_cannot_be_stored_is_named_at_once() -> None:
    class Odd(Event, frozen=True, kw_only=True):
        odd: Annotated[tuple[str, ...] | None, Meta(description="An optional sequence.")] = None

    with pytest.raises(TypeError, match="or None"):
        columns_of(EventType(name="odd", cls=Odd, topic="t", key="source", table=None))


def test_every_table_survives_a_power_failure_and_knows_its_ids_by_time() -> None:
    tables = [statement for statement in intended_ddl() if statement.startswith("CREATE TABLE")]
    keyed = {kind.table.keys.name for kind in EVENT_TYPES if kind.table is not None and kind.table.keys is not None}
    assert len(tables) == sum(kind.table is not None for kind in EVENT_TYPES) + len(keyed)
    for statement in tables:
        for setting in ("fsync_after_insert = 1", "fsync_part_directory = 1", "min_rows_to_fsync_after_merge = 1"):
            assert setting in statement
        # Search keys are found by their key, and may come again: nobody asks for their ids.
        is_keyed = any(f"rtcc.{name} " in statement for name in keyed)
        assert ("PROJECTION stored_ids" in statement) is not is_keyed
        assert "ENGINE = MergeTree\n" in statement


def test_the_view_of_a_state_hides_what_was_removed() -> None:
    table = BY_NAME["camera"].table
    assert table is not None
    view = create_view(BY_NAME["camera"], table)
    assert view.startswith("CREATE VIEW IF NOT EXISTS rtcc.cameras AS")
    assert "`observed_at` DESC" in view
    assert "WHERE NOT `removed`" in view


def test_a_view_needs_a_version() -> None:
    class Thing(Event, frozen=True, kw_only=True):
        thing_id: Annotated[Word, Meta(description="Its id.")]

    table = Table(name="things", order_by=("thing_id",), current="now")
    with pytest.raises(ValueError, match="version"):
        create_view(EventType(name="thing", cls=Thing, topic="t", key="thing_id", table=table), table)
