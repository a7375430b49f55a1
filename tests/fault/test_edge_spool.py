"""An edge whose broker is away: what it answered with 2xx is in the topic in the end, whatever was killed meanwhile."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import msgspec
import pytest

from compose.broker import broker_command
from compose.commands.doctor import examine
from compose.own_system import free_ports
from compose.settings import load
from connectors.edge.spool_file import look_into
from schemas.events.plate_read import PLATE_READ, PlateRead
from schemas.wire.frame import FrameDecoder
from schemas.wire.publisher import BrokerUnavailableError
from schemas.wire.reader import LogReader
from tests.local_system import until


class Machine:
    """An edge and a broker of its own, each a process that can be started and killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.edge_port, self.kafka_port = free_ports(2)
        self.url = f"http://127.0.0.1:{self.edge_port}"
        self.bootstrap = f"127.0.0.1:{self.kafka_port}"
        self.settings = {
            "WATCHFLOOR_DATA_DIR": str(folder),
            "WATCHFLOOR_EDGE_PORT": str(self.edge_port),
            "WATCHFLOOR_KAFKA": self.bootstrap,
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        command = (
            broker_command(self.kafka_port) if name == "broker" else [sys.executable, "-m", "compose.cli", "connect"]
        )
        with (self.folder / f"{name}.log").open("ab") as output:
            self.processes[name] = subprocess.Popen(
                command, stdout=output, stderr=output, env={**os.environ, **self.settings}
            )

    def start_edge(self) -> None:
        self.start("edge")
        until(self.answers)

    def kill(self, name: str) -> None:
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def answers(self) -> bool:
        with contextlib.suppress(httpx2.HTTPError):
            return httpx2.get(f"{self.url}/health", timeout=5).status_code == 200
        return False

    def health(self) -> dict[str, Any]:
        answer: dict[str, Any] = httpx2.get(f"{self.url}/health", timeout=5).json()
        return answer

    def post(self, count: int, plate: str) -> list[UUID]:
        """Post reads of one plate, one request each; return their ids. Each must be accepted."""
        ids = [uuid4() for _ in range(count)]
        for number in ids:
            read = {
                "event_id": str(number),
                "occurred_at": "2026-01-15T18:30:05.125Z",
                "observed_at": "2026-01-15T18:30:05.125Z",
                "source": "test/reads",
                "camera_id": "C1",
                "plate": plate,
                "plate_raw": plate,
                "confidence": 0.9,
            }
            answer = httpx2.post(f"{self.url}/ingest/events/plate_read", json=read, timeout=20)
            assert answer.status_code == 200, answer.text
        return ids

    def drained(self) -> bool:
        health = self.health()
        return health["status"] in ("ok", "idle") and health["spool"]["events"] == 0

    def log(self) -> list[PlateRead]:
        """What the topic holds, in its order."""
        try:
            reader = LogReader(self.bootstrap, [PLATE_READ], client_id="test", fetch_max_wait_ms=20)
        except BrokerUnavailableError:
            return []
        try:
            decoder = FrameDecoder(PLATE_READ)
            return [
                event
                for records in reader.read_to_end()
                for record in records
                for event in decoder.decode(record.value).events
            ]
        finally:
            reader.close()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path)
    yield made
    for name in list(made.processes):
        made.kill(name)


def in_order(log: list[PlateRead], plate: str) -> list[UUID]:
    """The ids of a plate in the order they first came."""
    return list(dict.fromkeys(event.event_id for event in log if event.plate == plate))


