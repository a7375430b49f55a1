"""`watchfloor bench end-to-end`: reads in by HTTP, alerts out by websocket, everything on this machine, at one rate."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx2
import msgspec
import psutil

from compose.bench.crowd import Crowd, Due, Told, crowd, in_time
from compose.bench.crowd import Order as Watched
from compose.bench.sender import WANTED_EVERY, Order, Sent, wanted_plate
from compose.local import Local, addresses, environment, role_command
from compose.own_system import own_system, sample_memory
from compose.screen import Screen, watching
from compose.settings import Settings
from compose.spread import Spread, spread

#: How long everything under way may take to arrive after the last read, seconds.
SETTLE_S = 120.0
LIST_ID = "bench"
#: Slack on top of the run itself before the sender is given up, seconds.
SENDER_SLACK_S = 180.0


class EndToEnd(msgspec.Struct, frozen=True, kw_only=True):
    """One run. ``ok``: nothing lost, nothing doubled, every alert that was due.

    ``latency_ms``: of reads of listed plates, by stage. ``edge_to_rule``: from the edge's receipt to the alert being
    made; ``rule_to_screen``: from there to the websocket's client; ``edge_to_screen``: both; ``due_to_screen``: from
    when the read was due by the sender's schedule, so that a sender held up hides nothing. ``answer_ms``: of the HTTP
    requests. ``settled_s``: after the last answer, until every read was stored and every alert there.
    ``cpu_share``: of one core, by role, while reads were sent. ``sockets``: clients that took everything, one of which
    is looked at above; ``crowd``: what the others were given, counted for each; none: there were no others.
    ``in_time``: from the edge to the screen within crowd.IN_TIME_MS, over all clients.
    """

    ok: bool
    rate: int
    seconds: int
    per_request: int
    kafka_brokers: int
    sent: int
    accepted: int
    refused: int
    stored: int
    lost: int
    doubled: int
    alerts_due: int
    alerts_missing: int
    alerts_doubled: int
    achieved_rate: float
    sender_latest_ms: float
    answer_ms: Spread | None
    latency_ms: dict[str, Spread]
    settled_s: float
    sockets: int
    crowd: Told | None
    in_time: bool
    rss_mb: dict[str, float]
    cpu_share: dict[str, float]


async def run(
    settings: Settings,
    *,
    rate: int,
    seconds: int,
    per_request: int,
    kafka: int,
    seed: int,
    say: Callable[[str], None],
    sockets: int = 1,
) -> EndToEnd:
    """Measure, with so many websockets open.

    Raises what ``own_system`` raises, and RuntimeError when the sender or the crowd fails.
    """
    with tempfile.TemporaryDirectory(prefix="watchfloor-end-to-end-") as folder:
        async with (
            own_system(settings, Path(folder), kafka=kafka, say=say) as local,
            watching(addresses(local.settings).web) as screen,
            contextlib.AsyncExitStack() as stack,
        ):
            wanted = rate * seconds // WANTED_EVERY + 1
            say(f"a list of {wanted:,} plates")
            await load_list(local, Path(folder), wanted)
            others: Crowd | None = None
            if sockets > 1:
                say(f"{sockets:,} websockets")
                others = await stack.enter_async_context(crowd(Watched(addresses(local.settings).web, sockets - 1)))
            say(f"{rate:,} reads a second for {seconds} s, {per_request} in a request")
            order = Order(edge=addresses(local.settings).edge, rate=rate, seconds=seconds, per_request=per_request,
                          seed=seed)  # fmt: skip
            memory: dict[str, float] = {}
            before, began = _cpu(local), time.monotonic()
            sent = await send(local, order, memory)
            took = time.monotonic() - began
            share = {name: round((after - before.get(name, 0.0)) / took, 2) for name, after in _cpu(local).items()}
            say("waiting for what is under way")
            stored, ids, settled = await _settle(local, screen, sent)
            sample_memory(local, memory)
            due = Due(sorted(wanted_plate(number) for number in sent.wanted), SETTLE_S)
            seen = None if others is None else await others.told(due)
            return _judged(order, kafka, sent, screen, (stored, ids, settled), seen, memory, share)


async def load_list(local: Local, folder: Path, count: int) -> None:
    """Have so many plates listed. Raises RuntimeError when the list is refused."""
    file = folder / "list.csv"
    with file.open("w", newline="") as opened:
        rows = csv.writer(opened)
        rows.writerow(["plate", "state", "reason", "case_number", "severity"])
        rows.writerows([wanted_plate(number), "", "Stolen", f"B{number}", "P2"] for number in range(count))
    done = await asyncio.create_subprocess_exec(
        *role_command("hotlist", "load", str(file), "--list", LIST_ID, "--trusted-extract"),
        env={**environment(local.settings)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, told = await done.communicate()
    if done.returncode != 0:
        raise RuntimeError(f"the list could not be loaded: {told.decode()}")
    await asyncio.sleep(3.0)  # the processors follow the log a fifth of a second behind, and then build their index


async def send(local: Local, order: Order, memory: dict[str, float]) -> Sent:
    """Have a process of its own send; raise ``memory`` to what roles take meanwhile. Raises RuntimeError."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "compose.bench.sender", msgspec.json.encode(order).decode(),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    talking = asyncio.create_task(process.communicate())
    until = time.monotonic() + order.seconds + SENDER_SLACK_S
    while not talking.done() and time.monotonic() < until:
        sample_memory(local, memory)
        await asyncio.wait({talking}, timeout=1.0)
    if not talking.done():
        process.kill()
    said, told = await talking
    if process.returncode != 0:
        raise RuntimeError(f"the sender failed: {told.decode()[-1000:]}")
    return msgspec.json.decode(said, type=Sent)


