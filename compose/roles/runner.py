"""How a role's process begins and ends: logs, signals, and waiting for the broker."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from importlib.metadata import version

import structlog
import uvicorn

from compose import logs, run_file
from compose.broker import LogLimit
from compose.heartbeat import beat
from compose.observability import metrics, signs
from compose.observability.exposition import exposed
from compose.observability.traces import TracesMissingError, tracing_to
from compose.settings import Settings
from connectors.edge.spool_writer import SpoolInUseError
from pipeline.ending import end_process
from schemas.wire.producer import FrameProducer
from schemas.wire.publisher import BrokerUnavailableError, Publisher
from schemas.wire.topics import create_topics, topic_states

log = structlog.get_logger(__name__)

#: A thread gives the interpreter away after so long when another waits for it, seconds. Whoever writes to a socket
#: gives it away, and waits for it again: with Python's own 5 ms up to that long for each client that is told something,
#: beside a thread that is busy. On a full machine alerts were on 200 screens after 310, 219 and 346 ms (median) with
#: 5 ms, and after 191, 187 and 284 ms with this, in turns; and beside the building of a list of a million a frame of
#: reads stood still for 145 and for 51 ms.
TURN_S = 0.001

#: How many more objects than were let go of there must be before Python looks for cycles among them, and after how many
#: such looks it looks at those that lived through one, and through two. With its own 700, 10 and 10 a server that told
#: 200 clients of 1,000 reads a second stood still for 130 to 220 ms every five seconds.
COLLECT_AFTER = (5_000, 20, 20)

Body = Callable[[Settings, asyncio.Event], Awaitable[None]]


def run_role(name: str, settings: Settings, body: Body) -> None:
    """Run a role until SIGTERM or SIGINT; returns when it has ended in order. Raises SystemExit if it cannot begin."""
    sys.setswitchinterval(TURN_S)
    logs.configure(settings.log_level, name)
    try:
        asyncio.run(_run(name, settings, body))
    except (SpoolInUseError, TracesMissingError) as error:
        log.error("cannot start", why=str(error))
        raise SystemExit(1) from None


async def _run(name: str, settings: Settings, body: Body) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    logs.tell_of_lost_tasks(loop)
    end_with_lost_threads(stop)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    here = signs.Signs(name)
    metrics.INFO.labels(version("watchfloor")).set(1)
    metrics.watch_disk(settings.data_dir)
    with contextlib.ExitStack() as around:
        around.enter_context(signs.of(here))
        around.enter_context(tracing_to(settings.trace_endpoint, name, settings.trace_share))
        if settings.metrics_port:
            around.enter_context(exposed(here, settings.metrics_host, settings.metrics_port))
        here.watch("start", lambda: "" if here.started else "It is still starting.")
        beating = [asyncio.create_task(one) for one in (here.beat(), beat(), _out_of_sight(here))]
        try:
            await body(settings, stop)
        finally:
            for one in beating:
                one.cancel()


async def _out_of_sight(here: signs.Signs) -> None:
    """Once a role has started, take what it is made of out of the collector's sight: it stays until the role ends, and
    to look through it stops every thread."""
    gc.set_threshold(*COLLECT_AFTER)
    while not here.started:
        await asyncio.sleep(0.2)
    gc.collect()
    gc.freeze()


def end_with_lost_threads(stop: asyncio.Event) -> None:
    """Have the process end when one of its threads dies of an error nobody foresaw, so that it is started anew.

    A role that goes on without the thread that reads the log looks alive and shows nothing new for ever. Once ``stop``
    is set the process ends anyway, and the error is only told.
    """

    def lost(thread: threading.ExceptHookArgs) -> None:
        name = thread.thread.name if thread.thread is not None else "?"
        error = thread.exc_value
        log.error("a thread died", thread=name, exc_info=error)
        if not stop.is_set():
            end_process("a thread died", thread=name, error=type(error).__name__)

    threading.excepthook = lost


async def ensure_topics(settings: Settings, stop: asyncio.Event) -> bool:
    """Wait for the broker and make what topics are missing; False when told to stop meanwhile."""
    told = False
    while not stop.is_set():
        try:
            await asyncio.to_thread(_prepare, settings)
            return True
        except BrokerUnavailableError as error:
            if not told:
                log.warning("waiting for the broker", why=str(error))
                told = True
            await asyncio.sleep(0.2)
    return False


def _prepare(settings: Settings) -> None:
    if settings.kafka_login is None:
        create_topics(settings.bootstrap, partitions=settings.kafka_partitions, replication=settings.kafka_replication)
    else:
        # Where Kafka asks who we are, a role may not make topics: `watchfloor topics create` is for administrators.
        topic_states(settings.bootstrap, **settings.kafka_config())


async def open_producer(settings: Settings, client_id: str, stop: asyncio.Event) -> FrameProducer | None:
    """Return a connected producer, once the broker is there; None when told to stop meanwhile."""
    if not await ensure_topics(settings, stop):
        return None
    return await asyncio.to_thread(FrameProducer, settings.bootstrap, client_id=client_id, **settings.kafka_config())


def limited(settings: Settings, producer: Publisher) -> Publisher:
    """Return the publisher an edge uses: with the embedded broker, one that stops before memory runs out."""
    if not settings.embedded_broker:
        return producer

    def broker_pid() -> int | None:
        running = run_file.read(settings.data_dir)
        return running.roles.get("broker") if running is not None else None

    return LogLimit(producer, broker_pid, settings.embedded_log_limit_mb)


async def serve_until(server: uvicorn.Server, stop: asyncio.Event, sockets: list[object] | None = None) -> None:
    """Run a web server until ``stop``; sets ``stop`` when the server ends first."""

    async def end() -> None:
        await stop.wait()
        server.should_exit = True

    ending = asyncio.create_task(end())
    try:
        await server.serve(sockets=sockets)  # type: ignore[arg-type]
    finally:
        stop.set()
        await ending
