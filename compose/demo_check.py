"""`watchfloor demo --check`: the whole way, judged. A made-up city of known truth goes in at one end; at the other a
client connects as a browser would, and the store is asked what it holds."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import msgspec
import psutil
import websockets

from compose.kafka import cluster_file
from compose.kafka.cluster import Cluster
from compose.kafka.cluster_file import PORTS
from compose.local import Local, addresses, role_command
from compose.settings import Settings, on_cluster
from compose.supervisor import Role
from connectors.simulator.journal import JournalLine, read_journal
from connectors.simulator.reconciliation import Reconciliation, reconcile
from schemas.events.alert import Alert
from schemas.registry import BY_NAME

#: After the city has ended: how long alerts and rows may take to arrive, seconds. Far more than they need.
SETTLE_S = 30.0
#: How late the made-up city may be on a slow machine before the check stops it, seconds.
LATE_S = 60.0
#: Reports of what went wrong name at most so many.
SHOWN = 10


class Latency(msgspec.Struct, frozen=True):
    """From the edge's receipt of an event to its alert on the websocket, milliseconds."""

    p50: float | None
    p95: float | None
    p99: float | None
    samples: int


class DemoReport(msgspec.Struct, frozen=True, kw_only=True):
    """The judgement. ``ok`` only if every due alert arrived exactly once, no other did, and every accepted event is
    in the store exactly once."""

    ok: bool
    seconds: float
    events_accepted: int
    events_stored: int
    alerts_expected: int
    alerts_received: int
    alerts_missing: int
    alerts_duplicated: int
    alerts_unexpected: int
    latency_ms: Latency
    rss_mb: dict[str, float]
    accepted_by_type: dict[str, int]
    stored_by_type: dict[str, int]
    restarts: dict[str, int]
    failures: list[str]


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


_CHANNELS = ("alerts", "incidents", "calls", "cameras", "health", "zones", "sightings", "hotlists")


Disturbance = Callable[[Local], Awaitable[None]]


async def check(
    settings: Settings,
    folder: Path,
    *,
    kafka: int = 0,
    seconds: float,
    rate: float,
    seed: int,
    say: Callable[[str], None],
    disturb: Disturbance | None = None,
) -> DemoReport:
    """Run a system of its own in ``folder``, on free ports, for ``seconds`` of made-up city, and judge it.

    ``kafka``: brokers of an Apache Kafka of its own (1 or 3); 0: the embedded broker.
    ``disturb`` runs meanwhile and may do to the system what it likes; then restarts are no failure.
    """
    web, edge, broker = free_ports(3)
    own = settings.model_copy(
        update={
            "data_dir": folder,
            "jurisdiction": "demo",
            "web_port": web,
            "edge_port": edge,
            "embedded_kafka_port": broker,
            "kafka": None,
            "kafka_user": None,
            "clickhouse": None,
        }
    )
    cluster: Cluster | None = None
    if kafka:
        cluster = Cluster(cluster_file.folder_in(folder))
        await asyncio.to_thread(cluster.up, brokers=3 if kafka == 3 else 1, port=free_row(PORTS * kafka), say=say)
        about = cluster_file.read(cluster.folder)
        assert about is not None
        own = on_cluster(own, about)
    local = Local(own)
    journal = folder / "ground_truth.jsonl"
    where = addresses(own)
    screen = Screen(where.web.replace("http", "ws", 1) + "/ws")
    watching: asyncio.Task[None] | None = None
    disturbing: asyncio.Task[None] | None = None
    try:
        await local.start(say)
        watching = asyncio.create_task(screen.watch())
        await asyncio.wait_for(screen.ready.wait(), 10)
        say(f"a made-up city for {seconds:.0f} s, {rate:g} reads a second, seed {seed}")
        arguments = ["connect", "simulator", "--rate", str(rate), "--seed", str(seed)]
        arguments += ["--duration", str(seconds), "--journal", str(journal)]
        await local.supervisor.start(
            Role(name="simulator", command=role_command(*arguments), env=local.environment("connect"), restart=False)
        )
        if disturb is not None:

            async def disturbed(disturb: Disturbance = disturb) -> None:
                await disturb(local)

            disturbing = asyncio.create_task(disturbed())
        peak: dict[str, float] = {}
        until = time.monotonic() + seconds
        while local.supervisor.running["simulator"].pid is not None and time.monotonic() < until + LATE_S:
            _sample(local, peak)
            await asyncio.sleep(1.0)
        # Whatever it had under way is confirmed and in the journal before it ends.
        if not await local.supervisor.end("simulator"):
            screen.faults.append(f"the simulator was still busy {LATE_S:.0f} s after its time: the machine is too slow")
        if disturbing is not None:
            await disturbing
        say("waiting for what is under way")
        lines = read_journal(journal)
        result, stored = await _settle(where.web, lines, screen, seconds)
        _sample(local, peak)
        restarts = {name: one.restarts for name, one in local.supervisor.running.items() if one.restarts}
        return _report(seconds, lines, result, stored, screen, peak, restarts, disturbed=disturb is not None)
    finally:
        if disturbing is not None:
            disturbing.cancel()
        if watching is not None:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError, websockets.WebSocketException):
                await watching
        await local.stop()
        if cluster is not None:
            await asyncio.to_thread(cluster.down)


