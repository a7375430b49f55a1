"""Faust, bound in one file. Nothing else of the project imports it (an engine stays a one-file decision).

What Faust 0.15 does by itself and what is done about it here (shown on a live broker):

* It acknowledges a message whose handler raised, and commits over the hole. So streams are ``noack``, messages are
  acknowledged here, strictly in the order they were read, and any failure ends the process at once, without a final
  commit: the supervisor restarts it and the broker sends again what was not acknowledged.
* It acknowledges what it cannot decode. So topics are raw bytes; decoding is the guard's.
* A flush before commit hides failed sends. So every output's own confirmation is awaited.
* Waiting for the broker frame by frame halves the rate. So a window of frames is in flight and acknowledged in order.
* It sleeps a second when its buffers are full, and asks the broker to hold a fetch for 1.5 s. Both are overridden.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import faust
import structlog
from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode.supervisors import CrashingSupervisor
from msgspec import Struct

from pipeline.ending import end_process, end_stalled
from pipeline.guard import LineStoppedError
from pipeline.message import Message, Outgoing
from pipeline.positions import GroupPositions
from pipeline.progress import Place, Progress
from pipeline.stall import StallWatch
from pipeline.worker_figures import WorkerFigures, stage_of, watch_worker
from schemas import tracing
from schemas.event_type import EventType
from schemas.faults import kind_and_place
from schemas.metrics import watch_queue
from schemas.wire.security import MECHANISM, Login

log = structlog.get_logger(__name__)


#: Returns the messages that must be confirmed before the one it is given may be acknowledged.
Handler = Callable[[Message], Awaitable[Sequence[Outgoing]]]
#: Faust's event, its message, what is awaited before it is acknowledged, and its part of a trace.
_InFlight = tuple[Any, Message, list[Awaitable[Any]], "tracing.Span | None"]


class EngineSettings(Struct, frozen=True, kw_only=True):
    """How a worker talks to the broker. Times in seconds unless the name says otherwise.

    ``login``: who to be, where Kafka asks.
    ``fetch_max_wait_ms``: how long the broker may hold a fetch of which it has nothing. ``session_timeout_s``: how soon
    a dead worker is noticed.
    ``window``: messages in flight at once in one handler; bounds what is repeated after a crash.
    ``folder``: where Faust may keep files of its own (it makes an empty folder).
    ``stall_s``: a worker that ends itself has stood still for so long: its event loop is blocked, or messages wait and
    none is taken, or nothing is committed (pipeline/stall.py). ``held_s``: one message may be worked on for so long.
    """

    bootstrap: str
    group: str
    folder: str
    login: Login | None = None
    fetch_max_wait_ms: int = 500
    session_timeout_s: float = 15.0
    heartbeat_s: float = 3.0
    commit_interval_s: float = 0.5
    window: int = 64
    stall_s: float = 90.0
    held_s: float = 120.0


class _ConsumerThread(driver.AIOKafkaConsumerThread):
    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = self.app.fetch_max_wait_ms  # Faust passes a literal 1500
        return consumer


class _Consumer(driver.Consumer):
    def _new_consumer_thread(self) -> Any:
        return _ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def _wait_next_records(self, timeout: float) -> Any:  # noqa: ASYNC109 - overrides Faust
        if self.flow_active and self._buffered_partitions and not self._get_active_partitions():
            await asyncio.sleep(0.005)  # every buffer is full; Faust would sleep one second
            return {}, set()
        return await super()._wait_next_records(timeout)


class _Transport(driver.Transport):
    Consumer = _Consumer


class _App(faust.App):
    fetch_max_wait_ms = 500

    def _new_transport(self) -> Any:
        return _Transport(self.conf.broker_consumer, self)


class Engine:
    """One consumer group's worker. Add handlers, then ``start`` inside a running event loop."""

    def __init__(self, settings: EngineSettings) -> None:
        self.settings = settings
        self.progress = Progress()
        self.started = False
        self._app = _App(
            settings.group,
            broker=f"kafka://{settings.bootstrap}",
            datadir=settings.folder,
            web_enabled=False,
            topic_disable_leader=True,
            topic_allow_declare=False,
            stream_buffer_maxsize=16,
            stream_wait_empty=False,
            broker_commit_interval=settings.commit_interval_s,
            broker_session_timeout=settings.session_timeout_s,
            broker_heartbeat_interval=settings.heartbeat_s,
            # Faust waits 90 s for a broker that hangs; it must be more than the session's time.
            broker_request_timeout=settings.session_timeout_s + 5.0,
            # Counts only while every buffer is full, but then an evicted worker never rejoins: our watchdog decides.
            broker_max_poll_interval=86400.0,
            producer_request_timeout=30.0,
            producer_max_batch_size=1024 * 1024,
            producer_max_request_size=4 * 1024 * 1024,
            consumer_max_fetch_size=8 * 1024 * 1024,
            broker_credentials=_credentials(settings.login),
        )
        self._app.fetch_max_wait_ms = settings.fetch_max_wait_ms
        self.figures = WorkerFigures(self.progress, assigned=self.assigned, end=self._end, committed=self._committed)
        self._kinds: list[EventType[Any]] = []
        self._watchdog: asyncio.Task[None] | None = None
        self._stall_watch = StallWatch(
            self.progress,
            open_positions=lambda: self.open_positions([kind.topic for kind in self._kinds]),
            assigned=self.assigned,
            end=end_stalled,
            stall_s=settings.stall_s,
            held_s=settings.held_s,
        )

    @property
    def crashed(self) -> bool:
        """True when Faust itself gave up; the process must then end."""
        return bool(self._app.crashed)

    @property
    def assigned_partitions(self) -> int:
        """How many partitions this worker has now."""
        return len(self.assigned())

    @property
    def generation(self) -> int:
        """Another number whenever partitions were given out anew."""
        return int(self._app.consumer_generation_id)

    def add(self, kind: EventType[Any], handler: Handler) -> None:
        """Call ``handler`` with every message of a topic, in order of each partition."""
        app = self._app
        self._kinds.append(kind)
        took = stage_of("process", [kind])[kind.topic]
        source = app.topic(
            kind.topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw", internal=False
        )

        async def acknowledge(queue: asyncio.Queue[_InFlight], stream: Any) -> None:
            while True:
                event, message, waiting, span = await queue.get()
                for each in waiting:
                    try:
                        await each
                    except Exception as error:
                        end_process(_describe(error), topic=message.topic, offset=message.offset)
                # After a rebalance the partition may be another worker's: then the message is theirs to acknowledge.
                ours = event.message.generation_id == app.consumer_generation_id
                if ours:
                    await stream.ack(event)
                self.progress.done(message, acknowledged=ours)
                took_s = self.figures.took_s(message)
                if took_s is not None:
                    took.observe(took_s)
                if span is not None:
                    span.end()

        @app.agent(source, name=f"{self.settings.group}-{kind.name}", concurrency=1,
                   supervisor_strategy=CrashingSupervisor)  # fmt: skip
        async def agent(stream: Any) -> None:
            queue: asyncio.Queue[_InFlight] = asyncio.Queue(self.settings.window)
            acker = asyncio.create_task(acknowledge(queue, stream))
            try:
                async for event in stream.noack().events():
                    message = _message(event.message)
                    self.progress.taken(message)
                    span = self._begin_span(message)
                    try:
                        waiting = [await self._send(out, span) for out in await handler(message)]
                    except Exception as error:
                        end_process(_describe(error), topic=message.topic, offset=message.offset)
                    await queue.put((event, message, waiting, span))
            finally:
                acker.cancel()

    def _begin_span(self, message: Message) -> tracing.Span | None:
        if tracing.active() is None:
            return None
        about: tracing.Attributes = {"topic": message.topic, "partition": message.partition, "offset": message.offset}
        return tracing.begin_after("process", message.headers, about)

    async def _send(self, out: Outgoing, cause: tracing.Span | None = None) -> Awaitable[Any]:
        headers = out.headers
        if cause is not None:
            headers = [*headers, (tracing.HEADER, cause.traceparent.encode())]
        # aiokafka's own send: a ninth of the cost of Faust's topic.send, and its future tells of failure.
        send = self._app.producer._producer.send
        future: Awaitable[Any] = await send(out.topic, out.value, key=out.key, partition=out.partition, headers=headers)
        return future

    async def send(self, outgoing: Sequence[Outgoing]) -> None:
        """Send messages that no input caused (a rule's timer), and return when they are durable."""
        for waiting in [await self._send(out) for out in outgoing]:
            await waiting

    async def start(self) -> None:
        """Connect, join the group, begin. Returns when partitions are assigned."""
        Path(self.settings.folder).mkdir(parents=True, exist_ok=True)
        self._watchdog = asyncio.create_task(self._beat())
        self._stall_watch.start()  # before the group is joined: a join that hangs is a stall as well
        await self._app.start()
        self.started = True
        watch_worker(self.figures, self.settings.group, self._kinds)
        watch_queue("engine_process", lambda: self.progress.held, self.settings.window * max(len(self._kinds), 1))

    async def stop(self) -> None:
        """Leave the group after what is in flight has been acknowledged or given up."""
        self._stall_watch.stop()
        if self._watchdog is not None:
            self._watchdog.cancel()
        await self._app.stop()

    async def _beat(self) -> None:
        while True:
            self._stall_watch.beat()
            await asyncio.sleep(1.0)
            if self.crashed:
                end_process("the engine crashed")

    # Asked by whoever scrapes, too, while partitions may come and go: what cannot be told is not.

    def assigned(self) -> set[Place]:
        """Return the partitions that Faust says are ours; it may say so long after they are not. From any thread."""
        if not self.started:
            return set()
        try:
            return {(place.topic, place.partition) for place in self._app.consumer.assignment()}
        except Exception:  # its consumer is being made or ended: then nothing is ours
            return set()

    def _end(self, place: Place) -> int | None:
        try:
            end: int | None = self._app.consumer.highwater(TP(*place))
        except Exception:
            return None
        return end

    def _committed(self, place: Place) -> int | None:
        try:
            offset: int | None = self._app.consumer._committed_offset.get(TP(*place))
        except Exception:
            return None
        return offset

    def open_positions(self, topics: Sequence[str]) -> GroupPositions:
        """Return a connection of its own that tells how the group stands. Raises BrokerUnavailableError."""
        login = self.settings.login
        config = {} if login is None else login.kafka_config()
        return GroupPositions(self.settings.bootstrap, self.settings.group, topics, **config)


def _credentials(login: Login | None) -> faust.SASLCredentials | None:
    if login is None:
        return None
    return faust.SASLCredentials(
        username=login.user, password=login.password, ssl_context=login.tls(), mechanism=MECHANISM
    )


def _message(raw: Any) -> Message:
    headers = raw.headers or []
    pairs = headers.items() if isinstance(headers, dict) else headers
    return Message(
        raw.topic,
        raw.partition,
        raw.offset,
        raw.key,
        raw.value,
        [(name, value if isinstance(value, bytes) else str(value).encode()) for name, value in pairs],
        int((raw.timestamp or 0.0) * 1000),
    )


def _describe(error: Exception) -> str:
    """Return what to log: the text only of errors whose text is ours or the Kafka client's, never of an event's."""
    if isinstance(error, LineStoppedError | KafkaError):
        return f"{type(error).__name__}: {error}"
    return kind_and_place(error)
