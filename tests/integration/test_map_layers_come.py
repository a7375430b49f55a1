"""A map layer added by command beside a running system: pages are told at once, and the store knows by whom."""

from __future__ import annotations

import contextlib
import json
import queue
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

pytest.importorskip("pyogrio")
pytest.importorskip("pmtiles")

from tests.local_system import Up, until
from tests.unit.map_files import points


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    system = Up(tmp_path / "data")
    try:
        yield system
    finally:
        system.stop()


class Page(threading.Thread):
    """A page that looks at the layers: it answers pings, and keeps what it is told."""

    def __init__(self, up: Up) -> None:
        super().__init__(daemon=True)
        self._open = contextlib.ExitStack()
        self._socket = self._open.enter_context(
            connect(f"ws{up.web[4:]}/ws", subprotocols=[Subprotocol("watchfloor.v1+json")], origin=Origin(up.web))
        )
        self._socket.send(json.dumps({"t": "hello", "v": 1, "client": "test", "resume": None, "sub": ["layers"]}))
        self.told: queue.Queue[dict[str, Any]] = queue.Queue()
        self.start()

    def run(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            for text in self._socket:
                message = json.loads(text)
                if message["t"] == "ping":
                    self._socket.send(json.dumps({"t": "pong", "n": message["n"]}))
                for row in message["ch"].get("layers", {}).get("rows", ()) if message["t"] == "d" else ():
                    self.told.put(row)

    def close(self) -> None:
        self._open.close()
        self.join(10)


def test_check_16_a_layer_reaches_an_open_page_and_goes_again(up: Up, tmp_path: Path) -> None:
    page = Page(up)
    try:
        file = points(tmp_path / "hydrants.gpkg", crs="EPSG:6479")
        told = json.loads(up.command("map", "add", str(file), "--label", "name", "--by", "r.diaz", "--json"))
        row = page.told.get(timeout=30)
        assert (row["name"], row["sha256"], row["changed_by"]) == ("hydrants", told["sha256"], "r.diaz")
        part = httpx2.get(f"{up.web}/maps/{row['archive']}", headers={"range": "bytes=0-6"}, timeout=20)
        assert (part.status_code, part.content) == (206, b"PMTiles")
        up.command("map", "remove", "hydrants", "--by", "k.lee")
        assert page.told.get(timeout=30)["removed"] is True
    finally:
        page.close()
    assert httpx2.get(f"{up.web}/maps/{row['archive']}", timeout=20).status_code == 404
    until(lambda: up.count("map_layer_states") == 2 and up.count("actions WHERE name LIKE 'map.%'") == 2)
    assert up.count("map_layers") == 0
    assert up.rows("SELECT name, actor FROM actions ORDER BY occurred_at") == [
        {"name": "map.add", "actor": "r.diaz"}, {"name": "map.remove", "actor": "k.lee"},
    ]  # fmt: skip
    assert up.count("dead_letters") == 0
