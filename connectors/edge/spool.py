"""The spool: a publisher that goes on accepting while the broker is away, on this edge's disk, and drains in order.

What is answered is durable: confirmed by the broker, or committed and synced here. In the order of each key: while the
spool holds events of a key, new ones of that key go behind them; other keys go to the broker at once. An event whose
confirmation did not come in time may be in the log and in the spool; it has one id, so readers take it for one.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import structlog

from connectors.edge import metrics
from connectors.edge.key_marks import KeyMarks, key_mark
from connectors.edge.spool_file import SpoolFile, SpoolRow, Waiting, damaged_in
from connectors.edge.spool_room import Growth, room_alarm, share
from connectors.edge.spool_writer import SpoolRefusedError, SpoolWriter
from connectors.edge.undecodable import undecodable
from schemas.envelope import Event
from schemas.registry import BY_CLASS, BY_NAME
from schemas.wire.frame import MAX_EVENT_BYTES, encode_event, utc_now
from schemas.wire.publisher import BackpressureError, BrokerUnavailableError, Publisher

#: How long the broker has to confirm before an event is spooled, seconds. Longer than a change of leader that was
#: planned, shorter than the patience of any sender; too short costs a detour and a repetition, never an event.
CONFIRM_WITHIN_S = 3.0
#: The same for events that are drained: nobody waits for them, and trying again too soon would put them twice into the
#: producer. Longer than the producer's own limit.
DRAIN_WITHIN_S = 15.0
#: A drained batch: one frame's worth of events, or so many bytes.
BATCH_EVENTS, BATCH_BYTES = 512, 512 * 1024
#: While live events are on their way, the drain waits at least this long between batches, and as long as the last batch
#: took: it takes no more than half of a slow broker, and never stands still.
GIVE_WAY_S, GIVE_WAY_AT_MOST_S = 0.05, 1.0
#: Pauses between attempts while the broker is away, seconds.
FIRST_PAUSE_S, LAST_PAUSE_S = 0.1, 1.0
#: How long a drained batch on its way is waited for when this ends, seconds.
CLOSE_WITHIN_S = 2.0
#: How often the room is looked at while nothing happens, seconds.
LOOK_EVERY_S = 5.0
#: Bytes that may wait for the writer; more is refused rather than kept in memory.
MAX_UNWRITTEN_BYTES = 64 * 1024 * 1024

T = TypeVar("T")
log = structlog.get_logger(__name__)
_decoders = {kind.name: msgspec.json.Decoder(kind.cls) for kind in BY_NAME.values()}


class Spool:
    """Implements ``schemas.wire.publisher.Publisher`` around another one. Lives on one event loop."""

    def __init__(
        self,
        inner: Publisher,
        folder: Path,
        client: str,
        *,
        limit_mb: int,
        confirm_within_s: float = CONFIRM_WITHIN_S,
        drain_within_s: float = DRAIN_WITHIN_S,
        last_pause_s: float = LAST_PAUSE_S,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """``client``: names the file; two publishers with one name cannot be open at once."""
        self._inner = inner
        self._folder = folder
        self._client = client
        self._writer = SpoolWriter(folder / f"{file_name(client)}.sqlite", limit_mb * 1024 * 1024, self._on_opened)
        self._confirm_within_s = confirm_within_s
        self._drain_within_s = drain_within_s
        self._last_pause_s = last_pause_s
        self._clock = clock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._drainer: asyncio.Task[None] | None = None
        #: Keys of events on the disk, and of those on their way there; by their marks.
        self._spooled = KeyMarks()
        self._unwritten = KeyMarks()
        self._unwritten_bytes = 0
        #: Rows up to here are confirmed, even if they could not be deleted yet.
        self._confirmed_up_to = 0
        self._undeleted = False
        #: Why the file cannot be read now, or "".
        self._unreadable = ""
        self._log_full: str | None = None
        self._closing = False
        self._live = 0
        self._no_live = asyncio.Event()
        self._no_live.set()
        self._more = asyncio.Event()
        self._batch_took_s = 0.0
        self._growth = Growth()
        self._alarmed = False
        #: True from the first failure until the broker confirmed something again.
        self.broker_away = False
        #: Why nothing more is taken into the spool, or "".
        self.refusing = ""
        self.drained_events = 0
        self.confirmed_events = 0
        self.confirmed_at: datetime | None = None
        self.failed_at: datetime | None = None
        self.failure = ""

    async def open(self) -> None:
        """Find what was left here and begin to drain it. Raises SpoolInUseError.

        A disk that cannot be used does not stop it: events then go to the broker only, and opening is tried again.
        """
        self._loop = asyncio.get_running_loop()
        self._writer.start()
        try:
            await self._file(SpoolFile.contents)
        except SpoolRefusedError as error:
            self._unreadable = str(error)
        self._look()
        self._drainer = asyncio.create_task(self._drain())
        metrics.watch_spool(self._client, self, MAX_UNWRITTEN_BYTES)

    async def close(self) -> None:
        """Stop draining and let go of the file; what it holds is drained at the next start."""
        if self._drainer is not None:
            self._closing = True
            self._more.set()
            # What is on its way is given the time to be confirmed: else it would come a second time.
            await asyncio.wait({self._drainer}, timeout=CLOSE_WITHIN_S)
            self._drainer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._drainer
        await asyncio.to_thread(self._writer.close)

    @property
    def events(self) -> int:
        """Events that wait here."""
        return self._spooled.events

    @property
    def bytes(self) -> int:
        """Size of what waits on the disk."""
        return self._writer.measures.contents.bytes

    @property
    def unwritten_bytes(self) -> int:
        """Bytes on their way to the disk."""
        return self._unwritten_bytes

    @property
    def share(self) -> float:
        """How full it is, 0..1: of its bound, or of what the disk has room for if that is less."""
        return share(self._writer.measures)

    @property
    def oldest_s(self) -> float | None:
        """Age of the oldest event that waits, seconds; None when none does."""
        oldest = self._writer.measures.contents.oldest_ms
        return None if oldest is None or not self.events else max(self._clock().timestamp() - oldest / 1000, 0.0)

    @property
    def alarm(self) -> str:
        """What a person has to know now, in words; "" when nothing."""
        told = []
        if self.refusing:
            told.append(f"Nothing more is taken into the spool: {self.refusing}.")
        elif self._unreadable:
            told.append(f"The spool cannot be used: {self._unreadable}.")
        measures = self._writer.measures
        told.append(room_alarm(measures, self.events, self.oldest_s, self._growth.full_in_s(measures)))
        if aside := damaged_in(self._folder):
            told.append(f"A damaged spool was set aside; events may be in it: {', '.join(one.name for one in aside)}.")
        return " ".join(filter(None, told))

    def health(self) -> dict[str, object]:
        """Return what /health tells of it."""
        age, left = self.oldest_s, self._growth.full_in_s(self._writer.measures)
        return {
            "events": self.events,
            "bytes": self.bytes,
            "limit_bytes": self._writer.measures.limit_bytes,
            "share": round(self.share, 4),
            "oldest_s": None if age is None else round(age, 3),
            "full_in_s": None if left is None else round(left),
            "drained_events": self.drained_events,
            "broker_away": self.broker_away,
            "alarm": self.alarm,
        }

    async def publish(self, events: Sequence[Event]) -> None:
        """Return when each event is confirmed by the broker or on this disk; see ``Publisher.publish``.

        Raises SpoolRefusedError (a BrokerUnavailableError) when neither took them, and BackpressureError when the
        broker is there and has too much to do, or its log is full: disk would only put that off.
        """
        live: list[Event] = []
        held: list[Event] = []
        # Open breaker: do not make senders wait for what is known to fail. With nothing to drain, they are the probe.
        all_held = self.broker_away and bool(self._spooled.events + self._unwritten.events) and not self._unreadable
        for event in events:
            (held if all_held or self._waits(event) else live).append(event)
        parts = [part for part in (self._to_broker(live) if live else None, self._to_disk(held) if held else None)
                 if part is not None]  # fmt: skip
        if len(parts) == 1:
            await parts[0]
            return
        for failure in await asyncio.gather(*parts, return_exceptions=True):
            if failure is not None:
                raise failure

    def _waits(self, event: Event) -> bool:
        if not self._spooled.events and not self._unwritten.events:
            return False
        kind = BY_CLASS[type(event)]
        mark = key_mark(kind.name, kind.key_of(event))
        return mark in self._spooled or mark in self._unwritten

    async def _to_broker(self, events: Sequence[Event]) -> None:
        self._live += 1
        self._no_live.clear()
        try:
            async with asyncio.timeout(self._confirm_within_s):
                await self._inner.publish(events)
        except BackpressureError:
            raise
        except (BrokerUnavailableError, TimeoutError) as error:
            self._lost_broker(error)
        else:
            self._confirmed(len(events))
            if not self._spooled.events:
                self._found_broker()
            return
        finally:
            self._live -= 1
            if self._live == 0:
                self._no_live.set()
        await self._to_disk(events)

    async def _to_disk(self, events: Sequence[Event]) -> None:
        if self._log_full is not None:
            raise BackpressureError(self._log_full)
        taken_ms = int(self._clock().timestamp() * 1000)
        rows = []
        for event in events:
            body = encode_event(event)
            if len(body) > MAX_EVENT_BYTES:
                raise ValueError(f"event {event.event_id} has {len(body)} bytes; the limit is {MAX_EVENT_BYTES}")
            kind = BY_CLASS[type(event)]
            rows.append(SpoolRow(kind.name, kind.key_of(event), body, taken_ms))
        size = sum(len(row.body) for row in rows)
        if self._unwritten_bytes + size > max(MAX_UNWRITTEN_BYTES, size):
            raise SpoolRefusedError("too much waits for the disk of this edge")
        marks = [key_mark(row.event_type, row.key) for row in rows]
        self._unwritten.add(marks)
        self._unwritten_bytes += size
        done = self._writer.append(rows)
        self._afterwards(done, lambda error: self._written(marks, size, error))
        await asyncio.shield(asyncio.wrap_future(done))  # a sender that goes away changes nothing for the writer

    def _written(self, marks: Sequence[int], size: int, error: BaseException | None) -> None:
        self._unwritten.remove(marks)
        self._unwritten_bytes -= size
        if error is None:
            self._spooled.add(marks)
            self._more.set()
            self._set_refusing("")
        else:
            self._set_refusing(str(error))
        self._watch()

    async def _drain(self) -> None:
        pause = FIRST_PAUSE_S
        while not self._closing:
            try:
                delivered = await self._drain_batch()
            except BackpressureError as error:
                self._log_full = str(error)
            except (BrokerUnavailableError, TimeoutError) as error:
                if isinstance(error, SpoolRefusedError):
                    self._unreadable = str(error)
                else:
                    self._log_full = None
                    self._lost_broker(error)
            except Exception as error:
                # Whatever it is, the events stay where they are. Its text may hold content.
                log.error("spool could not be drained", kind=type(error).__name__)
            else:
                pause = FIRST_PAUSE_S
                if not delivered and not self._closing:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._more.wait(), LOOK_EVERY_S)
                continue
            self._look()
            await asyncio.sleep(min(pause, self._last_pause_s))
            pause *= 2

    async def _drain_batch(self) -> bool:
        """Bring the oldest events to the broker; False when there are none."""
        after = self._confirmed_up_to
        self._more.clear()
        batch = await self._file(lambda file: file.read(after, BATCH_EVENTS, BATCH_BYTES))
        self._unreadable = ""
        self._look()
        if not batch:
            self._log_full = None
            if self._undeleted:
                await self._forget([])
            return False
        await self._give_way()
        began = time.monotonic()
        async with asyncio.timeout(self._drain_within_s):
            await self._inner.publish([_event(waiting) for waiting in batch])
        self._batch_took_s = time.monotonic() - began
        self._log_full = None
        self._confirmed(len(batch))
        self.drained_events += len(batch)
        metrics.SPOOL_DRAINED.labels(self._client).inc(len(batch))
        self._found_broker()
        self._confirmed_up_to = batch[-1].seq
        await self._forget(batch)
        return True

    async def _give_way(self) -> None:
        if self._live:
            patience = min(max(GIVE_WAY_S, self._batch_took_s), GIVE_WAY_AT_MOST_S)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._no_live.wait(), patience)

    async def _forget(self, batch: Sequence[Waiting]) -> None:
        """Delete what is confirmed. A full disk may forbid that: then later, and until then it is not read again."""
        up_to = self._confirmed_up_to
        marks = [key_mark(waiting.row.event_type, waiting.row.key) for waiting in batch]

        def delete(file: SpoolFile) -> int:
            file.delete(up_to)
            return file.contents().events

        done = self._writer.call(delete)
        self._afterwards(done, lambda error: self._forgotten(marks, None if error else done.result()))
        with contextlib.suppress(SpoolRefusedError):
            await asyncio.shield(asyncio.wrap_future(done))

    def _forgotten(self, marks: Sequence[int], left: int | None) -> None:
        self._undeleted = left is None
        self._spooled.remove(marks)
        if left == 0:
            self._spooled.clear()
        if left is not None:
            self._set_refusing("")
        self._watch()

    def _on_opened(self, marks: KeyMarks) -> None:
        """Called by the writer's thread: the file says what waits, whatever was believed before."""

        def learn() -> None:
            self._spooled = marks
            self._more.set()

        if self._loop is not None:
            self._call_soon(learn)

    def _afterwards(self, done: Future[Any], tell: Callable[[BaseException | None], None]) -> None:
        # Through the loop, so that it hears of commits in their order.
        done.add_done_callback(lambda future: self._call_soon(lambda: tell(future.exception())))

    def _call_soon(self, call: Callable[[], None]) -> None:
        assert self._loop is not None
        with contextlib.suppress(RuntimeError):  # the loop was closed: nobody listens any more
            self._loop.call_soon_threadsafe(call)

    async def _file(self, run: Callable[[SpoolFile], T]) -> T:
        return await asyncio.shield(asyncio.wrap_future(self._writer.call(run)))

    def _confirmed(self, count: int) -> None:
        self.confirmed_events += count
        self.confirmed_at = self._clock()

    def _lost_broker(self, error: Exception) -> None:
        self.failed_at = self._clock()
        self.failure = str(error)[:300] or type(error).__name__
        if not self.broker_away:
            self.broker_away = True
            log.warning("broker does not confirm: events are kept in the spool", why=self.failure)

    def _found_broker(self) -> None:
        if self.broker_away:
            self.broker_away = False
            log.warning("broker confirms again", waiting=self.events)

    def _set_refusing(self, why: str) -> None:
        if why and not self.refusing:
            log.error("spool takes no more events", why=why, waiting=self.events)
        elif self.refusing and not why:
            log.warning("spool takes events again", waiting=self.events)
        self.refusing = why

    def _look(self) -> None:
        """Remember how large it is, for the rate, and raise or end the alarm."""
        self._growth.look(self.bytes)
        self._watch()

    def _watch(self) -> None:
        alarmed = bool(room_alarm(self._writer.measures, self.events, None, None))
        if alarmed and not self._alarmed:
            log.error("spool has less than half of its room left", share=round(self.share, 3), events=self.events,
                      oldest_s=self.oldest_s, disk_free_mb=self._writer.measures.free_bytes // 1_000_000)  # fmt: skip
        elif self._alarmed and not alarmed:
            log.warning("spool has room again", share=round(self.share, 3), events=self.events)
        self._alarmed = alarmed


def file_name(client: str) -> str:
    """Return a client's name as that of a file; two different names never make the same one."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "-", client)[:80]
    return plain if plain == client else f"{plain}-{hashlib.sha256(client.encode()).hexdigest()[:10]}"


def _event(waiting: Waiting) -> Event:
    """Return the event of a row; a dead letter with its bytes if this version cannot read them any more."""
    row = waiting.row
    try:
        event: Event = _decoders[row.event_type].decode(row.body)
    except (KeyError, msgspec.MsgspecError) as error:
        return undecodable(row, error)
    return event