def test_events_taken_without_a_broker_survive_kill_9_and_reach_the_topic_in_order(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.start_edge()  # there has never been a broker
    first = machine.post(30, "FIRST1")
    health = machine.health()
    assert health["status"] == "spooling"
    assert health["spool"]["events"] >= 30  # and what was counted for the ledger meanwhile
    assert health["spool"]["broker_away"]
    machine.kill("edge")

    spool = machine.folder / "spool" / "watchfloor-edge.sqlite"
    kept = look_into(spool).events
    assert kept >= 30
    for name, value in machine.settings.items():
        monkeypatch.setenv(name, value)
    told = [finding for finding in examine(load()) if finding.what.startswith("spool")]
    assert [(one.what, one.level) for one in told] == [("spool watchfloor-edge", "note")]
    assert told[0].found.startswith(f"{kept} events wait for the broker")

    machine.start_edge()
    second = machine.post(10, "FIRST1")  # the same plate: behind what was found
    machine.kill("edge")
    machine.start("broker")
    machine.start_edge()
    third = machine.post(10, "FIRST1")
    until(machine.drained, 60)
    assert in_order(machine.log(), "FIRST1") == [*first, *second, *third]
    assert look_into(spool).events == 0


def test_a_broker_that_comes_back_empty_gets_what_was_taken_meanwhile(machine: Machine) -> None:
    """The edge lives on: it makes the topics anew, and connects anew where the old connection is of no more use."""
    machine.start("broker")
    machine.start_edge()
    until(lambda: machine.health()["status"] == "idle")
    machine.post(1, "BEFORE")
    machine.kill("broker")
    meanwhile = machine.post(30, "DURING")
    assert machine.health()["status"] == "spooling"
    machine.start("broker")
    until(machine.drained, 90)
    after = machine.post(1, "DURING")
    assert in_order(machine.log(), "DURING") == [*meanwhile, *after]


FULL_DISK = """
import asyncio, os, resource, signal, sys
from pathlib import Path
from uuid import UUID
from msgspec.structs import replace
from connectors.edge.spool import Spool
from connectors.edge.spool_writer import SpoolRefusedError
from schemas.events.plate_read import EXAMPLE
from schemas.wire.publisher import BrokerUnavailableError

class Gone:
    async def publish(self, events):
        raise BrokerUnavailableError("gone")

async def main():
    spool = Spool(Gone(), Path(sys.argv[1]), "edge", limit_mb=1024, last_pause_s=0.01)
    await spool.open()
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    filler = Path(sys.argv[1], "filler")
    if sys.argv[2] == "no growth":
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, hard))
    else:
        filler.write_bytes(b"x" * 1_500_000)
    number, accepted, refused = 0, 0, 0
    while accepted == 0 or refused == 0:
        number += 1
        try:
            await spool.publish([replace(EXAMPLE, event_id=UUID(int=number))] * 20)
            accepted += 1
            print(number, flush=True)
        except SpoolRefusedError as error:
            assert "disk" in str(error), error
            assert "Nothing more is taken" in spool.alarm, spool.alarm
            refused += 1
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    filler.unlink(missing_ok=True)
    while True:
        number += 1
        try:
            await spool.publish([replace(EXAMPLE, event_id=UUID(int=number))] * 20)
            break
        except SpoolRefusedError:
            await asyncio.sleep(0.05)
    print(number, flush=True)
    assert not spool.refusing, spool.refusing
    assert "Nothing more is taken" not in spool.alarm, spool.alarm
    print("lives", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


IN_A_SMALL_DISK = """
mkdir "$1/small" && mount -t tmpfs -o size=3m tmpfs "$1/small" || exit 77
"$2" -c "$3" "$1/small" "a full disk"
cp "$1"/small/edge.sqlite* "$1"
"""


def kept_as_answered(folder: Path, done: subprocess.CompletedProcess[str]) -> None:
    assert done.stdout.endswith("\nlives\n"), done.stderr
    accepted = [int(line) for line in done.stdout.splitlines() if line.isdigit()]  # the others are its log
    with contextlib.closing(sqlite3.connect(folder / "edge.sqlite")) as db:
        bodies = [body for (body,) in db.execute("SELECT body FROM waiting ORDER BY seq")]
    kept = [msgspec.json.decode(body, type=PlateRead).event_id.int for body in bodies]
    assert kept == [number for number in accepted for _ in range(20)]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_files_that_may_not_grow_refuse_keep_nothing_by_halves_and_are_used_again(tmp_path: Path) -> None:
    """The system forbids files to grow (RLIMIT_FSIZE), then allows it; kill -9 in the end."""
    kept_as_answered(tmp_path, run(sys.executable, "-c", FULL_DISK, str(tmp_path), "no growth"))


def test_a_full_disk_refuses_keeps_nothing_by_halves_and_is_used_again(tmp_path: Path) -> None:
    """A disk of 3 MB in a mount namespace of its own: ENOSPC, then somebody makes room; kill -9 in the end."""
    inside = ["unshare", "--mount", "--user", "--map-root-user", "sh", "-c", IN_A_SMALL_DISK, "sh"]
    done = run(*inside, str(tmp_path), sys.executable, FULL_DISK)
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("this system lets nobody mount a disk of their own")
    kept_as_answered(tmp_path, done)
