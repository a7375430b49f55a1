"""A worker that stands still ends itself and the next one does its work; one that is merely slow is left alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from schemas.events.plate_read import PLATE_READ
from schemas.wire.frame import encode_frame
from tests.integration.test_delivery_on_a_live_broker import put, read_of
from tests.live_broker import LiveBroker
from tests.local_system import until

WORKER = Path(__file__).with_name("stalling_worker.py")
STALL_S = 6.0


class Worker:
    def __init__(self, broker: LiveBroker, folder: Path, fault: str, stall_s: float = STALL_S) -> None:
        self.folder = folder
        self.log = folder / f"{fault}.log"
        self.began = time.monotonic()
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(WORKER), msgspec.json.encode(broker).decode(), str(folder), str(stall_s), fault],
                stdout=output,
                stderr=output,
                env={**os.environ, "PYTHONPATH": str(WORKER.parents[2])},
            )

    def done(self) -> set[str]:
        path = self.folder / "done"
        return set(path.read_text().split()) if path.exists() else set()

    def last_words(self) -> dict[str, Any]:
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        found: dict[str, Any] = next(line for line in lines if line["level"] == "critical")
        return found

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def messages(count: int, first: int = 0) -> list[tuple[int, bytes]]:
    return [(at % 4, encode_frame([read_of(first + at)])) for at in range(count)]


def places(count: int) -> set[str]:
    return {f"{at % 4}:{at // 4}" for at in range(count)}


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("block", {"the event loop is blocked"}),
        ("fetcher", {"messages wait and none is taken"}),
        # Blocked within half a second of the first message, it has committed that or not.
        ("consumer", {"messages wait and none is taken", "what is acknowledged is not committed"}),
        ("unassigned", {"this worker is given no partition, and messages wait"}),
    ],
)
def test_a_worker_that_stands_still_ends_itself_says_where_and_the_next_one_goes_on(
    broker: LiveBroker, tmp_path: Path, fault: str, says: set[str]
) -> None:
    worker = Worker(broker, tmp_path, fault)
    repaired = None
    try:
        put(broker, messages(1))
        until(lambda: worker.done() == places(1), 60)
        until((tmp_path / "broken").exists)
        broke_at = time.monotonic()
        put(broker, messages(8)[1:])
        status = worker.process.wait(STALL_S + 40)
        ended_at = time.monotonic()
        assert status == 75
        words = worker.last_words()
        assert words["why"] in says
        assert words["for_s"] >= STALL_S
        if fault == "block":
            assert words["loop_at"].endswith("handle")
        else:
            assert (words["topic"], words["behind"] >= 1) == (PLATE_READ.topic, True)
            assert words["partition"] in range(4)
        # A join of the embedded broker may last longer than the patience that is tried here.
        repaired = Worker(broker, tmp_path, "none", stall_s=60.0)
        until(lambda: worker.done() == places(8), 60)
        print(f"{fault}: ended {ended_at - broke_at:.1f} s after it broke (stall_s {STALL_S:.0f}), "
              f"all done {time.monotonic() - ended_at:.1f} s later")  # fmt: skip
    finally:
        worker.kill()
        if repaired is not None:
            repaired.kill()


def test_a_slow_worker_that_moves_is_left_alone(broker: LiveBroker, tmp_path: Path) -> None:
    """A second a message: three times as long as a stall may last, and behind all the while."""
    put(broker, messages(24))
    worker = Worker(broker, tmp_path, "crawl")
    try:
        until(lambda: worker.done() == places(24), 90)
        assert worker.process.poll() is None
        assert '"level": "critical"' not in worker.log.read_text()
    finally:
        worker.kill()
