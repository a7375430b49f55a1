"""The embedded store without room, with too many parts, or on a read-only disk: it confirms only what it keeps."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from pipeline.store.chdb_store import ChdbStore
from pipeline.store.errors import StoreError, StoreUnavailableError
from pipeline.store.store import Placed
from schemas.registry import PLATE_READ
from tests.small_disk import SmallDisk, needs_root, small_disk

pytestmark = needs_root


def reads(count: int) -> list[Placed]:
    return [
        Placed(msgspec.structs.replace(PLATE_READ.examples[0], event_id=uuid4()), PLATE_READ.topic, 0, offset)
        for offset in range(count)
    ]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", 64) as mounted:
        yield mounted


@pytest.fixture
def store(disk: SmallDisk) -> Iterator[ChdbStore]:
    opened = ChdbStore(disk.folder, readers=1)
    opened.migrate()
    yield opened
    opened.close()


def counted(store: ChdbStore) -> list[int]:
    return json.loads(store.query("SELECT count(), uniqExact(event_id) FROM plate_reads", fmt="JSONCompact"))["data"][0]


def test_an_insert_that_a_full_disk_swallowed_is_not_confirmed(store: ChdbStore, disk: SmallDisk) -> None:
    """chDB 4.4.0 says of such an insert that all rows were written."""
    assert store.insert(PLATE_READ, reads(10)) == 10
    disk.fill()
    rows = reads(1000)
    for _ in range(2):
        with pytest.raises(StoreUnavailableError, match=r"did not write 1000 of 1000 rows .* space left"):
            store.insert(PLATE_READ, rows)
    assert counted(store) == [10, 10]
    disk.make_room()
    assert store.insert(PLATE_READ, rows) == 1000
    assert counted(store) == [1010, 1010]


def test_an_insert_that_too_many_parts_swallowed_is_not_confirmed(store: ChdbStore) -> None:
    store._command("SYSTEM STOP MERGES rtcc.plate_reads")
    store.insert(PLATE_READ, reads(1))
    store.insert(PLATE_READ, reads(1))
    limit = "parts_to_throw_insert = 1, parts_to_delay_insert = 1"
    store._command(f"ALTER TABLE rtcc.plate_reads MODIFY SETTING {limit}")
    rows = reads(3)
    with pytest.raises(StoreUnavailableError):
        store.insert(PLATE_READ, rows)
    store._command("ALTER TABLE rtcc.plate_reads RESET SETTING parts_to_throw_insert, parts_to_delay_insert")
    store._command("SYSTEM START MERGES rtcc.plate_reads")
    assert store.insert(PLATE_READ, rows) == 3
    assert counted(store) == [5, 5]


def test_a_store_that_was_opened_on_a_full_disk_takes_rows_when_there_is_room(disk: SmallDisk) -> None:
    opened = ChdbStore(disk.folder, readers=1)
    opened.migrate()
    opened.close()
    disk.fill()
    again = ChdbStore(disk.folder, readers=1)
    try:
        assert again.migrate() == []
        rows = reads(10)
        with pytest.raises(StoreUnavailableError):
            again.insert(PLATE_READ, rows)
        disk.make_room()
        assert again.insert(PLATE_READ, rows) == 10
    finally:
        again.close()


def test_a_folder_that_cannot_be_written_is_refused_in_plain_words(disk: SmallDisk) -> None:
    disk.read_only(True)
    with pytest.raises(StoreError, match="cannot be written"):
        ChdbStore(disk.folder, readers=1)
    disk.read_only(False)
    opened = ChdbStore(disk.folder, readers=1)
    assert opened.migrate()
    opened.close()


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is not here")
def test_a_service_that_may_write_by_a_right_given_to_it_opens_a_folder_of_another_owner(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    folder = str(tmp_path / "store")
    opening = f"from pipeline.store.chdb_store import ChdbStore; ChdbStore({folder!r}, readers=1).close()"
    rights = "+dac_override,+dac_read_search"
    served = ["setpriv", "--reuid=64203", "--clear-groups", f"--inh-caps={rights}", f"--ambient-caps={rights}"]
    done = subprocess.run([*served, sys.executable, "-c", opening], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
