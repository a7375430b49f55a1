"""The numbered migrations lead exactly to the schema that the registry intends, on the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from pipeline.store import migrations as migrations_module
from pipeline.store.chdb_store import ChdbStore
from pipeline.store.errors import StoreError
from pipeline.store.migrations import Migration, ahead, migrations, pending, statements, takes_away
from pipeline.store.store import Placed
from schemas.events.emergency_call import EMERGENCY_CALL, EmergencyCall
from schemas.generate.clickhouse import intended_ddl
from schemas.identity import identity
from schemas.registry import PLATE_READ

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


def test_calls_stored_before_there_were_keys_are_given_those_that_the_writer_gives(store: ChdbStore) -> None:
    example: EmergencyCall = EMERGENCY_CALL.examples[0]
    calls = [
        msgspec.structs.replace(example, event_id=identity("test_call", number), call_id=f"test:{number}", **changes)
        for number, changes in enumerate(
            [
                {
                    "callback_number": "+1 (504) 555-0123",
                    "address": " 500 Bourbon St., Apt #2 ",
                    "lat": 29.9569,
                    "lon": -90.0671,
                },
                {"callback_number": "504-555-0123", "is_number_withheld": True, "address": "Çalle Ñandú 7"},
                {"callback_number": "911", "address": "--", "lat": None, "lon": None},
                {"callback_number": "", "address": "", "lat": -0.0001, "lon": 0.0001},
            ]
        )
    ]
    store.migrate()
    store.insert(EMERGENCY_CALL, [Placed(call, EMERGENCY_CALL.topic, 0, place) for place, call in enumerate(calls)])
    sql = "SELECT * FROM rtcc.call_keys ORDER BY ALL"
    written = store._writer.answer(sql, "TSV")
    store._command("TRUNCATE TABLE rtcc.call_keys")
    (backfill,) = [
        statement for migration in migrations() for statement in migration.statements
        if statement.startswith("INSERT INTO rtcc.call_keys") or "\nINSERT INTO rtcc.call_keys" in statement
    ]  # fmt: skip
    store._command(backfill)
    assert store._writer.answer(sql, "TSV") == written
    assert written.count(b"\n") == 4 + 1 + 3 + 2


def test_a_migration_that_was_changed_after_it_was_applied_is_refused() -> None:
    found = migrations()
    with pytest.raises(StoreError, match="was changed"):
        pending(found, {1: "another checksum"})


def test_a_store_that_a_newer_watchfloor_expanded_is_used_and_its_migrations_are_named() -> None:
    found = migrations()
    names = {migration.number: migration.name for migration in found} | {len(found) + 1: "0099_more_columns"}
    assert ahead(found, names) == ["0099_more_columns"]
    assert pending(found, {migration.number: migration.checksum for migration in found} | {99: "x"}) == []


def test_a_store_that_a_newer_watchfloor_contracted_is_refused() -> None:
    found = migrations()
    names = {migration.number: migration.name for migration in found} | {len(found) + 1: "0099_contract_old_column"}
    with pytest.raises(StoreError, match="0099_contract_old_column"):
        ahead(found, names)


def test_an_expanded_store_goes_on_taking_rows_and_says_that_it_is_ahead(store: ChdbStore) -> None:
    store.migrate()
    store._command("ALTER TABLE rtcc.plate_reads ADD COLUMN IF NOT EXISTS of_the_future Nullable(String)")
    store._command(
        "INSERT INTO rtcc.schema_migrations (number, name, checksum) SELECT 99, '0099_of_the_future', 'unknown'"
    )
    try:
        assert store.migrate() == []
        assert store.ahead == ("0099_of_the_future",)
        event = PLATE_READ.examples[0]
        assert store.insert(PLATE_READ, [Placed(event, PLATE_READ.topic, 0, 1)]) == 1
    finally:
        store._command("ALTER TABLE rtcc.plate_reads DROP COLUMN of_the_future")
        store._command("ALTER TABLE rtcc.schema_migrations DELETE WHERE number = 99 SETTINGS mutations_sync = 2")


RELEASED = dict(
    reversed(line.split()) for line in (Path(migrations_module.FOLDER) / "RELEASED").read_text().splitlines()
)


def test_a_released_migration_is_never_changed() -> None:
    here = {f"{migration.name}.sql": migration.checksum for migration in migrations()}
    for name, checksum in RELEASED.items():
        assert here.get(name) == checksum, f"{name} was released, and stores have it: write a new migration instead"


@pytest.mark.parametrize("migration", migrations(), ids=lambda one: str(one.name))
def test_a_migration_takes_nothing_away_unless_its_name_says_contract(migration: Migration) -> None:
    assert takes_away(migration) == [], "a version that runs beside it needs this: name it NNNN_contract_..."


def test_what_takes_something_away_is_seen_and_what_is_quoted_is_not() -> None:
    def of(name: str, *statements: str) -> list[str]:
        return takes_away(Migration(1, name, "", statements))

    drop = "ALTER TABLE rtcc.t ADD COLUMN a String, DROP COLUMN b"
    assert of("0001_x", drop, "rename TABLE a TO b") == [drop, "rename TABLE a TO b"]
    assert of("0001_contract_x", drop) == []
    assert of("0001_x", "ALTER TABLE rtcc.t ADD COLUMN `deleted` String DEFAULT 'DROP COLUMN'") == []


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
