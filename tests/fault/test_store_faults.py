"""The store away, hanging or without room under a whole system: the edge takes events, the page says what is wrong,
and every event is stored once when the store is back, without anybody acting. Times are printed (`pytest -s`)."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2

from compose import run_file
from tests.clickhouse.server import ClickHouse
from tests.local_system import Up, until
from tests.small_disk import needs_root, small_disk


def send(up: Up, count: int) -> None:
    """Post so many reads to the edge; each must be taken."""
    with httpx2.Client(timeout=30) as client:
        for number in range(count):
            read = {
                "event_id": str(uuid4()),
                "occurred_at": "2026-01-15T18:30:05.125Z",
                "observed_at": "2026-01-15T18:30:05.125Z",
                "source": "test/reads",
                "camera_id": "C1",
                "plate": f"FLT{number}",
                "plate_raw": f"flt{number}",
                "confidence": 0.9,
            }
            assert client.post(f"{up.edge}/ingest/events/plate_read", json=read).status_code == 200


def health(up: Up) -> tuple[int, dict[str, Any]]:
    """The status of /api/health and what is wrong; 0 while the page cannot be reached."""
    try:
        answer = httpx2.get(f"{up.web}/api/health", timeout=10)
    except httpx2.HTTPError:
        return 0, {}
    return answer.status_code, answer.json()["wrong"]


def is_well(up: Up) -> bool:
    return health(up)[0] == 200


def says(up: Up, words: str) -> bool:
    """Whether health says these words of the store, and status too, from which the page's banner is made."""
    status, wrong = health(up)
    if status != 503 or words not in wrong.get("store", ""):
        return False
    return words in up.get("/api/status")["wrong"].get("store", "")


def stored(server: ClickHouse) -> tuple[int, int]:
    client = server.client()
    try:
        ((rows, ids),) = client.execute("SELECT count(), uniqExact(event_id) FROM rtcc.plate_reads")
        return int(rows), int(ids)
    finally:
        client.disconnect()


def test_a_clickhouse_that_is_killed_or_hangs_is_said_and_everything_is_stored_once(tmp_path: Path) -> None:
    server = ClickHouse(tmp_path / "clickhouse").start()
    try:
        up = Up(tmp_path / "data", server.settings())
        try:
            send(up, 50)
            until(lambda: stored(server) == (50, 50), 60)
            assert up.command("sql", "SELECT count() AS n FROM plate_reads", "--json")

            server.kill()
            send(up, 50)
            until(lambda: says(up, "The store cannot be reached"))
            running = run_file.read(tmp_path / "data")
            assert running is not None
            pid = running.roles["serve"]
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            # A page that is started while the store is away comes up and says so.
            until(lambda: health(up)[0] == 0 or not is_well(up))
            until(lambda: says(up, "The store cannot be reached"), 60)
            server.start()
            back = time.monotonic()
            until(lambda: stored(server) == (100, 100), 120)
            print(f"killed: stored {time.monotonic() - back:.1f} s after it answered again")
            until(lambda: is_well(up))

            server.hang()
            send(up, 50)
            until(lambda: says(up, "The store has not answered"))
            server.go_on()
            on = time.monotonic()
            until(lambda: stored(server) == (150, 150), 120)
            print(f"hung: stored {time.monotonic() - on:.1f} s after it went on")
            until(lambda: is_well(up))
        finally:
            server.go_on()
            up.stop()
    finally:
        server.stop()


@needs_root
def test_an_embedded_store_without_room_is_said_and_everything_is_stored_once(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with small_disk(data / "store", 96) as disk:
        up = Up(data)
        try:
            send(up, 50)
            until(lambda: up.count("plate_reads") == 50)
            disk.fill()
            send(up, 50)
            until(lambda: says(up, "Rows have waited"))
            assert "space" in up.get("/api/status")["wrong"]["store"]
            print(up.get("/api/status")["wrong"]["store"])
            disk.make_room()
            room = time.monotonic()
            until(lambda: up.count("plate_reads") == 100, 60)
            print(f"full: stored {time.monotonic() - room:.1f} s after there was room")
            assert up.rows("SELECT uniqExact(event_id) AS n FROM plate_reads")[0]["n"] == 100
            until(lambda: is_well(up))
        finally:
            up.stop()
