"""What the ledger reads of the log: a running tally, one of a past period, and ids read a second time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from uuid import UUID

import structlog
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError
from msgspec import Struct

from compose import run_file
from compose.roles.broker_settings import BULK, log_reader
from compose.settings import Settings
from pipeline.ledger.bucket import RECONCILED, Bucket, Tally
from pipeline.ledger.comparison import Place
from pipeline.ledger.log_tally import Logged, LogTally, entries
from schemas.id_digest import id_digest
from schemas.registry import BY_NAME
from schemas.wire.connecting import connecting
from schemas.wire.publisher import BrokerUnavailableError
from schemas.wire.reader import LogReader, Record

log = structlog.get_logger(__name__)

#: Minutes the running tally keeps.
WINDOW_MIN = 120
#: An edge's clock may be ahead of the broker's by so much: its events are logged before their own time, seconds.
CLOCKS_S = 600
#: A period's log that cannot be read in this time is not compared, seconds.
READ_WITHIN_S = 300.0

Ends = dict[tuple[str, int], int]


class LogSeen(Struct, frozen=True):
    """The log as it was read up to a moment.

    ``buckets``: of the minutes asked for. ``ends``: by topic and partition the offset after the last one read.
    ``complete_from``: epoch seconds since when nothing is missing, None when not known. ``whole``: all there was at
    the beginning has been read.
    """

    buckets: dict[Bucket, Logged]
    ends: Ends
    complete_from: float | None
    whole: bool


def embedded_broker_started(settings: Settings) -> float | None:
    """Return when the embedded broker was started, epoch seconds: its log has nothing from before. None: not known."""
    import psutil

    running = run_file.read(settings.data_dir)
    pid = running.roles.get("broker") if running is not None else None
    try:
        return psutil.Process(pid).create_time() if pid is not None else None
    except psutil.NoSuchProcess:
        return None


def complete_from(settings: Settings, since_s: float) -> float | None:
    """Return from when on a log that was read from ``since_s`` is whole."""
    if settings.embedded_broker:
        return embedded_broker_started(settings)
    return since_s


class LogFollower:
    """Counts what comes into the log, in a thread of its own and in no consumer group."""

    def __init__(self, settings: Settings, begins: Callable[[float], float | None] | None = None) -> None:
        """``begins``: from when on the log is whole, given from when on it is read (for tests)."""
        self._settings = settings
        self._begins = begins or (lambda since: complete_from(settings, since))
        self._tally = LogTally()
        self._ends: Ends = {}
        self._whole = False
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ledger-log", daemon=True)
        self.polled_at: float | None = None

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Stop reading."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5.0)

    def seen(self, begin: int, end: int) -> LogSeen:
        """Return what has been read of the minutes ``begin`` to ``end`` (exclusive)."""
        with self._lock:
            buckets = {
                bucket: Logged(one.count, one.digest, one.changed_at, dict(one.offsets))
                for bucket, one in self._tally.buckets.items()
                if begin <= bucket.minute < end
            }
            known = None if self._tally.overflown else self._tally.complete_from
            return LogSeen(buckets, dict(self._ends), known, self._whole)

    def changed_since(self, at: float) -> int | None:
        """Return the oldest minute of which something was read since ``at`` (epoch seconds); None: nothing was."""
        with self._lock:
            return min((bucket.minute for bucket, one in self._tally.buckets.items() if one.changed_at >= at),
                       default=None)  # fmt: skip

    def _run(self) -> None:
        while not self._stop.is_set():
            reader: LogReader | None = None
            try:
                since = time.time() - WINDOW_MIN * 60
                reader = _reader(self._settings, since, "watchfloor-ledger")
                # After a break it is counted anew: adding to what was read before would count events twice.
                with self._lock:
                    self._tally, self._ends, self._whole = LogTally(), {}, False
                    self._tally.complete_from = self._begins(since)
                self._follow(reader)
            except BrokerUnavailableError as error:
                log.warning("the ledger cannot read the log, trying again", why=str(error))
                self._stop.wait(1.0)
            finally:
                if reader is not None:
                    reader.close()

    def _follow(self, reader: LogReader) -> None:
        while not self._stop.is_set():
            records = reader.poll(0.5)
            now = time.time()
            oldest = int(now // 60) - WINDOW_MIN
            with self._lock:
                _count(self._tally, self._ends, records, oldest, now)
                self._tally.forget_before(oldest)
                self._whole = self._whole or reader.caught_up
            self.polled_at = now


def read_period(
    settings: Settings, begin: int, end: int, begins: Callable[[float], float | None] | None = None
) -> LogSeen:
    """Return the log of the minutes ``begin`` to ``end`` (exclusive), read now. Blocking.

    Raises BrokerUnavailableError.
    """
    since = begin * 60.0
    tally, ends = LogTally(), Ends()
    reader = _reader(settings, since, "watchfloor-ledger-verify")
    try:
        for records in reader.read_to_end(READ_WITHIN_S):
            _count(tally, ends, records, begin, 0.0, end)
    finally:
        reader.close()
    known = begins(since) if begins is not None else complete_from(settings, since)
    return LogSeen(tally.buckets, ends, None if tally.overflown else known, True)


def _reader(settings: Settings, since_s: float, client_id: str) -> LogReader:
    since_ms = {kind.topic: int((since_s - CLOCKS_S) * 1000) for kind in RECONCILED}
    return log_reader(settings, RECONCILED, client_id, pace=BULK, since_ms=since_ms)


def _count(
    tally: LogTally, ends: Ends, records: Iterable[Record], begin: int, now: float, end: int | None = None
) -> None:
    for record in records:
        ends[record.kind.topic, record.partition] = record.offset + 1
        for entry in entries(record.kind, record.partition, record.offset, record.value, record.timestamp_ms):
            if entry.bucket.minute >= begin and (end is None or entry.bucket.minute < end):
                tally.add(entry, record.partition, record.offset, now)


def read_again(settings: Settings, wanted: Mapping[Bucket, Logged]) -> dict[Bucket, dict[UUID, list[Place]]]:
    """Return the ids of some buckets with their places, read a second time from the log. Blocking.

    A bucket whose events are no longer all there is left out. Raises BrokerUnavailableError.
    """
    spans: dict[tuple[str, int], tuple[int, int]] = {}
    for bucket, logged in wanted.items():
        for partition, (low, high) in logged.offsets.items():
            place = (BY_NAME[bucket.event_type].topic, partition)
            known = spans.get(place, (low, high))
            spans[place] = (min(known[0], low), max(known[1], high))
    found: dict[Bucket, dict[UUID, list[Place]]] = {bucket: {} for bucket in wanted}
    kinds = [kind for kind in RECONCILED if any(topic == kind.topic for topic, _ in spans)]
    reader = log_reader(
        settings, kinds, "watchfloor-ledger-exact", from_offsets={place: low for place, (low, _) in spans.items()}
    )
    left = set(spans)
    until = time.monotonic() + READ_WITHIN_S
    try:
        while left and time.monotonic() < until:
            records = reader.poll(0.5)
            for record in records:
                place = (record.kind.topic, record.partition)
                for entry in entries(record.kind, record.partition, record.offset, record.value, record.timestamp_ms):
                    span = wanted[entry.bucket].offsets if entry.bucket in wanted else {}
                    low, high = span.get(record.partition, (0, -1))
                    if low <= record.offset <= high:
                        places = found[entry.bucket].setdefault(entry.event_id, [])
                        places.append(Place(record.partition, record.offset, entry.index))
                if record.offset >= spans[place][1]:
                    left.discard(place)
            if not records and reader.caught_up:
                break
    finally:
        reader.close()
    return {bucket: ids for bucket, ids in found.items() if _same(ids, wanted[bucket].tally)}


def _same(ids: Mapping[UUID, list[Place]], tally: Tally) -> bool:
    every = [event_id for event_id, places in ids.items() for _ in places]
    return Tally(len(every), id_digest(every)) == tally


class Groups:
    """How far consumer groups have come: what they have acknowledged. Blocking."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._admin: KafkaAdminClient | None = None

    def acknowledged(self, group: str) -> Ends:
        """Return by topic and partition the offset after the last one acknowledged. Raises BrokerUnavailableError."""
        try:
            if self._admin is None:
                with connecting() as client:
                    self._admin = KafkaAdminClient(
                        kafka_client=client,
                        bootstrap_servers=self._settings.bootstrap,
                        client_id="watchfloor-ledger-groups",
                        **self._settings.kafka_config(),
                    )
            offsets = self._admin.list_group_offsets({group: None})[group]
        except KafkaError as error:
            self.close()
            raise BrokerUnavailableError(f"the groups cannot be asked: {error}") from error
        return {(place.topic, place.partition): meta.offset for place, meta in offsets.items()}

    def close(self) -> None:
        """Disconnect."""
        if self._admin is not None:
            self._admin.close()
            self._admin = None
