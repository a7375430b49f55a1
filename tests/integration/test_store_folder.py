"""The store's folder: one owner, never redirected, and nothing lost or doubled when the owner is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: Inserts frames of 50 rows for ever and prints the last offset that is durable; replays overlap on purpose.
OWNER = """
import sys
from datetime import timedelta
from uuid import NAMESPACE_OID, uuid5
import msgspec
from pipeline.store.chdb_store import ChdbStore
from pipeline.store.store import Placed
from schemas.registry import PLATE_READ

def frame(offset):
    read = PLATE_READ.examples[0]
    return [
        Placed(msgspec.structs.replace(
            read, event_id=uuid5(NAMESPACE_OID, f"{offset}/{place}"),
            occurred_at=read.occurred_at + timedelta(milliseconds=offset * 50 + place)), "t", 0, offset)
        for place in range(50)
    ]

folder, start, step, until = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
store = ChdbStore(folder, readers=1)
store.migrate()
offset = start
while offset < until:
    batch = range(offset, min(offset + step, until))
    store.insert(PLATE_READ, [row for number in batch for row in frame(number)])
    print(batch[-1], flush=True)
    offset = batch[-1] + 1
print(store.query("SELECT count() AS n, uniqExact(event_id) AS ids, max(_offset) AS last FROM plate_reads",
                  fmt="JSONCompact").decode().replace(chr(10), "").replace(chr(9), ""), flush=True)
store.close()
"""


def run(code: str, *arguments: object, cwd: Path = ROOT) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


def test_kill_9_in_mid_insert_loses_nothing_and_a_replay_in_other_batches_doubles_nothing(folder: Path) -> None:
    acknowledged = -1
    for step in (3, 5, 2):
        owner = run(OWNER, folder, max(0, acknowledged - 4), step, 10_000)
        assert owner.stdout is not None
        for _ in range(4):  # a few batches are durable, then it dies while the next one is on its way
            acknowledged = next(int(line) for line in owner.stdout if line.strip().isdigit())
        owner.send_signal(signal.SIGKILL)
        owner.communicate()
    code, out, err = finished(run(OWNER, folder, max(0, acknowledged - 20), 7, acknowledged + 10))
    assert code == 0, err
    frames = acknowledged + 10
    assert f"[{frames * 50}, {frames * 50}, {frames - 1}]" in out.splitlines()[-1]


OPEN = """
import sys
from pipeline.store.chdb_store import ChdbStore
ChdbStore(sys.argv[1], readers=1).close()
print("opened")
"""


def test_a_config_file_in_the_working_directory_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "config.xml").write_text(f"<clickhouse><path>{tmp_path}/elsewhere/</path></clickhouse>")
    code, out, err = finished(run(OPEN, folder, cwd=tmp_path))
    assert code != 0
    assert "opened" not in out
    assert "would redirect the store" in err
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_another_process_has_open_is_refused_with_plain_words(folder: Path) -> None:
    holder = run("import sys;from pipeline.store.chdb_store import ChdbStore;s=ChdbStore(sys.argv[1],readers=1);"
                 "print('open',flush=True);sys.stdin.read()", folder)  # fmt: skip
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        code, _, err = finished(run(OPEN, folder))
        assert code != 0
        assert "is another process using it" in err
    finally:
        holder.kill()
        holder.communicate()


FORKED = """
import os, sys
from pipeline.store.chdb_store import ChdbStore
store = ChdbStore(sys.argv[1], readers=1)
child = os.fork()
if child == 0:
    try:
        store.query("SELECT 1")
    except Exception as error:
        os._exit(7 if "spawn" in str(error) else 8)
    os._exit(9)
_, status = os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(status), store.query("SELECT 1", fmt="CSV"))
store.close()
"""


def test_a_forked_child_is_told_to_spawn_instead_of_hanging(folder: Path) -> None:
    code, out, err = finished(run(FORKED, folder))
    assert code == 0, err
    assert out.startswith("7 ")


BROKEN = """
import sys
from pathlib import Path
from pipeline.store.chdb_store import ChdbStore
from pipeline.store.store import Placed
from schemas.registry import PLATE_READ
store = ChdbStore(sys.argv[1], readers=1)
store.migrate()
store.insert(PLATE_READ, [Placed(PLATE_READ.examples[0], "t", 0, 0)])
store.close()
for data in Path(sys.argv[1]).rglob("data.bin"):
    if "proj" not in str(data):
        data.write_bytes(data.read_bytes()[:20])
for column in Path(sys.argv[1]).rglob("columns.txt"):
    column.write_text("nonsense")
store = ChdbStore(sys.argv[1], readers=1)
print("detached", store.health().detached_parts)
store.close()
"""


def test_data_that_the_engine_set_aside_as_broken_is_reported(folder: Path) -> None:
    code, out, err = finished(run(BROKEN, folder))
    assert code == 0, err
    assert int(out.splitlines()[-1].split()[1]) > 0
    assert "store_has_broken_parts" in out + err


LEAN = """
import sys
from pipeline.store.chdb_store import ChdbStore
from pipeline.store.store import Placed
from schemas.registry import PLATE_READ
store = ChdbStore(sys.argv[1], readers=1)
store.migrate()
store.insert(PLATE_READ, [Placed(PLATE_READ.examples[0], "t", 0, 0)])
print("pandas" in sys.modules)
store.close()
"""


def test_storing_rows_does_not_load_pandas(folder: Path) -> None:
    code, out, err = finished(run(LEAN, folder))
    assert code == 0, err
    assert out.splitlines()[-1] == "False"
