"""A hub on a hand-moved clock, and a page in memory that applies what it is sent as the protocol says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec

from dashboards.server.channel import CHANNELS
from dashboards.server.client import Client
from dashboards.server.hub import Hub
from dashboards.server.messages import Resume
from dashboards.server.tail import Tail
from schemas.event_type import Push
from schemas.events.alert import ALERT, Alert
from schemas.events.camera import Camera
from schemas.events.camera_health import CameraHealth
from schemas.events.emergency_call import EmergencyCall
from schemas.events.sighting import Sighting
from schemas.identity import identity
from schemas.registry import BY_NAME

ALERT_1 = ALERT.examples[0]
LOSSLESS = [name for name, channel in CHANNELS.items() if channel.push is Push.LOSSLESS]


class Clock:
    """Moves when told."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def alert(number: int, rev: int = 1, status: str = "open", **changes: Any) -> Alert:
    alert_id = identity("test_alert", number)
    return msgspec.structs.replace(
        ALERT_1, alert_id=alert_id, rev=rev, status=status, event_id=identity("alert_state", alert_id, rev), **changes
    )


def call(number: int, second: int = 0, status: str = "received") -> EmergencyCall:
    example: EmergencyCall = BY_NAME["emergency_call"].examples[0]
    updated_at = example.updated_at + timedelta(seconds=second)
    return msgspec.structs.replace(
        example, call_id=f"t:{number}", updated_at=updated_at, status=status,
        event_id=identity("emergency_call", number, second),
    )  # fmt: skip


def health(camera: str, second: int, status: str = "ok") -> CameraHealth:
    example: CameraHealth = BY_NAME["camera_health"].examples[0]
    return msgspec.structs.replace(
        example, camera_id=camera, occurred_at=example.occurred_at + timedelta(seconds=second), status=status,
        event_id=identity("camera_health", camera, second),
    )  # fmt: skip


def camera(name: str, second: int = 0, removed: bool = False) -> Camera:
    example: Camera = BY_NAME["camera"].examples[0]
    return msgspec.structs.replace(
        example, camera_id=name, observed_at=example.observed_at + timedelta(seconds=second), removed=removed,
        event_id=identity("camera", name, second),
    )  # fmt: skip


def sighting(number: int, hit: bool = False) -> Sighting:
    example: Sighting = BY_NAME["sighting"].examples[0]
    changed: Sighting = msgspec.structs.replace(example, event_id=identity("sighting", number))
    return changed if hit else msgspec.structs.replace(changed, hits=())


def new_hub(clock: Clock | None = None, **tail_bounds: Any) -> Hub:
    clock = clock or Clock()
    return Hub(wall=clock, mono=clock, tails=lambda name: Tail(name, **tail_bounds))


def give(hub: Hub, *events: Any, at: float = 1_000.0) -> None:
    """Offer events one after another."""
    for event in events:
        hub.offer(next(kind for kind in BY_NAME.values() if kind.cls is type(event)), [event], at)


