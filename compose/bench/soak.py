"""`watchfloor bench soak`: everything runs for an hour under a steady load; what grows, and how fast.

Reads go in by HTTP, a minute at a time; every few seconds memory, open files and what lies on the disk are looked at.
Slopes are fitted (least squares) over the second half of the run, when caches are full.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx2
import msgspec
import numpy as np
import psutil

from compose.bench.end_to_end import load_list, send
from compose.bench.sender import WANTED_EVERY, Order
from compose.local import Local, addresses
from compose.own_system import own_system
from compose.settings import Settings

LOOK_EVERY_S = 10.0
#: How long everything under way may take to be stored after the last read, seconds.
SETTLE_S = 120.0
PER_REQUEST = 10


class Growth(msgspec.Struct, frozen=True, kw_only=True):
    """Of one role. ``rss_mb``: at the end, and at most. ``*_per_hour``: slopes over the second half."""

    rss_mb: float
    rss_mb_most: float
    rss_mb_per_hour: float
    files: int
    files_per_hour: float
    restarts: int


class Soak(msgspec.Struct, frozen=True, kw_only=True):
    """One run. ``ok``: everything accepted is stored once, nothing was refused, and no role ended.

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
    alerts: int
    sender_latest_ms: float
    roles: dict[str, Growth]
    disk_mb_per_million_reads: dict[str, float]
    lag_s: float


class _Sample(msgspec.Struct, frozen=True):
    at_s: float
    rss_mb: dict[str, float]
    files: dict[str, int]


async def run(
    settings: Settings, *, rate: int, minutes: float, kafka: int, seed: int, say: Callable[[str], None]
) -> Soak:
    """Measure. Raises what ``own_system`` raises, and RuntimeError when the sender fails."""
    with tempfile.TemporaryDirectory(prefix="watchfloor-soak-") as folder:
        async with own_system(settings, Path(folder), kafka=kafka, say=say) as local:
            wanted = int(rate * minutes * 60) // WANTED_EVERY + 1
            say(f"a list of {wanted:,} plates")
            await load_list(local, Path(folder), wanted)
            samples: list[_Sample] = []
            looking = asyncio.create_task(_look(local, samples))
            disk_before = _disk(Path(folder))
            sent = accepted = refused = 0
            latest = 0.0
            left = round(minutes * 60)
            while left > 0:
                seconds = min(left, 60)
                order = Order(edge=addresses(local.settings).edge, rate=rate, seconds=seconds, per_request=PER_REQUEST,
                              seed=seed, number=sent)  # fmt: skip
                told = await send(local, order, {})
                sent, accepted, refused = sent + told.sent, accepted + told.accepted, refused + told.refused
                latest = max(latest, told.latest_ms)
                left -= seconds
                say(f"{accepted:,} accepted, {refused:,} refused, {left // 60} min left")
            looking.cancel()
            say("waiting for what is under way")
            stored, ids, alerts, lag = await _settled(local, accepted)
            grown = {name: size - disk_before.get(name, 0) for name, size in _disk(Path(folder)).items()}
            roles = {name: _growth(local, samples, name) for name in local.supervisor.running}
            lost = max(0, accepted - ids)
            return Soak(
                ok=not (lost or stored - ids or refused or any(role.restarts for role in roles.values())),
                rate=rate,
                minutes=minutes,
                kafka_brokers=kafka,
                sent=sent,
                accepted=accepted,
                refused=refused,
                stored=ids,
                lost=lost,
                doubled=stored - ids,
                alerts=alerts,
                sender_latest_ms=round(latest, 1),
                roles=roles,
                disk_mb_per_million_reads={
                    name: round(size / max(accepted, 1), 1) for name, size in sorted(grown.items())
                },
                lag_s=round(lag, 1),
            )


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
