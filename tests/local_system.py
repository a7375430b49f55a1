"""`watchfloor up` as a person runs it, for tests of the whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx2
import psutil

from compose.own_ports import free_ports


class Up:
    """A running system of its own, on free ports."""

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self.web_port, self.edge_port, kafka = free_ports(3)
        self.web, self.edge = f"http://127.0.0.1:{self.web_port}", f"http://127.0.0.1:{self.edge_port}"
        self.env = {
            **os.environ,
            "WATCHFLOOR_DATA_DIR": str(folder),
            "WATCHFLOOR_WEB_PORT": str(self.web_port),
            "WATCHFLOOR_EDGE_PORT": str(self.edge_port),
            "WATCHFLOOR_EMBEDDED_KAFKA_PORT": str(kafka),
            # Made-up reads come when they like; tests that count messages do without, the canary's own asks for them.
            "WATCHFLOOR_CANARY_EVERY_S": "0",
            # Nor does anybody take their alerts: only tests of that wait for an escalation.
            "WATCHFLOOR_ESCALATE_P1_S": "3600",
            "WATCHFLOOR_ESCALATE_P2_S": "3600",
            **(settings or {}),
        }
        self.kafka = f"127.0.0.1:{kafka}"
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

    def run(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run a `watchfloor` command against this system. ``given``: what it reads."""
        return subprocess.run(
            [sys.executable, "-m", "compose.cli", *arguments],
            env=self.env,
            capture_output=True,
            text=True,
            input=given,
            timeout=120,
            check=False,
        )

    def command(self, *arguments: str, given: str = "") -> str:
        """Run a command that must succeed and return what it prints."""
        done = self.run(*arguments, given=given)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def get(self, path: str) -> Any:
        """Return a JSON answer of the server."""
        return httpx2.get(f"{self.web}{path}", timeout=20).json()

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Return a query's rows."""
        answer = httpx2.post(f"{self.web}/api/sql", json={"sql": sql, "format": "JSON"}, timeout=20)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["data"]
        return found

    def count(self, table: str) -> int:
        """Return the number of rows of a table or view."""
        return int(self.rows(f"SELECT count() AS n FROM {table}")[0]["n"])

    def stop(self) -> None:
        """Press Ctrl-C; nothing may be left behind."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(60) == 0
        _, alive = psutil.wait_procs(family, timeout=5)
        assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == [], "a process was left behind"


def until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until something is true; fail when it does not come true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.2)
