"""`watchfloor bench scale`: more workers on one topic, as far as this machine goes; beyond it by cost, on paper.

First the same reads are worked on by 1, 2, 4 processors of one consumer group, on an Apache Kafka of its own. Then a
whole system runs at two rates: what its roles use more at the higher one is what a read costs each of them, and the
rest is what they use when nothing comes.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import psutil
from kafka import KafkaProducer

from compose.bench import end_to_end
from compose.bench.scale_worker import Order, Told
from compose.bench.workload import PARTITIONS, Size, framed, reads, reference
from compose.kafka import cluster_file
from compose.kafka.cluster import Cluster
from compose.kafka.cluster_file import ADMIN, PORTS
from compose.own_ports import free_row
from compose.settings import Settings
from schemas.events.plate_read import PLATE_READ
from schemas.wire.security import Login

GROUP = "bench-scale"
READY_WITHIN_S = 240.0
WORKED_WITHIN_S = 600.0
#: How many reads a second the paper is about.
PAPER_RATE = 100_000
#: The whole system's two rates, reads a second; how many in a request, and for how long, seconds.
RATES = (250, 1500)
PER_REQUEST = 50
RATE_S = 20


class Workers(msgspec.Struct, frozen=True, kw_only=True):
    """So many workers at the same reads. ``against_one``: events a second against one worker.

    ``wall_against_cpu``: events a second of the wall clock against events per CPU-second; 1 is one core kept busy, and
    more workers may use more than one. ``broker_cpu_s``: of Kafka meanwhile.
    """

    workers: int
    reads: int
    wall_s: float
    cpu_s: float
    broker_cpu_s: float
    events_per_second: int
    events_per_cpu_second: int
    wall_against_cpu: float
    against_one: float
    rss_mb: float


class RoleCost(msgspec.Struct, frozen=True, kw_only=True):
    """What a role costs. ``us_per_read``: microseconds of CPU. ``idle_cores``: used whatever comes.

    ``one_process_reads_per_s``: what one process of it can do when it has a core to itself; None: too little to tell.
    ``cores_at_paper_rate``: on paper.
    """

    us_per_read: float
    idle_cores: float
    one_process_reads_per_s: int | None
    cores_at_paper_rate: float


class Scale(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. ``bottleneck``: the role that cannot be run more than once and is full first, and at what rate."""

    ok: bool
    cores: int
    size: Size
    workers: list[Workers]
    paper_rate: int
    roles: dict[str, RoleCost]
    bottleneck: str


#: Roles of which a system has one: the embedded store and the hub are in `serve`.
ONCE = ("serve",)


def run(settings: Settings, size: Size, workers: Sequence[int], say: Callable[[str], None]) -> Scale:
    """Measure. Takes minutes. Raises KafkaMissingError, ClusterError, RuntimeError."""
    rows = _workers(size, workers, say)
    roles = asyncio.run(_roles(settings, say))
    full = {name: cost.one_process_reads_per_s for name, cost in roles.items() if name in ONCE}
    name, rate = min(((name, rate) for name, rate in full.items() if rate), key=lambda one: one[1], default=("", 0))
    told = (
        f"{name}: there is one of it, and it is full at {rate:,} reads/s; beyond, the store must be a ClickHouse server"
    )
    return Scale(
        ok=all(row.reads == size.reads for row in rows),
        cores=psutil.cpu_count() or 1,
        size=size,
        workers=rows,
        paper_rate=PAPER_RATE,
        roles=roles,
        bottleneck=told if name else "",
    )


def _workers(size: Size, workers: Sequence[int], say: Callable[[str], None]) -> list[Workers]:
    say(f"making {size.hotlist:,} list entries, {size.zones} zones, {size.reads:,} reads")
    frames = framed(reads(size, reference(size)))
    rows: list[Workers] = []
    with tempfile.TemporaryDirectory(prefix="watchfloor-scale-") as folder:
        cluster = Cluster(cluster_file.folder_in(Path(folder)))
        try:
            cluster.up(port=free_row(PORTS), partitions=PARTITIONS, say=say)
            about = cluster_file.read(cluster.folder)
            pid = cluster.pid(1)
            assert about is not None
            assert pid is not None
            login = about.login(ADMIN)
            for count in workers:
                say(f"{count} workers")
                folders = [Path(folder) / f"{count}-{number}" for number in range(count)]
                orders = [
                    Order(bootstrap=about.bootstrap, login=login, group=GROUP, folder=str(one), size=size)
                    for one in folders
                ]
                found, broker_s = asyncio.run(_round(orders, frames, login, psutil.Process(pid)))
                rows.append(_row(found, broker_s, rows[0].events_per_second if rows else None))
        finally:
            cluster.down()
    return rows


