"""A client of the live map without a browser: what it is given, and when."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from uuid import UUID

import msgspec
import websockets

from schemas.events.alert import Alert

_CHANNELS = ("alerts", "incidents", "calls", "cameras", "health", "zones", "sightings", "hotlists")


class Message(msgspec.Struct):
    """What is looked at of a message; rows are left as they came."""

    t: str
    ch: str | dict[str, msgspec.Raw] = ""
    epoch: str = ""
    n: int = 0
    pos: int = 0
    part: int = 0
    of: int = 0
    rows: msgspec.Raw = msgspec.Raw(b"[]")


class _News(msgspec.Struct):
    first: int = msgspec.field(name="from")
    last: int = msgspec.field(name="to")
    rows: msgspec.Raw


class Seat:
    """A client of the live map, connecting as the page does, that takes everything and looks at alerts.

    When the connection is lost it connects again and takes up where it was, as a browser would; ``lost`` counts how
    often. ``faults``: what a page would have to put right.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self.faults: list[str] = []
        self.lost = 0
        self.ready = asyncio.Event()
        self._epoch = ""
        self._position: int | None = None
        self._messages = msgspec.json.Decoder(Message)
        self._news = msgspec.json.Decoder(_News)

    def take_alerts(self, rows: msgspec.Raw, at: float, *, repeated: bool) -> None:
        """Take rows of alerts, which came ``at``, seconds since 1970. ``repeated``: of a snapshot."""
        raise NotImplementedError

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
                await self._take(connection, self._messages.decode(text), time.time())

    async def _take(self, connection: websockets.ClientConnection, message: Message, at: float) -> None:
        match message:
            case Message(t="welcome"):
                self._epoch = message.epoch
            case Message(t="ping"):
                await connection.send(json.dumps({"t": "pong", "n": message.n}))
            case Message(t="snap", ch="alerts"):
                self._position = message.pos
                self.take_alerts(message.rows, at, repeated=True)
                if message.part == message.of:
                    self.ready.set()
            case Message(t="d", ch=dict() as channels) if "alerts" in channels:
                news = self._news.decode(channels["alerts"])
                if self._position is not None and news.first != self._position + 1:
                    self.faults.append(f"a gap: after {self._position} came {news.first}")
                self._position = news.last
                self.take_alerts(news.rows, at, repeated=False)
            case Message(t="gap" | "slow"):
                self.faults.append(f"the server said {message.t}")


class Screen(Seat):
    """Keeps every alert it was given and when. What a snapshot repeats is no duplicate; what a delta repeats is."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.alerts: list[Alert] = []
        self.first_seen: dict[str, tuple[Alert, float]] = {}
        self._known: set[UUID] = set()
        self._rows = msgspec.json.Decoder(list[Alert])

    def take_alerts(self, rows: msgspec.Raw, at: float, *, repeated: bool) -> None:
        """Keep them."""
        for alert in self._rows.decode(rows):
            if repeated and alert.event_id in self._known:
                continue
            self._known.add(alert.event_id)
            self.alerts.append(alert)
            self.first_seen.setdefault(str(alert.alert_id), (alert, at))


def socket_url(web: str) -> str:
    """Return where the websocket of a page is."""
    return web.replace("http", "ws", 1) + "/ws"


@contextlib.asynccontextmanager
async def watching(web: str) -> AsyncIterator[Screen]:
    """Give a screen that shows the page's data until the block ends. Raises TimeoutError when it shows nothing."""
    screen = Screen(socket_url(web))
    task = asyncio.create_task(screen.watch())
    try:
        await asyncio.wait_for(screen.ready.wait(), 10)
        yield screen
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, websockets.WebSocketException):
            await task
