"""A made-up read through the door of each webhook connector, every minute, followed to a screen and into the store.

It says what no part can say of itself: that a reader's post would come the whole way now (docs/explanation/canary.md).
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx2
import msgspec
import structlog
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from compose.local import addresses
from compose.settings import Settings
from connectors.registry import webhooks
from dashboards.server.messages import SUBPROTOCOL
from dashboards.server.ports import Flight
from pipeline.store.async_store import AsyncStore
from pipeline.store.errors import StoreError
from schemas.canary import INSTANCE, plate_of

log = structlog.get_logger(__name__)

#: A made-up read that is not on a screen and in the store within this time is told of, seconds.
WITHIN_S = 20.0
#: A start is not judged: connector, worker and store may be up one after the other.
FIRST_AFTER_S = 15.0
_HELLO = msgspec.json.encode({"t": "hello", "v": 1, "client": "canary", "resume": None, "sub": ["canaries"]}).decode()


def _rekor(plate: str, now: datetime) -> dict[str, Any]:
    return {
        "data_type": "alpr_group",
        "version": 3,
        "epoch_start": int(now.timestamp() * 1000),
        "camera_id": "canary",
        "best_uuid": plate,
        "best_plate_number": plate,
        "best_confidence": 99.0,
    }


def _platerecognizer(plate: str, now: datetime) -> dict[str, Any]:
    result = {"plate": plate, "score": 0.99}
    return {"data": {"camera_id": "canary", "timestamp": now.isoformat(), "results": [result]}}


def _axis(plate: str, now: datetime) -> dict[str, Any]:
    return {
        "capture_timestamp": str(int(now.timestamp() * 1000)),
        "plateUTF8": plate,
        "plateConfidence": "0.99",
        "carState": "lost",
        "carID": "1",
        "sensorProviderID": "canary",
    }


def _dahua(plate: str, now: datetime) -> dict[str, Any]:
    return {
        "Code": "TrafficJunction",
        "RealUTC": int(now.timestamp()),
        "Object": {"Confidence": 99},
        "TrafficCar": {"MachineName": "canary", "PlateNumber": plate},
    }


def _flock(plate: str, now: datetime) -> dict[str, Any]:
    return {
        "deviceExternalId": "canary",
        "objectId": plate,
        "eventTime": now.isoformat(),
        "ocr": {"label": plate, "labelConfidence": 0.99},
        "sources": [],
    }


def _frigate(plate: str, now: datetime) -> dict[str, Any]:
    return {
        "type": "lpr",
        "id": plate,
        "plate": plate,
        "score": 0.99,
        "camera": "canary",
        "timestamp": now.timestamp(),
    }


def _genetec(plate: str, now: datetime) -> dict[str, Any]:
    return {
        "Plate": plate,
        "CameraName": "canary",
        "ConfidenceScore": "99",
        "DateUtc": f"{now:%Y-%m-%d}",
        "TimeUtc": f"{now:%H:%M:%S}",
    }


def _hikvision(plate: str, now: datetime) -> dict[str, Any]:
    return {
        "ipAddress": "canary",
        "dateTime": now.isoformat(),
        "eventType": "ANPR",
        "eventState": "active",
        "ANPR": {"licensePlate": plate, "confidenceLevel": 99},
    }


def _webhook_map(plate: str, now: datetime) -> dict[str, Any]:
    """By the map of the canary's name."""
    return {"plate": plate, "at": now.isoformat()}


#: What a reader would post, by connector. A test holds that every one of plate reads is here.
PAYLOADS: dict[str, Callable[[str, datetime], dict[str, Any]]] = {
    "axis": _axis,
    "dahua": _dahua,
    "flock": _flock,
    "frigate": _frigate,
    "genetec": _genetec,
    "hikvision": _hikvision,
    "rekor": _rekor,
    "platerecognizer": _platerecognizer,
    "webhook_map": _webhook_map,
}


