"""`watchfloor bench pipeline`: what the processor does in a second of CPU, in process and through the broker."""

from __future__ import annotations

import asyncio
import gc
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice

import msgspec
from kafka import KafkaProducer

from compose.bench.stages import stages
from compose.bench.worker import Cost, Order
from compose.bench.workload import PARTITIONS, Size, framed, reads, reference
from compose.broker import broker_command
from pipeline.guard import Guard
from pipeline.message import Message, Outgoing
from pipeline.outcome import Processor
from pipeline.processors.paths import PlatePaths
from pipeline.processors.sightings import Sightings
from schemas.events.plate_read import PLATE_READ
from schemas.events.sighting import SIGHTING
from schemas.wire.publisher import BrokerUnavailableError
from schemas.wire.topics import create_topics

#: The one-by-one ways are slow; a tenth of the reads is enough to know their rate.
SINGLE_SHARE = 10
#: In process the work is done over so often: other machines on the same host slow this one by a third for seconds.
ROUNDS = 7
GIVE_UP_S = 600.0
#: Rules on paths that speak of any plate: the most work there is.
EVERYWHERE = frozenset({"impossible_travel", "did_not_arrive"})


class Rate(msgspec.Struct, frozen=True):
    """Events, what they cost, and the two rates."""

    events: int
    emitted: int
    cpu_s: float
    wall_s: float
    events_per_cpu_second: float
    events_per_second: float
    rss_mb: float | None = None


class Result(msgspec.Struct, frozen=True):
    """All ways in one run. The ratios compare events per CPU-second, which a noisy machine disturbs least.

    ``in_process`` is the median of ``in_process_rounds``, the events per CPU-second of each round as it came.
    ``paths``: the rules on plates' paths, all of them, on the sightings made in process; ``share_of_paths``: their part
    of the CPU time that both take. ``stage_us``: microseconds of CPU a read by stage (compose/bench/stages.py).
    """

    size: Size
    in_process: Rate
    in_process_rounds: list[float]
    paths: Rate
    share_of_paths: float
    in_process_with_paths: int
    stage_us: dict[str, float]
    through_faust_frames: Rate
    through_faust_one_event_per_message: Rate
    plain_faust_one_event_per_message: Rate
    frames_against_one_event_per_message: float
    frames_against_plain_faust: float
    through_broker_against_in_process: float
    wall_against_cpu_of_frames: float


