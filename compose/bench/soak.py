"""`watchfloor bench soak`: everything runs for an hour under a steady load; what grows, and how fast.

Reads go in by HTTP without a break, from a sender for each minute that is ready before its minute begins; every few
seconds memory, open files and what lies on the disk are looked at.
Slopes are fitted (least squares) over the second half of the run, when caches are full.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx2
import msgspec
import numpy as np
import psutil

from compose.bench.crowd import Crowd, Due, Told, crowd, in_time
from compose.bench.crowd import Order as Watched
from compose.bench.end_to_end import load_list, send
from compose.bench.sender import WANTED_EVERY, Order, Sent, wanted_plate
from compose.local import Local, addresses
from compose.own_system import own_system
from compose.settings import Settings

LOOK_EVERY_S = 10.0
#: How long everything under way may take to be stored after the last read, seconds.
SETTLE_S = 120.0
PER_REQUEST = 10
#: Of one sender, and how long before its first read is due it is started, seconds.
PART_S, AHEAD_S = 60, 20.0


class Growth(msgspec.Struct, frozen=True, kw_only=True):
    """Of one role. ``rss_mb``: at the end, and at most. ``*_per_hour``: slopes over the second half."""

    rss_mb: float
    rss_mb_most: float
    rss_mb_per_hour: float
    files: int
    files_per_hour: float
    restarts: int


class Soak(msgspec.Struct, frozen=True, kw_only=True):
    """One run. ``ok``: everything accepted is stored once, nothing was refused, every alert that was due was raised
    and given to every websocket, once, and no role ended.

    ``crowd``: what the websockets were given, none: none were open; ``in_time``: within crowd.IN_TIME_MS.
    ``disk_mb_per_million_reads``: what the data folder grew by, by its first level of folders and in all, while reads
    were sent. ``lag_s``: how long after the last read everything was stored.
    """

    ok: bool
    rate: int
    minutes: float
    kafka_brokers: int
    sent: int
    accepted: int
    refused: int
    stored: int
    lost: int
    doubled: int
    alerts_due: int
    alerts: int
    crowd: Told | None
    in_time: bool
    sender_latest_ms: float
    roles: dict[str, Growth]
    disk_mb_per_million_reads: dict[str, float]
    lag_s: float


class _Sample(msgspec.Struct, frozen=True):
    at_s: float
    rss_mb: dict[str, float]
    files: dict[str, int]


async def run(
    settings: Settings,
    *,
    rate: int,
    minutes: float,
    kafka: int,
    seed: int,
    say: Callable[[str], None],
    sockets: int = 0,
) -> Soak:
    """Measure, with so many websockets open. Raises what ``own_system`` raises, and RuntimeError when a sender or the
    crowd fails."""
    with tempfile.TemporaryDirectory(prefix="watchfloor-soak-") as folder:
        async with (
            own_system(settings, Path(folder), kafka=kafka, say=say) as local,
            contextlib.AsyncExitStack() as stack,
        ):
            wanted = int(rate * minutes * 60) // WANTED_EVERY + 1
            say(f"a list of {wanted:,} plates")
            await load_list(local, Path(folder), wanted)
            others: Crowd | None = None
            if sockets:
                say(f"{sockets:,} websockets")
                others = await stack.enter_async_context(crowd(Watched(addresses(local.settings).web, sockets)))
            samples: list[_Sample] = []
            looking = asyncio.create_task(_look(local, samples))
            disk_before = _disk(Path(folder))
            sent = await _send(local, rate, round(minutes * 60), seed, say)
            looking.cancel()
            say("waiting for what is under way")
            stored, ids, alerts, lag = await _settled(local, sent.accepted)
            due = sorted({wanted_plate(number) for number in sent.wanted})
            told = None if others is None else await others.told(Due(due, SETTLE_S))
            grown = {name: size - disk_before.get(name, 0) for name, size in _disk(Path(folder)).items()}
            roles = {name: _growth(local, samples, name) for name in local.supervisor.running}
            lost = max(0, sent.accepted - ids)
            faulty = told is not None and (told.missing or told.doubled)
            ended = any(role.restarts for role in roles.values())
            return Soak(
                ok=not (lost or stored - ids or sent.refused or alerts != len(due) or faulty or ended),
                rate=rate,
                minutes=minutes,
                kafka_brokers=kafka,
                sent=sent.sent,
                accepted=sent.accepted,
                refused=sent.refused,
                stored=ids,
                lost=lost,
                doubled=stored - ids,
                alerts_due=len(due),
                alerts=alerts,
                crowd=told,
                in_time=in_time(None if told is None else told.edge_to_screen),
                sender_latest_ms=round(sent.latest_ms, 1),
                roles=roles,
                disk_mb_per_million_reads={
                    name: round(size / max(sent.accepted, 1), 1) for name, size in sorted(grown.items())
                },
                lag_s=round(lag, 1),
            )


async def _send(local: Local, rate: int, seconds: int, seed: int, say: Callable[[str], None]) -> Sent:
    """Send for so long, and return what came of it all (of the times of answers, nothing)."""
    told, begin = Sent(), time.time() + AHEAD_S
    edge = addresses(local.settings).edge
    async with asyncio.TaskGroup() as senders:
        parts = []
        for after in range(0, seconds, PART_S):
            await asyncio.sleep(max(0.0, begin + after - AHEAD_S - time.time()))
            order = Order(edge=edge, rate=rate, seconds=min(PART_S, seconds - after), per_request=PER_REQUEST,
                          seed=seed, number=after * rate, begin=begin + after)  # fmt: skip
            parts.append(senders.create_task(send(local, order, {})))
            say(f"{(seconds - after) / 60:.0f} min left")
    for part in (one.result() for one in parts):
        told.sent += part.sent
        told.accepted += part.accepted
        told.refused += part.refused
        told.wanted += part.wanted
        told.latest_ms = max(told.latest_ms, part.latest_ms)
    return told


async def _look(local: Local, samples: list[_Sample]) -> None:
    began = time.monotonic()
    while True:
        rss: dict[str, float] = {}
        files: dict[str, int] = {}
        for name, running in local.supervisor.running.items():
            try:
                process = psutil.Process(running.pid)
                rss[name] = process.memory_info().rss / 1e6
                files[name] = process.num_fds()
            except (psutil.NoSuchProcess, TypeError):
                continue
        samples.append(_Sample(time.monotonic() - began, rss, files))
        await asyncio.sleep(LOOK_EVERY_S)


async def _settled(local: Local, accepted: int) -> tuple[int, int, int, float]:
    """Return rows, different ids among them, alerts of the list, and how long it took until all were there."""
    began = time.monotonic()
    questions = (
        "SELECT count() AS n, uniqExact(event_id) AS ids FROM plate_reads WHERE source = 'bench/end-to-end'",
        "SELECT uniqExact(alert_id) AS n FROM alert_states WHERE rule = 'hotlist_hit'",
    )
    async with httpx2.AsyncClient(timeout=60.0, trust_env=False) as client:
        while True:
            rows = []
            for sql in questions:
                answer = await client.post(
                    f"{addresses(local.settings).web}/api/sql", json={"sql": sql, "format": "JSON"}
                )
                answer.raise_for_status()
                rows.append(answer.json()["data"][0])
            took = time.monotonic() - began
            if int(rows[0]["ids"]) >= accepted or took > SETTLE_S:
                return int(rows[0]["n"]), int(rows[0]["ids"]), int(rows[1]["n"]), took
            await asyncio.sleep(0.5)


def _growth(local: Local, samples: Sequence[_Sample], name: str) -> Growth:
    known = [(one.at_s, one.rss_mb[name], one.files[name]) for one in samples if name in one.rss_mb]
    half = known[len(known) // 2 :] or [(0.0, 0.0, 0)]
    times = [at for at, _, _ in half]
    return Growth(
        rss_mb=round(known[-1][1], 1) if known else 0.0,
        rss_mb_most=round(max((rss for _, rss, _ in known), default=0.0), 1),
        rss_mb_per_hour=_per_hour(times, [rss for _, rss, _ in half]),
        files=known[-1][2] if known else 0,
        files_per_hour=_per_hour(times, [float(files) for _, _, files in half]),
        restarts=local.supervisor.running[name].restarts,
    )


def _per_hour(times: Sequence[float], values: Sequence[float]) -> float:
    """Return the slope of a line through these, per hour; 0 where there are too few."""
    if len(times) < 3:
        return 0.0
    return round(float(np.polyfit(times, values, 1)[0]) * 3600, 2)


def _disk(folder: Path) -> dict[str, int]:
    """Return the bytes that lie in each folder of a data folder, and in all."""
    sizes: dict[str, int] = {"all": 0}
    for path in folder.rglob("*"):
        try:
            if path.is_symlink() or not path.is_file():
                continue
            size = path.stat().st_blocks * 512
        except OSError:  # the store merges its parts while we look
            continue
        top = path.relative_to(folder).parts[0]
        sizes[top] = sizes.get(top, 0) + size
        sizes["all"] += size
    return sizes