class Page:
    """A page: it keeps its state across connections, and asserts what the protocol promises."""

    def __init__(self, hub: Hub, sub: list[str]) -> None:
        self.hub = hub
        self.sub = sub
        self.rows: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in CHANNELS}
        self.seen_revisions: dict[str, list[tuple[str, Any]]] = {name: [] for name in CHANNELS}
        self.sightings: list[str] = []
        self.pos: dict[str, int] = {}
        self.epoch: str | None = None
        self.mode = ""
        self.gaps: list[str] = []
        self.spared: dict[str, int] = {}
        self.texts: list[str] = []
        self.received = asyncio.Event()
        self.reading = asyncio.Event()
        self.reading.set()
        self._parts: dict[str, list[dict[str, Any]]] = {}
        self._awaiting_snapshot: set[str] = set()
        self._task: asyncio.Task[None] | None = None
        self.client: Client | None = None

    def connect(self) -> Client:
        self.client = self.hub.join(self._receive)
        resume = None if self.epoch is None else Resume(self.epoch, dict(self.pos))
        self._parts = {}
        self._awaiting_snapshot = set(self.sub)
        self.client.start(self.sub, resume)
        self._task = asyncio.create_task(self.client.run())
        return self.client

    async def cut(self) -> None:
        """Lose the connection: what was not received is lost with it."""
        if self._task is None or self.client is None:
            return
        self.hub.leave(self.client)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = self.client = None

    async def _receive(self, text: str) -> None:
        await self.reading.wait()
        self.texts.append(text)
        self._apply(json.loads(text))
        self.received.set()

    async def until(self, done: Callable[[], bool]) -> None:
        """Read until this holds."""
        async with asyncio.timeout(20):
            while not done():
                self.received.clear()
                await self.received.wait()

    def _apply(self, message: dict[str, Any]) -> None:
        match message["t"]:
            case "welcome":
                self.epoch, self.mode = message["epoch"], message["mode"]
                if self.mode == "resume":
                    self._awaiting_snapshot -= set(self.pos)
                else:
                    self.pos = {}
            case "gap":
                self.gaps.append(message["ch"])
                self._awaiting_snapshot.add(message["ch"])
            case "slow":
                for name, count in message["drop"].items():
                    self.spared[name] = self.spared.get(name, 0) + count
            case "snap":
                self._apply_snapshot(message)
            case "d":
                for name, body in message["ch"].items():
                    self._apply_delta(name, body)

    def _apply_snapshot(self, message: dict[str, Any]) -> None:
        name = message["ch"]
        if message["part"] == 1:
            self._parts[name] = []
        parts = self._parts[name]
        parts.append(message)
        assert message["part"] == len(parts), "parts come in order"
        if message["part"] < message["of"]:
            return
        rows = [row for part in self._parts.pop(name) for row in part["rows"]]
        self._awaiting_snapshot.discard(name)
        if name == "sightings":
            self.sightings = [row["event_id"] for row in rows]
            return
        key = CHANNELS[name].kind.key
        self.rows[name] = {row[key]: row for row in rows}
        if name in LOSSLESS:
            self.pos[name] = message["pos"]

    def _apply_delta(self, name: str, body: dict[str, Any]) -> None:
        assert name not in self._awaiting_snapshot, f"a delta of {name} came before its snapshot"
        if name == "sightings":
            ids = [row["event_id"] for row in body["rows"]]
            assert not set(ids) & set(self.sightings), "a sighting came twice"
            self.sightings += ids
            return
        if name in LOSSLESS:
            assert body["from"] == self.pos[name] + 1, "neither gap nor repetition"
            assert body["to"] - body["from"] + 1 == len(body["rows"])
            self.pos[name] = body["to"]
        key, version = CHANNELS[name].kind.key, CHANNELS[name].kind.version_field
        for row in body["rows"]:
            known = self.rows[name].get(row[key])
            if name in LOSSLESS:
                assert known is None or known[version] < row[version], "an old state came after a newer one"
                self.seen_revisions[name].append((row[key], row[version]))
            self.rows[name][row[key]] = row

    def shown(self, name: str) -> dict[str, Any]:
        """Return key -> version of what the page shows."""
        version = CHANNELS[name].kind.version_field
        assert version is not None
        return {key: row[version] for key, row in self.rows[name].items() if not row.get("removed")}


def truth(hub: Hub, clock: Clock, name: str) -> dict[str, Any]:
    """Return key -> version of what the hub would tell a page that connects now."""
    clock.seconds += 10  # no snapshot is shared for so long
    kind = CHANNELS[name].kind
    snapshot = hub.snapshot(name)
    parts = [json.loads(snapshot.part(number + 1))["rows"] for number in range(snapshot.of)]
    return {row[kind.key]: row[kind.version_field or ""] for rows in parts for row in rows}


async def settle() -> None:
    """Let every task do what it can."""
    for _ in range(50):
        await asyncio.sleep(0)
