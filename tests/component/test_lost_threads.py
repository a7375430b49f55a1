"""A role whose thread dies does not go on without it."""

from __future__ import annotations

import subprocess
import sys

from pipeline.ending import EXIT_NOT_DURABLE

ROLE = """
import asyncio, threading
from compose.roles.runner import run_role
from compose.settings import Settings

def fail():
    raise OSError(22, "Invalid argument")

async def body(settings, stop):
    if {told_to_stop}:
        stop.set()
    thread = threading.Thread(target=fail, name="reads-the-log")
    thread.start()
    thread.join()
    await asyncio.wait_for(stop.wait(), 30)
    print("ended in order")

run_role("serve", Settings(data_dir={folder!r}, metrics_port=0), body)
"""


def _run(folder: object, *, told_to_stop: bool) -> subprocess.CompletedProcess[str]:
    program = ROLE.format(folder=str(folder), told_to_stop=told_to_stop)
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)


def test_a_role_ends_when_one_of_its_threads_dies_and_says_which(tmp_path: object) -> None:
    done = _run(tmp_path, told_to_stop=False)

    assert done.returncode == EXIT_NOT_DURABLE
    assert "reads-the-log" in done.stdout + done.stderr
    assert "ended in order" not in done.stdout


def test_a_thread_that_dies_while_its_role_stops_does_not_hurry_it(tmp_path: object) -> None:
    done = _run(tmp_path, told_to_stop=True)

    assert done.returncode == 0
    assert "ended in order" in done.stdout
    assert "reads-the-log" in done.stdout + done.stderr
