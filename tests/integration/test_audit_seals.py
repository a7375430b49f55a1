"""On a whole system: a search is sealed, verified by the command, and the chain goes on after all of it was killed."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from compose.seals.chain import folder_in, seals_in
from tests.local_system import Up, until

#: A whole system is started, killed and started again.
pytestmark = pytest.mark.timeout(600)


def look(up: Up) -> None:
    """Do a deed: who looks at the audit is in it."""
    assert httpx2.get(f"{up.web}/api/audit", params={"actor": "chief"}, timeout=20).status_code == 200


def verified(up: Up, until_: datetime) -> dict[str, Any]:
    done = up.run("audit", "verify", "--to", until_.isoformat(), "--json")
    told: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (0 if told["ok"] else 1), done.stdout + done.stderr
    return told


def test_a_search_is_sealed_and_the_chain_goes_on_after_everything_was_killed(tmp_path: Path) -> None:
    up = Up(tmp_path)
    file = folder_in(tmp_path) / "seals.jsonl"
    try:
        look(up)
        until(lambda: file.exists() and len(list(seals_in(file))) == 1, 60)
        look(up)
        until(lambda: up.count("actions") == 2 and up.count("seals") >= 1, 90)
    finally:
        for process in [*psutil.Process(up.process.pid).children(recursive=True), up.process]:
            process.kill()  # before the minute is over: the second deed is in the store alone
        up.process.wait(30)
    before = list(seals_in(file))

    up = Up(tmp_path)
    try:
        until(lambda: len(list(seals_in(file))) > len(before), 60)
        seals = list(seals_in(file))
        assert seals[: len(before)] == before
        assert [(one.count, one.read_from) for one in seals[len(before) :]] == [(1, "store")]
        until(lambda: up.count("seals") == len(seals), 60)
        done = datetime.now(UTC)
        time.sleep(21)
        told = verified(up, done)
        assert told["ok"], told
        assert (told["sealed"]["deeds"], told["sealed"]["of_store"], told["before_log"]) == (2, 1, 2)
    finally:
        up.stop()