class Canaries:
    """Sends them and keeps what became of the last of each connector: ``flights``."""

    def __init__(
        self,
        settings: Settings,
        store: AsyncStore,
        *,
        within_s: float = WITHIN_S,
        first_after_s: float = FIRST_AFTER_S,
    ) -> None:
        self.flights: Sequence[Flight] = ()
        self._where = addresses(settings)
        self._token = settings.edge_token
        #: It looks at the view that there always is, so that none is made for it.
        self._headers = settings.own_headers
        self._every_s = settings.canary_every_s or 0.0
        self._store = store
        self._within_s = within_s
        self._first_after_s = first_after_s
        self._number = secrets.randbits(32)
        self._client: httpx2.AsyncClient | None = None

    async def run(self) -> None:
        """Send until cancelled; returns at once when none are wanted."""
        if not self._every_s:
            return
        await asyncio.sleep(self._first_after_s)
        try:
            await self._rounds()
        finally:
            if self._client is not None:
                await self._client.aclose()

    async def _rounds(self) -> None:
        while True:
            began = time.monotonic()
            self.flights = await self.round()
            for flight in self.flights:
                if flight.fault:
                    log.error("a made-up read did not come the whole way", connector=flight.connector,
                              stage=flight.stage, why=flight.fault)  # fmt: skip
            await asyncio.sleep(max(1.0, self._every_s - (time.monotonic() - began)))

    async def round(self) -> list[Flight]:
        """Send one through each connector, and return what became of them, within ``within_s``."""
        plates = {}
        for name in sorted(PAYLOADS.keys() & webhooks().keys()):
            self._number += 1
            plates[name] = plate_of(self._number)
        seen, stored = _Arrivals(plates.values()), _Arrivals(plates.values())
        at, began = datetime.now(UTC), time.monotonic()
        shown = _Shown(plates, at)
        watching = [
            asyncio.create_task(self._watch_screen(shown, seen)),
            asyncio.create_task(self._watch_store(stored)),
        ]
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(seen.ready.wait(), self._within_s / 4)
            if self._client is None:
                # Half a second of imports and certificates: screens must not wait for it on this loop.
                self._client = await asyncio.to_thread(self._new_client)
            client = self._client
            doors = await asyncio.gather(*(self._post(client, name, plate, at) for name, plate in plates.items()))
            posted = dict(zip(plates, doors, strict=True))
            for name, (fault, _, _) in posted.items():
                if fault:
                    seen.give_up(plates[name])
                    stored.give_up(plates[name])
            left_s = max(0.1, self._within_s - (time.monotonic() - began))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.gather(seen.all.wait(), stored.all.wait()), left_s)
        finally:
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)
        return [
            _judged(name, at, posted[name], seen.at.get(plate), stored.at.get(plate), self._within_s)
            for name, plate in plates.items()
        ]

    async def _post(self, client: httpx2.AsyncClient, name: str, plate: str, at: datetime) -> tuple[str, float, float]:
        """Return what the door said against it ("" when it took it), and when it was posted and answered."""
        headers = {"content-type": "application/json"}
        if self._token is not None:
            headers["authorization"] = f"Bearer {self._token.get_secret_value()}"
        body = msgspec.json.encode(PAYLOADS[name](plate, at))
        url = f"{self._where.edge}/ingest/{name}/{INSTANCE}"
        began = time.monotonic()
        try:
            answer = await client.post(url, content=body, headers=headers)
        except httpx2.HTTPError as error:
            return f"the edge does not answer ({type(error).__name__})", began, time.monotonic()
        fault = "" if answer.status_code == 200 and answer.json().get("accepted") == 1 else (
            f"the edge did not accept it (status {answer.status_code})"
        )  # fmt: skip
        return fault, began, time.monotonic()

    def _new_client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(timeout=self._within_s / 2, trust_env=False)

    async def _watch_screen(self, shown: _Shown, seen: _Arrivals) -> None:
        # A page whose connection is lost connects again: so does this one, or it would blame the screens for its own.
        while True:
            with contextlib.suppress(OSError, WebSocketException):
                await self._look(shown, seen)
            await asyncio.sleep(0.2)

    async def _look(self, shown: _Shown, seen: _Arrivals) -> None:
        async with connect(
            self._where.web.replace("http", "ws", 1) + "/ws",
            subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]
            additional_headers=self._headers,
            proxy=None,
        ) as socket:
            await socket.send(_HELLO)
            async for text in socket:
                message = msgspec.json.decode(text)
                if message["t"] == "welcome":
                    seen.ready.set()
                for row in _rows(message):
                    seen.came(shown.of(row))
                if message["t"] == "ping":
                    await socket.send(msgspec.json.encode({"t": "pong", "n": message["n"]}).decode())

    async def _watch_store(self, stored: _Arrivals) -> None:
        sql = "SELECT plate FROM rtcc.canaries WHERE observed_at > now() - 600 AND plate IN {plates:Array(String)}"
        while True:
            with contextlib.suppress(StoreError):
                answer = await self._store.query(sql, {"plates": list(stored.wanted)}, "JSONEachRow")
                for line in answer.splitlines():
                    stored.came(msgspec.json.decode(line)["plate"])
            await asyncio.sleep(0.2)