async def _settle(
    web: str, lines: list[JournalLine], screen: Screen, seconds: float
) -> tuple[Reconciliation, dict[str, int]]:
    """Wait until everything due has arrived, or for as long as it may take."""
    # What falls due after the city has ended cannot be told from the silence of all its cameras.
    expected = [
        one if one.due_s <= seconds else msgspec.structs.replace(one, required=False)
        for line in lines
        for one in line.expected
    ]
    accepted = _accepted(lines)
    until = time.monotonic() + SETTLE_S
    async with httpx2.AsyncClient(timeout=20.0) as client:
        while True:
            result = reconcile(expected, screen.alerts)
            try:
                stored = {name: await _count(client, web, name) for name in accepted}
            except httpx2.HTTPError:
                stored = {}  # the server is being restarted
            done = not result.missing and stored == accepted
            if done or time.monotonic() > until:
                return result, stored
            await asyncio.sleep(0.5)


async def _count(client: httpx2.AsyncClient, web: str, event_type: str) -> int:
    table = BY_NAME[event_type].table
    assert table is not None
    sql = f"SELECT count() AS n, uniqExact(event_id) AS ids FROM {table.name} WHERE source LIKE 'simulator/%'"  # noqa: S608
    answer = await client.post(f"{web}/api/sql", json={"sql": sql, "format": "JSON"})
    answer.raise_for_status()
    row = answer.json()["data"][0]
    # Stored twice is as wrong as not stored: then the number cannot equal what was accepted.
    return int(row["n"]) if int(row["n"]) == int(row["ids"]) else -int(row["n"])


def _accepted(lines: list[JournalLine]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for line in lines:
        counts.update(line.accepted)
    return dict(counts)


def _report(
    seconds: float,
    lines: list[JournalLine],
    result: Reconciliation,
    stored: dict[str, int],
    screen: Screen,
    peak: dict[str, float],
    restarts: dict[str, int],
    *,
    disturbed: bool,
) -> DemoReport:
    accepted = _accepted(lines)
    failures = list(screen.faults)
    failures += [f"missing: {one.rule} {one.key} due at {one.due_s:.1f} s" for one in result.missing[:SHOWN]]
    failures += [f"duplicated alert {one}" for one in result.duplicated[:SHOWN]]
    failures += [f"unexpected alert {one}" for one in result.unexpected[:SHOWN]]
    failures += [f"alert of the wrong severity {one}" for one in result.wrong_severity[:SHOWN]]
    failures += [
        f"{name}: {count} accepted, {stored.get(name, 0)} stored (negative: some are stored twice)"
        for name, count in accepted.items()
        if stored.get(name, 0) != count
    ]
    if not disturbed:
        failures += [f"{name} was restarted {count} times" for name, count in restarts.items()]
        if screen.lost:
            failures.append(f"the screen lost its connection {screen.lost} times")
    if not accepted:
        failures.append("nothing was accepted")
    if not result.expected:
        failures.append("no alert was due: the run was too short to judge")
    return DemoReport(
        ok=not failures,
        seconds=seconds,
        events_accepted=sum(accepted.values()),
        events_stored=sum(map(abs, stored.values())),
        alerts_expected=result.expected,
        alerts_received=result.received,
        alerts_missing=len(result.missing),
        alerts_duplicated=len(result.duplicated),
        alerts_unexpected=len(result.unexpected),
        latency_ms=_latency(screen),
        rss_mb={name: round(size, 1) for name, size in peak.items()},
        accepted_by_type=accepted,
        stored_by_type=stored,
        restarts=restarts,
        failures=failures,
    )


def _latency(screen: Screen) -> Latency:
    """Over alerts that an event caused; a silence is noticed by a clock, so it has no receipt to count from."""
    waits = sorted(
        (at - alert.observed_at.timestamp()) * 1000
        for alert, at in screen.first_seen.values()
        if "last_report" not in alert.why[0].facts
    )

    def share(part: float) -> float | None:
        return round(waits[min(len(waits) - 1, int(len(waits) * part))], 1) if waits else None

    return Latency(share(0.5), share(0.95), share(0.99), len(waits))


def _sample(local: Local, peak: dict[str, float]) -> None:
    for name, running in local.supervisor.running.items():
        if running.pid is None:
            continue
        with contextlib.suppress(psutil.NoSuchProcess):
            size = psutil.Process(running.pid).memory_info().rss / 1024 / 1024
            peak[name] = max(peak.get(name, 0.0), size)


def free_row(count: int) -> int:
    """Return the first of so many ports in a row that nobody listens on.

    Below those that the kernel gives to connections: a broker takes seconds to listen, and a client that tries
    meanwhile could be given the very port it tries.
    """
    while True:
        first = random.randrange(12_000, 32_000)  # noqa: S311 - no secret
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            for port in range(first, first + count):
                held.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return first


def free_ports(count: int) -> list[int]:
    """Return ports of this machine that nobody listens on."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()
