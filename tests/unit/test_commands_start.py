"""How commands begin: without what they do not need, and with a quick word when nothing runs."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import msgspec
import pytest

from compose.commands.output import plain
from schemas.wire import topics
from schemas.wire.publisher import BrokerUnavailableError

#: Each takes a good part of a second or more to import, and none is needed to say what commands there are.
HEAVY = ("faust", "aiokafka", "chdb", "cv2", "fastapi", "numpy", "shapely", "rustworkx", "pyogrio", "clickhouse_driver")


def test_no_command_pays_for_the_engine_the_store_or_the_geometry_of_another() -> None:
    code = f"import sys, compose.cli; print([one for one in {HEAVY!r} if one in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize("ask", [topics.topic_states, lambda where: topics.create_topics(where, partitions=1)])
def test_a_broker_that_is_not_there_is_told_of_within_seconds(ask: object, monkeypatch: pytest.MonkeyPatch) -> None:
    assert topics.BROKER_ANSWERS_WITHIN_MS <= 5_000
    monkeypatch.setattr(topics, "BROKER_ANSWERS_WITHIN_MS", 200)
    with socket.socket() as taken:  # bound and not listening: nobody answers, and nobody else can take the port
        taken.bind(("127.0.0.1", 0))
        began = time.monotonic()
        with pytest.raises(BrokerUnavailableError, match="no Kafka broker answers"):
            ask(f"127.0.0.1:{taken.getsockname()[1]}")  # type: ignore[operator]
    assert time.monotonic() - began < 10


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WATCHFLOOR_")}
    named = {f"WATCHFLOOR_{name}": value for name, value in variables.items()}
    command = [sys.executable, "-m", "compose.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env={**kept, **named})


def test_what_is_wrong_with_the_settings_is_json_where_json_is_asked_for() -> None:
    told = run("config", "check", "--json", WEB_PORT="abc")
    assert told.returncode == 1
    assert msgspec.json.decode(told.stdout)["error"].startswith("The configuration cannot be used:\nweb_port: ")
    assert told.stderr == ""


def test_up_refuses_a_data_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = run("up", DATA_DIR=str(tmp_path / "file" / "below"))
    assert told.returncode == 1
    assert told.stderr.startswith(f"The data directory {tmp_path / 'file' / 'below'} cannot be used: Not a directory.")


def test_a_second_up_in_the_same_data_directory_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "up.lock").open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        told = run("up", DATA_DIR=str(tmp_path))
    assert told.returncode == 1
    assert told.stderr.startswith(f"Watchfloor runs from {tmp_path} already.")


def test_text_from_outside_cannot_rule_a_terminal() -> None:
    assert plain("gate\x1b[2J\x9b1m\r\x00 4\n\tü") == "gate\ufffd[2J\ufffd1m\ufffd\ufffd 4\n\tü"


def test_a_foreign_server_on_our_port_is_told_of_and_not_shown() -> None:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as foreign:
        threading.Thread(target=foreign.handle_request, daemon=True).start()
        told = run("dead-letters", "list", WEB_PORT=str(foreign.server_port))
    assert told.returncode == 1
    assert "is no Watchfloor (HTTP 501)" in told.stderr
    assert "<" not in told.stderr
