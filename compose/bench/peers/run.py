"""`watchfloor bench peers`: one broker, the same reads, one engine after the other."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import psutil

from compose.bench.peers import installed
from compose.bench.peers.order import Order, Told
from compose.bench.peers.report import Due, Found, Result, compared, is_ok, judged, of_frame, of_peer
from compose.bench.peers.work import SINGLES_TOPIC, AlertsOf, Work, prepare, publish, topic_of
from compose.bench.workload import PARTITIONS, Size
from compose.kafka import cluster_file
from compose.kafka.cluster import Cluster
from compose.kafka.cluster_file import ADMIN, PORTS
from compose.own_ports import free_row
from schemas.events.plate_read import PLATE_READ

ROOT = Path(__file__).parents[3]
#: The slowest does some thousand events a second.
GIVE_UP_S = 1800.0
#: What a Java peer may take: a list of a million entries needs a quarter of it.
HEAP = "2g"

Say = Callable[[str], None]
Command = Callable[[Say], list[str]]


class Engine(msgspec.Struct, frozen=True, kw_only=True):
    """One that is measured. ``command``: makes what starts it, and raises PeerMissingError where it cannot be had.

    ``frames``: it is given frames, and not one read in each message. ``ours``: its alerts are ours.
    """

    name: str
    how: str
    command: Command
    ours: bool = False
    frames: bool = False


def _here(module: str) -> Command:
    return lambda _say: [sys.executable, "-m", f"compose.bench.peers.engines.{module}"]


def _apart(module: str) -> Command:
    return lambda say: [str(installed.python(say)), "-m", f"compose.bench.peers.engines.{module}"]


def _java(peer: str, name: str) -> Command:
    def command(say: Say) -> list[str]:
        program, path = installed.java(peer, say)
        quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
        return [program, f"-Xmx{HEAP}", quiet, "-cp", path, f"watchfloor.peers.{name}"]

    return command


ENGINES: tuple[Engine, ...] = (
    Engine(name="watchfloor", ours=True, frames=True, command=_here("ours"),
           how="this software: frames of many reads, its engine and guard, the work that all do"),
    Engine(name="watchfloor-sightings", ours=True, frames=True, command=_here("ours"),
           how="this software's own processor: it also publishes a sighting of each read, with incidents near it"),
    Engine(name="faust", command=_here("faust_manual"),
           how="Faust as its manual shows it, one read per message, JSON serializer"),
    Engine(name="quix-streams", command=_apart("quix"), how="one read per message"),
    Engine(name="bytewax", command=_apart("bytewax_flow"), how="one read per message, worked on one by one"),
    Engine(name="bytewax-batches", command=_apart("bytewax_flow"),
           how="one read per message, worked on in the batches of at most 1,000 that its source hands on"),
    Engine(name="bytewax-frames", frames=True, command=_apart("bytewax_flow"),
           how="what it does when it is given our frames: not its natural way, but anybody's to choose"),
    Engine(name="kafka-streams", command=_java("streams", "StreamsPeer"), how="one read per message, one thread"),
    Engine(name="flink", command=_java("flink", "FlinkPeer"),
           how="one read per message, in one process, parallelism 1"),
    Engine(name="watchfloor-again", ours=True, frames=True, command=_here("ours"),
           how="the first once more: how far the machine changed while the others ran"),
)  # fmt: skip


def run(size: Size, *, per_frame: int, engines: Sequence[str], say: Say) -> Result:
    """Measure the engines of these names, in the order of ``ENGINES``.

    Takes many minutes. Raises KafkaMissingError and ClusterError without a broker; an engine that cannot be had or
    that fails only says so in the result.
    """
    with tempfile.TemporaryDirectory(prefix="watchfloor-peers-") as folder:
        say(f"making {size.hotlist:,} list entries, {size.zones} zones, {size.reads:,} reads")
        work = prepare(size, per_frame, Path(folder))
        cluster = Cluster(cluster_file.folder_in(Path(folder)))
        try:
            cluster.up(port=free_row(PORTS), partitions=PARTITIONS, say=say)
            about = cluster_file.read(cluster.folder)
            assert about is not None
            found = on_broker(about, work, size, engines=engines, folder=Path(folder), say=say)
        finally:
            cluster.down()
    return Result(
        ok=is_ok(found),
        size=size,
        per_frame=per_frame,
        kafka=about.version,
        cores=psutil.cpu_count() or 1,
        alerts_due=len(work.due),
        engines=found,
    )


def on_broker(
    about: cluster_file.ClusterFile, work: Work, size: Size, *, engines: Sequence[str], folder: Path, say: Say
) -> list[Found]:
    """Measure engines on a broker whose topic of reads is empty. Raises kafka.errors.KafkaError."""
    chosen = [engine for engine in ENGINES if engine.name in engines]
    login = about.login(ADMIN)
    say("putting the reads on the broker: in frames, and one by one")
    publish(work, about.bootstrap, [one.name for one in chosen if not one.ours], **login.kafka_config())
    found = []
    for engine in chosen:
        order = Order(
            engine=engine.name,
            bootstrap=about.bootstrap,
            login=login,
            group=f"bench-{engine.name}",
            input_topic=PLATE_READ.topic if engine.frames else SINGLES_TOPIC,
            output_topic=topic_of(engine.name, ours=engine.ours),
            reads=size.reads,
            folder=str(folder / engine.name),
            hotlist=str(work.hotlist),
            zones=str(work.zones),
            hotlist_size=size.hotlist,
            zone_count=size.zones,
            seed=size.seed,
        )
        found.append(_measured(engine, order, work.due, say))
    return compared(found)


def _measured(engine: Engine, order: Order, due: frozenset[Due], say: Say) -> Found:
    try:
        command = engine.command(say)
    except installed.PeerMissingError as error:
        say(f"{engine.name}: not run: {error}")
        return Found(engine=engine.name, how=engine.how, why_not=str(error))
    say(engine.name)
    Path(order.folder).mkdir()
    assert order.login is not None
    alerts = AlertsOf(order.output_topic, order.bootstrap, **order.login.kafka_config())
    try:
        told, children_cpu_s = _work(command, order)
        raised = alerts.read(of_frame if engine.ours else of_peer)
    except (RuntimeError, msgspec.DecodeError, OSError) as error:
        return Found(engine=engine.name, how=engine.how, why_not=str(error), failed=True)
    return judged(engine.name, engine.how, told, children_cpu_s, due, raised)


def _work(command: list[str], order: Order) -> tuple[Told, float]:
    """Run an engine. Return what it says, and the CPU seconds of its child processes. Raises RuntimeError."""
    paths = {**os.environ, "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryFile() as errors:
        with subprocess.Popen(  # noqa: S603 - our own command
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=paths, cwd=order.folder
        ) as process:
            children = _Children(process.pid)
            try:
                said, _ = process.communicate(msgspec.json.encode(order), timeout=GIVE_UP_S)
            except subprocess.TimeoutExpired:
                raise RuntimeError(f"it was not done after {GIVE_UP_S:.0f} s") from None
            finally:
                process.kill()
                children.stop()
        errors.seek(0)
        told = [line for line in said.splitlines() if line.startswith(b'{"marks"')]
        if process.returncode != 0 or not told:
            raise RuntimeError(f"it ended with {process.returncode}: {errors.read().decode(errors='replace')[-1500:]}")
    return msgspec.json.decode(told[-1], type=Told), children.cpu_s


class _Children:
    """Watches the CPU that child processes of a process use, seconds: they are not in its own clock."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._used: dict[psutil.Process, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    @property
    def cpu_s(self) -> float:
        """What they were seen to have used."""
        return sum(self._used.values())

    def stop(self) -> None:
        """End those that are left, and watch no more."""
        self._stop.set()
        self._thread.join()
        for child in self._used:
            with contextlib.suppress(psutil.Error):
                child.kill()

    def _watch(self) -> None:
        while not self._stop.wait(0.5):
            try:
                for child in psutil.Process(self._pid).children(recursive=True):
                    times = child.cpu_times()
                    self._used[child] = times.user + times.system
            except psutil.Error:
                continue
