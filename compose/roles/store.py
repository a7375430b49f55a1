"""`watchfloor store`: from the log to ClickHouse, acknowledged only when the rows are durable."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import structlog
from msgspec import Struct

from compose import run_file
from compose.observability import signs
from compose.restore import restore_log
from compose.roles.broker_settings import STORE_GROUP, store_reader
from compose.roles.runner import open_producer
from compose.settings import Settings
from compose.store_opening import connect_store, migrate
from pipeline.dead_letters import dead_letter
from pipeline.ending import end_stalled
from pipeline.message import Message
from pipeline.metrics import NOT_STORABLE, STORED_EVENTS
from pipeline.positions import GroupPositions
from pipeline.progress import Place, Progress
from pipeline.stall import StallWatch
from pipeline.store.async_store import AsyncStore
from pipeline.store.store import Placed
from pipeline.store.writer import BatchWriter, Written
from pipeline.worker_figures import WorkerFigures, stage_of, watch_worker
from schemas import tracing
from schemas.canary import is_canary
from schemas.envelope import Event
from schemas.event_type import EventType
from schemas.events.plate_read import PLATE_READ
from schemas.metrics import CONNECTIONS, Newest
from schemas.registry import EVENT_TYPES
from schemas.wire.frame import FrameDecoder, encode_event
from schemas.wire.group_reader import Fetched, GroupReader
from schemas.wire.publisher import BrokerUnavailableError, Publisher
from schemas.wire.reader import Record

log = structlog.get_logger(__name__)

SOURCE = "store/reader"
STORED = tuple(kind for kind in EVENT_TYPES if kind.table is not None)
#: While the writer takes nothing more, the group must go on hearing of us, seconds.
STAY_EVERY_S = 1.0
#: A broker that cannot be read is tried again after so long, seconds.
AGAIN_AFTER_S = 1.0
POLL_S = 0.5
#: A ClickHouse that is away for this long is no reason to start anew: rows wait and are tried again, seconds.
HELD_S = 3600.0

T = TypeVar("T")


class _Frame(Struct):
    """A message with the rows made of it. ``places[i]``: where row i stood in the message."""

    message: Message
    rows: list[Placed]
    places: Sequence[int]


class _Waiting(Struct):
    """Messages whose rows are on their way to the store, as one poll brought them."""

    fetched: Fetched
    letters: list[Event]
    written: list[tuple[EventType[Any], list[_Frame], asyncio.Future[Written]]] = []
    spans: list[tracing.Span] = []


class StoreRole:
    """Reads every topic that has a table and stores it. ``stored`` counts events made durable, by event type.

    It works in a thread and an event loop of its own: with the embedded store it lives in the server's process, and
    what people watch must not wait for it.
    """

    def __init__(self, settings: Settings, store: AsyncStore, publisher: Publisher) -> None:
        """``publisher``: takes the dead letters of what cannot be stored."""
        self.stored: Counter[str] = Counter()
        self._newest = Newest("store")
        self._settings = settings
        self._store = store
        self._publisher = publisher
        self._decoders = {kind.topic: FrameDecoder(kind) for kind in STORED}
        self._took = stage_of("store", STORED)
        self._reader: GroupReader | None = None
        self._writer: BatchWriter | None = None
        self._progress = Progress()
        self._figures = WorkerFigures(
            self._progress, assigned=self._assigned, end=self._end, committed=lambda _place: None
        )
        self._waiting: deque[_Waiting] = deque()
        self._stop = threading.Event()

    @property
    def waiting(self) -> tuple[float, str] | None:
        """For how many seconds the store has refused rows, and what it says; None while it takes them."""
        return None if self._writer is None else self._writer.waiting

    async def restore_log(self) -> None:
        """Put back into an empty embedded log what must outlive it: reference facts and open alerts and incidents."""
        if not self._settings.embedded_broker:
            return
        running = run_file.read(self._settings.data_dir)  # before: a broker that is replaced meanwhile was not meant
        await restore_log(self._settings, self._store, self._publisher)
        broker = None if running is None else running.roles.get("broker")
        if broker is not None:
            run_file.note_restored(self._settings.data_dir, broker)  # edges wait for it with what they have spooled

    async def run(self, stop: asyncio.Event) -> None:
        """Store until ``stop``. Raises what the store raises when it is broken."""
        here = signs.here()
        here.watch("storing", self._fault)
        here.watch("store", lambda: self._away)
        here.started = True
        watch_worker(self._figures, STORE_GROUP, STORED)
        with ThreadPoolExecutor(1, thread_name_prefix="store") as thread:
            working = asyncio.get_running_loop().run_in_executor(thread, lambda: asyncio.run(self._work()))
            stopping = asyncio.create_task(stop.wait())
            first_of: set[asyncio.Future[Any]] = {working, stopping}
            try:
                await asyncio.wait(first_of, return_when=asyncio.FIRST_COMPLETED)
            finally:  # cancelled too: the thread is waited for, and only this ends it
                stopping.cancel()
                self._stop.set()
            await working

    async def _work(self) -> None:
        with ThreadPoolExecutor(1, thread_name_prefix="store-log") as thread:
            async with BatchWriter(self._store) as writer:
                log.info("storing", types=len(STORED))
                self._writer = writer
                watch = StallWatch(
                    self._progress,
                    open_positions=self._open_positions,
                    assigned=self._assigned,
                    end=end_stalled,
                    stall_s=self._settings.stall_s,
                    held_s=HELD_S,
                )
                watch.start()
                beating = asyncio.create_task(watch.beats())
                try:
                    while not self._stop.is_set():
                        try:
                            await self._follow(_Log(self._settings, thread), writer)
                        except BrokerUnavailableError as error:
                            # What was read and not acknowledged is read again; rows that are stored are known.
                            log.warning("the log cannot be stored, trying again", why=str(error))
                            await asyncio.sleep(AGAIN_AFTER_S)
                finally:
                    watch.stop()
                    beating.cancel()

    async def _follow(self, reading: _Log, writer: BatchWriter) -> None:
        """Read, store, acknowledge, in the order of the log. Raises BrokerUnavailableError."""
        waiting = self._waiting
        try:
            self._reader = await reading.open()
            CONNECTIONS.labels("store").inc()
            while not self._stop.is_set():
                fetched = await reading.call(lambda reader: reader.poll(POLL_S))
                if fetched.records:
                    waiting.append(await self._write(fetched, writer, reading))
                while waiting and all(written.done() for _, _, written in waiting[0].written):
                    await self._settle(waiting.popleft(), reading)
            while waiting:
                await self._settle(waiting.popleft(), reading)
        finally:
            self._reader = None
            waiting.clear()
            self._progress.forget_held()
            await reading.close()

    async def _write(self, fetched: Fetched, writer: BatchWriter, reading: _Log) -> _Waiting:
        """Give the rows of one poll to the writer, a type at a time."""
        frames: dict[str, list[_Frame]] = {}
        letters: list[Event] = []
        sizes: Counter[str] = Counter()
        for record in fetched.records:
            message = _message(record)
            self._progress.taken(message)
            frame = self._decoders[record.kind.topic].decode(record.value)
            letters += [
                dead_letter(
                    message,
                    rejected.index,
                    reason=rejected.reason,
                    step="decode",
                    error=rejected.error,
                    original=rejected.original,
                    source=SOURCE,
                )
                for rejected in frame.rejected
            ]
            rows, places = [], []
            for event, place in zip(frame.events, frame.places, strict=True):
                if record.kind is PLATE_READ and is_canary(event):
                    continue  # people count this table; what becomes of a canary has one of its own
                rows.append(Placed(event, record.kind.topic, record.partition, record.offset))
                places.append(place)
            frames.setdefault(record.kind.topic, []).append(_Frame(message, rows, places))
            sizes[record.kind.topic] += len(record.value or b"")
        waiting = _Waiting(fetched, letters, spans=[span for one in fetched.records if (span := _span(one))])
        for kind in STORED:
            if kind.topic in frames:
                rows = [row for frame in frames[kind.topic] for row in frame.rows]
                adding = asyncio.ensure_future(writer.add(kind, rows, size=sizes[kind.topic]))
                while not (await asyncio.wait({adding}, timeout=STAY_EVERY_S))[0]:
                    await reading.call(GroupReader.stay)
                waiting.written.append((kind, frames[kind.topic], adding.result()))
        return waiting

    async def _settle(self, done: _Waiting, reading: _Log) -> None:
        """Wait until all is durable, dead letters of rows the store cannot hold included, and acknowledge it."""
        letters = done.letters
        for kind, frames, written in done.written:
            rejected = {id(one.row): one.error for one in (await written).rejected}
            stored = sum(len(frame.rows) for frame in frames) - len(rejected)
            self.stored[kind.name] += stored
            STORED_EVENTS.labels(kind.name).inc(stored)
            if rejected:
                NOT_STORABLE.labels(kind.name).inc(len(rejected))
            for frame in frames:
                if frame.rows:
                    self._newest.note(kind.name, frame.rows[-1].event.observed_at)
                if not rejected:
                    continue
                for row, place in zip(frame.rows, frame.places, strict=True):
                    if id(row) in rejected:
                        letters.append(
                            dead_letter(
                                frame.message,
                                place,
                                reason="not_storable",
                                step="store",
                                error=rejected[id(row)],
                                original=encode_event(row.event),
                                source=SOURCE,
                            )
                        )
        if letters:
            await self._publisher.publish(letters)
        ours = await reading.call(lambda reader: reader.acknowledge(done.fetched))
        for _, frames, _ in done.written:
            for frame in frames:
                self._progress.done(frame.message, acknowledged=ours)
                took_s = self._figures.took_s(frame.message)
                if took_s is not None:
                    self._took[frame.message.topic].observe(took_s)
        for span in done.spans:
            span.end()

    # Asked by whoever scrapes, from another thread.

    def _fault(self) -> str:
        reader = self._reader
        if reader is None:
            return "It is joining the group."
        return "" if reader.assigned() else "No partition is assigned to this worker."

    @property
    def _away(self) -> str:
        writer = self._writer
        return f"The store cannot be reached: {writer.away}" if writer is not None and writer.away else ""

    def _open_positions(self) -> GroupPositions:
        settings = self._settings
        return GroupPositions(
            settings.bootstrap, STORE_GROUP, [kind.topic for kind in STORED], **settings.kafka_config()
        )

    def _assigned(self) -> set[Place]:
        reader = self._reader
        return set() if reader is None else reader.assigned()

    def _end(self, place: Place) -> int | None:
        reader = self._reader
        return None if reader is None else reader.end(place)


class _Log:
    """The group's member, on a thread of its own: its calls block, and must come from one thread."""

    def __init__(self, settings: Settings, thread: ThreadPoolExecutor) -> None:
        self._settings = settings
        self._thread = thread
        self._reader: GroupReader | None = None

    async def open(self) -> GroupReader:
        loop = asyncio.get_running_loop()
        self._reader = await loop.run_in_executor(self._thread, store_reader, self._settings)
        return self._reader

    async def call(self, what: Callable[[GroupReader], T]) -> T:
        assert self._reader is not None
        return await asyncio.get_running_loop().run_in_executor(self._thread, what, self._reader)

    async def close(self) -> None:
        if self._reader is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._reader.close)


def _message(record: Record) -> Message:
    return Message(
        record.kind.topic,
        record.partition,
        record.offset,
        record.key,
        record.value,
        record.headers,
        record.timestamp_ms,
    )


def _span(record: Record) -> tracing.Span | None:
    if tracing.active() is None:
        return None
    about: tracing.Attributes = {"topic": record.kind.topic, "partition": record.partition, "offset": record.offset}
    return tracing.begin_after("store.insert", record.headers, about)


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Run the store role on its own (with a ClickHouse server)."""
    producer = await open_producer(settings, "watchfloor-store", stop)
    if producer is None:
        return
    store = await connect_store(settings)
    try:
        if await migrate(store, stop):
            await StoreRole(settings, store, producer).run(stop)
    finally:
        await store.close()
        await asyncio.to_thread(producer.close)