async def _settle(local: Local, screen: Screen, sent: Sent) -> tuple[int, int, float]:
    """Return rows, different ids among them, and how long they took to be all there."""
    web = addresses(local.settings).web
    sql = "SELECT count() AS n, uniqExact(event_id) AS ids FROM plate_reads WHERE source = 'bench/end-to-end'"
    began = time.monotonic()
    async with httpx2.AsyncClient(timeout=30.0, trust_env=False) as client:
        while True:
            answer = await client.post(f"{web}/api/sql", json={"sql": sql, "format": "JSON"})
            answer.raise_for_status()
            row = answer.json()["data"][0]
            rows, ids = int(row["n"]), int(row["ids"])
            took = time.monotonic() - began
            if (ids >= sent.accepted and len(_plates(screen)) >= len(sent.wanted)) or took > SETTLE_S:
                return rows, ids, round(took, 1)
            await asyncio.sleep(0.2)


def _plates(screen: Screen) -> set[str]:
    return {alert.subject for alert, _ in screen.first_seen.values() if alert.rule == "hotlist_hit"}


def _judged(
    order: Order,
    kafka: int,
    sent: Sent,
    screen: Screen,
    stored: tuple[int, int, float],
    others: Told | None,
    memory: dict[str, float],
    share: dict[str, float],
) -> EndToEnd:
    rows, ids, settled = stored
    due = {wanted_plate(number) for number in sent.wanted}
    missing = len(due - _plates(screen))
    alerts = Counter(str(alert.event_id) for alert in screen.alerts)
    per_plate = Counter(alert.subject for alert, _ in screen.first_seen.values() if alert.rule == "hotlist_hit")
    doubled = sum(count - 1 for count in (*alerts.values(), *per_plate.values()))
    # A request that failed half way may have been taken: what is stored beyond what was answered is not lost.
    lost = max(0, sent.accepted - ids)
    latency = _latency(screen)
    timely = in_time(latency.get("edge_to_screen"), None if others is None else others.edge_to_screen)
    crowd_ok = others is None or not (others.missing or others.doubled)
    return EndToEnd(
        ok=not (lost or rows - ids or missing or doubled or sent.refused) and crowd_ok,
        rate=order.rate,
        seconds=order.seconds,
        per_request=order.per_request,
        kafka_brokers=kafka,
        sent=sent.sent,
        accepted=sent.accepted,
        refused=sent.refused,
        stored=ids,
        lost=lost,
        doubled=rows - ids,
        alerts_due=len(due),
        alerts_missing=missing,
        alerts_doubled=doubled,
        achieved_rate=round(sent.accepted / order.seconds, 1),
        sender_latest_ms=round(sent.latest_ms, 1),
        answer_ms=spread(sent.answer_ms),
        latency_ms=latency,
        settled_s=settled,
        sockets=1 if others is None else 1 + len(others.clients),
        crowd=others,
        in_time=timely,
        rss_mb={name: round(size, 1) for name, size in memory.items()},
        cpu_share=share,
    )


def _latency(screen: Screen) -> dict[str, Spread]:
    hits = [(alert, at) for alert, at in screen.first_seen.values() if alert.rule == "hotlist_hit"]
    stages = {
        "edge_to_rule": [(one.raised_at - one.observed_at).total_seconds() * 1000 for one, _ in hits],
        "rule_to_screen": [(at - one.raised_at.timestamp()) * 1000 for one, at in hits],
        "edge_to_screen": [(at - one.observed_at.timestamp()) * 1000 for one, at in hits],
        "due_to_screen": [(at - one.occurred_at.timestamp()) * 1000 for one, at in hits],
    }
    return {name: found for name, times in stages.items() if (found := spread(times)) is not None}


def _cpu(local: Local) -> dict[str, float]:
    """Return seconds of CPU each role has used."""
    used = {}
    for name, running in local.supervisor.running.items():
        if running.pid is not None:
            times = psutil.Process(running.pid).cpu_times()
            used[name] = times.user + times.system
    return used