class _Shown:
    """Which of the plates of a round a row on a screen stands for.

    A screen has the last canary of a connector. Where several servers send them, or frames wait and are put together,
    a later one stands in the place of ours: it shows as well that the way to the screens is open.
    """

    def __init__(self, plates: Mapping[str, str], at: datetime) -> None:
        self._plates = set(plates.values())
        self._by_source = {f"{name}/{INSTANCE}": plate for name, plate in plates.items()}
        # Some vendors tell whole seconds.
        self._from = at.replace(microsecond=0)

    def of(self, row: Mapping[str, Any]) -> str:
        """Return the plate, or "" for one of an earlier round."""
        if row["plate"] in self._plates:
            return str(row["plate"])
        later = datetime.fromisoformat(row["occurred_at"]) >= self._from
        return self._by_source.get(row["source"], "") if later else ""


class _Arrivals:
    """Which of some plates came, and when (monotonic)."""

    def __init__(self, plates: Any) -> None:
        self.wanted = set(plates)
        self.at: dict[str, float] = {}
        self.ready = asyncio.Event()
        self.all = asyncio.Event()
        self._left = set(self.wanted)

    def came(self, plate: str) -> None:
        if plate in self.wanted:
            self.at.setdefault(plate, time.monotonic())
            self.give_up(plate)

    def give_up(self, plate: str) -> None:
        self._left.discard(plate)
        if not self._left:
            self.all.set()


def _rows(message: dict[str, Any]) -> list[dict[str, Any]]:
    if message["t"] == "snap":
        return list(message["rows"])
    if message["t"] == "d":
        return list(message["ch"].get("canaries", {}).get("rows", []))
    return []


def _judged(
    name: str, at: datetime, posted: tuple[str, float, float], seen: float | None, stored: float | None, within_s: float
) -> Flight:
    refused, began, answered = posted
    fault, stage = "", ""
    if refused:
        fault, stage = f"A made-up read was refused: {refused}.", "door"
    elif seen is None and stored is None:
        fault, stage = f"A made-up read was accepted, but not processed within {within_s:.0f} s.", "processing"
    elif seen is None:
        fault, stage = f"A made-up read was stored, but not on a screen within {within_s:.0f} s.", "screen"
    elif stored is None:
        fault, stage = f"A made-up read was on a screen, but not stored within {within_s:.0f} s.", "store"

    def since(moment: float | None) -> float | None:
        return None if moment is None else round((moment - began) * 1000, 1)

    return Flight(
        connector=name,
        at=at,
        fault=fault,
        stage=stage,
        door_ms=None if refused else since(answered),
        screen_ms=since(seen),
        stored_ms=since(stored),
    )
