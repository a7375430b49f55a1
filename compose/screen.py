"""A client of the live map without a browser: what it is given, and when."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import msgspec
import websockets

from schemas.events.alert import Alert

_CHANNELS = ("alerts", "incidents", "calls", "cameras", "health", "zones", "sightings", "hotlists")


class Screen:
    """A client of the live map, connecting as the page does, that keeps every alert it was given and when.

    When the connection is lost it connects again and takes up where it was, as a browser would; ``lost`` counts how
    often. What a snapshot repeats is no duplicate; what a delta repeats is.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self.alerts: list[Alert] = []
        self.first_seen: dict[str, tuple[Alert, float]] = {}
        self.faults: list[str] = []
        self.lost = 0
        self.ready = asyncio.Event()
        self._known: set[UUID] = set()
        self._epoch = ""
        self._position: int | None = None
        self._rows = msgspec.json.Decoder(list[Alert])

    async def watch(self) -> None:
        """Watch until cancelled."""
        while True:
            with contextlib.suppress(OSError, websockets.WebSocketException):
                await self._connect()
            self.lost += 1
            await asyncio.sleep(0.3)

    async def _connect(self) -> None:
        origin = websockets.Origin(self._url.replace("ws", "http", 1).rsplit("/", 1)[0])
        protocols = [websockets.Subprotocol("watchfloor.v1+json")]
        async with websockets.connect(self._url, subprotocols=protocols, origin=origin, max_size=None) as connection:
            resume = None if self._position is None else {"epoch": self._epoch, "pos": {"alerts": self._position}}
            hello = {"t": "hello", "v": 1, "client": "check", "resume": resume, "sub": list(_CHANNELS)}
            await connection.send(json.dumps(hello))
            async for text in connection:
                await self._take(connection, msgspec.json.decode(text), time.time())

    async def _take(self, connection: websockets.ClientConnection, message: dict[str, Any], at: float) -> None:
        match message["t"]:
            case "welcome":
                self._epoch = message["epoch"]
            case "ping":
                await connection.send(json.dumps({"t": "pong", "n": message["n"]}))
            case "snap" if message["ch"] == "alerts":
                self._position = message["pos"]
                self._add(message["rows"], at, repeated=True)
                if message["part"] == message["of"]:
                    self.ready.set()
            case "d" if "alerts" in message["ch"]:
                news = message["ch"]["alerts"]
                if self._position is not None and news["from"] != self._position + 1:
                    self.faults.append(f"a gap: after {self._position} came {news['from']}")
                self._position = news["to"]
                self._add(news["rows"], at)
            case "gap" | "slow":
                self.faults.append(f"the server said {message['t']}")

    def _add(self, rows: list[Any], at: float, *, repeated: bool = False) -> None:
        for alert in self._rows.decode(msgspec.json.encode(rows)):
            if repeated and alert.event_id in self._known:
                continue
            self._known.add(alert.event_id)
            self.alerts.append(alert)
            self.first_seen.setdefault(str(alert.alert_id), (alert, at))


@contextlib.asynccontextmanager
async def watching(web: str) -> AsyncIterator[Screen]:
    """Give a screen that shows the page's data until the block ends. Raises TimeoutError when it shows nothing."""
    screen = Screen(web.replace("http", "ws", 1) + "/ws")
    task = asyncio.create_task(screen.watch())
    try:
        await asyncio.wait_for(screen.ready.wait(), 10)
        yield screen
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, websockets.WebSocketException):
            await task
