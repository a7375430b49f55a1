"""What a worker must know of a partition's past before it can judge its sightings well.

The log has it: when the first message of a partition comes, or one that does not follow the last, the sightings of the
time before it are read back beside the stream, in pieces with rests, and folded in. Nothing waits for that: Faust has
one fetch for all topics, so a stream that is held up holds up plate reads as well. What is judged meanwhile says
"history incomplete", and is judged again, in its turn, as the reading comes to it; so is what the last minutes of
another worker may not have raised. Ids make one of what is said twice.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import structlog
from msgspec import Struct

from pipeline.ending import end_process
from pipeline.message import Message, Outgoing
from pipeline.processors.paths import PlatePaths
from pipeline.state.paths import WINDOW_S
from schemas.events.alert import Alert
from schemas.events.sighting import PASSING, SIGHTING, Sighting
from schemas.faults import kind_and_place
from schemas.wire.frame import FrameDecoder
from schemas.wire.publisher import BrokerUnavailableError
from schemas.wire.reader import LogReader

log = structlog.get_logger(__name__)

#: Reading back is given up after this time, seconds: then history begins now.
GIVE_UP_S = 300.0
#: After each frame of history the worker does other things for this many times as long as the frame took.
REST = 2.0


class PastLog(Struct, frozen=True):
    """An open reader of one partition of the sightings. ``known_since``: epoch seconds from which on the log has all
    of them; None when it is as old as its first message."""

    reader: LogReader
    known_since: float | None


#: Opens the log of a partition so far back (epoch seconds). May raise BrokerUnavailableError.
OpenPast = Callable[[int, float], PastLog]


class _Frame(Struct, frozen=True):
    offset: int
    at: float
    events: list[Sighting]


class PathHistory:
    """Reads back what was before. ``announce`` makes alerts durable. On one event loop.

    ``sightings`` counts those read back, ``passed_over`` the messages that were too old to say anything.
    """

    def __init__(
        self,
        paths: PlatePaths,
        open_past: OpenPast,
        announce: Callable[[Sequence[Alert]], Awaitable[None]],
        *,
        wall: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.sightings = 0
        self.passed_over = 0
        self._paths = paths
        self._open_past = open_past
        self._announce = announce
        self._wall = wall
        self._clock = clock
        #: By partition the offset that comes next.
        self._next: dict[int, int] = {}
        self._reading: dict[int, asyncio.Task[None]] = {}
        self._decoder = FrameDecoder(PASSING)

    async def judge(
        self, message: Message, judge: Callable[[Message], Awaitable[Sequence[Outgoing]]]
    ) -> Sequence[Outgoing]:
        """Return what ``judge`` makes of a message; begin to read back what was before it, where that is not known."""
        if message.timestamp_ms and message.timestamp_ms / 1000 < self._wall() - 2 * WINDOW_S:
            # Of sightings so old no rule speaks, and no later path begins so early. A version that did not have these
            # rules leaves a week of them behind.
            self.passed_over += 1
            return ()
        partition = message.partition
        due = self._next.get(partition)
        if due is None or message.offset > due:
            self._begin(partition)
            self._next[partition] = message.offset
        made = await judge(message)
        self._next[partition] = max(message.offset + 1, self._next.get(partition, 0))
        return made

    def keep_only(self, partitions: frozenset[int]) -> None:
        """Let go of what is known of partitions that are no longer ours."""
        for gone in [one for one in self._next if one not in partitions]:
            del self._next[gone]
            if (task := self._reading.pop(gone, None)) is not None:
                task.cancel()
        self._paths.forget_all_but(partitions)

    async def known(self) -> None:
        """Wait until all that is being read back is known."""
        await asyncio.gather(*self._reading.values())

    def _begin(self, partition: int) -> None:
        if (before := self._reading.pop(partition, None)) is not None:
            before.cancel()
        self._paths.begin(partition)
        self._reading[partition] = asyncio.create_task(self._know(partition), name=f"paths-{partition}")

    async def _know(self, partition: int) -> None:
        before = self.sightings
        past: PastLog | None = None
        known: float | None = None
        try:
            since = self._wall() - WINDOW_S
            past = await asyncio.to_thread(self._open_past, partition, since)
            known = await self._read(partition, past, since)
        except BrokerUnavailableError as error:
            log.warning("the sightings of before cannot be read", partition=partition, why=str(error))
        except Exception as error:
            # Among others: alerts that were not confirmed. Whoever comes next reads the same again.
            end_process(f"paths could not be read back: {kind_and_place(error)}", partition=partition)
        finally:
            if past is not None:
                await asyncio.to_thread(past.reader.close)
        if known is None:
            log.warning("paths begin without all that was before", partition=partition)
        else:
            log.info("paths of before are known", partition=partition, sightings=self.sightings - before)
        self._paths.known_since(partition, self._wall() if known is None else known)

    async def _read(self, partition: int, past: PastLog, since: float) -> float | None:
        """Fold in the log up to where the stream is; return since when nothing is missing, None if time ran out."""
        place, until = (SIGHTING.topic, partition), self._clock() + GIVE_UP_S
        known = past.known_since
        while past.reader.position.get(place, self._next[partition]) < self._next[partition]:
            if self._clock() > until:
                return None
            for frame in await asyncio.to_thread(self._poll, past.reader, since):
                # The stream goes on meanwhile: whatever it has judged is judged again here, until both are level.
                if frame.offset >= self._next[partition]:
                    return self._wall() if known is None else known
                known = frame.at if known is None else known
                began = self._clock()
                self.sightings += len(frame.events)
                if alerts := self._paths.judge_again(partition, frame.events, known):
                    await self._announce(alerts)
                await asyncio.sleep((self._clock() - began) * REST)
        return self._wall() if known is None else known

    def _poll(self, reader: LogReader, since: float) -> list[_Frame]:
        return [
            _Frame(record.offset, record.timestamp_ms / 1000, self._decoder.decode(record.value).events)
            for record in reader.poll(0.2)
            if record.timestamp_ms / 1000 >= since
        ]
