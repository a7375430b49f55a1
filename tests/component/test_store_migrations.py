"""The numbered migrations lead exactly to the schema that the registry intends, on the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.store.chdb_store import ChdbStore
from pipeline.store.errors import StoreError
from pipeline.store.migrations import migrations, pending, statements
from schemas.generate.clickhouse import intended_ddl

#: What is compared: everything that decides what is kept and how it is found. Order of columns is a matter of taste.
ASPECTS = {
    "columns": (
        "SELECT table, name, type, default_kind, default_expression, compression_codec, is_in_sorting_key, "
        "is_in_partition_key FROM system.columns WHERE database = '{db}' AND table != 'schema_migrations' ORDER BY ALL"
    ),
    "tables": (
        "SELECT name, engine, partition_key, sorting_key, primary_key, "
        "replaceAll(extract(engine_full, 'SETTINGS .*'), '{db}', ''), replaceAll(as_select, '{db}.', '') "
        "FROM system.tables WHERE database = '{db}' AND name != 'schema_migrations' ORDER BY name"
    ),
    "projections": (
        "SELECT table, name, type, sorting_key, query FROM system.projections WHERE database = '{db}' ORDER BY ALL"
    ),
    "indices": (
        "SELECT table, name, type_full, expr, granularity FROM system.data_skipping_indices "
        "WHERE database = '{db}' ORDER BY ALL"
    ),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChdbStore]:
    opened = ChdbStore(tmp_path_factory.mktemp("store"), readers=1)
    yield opened
    opened.close()


def test_migrations_apply_once_and_reach_the_intended_schema(store: ChdbStore) -> None:
    assert store.migrate() == [migration.name for migration in migrations()]
    assert store.migrate() == []
    for statement in intended_ddl(database="intended"):
        store._command(statement)
    for aspect, sql in ASPECTS.items():
        reached = store._writer.answer(sql.format(db="rtcc"), "TSV").decode().splitlines()
        intended = store._writer.answer(sql.format(db="intended"), "TSV").decode().splitlines()
        assert reached == intended, f"{aspect}: write a migration that makes the left the right"
        assert intended, aspect


def test_every_statement_can_be_run_again_after_a_crash_between_them(store: ChdbStore) -> None:
    for migration in migrations():
        for statement in migration.statements:
            store._command(statement)


def test_a_migration_that_was_changed_after_it_was_applied_is_refused() -> None:
    found = migrations()
    with pytest.raises(StoreError, match="was changed"):
        pending(found, {1: "another checksum"})


def test_a_store_of_a_newer_watchfloor_is_refused() -> None:
    found = migrations()
    with pytest.raises(StoreError, match="newer"):
        pending(found, {migration.number: migration.checksum for migration in found} | {len(found) + 1: "x"})


def test_statements_are_split_at_semicolons_that_are_not_in_quotes_or_comments() -> None:
    text = "-- first; comment\nCREATE a 'x;y';\n/* ; */ SELECT `b;c`, \"d;e\" -- end; \n;\n\n  ;SELECT 1 - 2 / 3"
    assert list(statements(text)) == ["CREATE a 'x;y'", 'SELECT `b;c`, "d;e"', "SELECT 1 - 2 / 3"]


def test_files_must_be_numbered_without_gaps(tmp_path: Path) -> None:
    (tmp_path / "0001_one.sql").write_text("SELECT 1")
    (tmp_path / "0003_three.sql").write_text("SELECT 1")
    with pytest.raises(StoreError, match="gaps"):
        migrations(tmp_path)
    (tmp_path / "0003_three.sql").rename(tmp_path / "two.sql")
    with pytest.raises(StoreError, match=r"two\.sql"):
        migrations(tmp_path)
