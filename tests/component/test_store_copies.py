"""Whole tables as files and back, on the real engine, and who may have them copied."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from compose.backup.store_copies import StoreCopies, clear_leftovers
from dashboards.server.ports import CopyRefusedError
from pipeline.store.chdb_store import ChdbStore
from pipeline.store.errors import StoreError
from pipeline.store.store import Placed
from pipeline.store.table_files import TableColumn, TableCopy
from schemas.id_digest import digest_text, id_digest
from schemas.registry import EVENT_TYPES

KINDS = [kind for kind in EVENT_TYPES if kind.table is not None]
NAME = "store-copy-" + "0" * 32


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChdbStore]:
    opened = ChdbStore(tmp_path_factory.mktemp("store"), readers=1)
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def examples(store: ChdbStore) -> None:
    for kind in KINDS:
        assert kind.table is not None
        store._command(f"TRUNCATE TABLE rtcc.{kind.table.name}")
        store.insert(kind, [Placed(event, kind.topic, 0, place) for place, event in enumerate(kind.examples)])


def test_every_table_comes_back_as_it_was(store: ChdbStore, tmp_path: Path) -> None:
    with store.table_files() as files:
        # Keys last: copied before their rows, they could lack those of the newest.
        tables = [kind.table for kind in KINDS if kind.table is not None]
        keyed = sorted(table.keys.name for table in tables if table.keys is not None)
        assert files.tables() == [*sorted(table.name for table in tables), *keyed]
        for name in keyed:
            keys = store._rows(f"SELECT * FROM rtcc.{name} ORDER BY ALL")
            copied = files.copy(name, tmp_path / f"{name}.parquet")
            store._command(f"TRUNCATE TABLE rtcc.{name}")
            assert files.load(copied, tmp_path / f"{name}.parquet") == copied
            assert store._rows(f"SELECT * FROM rtcc.{name} ORDER BY ALL") == keys != []
        for kind in KINDS:
            assert kind.table is not None
            table, file = kind.table.name, tmp_path / f"{kind.table.name}.parquet"
            before = store._rows(f"SELECT * FROM rtcc.{table} ORDER BY ALL")
            copied = files.copy(table, file)
            assert copied.rows == len(kind.examples)
            assert copied.id_digest == digest_text(id_digest(one.event_id for one in kind.examples))
            with pytest.raises(StoreError, match="not empty"):
                files.load(copied, file)
            store._command(f"TRUNCATE TABLE rtcc.{table}")
            assert files.load(copied, file) == copied
            assert store._rows(f"SELECT * FROM rtcc.{table} ORDER BY ALL") == before


def test_a_row_that_differs_in_one_field_has_another_content_digest(store: ChdbStore, tmp_path: Path) -> None:
    kind = next(kind for kind in KINDS if kind.name == "plate_read")
    with store.table_files() as files:
        one = files.copy("plate_reads", tmp_path / "one.parquet")
        store._command("TRUNCATE TABLE rtcc.plate_reads")
        store.insert(kind, [Placed(replace(event, plate="OTHER1"), kind.topic, 0, 0) for event in kind.examples])
        other = files.copy("plate_reads", tmp_path / "other.parquet")
    assert (one.rows, one.id_digest) == (other.rows, other.id_digest)
    assert one.content_digest != other.content_digest


def test_a_copy_with_a_column_or_a_table_that_is_not_known_is_refused(store: ChdbStore, tmp_path: Path) -> None:
    with store.table_files() as files:
        copied = files.copy("zone_states", tmp_path / "zones.parquet")
        store._command("TRUNCATE TABLE rtcc.zone_states")
        more = TableCopy(
            table=copied.table,
            rows=copied.rows,
            id_digest=copied.id_digest,
            content_digest=copied.content_digest,
            columns=[*copied.columns, TableColumn("of_the_future", "String")],
        )
        with pytest.raises(StoreError, match="of_the_future"):
            files.load(more, tmp_path / "zones.parquet")
        with pytest.raises(StoreError, match="newer"):
            files.load(replace(copied, table="things"), tmp_path / "zones.parquet")
        assert files.rows("zone_states") == 0


@pytest.mark.parametrize(
    "folder", ["store", "../outside", "store-copy-short", NAME + "/..", "not-there", "/tmp", NAME.upper()]
)
def test_nothing_is_written_but_into_a_folder_that_was_made_for_it(
    store: ChdbStore, tmp_path: Path, folder: str
) -> None:
    data = tmp_path / "data"
    for name in ("store", "../outside", "store-copy-short", NAME):
        (data / name).mkdir(parents=True, exist_ok=True)
    with pytest.raises(CopyRefusedError):
        asyncio.run(StoreCopies(store, data).copy(folder, "alert_states"))
    assert not list(tmp_path.rglob("*.parquet"))


def test_a_folder_that_has_something_or_points_elsewhere_is_refused(store: ChdbStore, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / NAME).symlink_to(tmp_path / "elsewhere")
    full = tmp_path / ("store-copy-" + "1" * 32)
    full.mkdir()
    (full / "something").touch()
    for folder in (NAME, full.name):
        with pytest.raises(CopyRefusedError):
            asyncio.run(StoreCopies(store, tmp_path).copy(folder, "alert_states"))
    clear_leftovers(tmp_path)
    assert not full.exists()
    assert (tmp_path / NAME).is_symlink()


def test_a_table_that_is_not_there_is_refused_and_one_that_is_there_copied(store: ChdbStore, tmp_path: Path) -> None:
    copies = StoreCopies(store, tmp_path)
    (tmp_path / NAME).mkdir()
    with pytest.raises(CopyRefusedError, match="no table"):
        asyncio.run(copies.copy(NAME, "things"))
    assert "alert_states" in asyncio.run(copies.about()).tables
    copied = asyncio.run(copies.copy(NAME, "alert_states"))
    assert isinstance(copied, TableCopy)
    assert copied.rows > 0
    assert (tmp_path / NAME / "alert_states.parquet").stat().st_size > 0