async def _round(
    orders: Sequence[Order], frames: list[tuple[int, bytes, bytes]], login: Login, broker: psutil.Process
) -> tuple[list[Told], float]:
    group = [await _Member.start(order) for order in orders]
    try:
        await _until(lambda: _shared(group), READY_WITHIN_S, group)
        before = _cpu_s(broker)
        await asyncio.to_thread(_publish, orders[0].bootstrap, login, frames)
        due = orders[0].size.reads
        await _until(lambda: sum(one.told.reads for one in group) >= due, WORKED_WITHIN_S, group)
        await asyncio.sleep(1.0)  # the last outputs are being confirmed
        broker_s = _cpu_s(broker) - before
        return [await one.end() for one in group], broker_s
    finally:
        for one in group:
            one.kill()


def _shared(group: Sequence[_Member]) -> bool:
    parts = [one.told.partitions for one in group]
    return sum(parts) == PARTITIONS and max(parts) - min(parts) <= 1


class _Member:
    """A worker's process and what it said last."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.told = Told(partitions=0, reads=0)
        self.process = process
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, order: Order) -> _Member:
        argument = msgspec.json.encode(order).decode()
        return cls(
            await asyncio.create_subprocess_exec(
                sys.executable, "-m", "compose.bench.scale_worker", argument,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            )
        )  # fmt: skip

    async def _listen(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.told = msgspec.json.decode(line, type=Told)

    async def end(self) -> Told:
        assert self.process.stdin is not None
        self.process.stdin.close()
        await self._listening
        await self.process.wait()
        return self.told

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()


async def _until(true: Callable[[], bool], within_s: float, group: Sequence[_Member]) -> None:
    until = time.monotonic() + within_s
    while not true():
        if any(one.process.returncode is not None for one in group):
            raise RuntimeError("a worker ended before its time")
        if time.monotonic() > until:
            raise RuntimeError(f"it took more than {within_s:.0f} s: {[one.told for one in group]}")
        await asyncio.sleep(0.05)


def _publish(bootstrap: str, login: Login, frames: Sequence[tuple[int, bytes, bytes]]) -> None:
    producer = KafkaProducer(
        bootstrap_servers=bootstrap, acks="all", linger_ms=20, batch_size=512 * 1024,
        max_request_size=4 * 1024 * 1024, **login.kafka_config(),
    )  # fmt: skip
    try:
        for sent in [producer.send(PLATE_READ.topic, value, key=key, partition=at) for at, key, value in frames]:
            sent.get(120)
    finally:
        producer.close()


def _row(found: Sequence[Told], broker_s: float, one: int | None) -> Workers:
    worked = [told for told in found if told.first]
    wall_s = max(told.last for told in worked) - min(told.first for told in worked)
    cpu_s = sum(told.cpu_s for told in worked)
    count = sum(told.reads for told in found)
    per_s, per_cpu_s = round(count / wall_s), round(count / cpu_s)
    return Workers(
        workers=len(found),
        reads=count,
        wall_s=round(wall_s, 2),
        cpu_s=round(cpu_s, 2),
        broker_cpu_s=round(broker_s, 2),
        events_per_second=per_s,
        events_per_cpu_second=per_cpu_s,
        wall_against_cpu=round(per_s / per_cpu_s, 2),
        against_one=round(per_s / (one or per_s), 2),
        rss_mb=round(max(told.rss_mb for told in found), 1),
    )


async def _roles(settings: Settings, say: Callable[[str], None]) -> dict[str, RoleCost]:
    runs = []
    for rate in RATES:
        say(f"a whole system at {rate:,} reads a second")
        runs.append(
            await end_to_end.run(
                settings, rate=rate, seconds=RATE_S, per_request=PER_REQUEST, kafka=1, seed=1, say=lambda _text: None
            )
        )
    low, high = runs
    return dict(_costs(low.cpu_share, high.cpu_share, low.achieved_rate, high.achieved_rate))


def _costs(
    low: dict[str, float], high: dict[str, float], low_rate: float, high_rate: float
) -> Iterator[tuple[str, RoleCost]]:
    """Yield what each role costs, from its share of a core at two rates."""
    for name in sorted(low.keys() & high.keys()):
        cores_per_read = max(high[name] - low[name], 0.0) / (high_rate - low_rate)
        yield (
            name,
            RoleCost(
                us_per_read=round(cores_per_read * 1e6, 1),
                idle_cores=round(max(low[name] - cores_per_read * low_rate, 0.0), 3),
                one_process_reads_per_s=round(1 / cores_per_read) if cores_per_read > 0 else None,
                cores_at_paper_rate=round(cores_per_read * PAPER_RATE, 1),
            ),
        )


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
