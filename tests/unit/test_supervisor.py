"""The supervisor keeps roles running and leaves no process behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from compose.supervisor import Role, Supervisor

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(60)",
]
WITH_CHILD = [
    sys.executable,
    "-c",
    "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])",
]


async def until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true"
        await asyncio.sleep(0.02)


def test_a_role_that_dies_is_started_again_and_one_that_is_done_is_not(tmp_path: Path) -> None:
    async def run() -> None:
        supervisor = Supervisor(tmp_path)
        await supervisor.start(Role(name="sleeper", command=SLEEPER))
        await supervisor.start(Role(name="done", command=[sys.executable, "-c", ""], restart=False))
        first = supervisor.running["sleeper"].pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await until(lambda: supervisor.running["sleeper"].pid not in (None, first))
        await until(lambda: supervisor.running["done"].pid is None)
        assert supervisor.running["sleeper"].restarts == 1
        assert supervisor.running["done"].restarts == 0
        await supervisor.stop()
        assert supervisor.running["sleeper"].pid is None

    asyncio.run(run())


def test_stopping_leaves_no_process_behind_not_even_a_child_of_a_role(tmp_path: Path) -> None:
    async def run() -> None:
        supervisor = Supervisor(tmp_path)
        await supervisor.start(Role(name="parent", command=WITH_CHILD))
        parent = supervisor.running["parent"].pid
        assert parent is not None
        await until(lambda: bool(psutil.Process(parent).children()))
        family = [psutil.Process(parent), *psutil.Process(parent).children()]
        await supervisor.stop()
        _, alive = psutil.wait_procs(family, timeout=5)
        assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []

    asyncio.run(run())


def test_a_role_that_does_not_listen_is_killed_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compose.supervisor.GRACE_S", 0.3)

    async def run() -> None:
        supervisor = Supervisor(tmp_path)
        await supervisor.start(Role(name="stubborn", command=STUBBORN))
        await until(lambda: b"on" in (tmp_path / "stubborn.log").read_bytes())
        pid = supervisor.running["stubborn"].pid
        await supervisor.stop()
        assert pid is not None
        assert not psutil.pid_exists(pid)

    asyncio.run(run())


BEATING = """
import asyncio, sys, time
from compose.heartbeat import beat
async def main():
    beating = asyncio.create_task(beat())
    if sys.argv[1] == "blocks":
        asyncio.get_running_loop().call_later(0.5, time.sleep, 60)
    await asyncio.sleep(60)
asyncio.run(main())
"""


@pytest.mark.parametrize("how", ["is stopped", "blocks"])
def test_a_role_that_hangs_is_killed_and_started_again(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("compose.supervisor.LOOK_EVERY_S", 0.2)

    async def run() -> None:
        supervisor = Supervisor(tmp_path)
        await supervisor.start(Role(name="well", command=[sys.executable, "-c", BEATING, "well"], hang_s=3.0))
        await supervisor.start(Role(name="hung", command=[sys.executable, "-c", BEATING, how], hang_s=3.0))
        hung, well = supervisor.running["hung"], supervisor.running["well"]
        first, listener = hung.pid, hung.listener
        assert first is not None
        assert listener is not None
        await until(lambda: listener.heard)
        if how == "is stopped":
            os.kill(first, signal.SIGSTOP)
        await until(lambda: hung.pid not in (None, first), 30)
        assert (hung.hangs, hung.restarts) == (1, 1)
        assert (well.hangs, well.restarts) == (0, 0)
        await supervisor.stop()

    asyncio.run(run())


PARENT = """
import asyncio, pathlib, sys
from compose.supervisor import Role, Supervisor
async def main():
    supervisor = Supervisor(pathlib.Path(sys.argv[1]))
    await supervisor.start(Role(name="sleeper", command=[sys.executable, "-c", "import time; time.sleep(60)"]))
    print(supervisor.running["sleeper"].pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


def test_roles_end_when_the_supervisor_itself_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    role = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    _, alive = psutil.wait_procs([role], timeout=5)
    assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []
