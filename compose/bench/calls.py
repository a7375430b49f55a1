"""`watchfloor bench calls`: a storm of calls in by HTTP, their incidents out by websocket, all on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import httpx2
import msgspec
import websockets

from compose.local import addresses
from compose.own_system import own_system, sample_memory
from compose.settings import Settings
from compose.spread import Spread, spread
from schemas.events.emergency_call import EmergencyCall
from schemas.identity import identity
from schemas.wire.frame import encode_frame

#: How long everything under way may take to arrive after the last call, seconds.
SETTLE_S = 60.0
#: Requests on their way at once.
MOST_REQUESTS = 64
#: One call in so many is about the event of the call before it.
AGAIN_EVERY = 5
SOURCE = "bench/calls"


class CallStorm(msgspec.Struct, frozen=True, kw_only=True):
    """One run. ``ok``: every call accepted and stored, and its incident on the screen once.

    ``post_to_screen_ms``: from when a request left until the websocket's client had the call's incident;
    ``due_to_screen_ms``: from when it was due by the schedule. ``joined``: calls that joined another one's incident.
    """

    ok: bool
    rate: int
    seconds: int
    kafka_brokers: int
    sent: int
    accepted: int
    stored: int
    incidents: int
    missing: int
    doubled: int
    joined: int
    post_to_screen_ms: Spread | None
    due_to_screen_ms: Spread | None
    answer_ms: Spread | None
    rss_mb: dict[str, float]


def call(seed: int, number: int, at: datetime) -> EmergencyCall:
    """Return the call with this number. Places are a kilometre apart but for the calls about one event."""
    event = number - 1 if number % AGAIN_EVERY == AGAIN_EVERY - 1 else number
    return EmergencyCall(
        event_id=identity("emergency_call", SOURCE, seed, number),
        occurred_at=at,
        observed_at=at,
        source=SOURCE,
        synthetic=True,
        call_id=f"bench:{seed}-{number}",
        number=str(number),
        received_at=at,
        updated_at=at,
        kind="Shots heard",
        category="shooting",
        priority=9,
        address=f"{event} Example St",
        lat=29.0 + (event % 150) * 0.01,
        lon=-91.0 + (event // 150 % 150) * 0.0115 + (0.0005 if event != number else 0.0),
    )


class _IncidentScreen:
    """A client of the live map that keeps when it was first given each call's incident."""

    def __init__(self) -> None:
        self.first: dict[str, float] = {}
        self.joined: set[str] = set()
        self.events: Counter[str] = Counter()
        self.ready = asyncio.Event()

    async def watch(self, web: str) -> None:
        url = web.replace("http", "ws", 1) + "/ws"
        protocols = [websockets.Subprotocol("watchfloor.v1+json")]
        async with websockets.connect(
            url, subprotocols=protocols, origin=websockets.Origin(web), max_size=None
        ) as connection:
            await connection.send(
                json.dumps({"t": "hello", "v": 1, "client": "bench", "resume": None, "sub": ["incidents"]})
            )
            async for text in connection:
                message, at = msgspec.json.decode(text), time.time()
                if message["t"] == "ping":
                    await connection.send(json.dumps({"t": "pong", "n": message["n"]}))
                elif message["t"] == "snap" and message["part"] == message["of"]:
                    self.ready.set()
                elif message["t"] == "d" and "incidents" in message["ch"]:
                    for row in message["ch"]["incidents"]["rows"]:
                        self._take(row, at)

    def _take(self, row: dict[str, Any], at: float) -> None:
        self.events[row["event_id"]] += 1
        own = row["calls"][0]["call_id"]
        self.first.setdefault(own, at)
        if row["merged_into"] is not None:
            self.joined.add(own)


async def run(
    settings: Settings, *, rate: int, seconds: int, kafka: int, seed: int, say: Callable[[str], None]
) -> CallStorm:
    """Measure. Raises what ``own_system`` raises, and TimeoutError when the map shows nothing."""
    with tempfile.TemporaryDirectory(prefix="watchfloor-bench-calls-") as folder:
        async with own_system(settings, Path(folder), kafka=kafka, say=say) as local:
            screen = _IncidentScreen()
            at = addresses(local.settings)
            watching = asyncio.create_task(screen.watch(at.web))
            try:
                await asyncio.wait_for(screen.ready.wait(), 20)
                memory: dict[str, float] = {}
                # The first call waits until the writer has taken over; the storm is measured, not the start.
                await _warm_up(at.edge, screen, seed)
                say(f"{rate} calls a second for {seconds} s")
                sent = await _send(at.edge, rate, seconds, seed, lambda: sample_memory(local, memory))
                say("waiting for what is under way")
                stored = await _settle(at.web, screen, sent)
                return _judged(rate, seconds, kafka, seed, screen, sent, stored, memory)
            finally:
                watching.cancel()
                with contextlib.suppress(asyncio.CancelledError, websockets.WebSocketException):
                    await watching