def run(size: Size, say: Callable[[str], None]) -> Result:
    """Measure. Takes minutes; raises BrokerMissingError without the embedded broker."""
    say(f"making {size.hotlist:,} list entries, {size.zones} zones, {size.reads:,} reads")
    facts = reference(size)
    frames = framed(reads(size, facts))
    few = msgspec.structs.replace(size, reads=max(1, size.reads // SINGLE_SHARE))
    singles = framed(islice(reads(size, facts), few.reads), per_frame=1)
    say("in process")
    rounds = [_in_process(Sightings(facts), frames, size.reads) for _ in range(ROUNDS)]
    in_process = sorted(rounds, key=lambda rate: rate.events_per_cpu_second)[ROUNDS // 2]
    say("in process, rules on paths")
    seen = _sightings_of(Sightings(facts), frames)
    rounds_of_paths = [_in_process(PlatePaths(facts, everywhere=EVERYWHERE), seen, size.reads) for _ in range(ROUNDS)]
    paths = sorted(rounds_of_paths, key=lambda rate: rate.events_per_cpu_second)[ROUNDS // 2]
    say("in process, each stage alone")
    stage_us = stages(facts, frames, size.reads)
    del facts, seen
    gc.collect()
    say("through the broker, frames")
    through = _through("frames", size, size.reads, frames)
    say("through the broker, one event per message, the same engine and guard")
    single = _through("single", size, few.reads, singles)
    say("through the broker, one event per message, Faust as its manual shows it")
    plain = _through("plain", size, few.reads, singles)
    return Result(
        size=size,
        in_process=in_process,
        in_process_rounds=[rate.events_per_cpu_second for rate in rounds],
        paths=paths,
        share_of_paths=round(paths.cpu_s / (paths.cpu_s + in_process.cpu_s), 2),
        in_process_with_paths=round(size.reads / (paths.cpu_s + in_process.cpu_s)),
        stage_us=stage_us,
        through_faust_frames=through,
        through_faust_one_event_per_message=single,
        plain_faust_one_event_per_message=plain,
        frames_against_one_event_per_message=_ratio(through, single),
        frames_against_plain_faust=_ratio(through, plain),
        through_broker_against_in_process=_ratio(through, in_process),
        wall_against_cpu_of_frames=round(through.events_per_second / through.events_per_cpu_second, 2),
    )


def _ratio(one: Rate, other: Rate) -> float:
    return round(one.events_per_cpu_second / other.events_per_cpu_second, 2)


def _rate(cost: Cost) -> Rate:
    return Rate(
        cost.events,
        cost.emitted,
        round(cost.cpu_s, 3),
        round(cost.wall_s, 3),
        round(cost.events / cost.cpu_s),
        round(cost.events / cost.wall_s),
        round(cost.rss_mb, 1) if cost.rss_mb else None,
    )


def _sightings_of(sightings: Sightings, frames: list[tuple[int, bytes, bytes]]) -> list[tuple[int, bytes, bytes]]:
    """Return the frames of sightings that frames of reads become."""

    async def made() -> list[Outgoing]:
        guard = Guard(sightings, PLATE_READ, partitions=PARTITIONS)
        return [
            out
            for number, (at, key, value) in enumerate(frames)
            for out in await guard.handle(Message(PLATE_READ.topic, at, number, key, value, []))
        ]

    return [(one.partition, one.key, one.value) for one in asyncio.run(made()) if one.topic == SIGHTING.topic]


def _in_process(processor: Processor, frames: list[tuple[int, bytes, bytes]], events: int) -> Rate:
    (kind,) = processor.consumes
    guard = Guard(processor, kind, partitions=PARTITIONS)
    messages = [Message(kind.topic, at, number, key, value, []) for number, (at, key, value) in enumerate(frames)]
    gc.collect()
    gc.freeze()

    async def work() -> Cost:
        cpu, wall = time.process_time(), time.perf_counter()
        for message in messages:
            await guard.handle(message)
        return Cost(events, time.process_time() - cpu, time.perf_counter() - wall, guard.counts["emitted"], 0.0)

    cost = asyncio.run(work())
    gc.unfreeze()
    assert guard.counts["events_in"] == events
    return _rate(cost)


def _through(way: str, size: Size, events: int, messages: list[tuple[int, bytes, bytes]]) -> Rate:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryFile() as output, tempfile.TemporaryDirectory() as folder:
        broker = subprocess.Popen(broker_command(port), stdout=output, stderr=output)  # noqa: S603 - our own command
        try:
            bootstrap = f"127.0.0.1:{port}"
            _wait_for_topics(bootstrap)
            producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=5)
            waiting = [
                producer.send(PLATE_READ.topic, value, key=key, partition=at, headers=[("count", b"0")])
                for at, key, value in messages
            ]
            for sent in waiting:
                sent.get(60)
            producer.close()
            order = Order(way, bootstrap, f"bench-{way}", folder, events, size)
            done = subprocess.run(  # noqa: S603 - our own command
                [sys.executable, "-m", "compose.bench.worker", msgspec.json.encode(order).decode()],
                capture_output=True,
                timeout=GIVE_UP_S,
                check=False,
            )
            if done.returncode != 0:
                raise RuntimeError(f"the measured process ended with {done.returncode}: {done.stderr.decode()[-2000:]}")
            return _rate(msgspec.json.decode(done.stdout.splitlines()[-1], type=Cost))
        finally:
            broker.kill()
            broker.wait()


def _wait_for_topics(bootstrap: str) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            create_topics(bootstrap, partitions=PARTITIONS)
            return
        except BrokerUnavailableError:
            if time.monotonic() > until:
                raise
