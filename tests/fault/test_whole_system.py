"""The whole system on one machine, with a made-up city of known truth as the judge, while its parts are killed."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx2
import psutil

from compose.demo_check import _free_ports, check
from compose.local import Local
from compose.settings import load

SEED = int(os.environ.get("WATCHFLOOR_TEST_SEED", "7"))


def test_roles_killed_with_9_in_mid_work_lose_and_double_nothing(tmp_path: Path) -> None:
    """Each role is killed once, at a random moment, while reads, calls and health flow."""
    dice = random.Random(SEED)

    async def kill_everything_once(local: Local) -> None:
        for name in dice.sample(["process", "serve", "connect", "simulator"][:3], 3):
            await asyncio.sleep(dice.uniform(3.0, 6.0))
            pid = local.supervisor.running[name].pid
            if pid is not None:
                os.kill(pid, signal.SIGKILL)

    report = asyncio.run(
        check(load(), tmp_path, seconds=30, rate=50, seed=SEED, say=print, disturb=kill_everything_once)
    )
    print(f"seed {SEED}", report)
    assert report.failures == []
    assert report.restarts == {"process": 1, "serve": 1, "connect": 1}
    assert report.events_stored == report.events_accepted > 1000
    assert report.alerts_received == report.alerts_expected > 5


class Up:
    """`watchfloor up` as a person runs it."""

    def __init__(self, folder: Path) -> None:
        self.web, edge, kafka = _free_ports(3)
        self.env = {
            **os.environ,
            "WATCHFLOOR_DATA_DIR": str(folder),
            "WATCHFLOOR_WEB_PORT": str(self.web),
            "WATCHFLOOR_EDGE_PORT": str(edge),
            "WATCHFLOOR_EMBEDDED_KAFKA_PORT": str(kafka),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "compose.cli", "up"],
            env=self.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        said = []
        for line in self.process.stderr:
            said.append(line)
            if "Press Ctrl-C" in line:
                return
        raise AssertionError("".join(said))

    def command(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "compose.cli", *arguments],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def status(self) -> dict[str, Any]:
        answer: dict[str, Any] = httpx2.get(f"http://127.0.0.1:{self.web}/api/status").json()
        return answer

    def stop(self) -> None:
        family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(40) == 0
        _, alive = psutil.wait_procs(family, timeout=5)
        assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == [], "a process was left behind"


CAMERAS = "id,name,latitude,longitude\nC1,Canal and Royal,29.9536,-90.0689\nC2,Bourbon,29.9581,-90.0655\n"
HOTLIST = "plate,state,reason,case_number,severity\nXYZ789,LA,Stolen,26-1,P2\n"


def test_what_was_loaded_is_there_after_a_restart_and_no_process_is_left(tmp_path: Path) -> None:
    (tmp_path / "cameras.csv").write_text(CAMERAS)
    (tmp_path / "list.csv").write_text(HOTLIST)
    up = Up(tmp_path / "data")
    try:
        up.command("cameras", "load", str(tmp_path / "cameras.csv"))
        up.command("hotlist", "load", str(tmp_path / "list.csv"), "--list", "stolen")
        _until(lambda: _stored(up, "cameras") == 2 and _stored(up, "hotlist_entries") == 1)
    finally:
        up.stop()
    up = Up(tmp_path / "data")
    try:
        channels = up.status()["hub"]["channels"]
        assert (channels["cameras"]["kept"], channels["hotlists"]["kept"]) == (2, 1)
        assert _stored(up, "cameras") == 2
        assert _stored(up, "camera_states") == 2, "what was put back into the log was not stored again"
    finally:
        up.stop()


def _stored(up: Up, table: str) -> int:
    return int(up.command("sql", f"SELECT count() FROM {table}", "--format", "CSV").splitlines()[-1])


def _until(true: Any, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.3)