class _Sent(msgspec.Struct):
    due: dict[str, float] = msgspec.field(default_factory=dict)
    left: dict[str, float] = msgspec.field(default_factory=dict)
    answer_ms: list[float] = msgspec.field(default_factory=list)
    accepted: int = 0


async def _warm_up(edge: str, screen: _IncidentScreen, seed: int) -> None:
    first = call(seed, 10_000_000, datetime.now(UTC))
    async with aiohttp.ClientSession() as client:
        await _post(client, edge, first)
    until = time.monotonic() + 30
    while first.call_id not in screen.first and time.monotonic() < until:
        await asyncio.sleep(0.05)


async def _post(client: aiohttp.ClientSession, edge: str, one: EmergencyCall) -> int:
    headers = {"content-type": "application/json"}
    async with client.post(f"{edge}/ingest/events/emergency_call", data=encode_frame([one]), headers=headers) as answer:
        return int((await answer.json())["accepted"]) if answer.status == 200 else 0


async def _send(edge: str, rate: int, seconds: int, seed: int, sample: Callable[[], None]) -> _Sent:
    told = _Sent()
    room = asyncio.Semaphore(MOST_REQUESTS)
    begin = time.time() + 0.5
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=40.0)) as client, asyncio.TaskGroup() as tasks:

        async def post(one: EmergencyCall) -> None:
            try:
                left = told.left[one.call_id] = time.time()
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    taken = await _post(client, edge, one)
                    told.accepted += taken
                told.answer_ms.append((time.time() - left) * 1000)
            finally:
                room.release()

        for number in range(rate * seconds):
            due = begin + number / rate
            await asyncio.sleep(max(0.0, due - time.time()))
            await room.acquire()
            one = call(seed, number, datetime.now(UTC))
            told.due[one.call_id] = due
            tasks.create_task(post(one))
            if number % (rate * 5) == 0:
                sample()
    return told


async def _settle(web: str, screen: _IncidentScreen, sent: _Sent) -> int:
    """Return how many of the calls are stored, when all that was accepted is there or the time is over."""
    sql = f"SELECT uniqExact(event_id) AS n FROM call_states WHERE source = '{SOURCE}' AND number != '10000000'"  # noqa: S608
    until = time.monotonic() + SETTLE_S
    async with httpx2.AsyncClient(timeout=30.0, trust_env=False) as client:
        while True:
            answer = await client.post(f"{web}/api/sql", json={"sql": sql, "format": "JSON"})
            answer.raise_for_status()
            stored = int(answer.json()["data"][0]["n"])
            shown = sum(one in screen.first for one in sent.due)
            if (stored >= sent.accepted and shown >= sent.accepted) or time.monotonic() > until:
                return stored
            await asyncio.sleep(0.3)


def _judged(
    rate: int, seconds: int, kafka: int, seed: int, screen: _IncidentScreen, sent: _Sent, stored: int,
    memory: dict[str, float],
) -> CallStorm:  # fmt: skip
    shown = {one: at for one, at in screen.first.items() if one in sent.due}
    missing = len(sent.due) - len(shown)
    doubled = sum(count - 1 for count in screen.events.values())
    return CallStorm(
        ok=sent.accepted == len(sent.due) == stored and not missing and not doubled,
        rate=rate,
        seconds=seconds,
        kafka_brokers=kafka,
        sent=len(sent.due),
        accepted=sent.accepted,
        stored=stored,
        incidents=len(shown),
        missing=missing,
        doubled=doubled,
        joined=len(screen.joined & set(shown)),
        post_to_screen_ms=spread((at - sent.left[one]) * 1000 for one, at in shown.items()),
        due_to_screen_ms=spread((at - sent.due[one]) * 1000 for one, at in shown.items()),
        answer_ms=spread(sent.answer_ms),
        rss_mb={name: round(size, 1) for name, size in memory.items()},
    )
