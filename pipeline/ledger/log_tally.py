"""The hop "in the log": what was read from the topics, in buckets, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from msgspec import Struct

from pipeline.ledger.bucket import Bucket, Tally
from schemas.canary import is_canary
from schemas.envelope import Event
from schemas.event_type import EventType, Push
from schemas.events.plate_read import PLATE_READ
from schemas.id_digest import MASK
from schemas.identity import identity
from schemas.wire.frame import FrameDecoder

#: Buckets held; at 40 sources of 14 types that is a day of minutes and more. About 60 MB when all are there.
MAX_BUCKETS = 100_000

#: Reads the envelope only: a few fields of an event cost a fraction of all of them.
_ENVELOPE: EventType[Event] = EventType(
    name="envelope", cls=Event, topic="", key="event_id", table=None, push=Push.NONE
)
_decoder = FrameDecoder(_ENVELOPE)


class _Read(Event, frozen=True, kw_only=True, gc=False):
    plate: str = ""


_READ: EventType[_Read] = EventType(name="read", cls=_Read, topic="", key="event_id", table=None, push=Push.NONE)
_read_decoder = FrameDecoder(_READ)

#: The source under which is counted what has no readable envelope.
UNREADABLE = "(unreadable)"


class Entry(Struct, frozen=True):
    """One event in the log: its bucket, id, and place in its frame (-1: the whole frame)."""

    bucket: Bucket
    event_id: UUID
    index: int


class Logged(Struct):
    """A bucket in the log. ``offsets``: lowest and highest offset by partition; ``changed_at``: epoch seconds."""

    count: int = 0
    digest: int = 0
    changed_at: float = 0.0
    offsets: dict[int, tuple[int, int]] = {}

    @property
    def tally(self) -> Tally:
        """Count and digest."""
        return Tally(self.count, self.digest)


def entries(kind: EventType, partition: int, offset: int, value: bytes | None, sent_ms: int) -> Iterator[Entry]:  # type: ignore[type-arg]
    """Yield the events of one Kafka message, without canaries.

    What has no envelope is an entry too, in the minute in which the message was sent, under the id of the dead letter
    that must be made of it.
    """
    reads = kind is PLATE_READ
    frame = (_read_decoder if reads else _decoder).decode(value)
    for place, event in zip(frame.places, frame.events, strict=True):
        if reads and is_canary(event):
            continue  # no table of reads has it
        bucket = Bucket(kind.name, event.source, int(event.observed_at.timestamp() // 60))
        yield Entry(bucket, event.event_id, place)
    for rejected in frame.rejected:
        event_id = identity("dead_letter", kind.topic, partition, offset, rejected.index, "decode")
        yield Entry(Bucket(kind.name, UNREADABLE, sent_ms // 60_000), event_id, rejected.index)


class LogTally:
    """The buckets of a window of minutes. Not thread-safe: its owner locks.

    ``complete_from``: epoch seconds from which on the log is known to have been read whole; None: not known.
    ``overflown``: buckets were refused because there were too many; nothing may be called balanced then.
    """

    def __init__(self, max_buckets: int = MAX_BUCKETS) -> None:
        self.buckets: dict[Bucket, Logged] = {}
        self.complete_from: float | None = None
        self.overflown = False
        self._max_buckets = max_buckets

    def add(self, entry: Entry, partition: int, offset: int, at: float) -> None:
        """Count one event, read at ``at`` (epoch seconds)."""
        found = self.buckets.get(entry.bucket)
        if found is None:
            if len(self.buckets) >= self._max_buckets:
                self.overflown = True
                return
            found = self.buckets[entry.bucket] = Logged()
        found.count += 1
        found.digest = (found.digest + entry.event_id.int) & MASK
        found.changed_at = at
        low, high = found.offsets.get(partition, (offset, offset))
        found.offsets[partition] = (min(low, offset), max(high, offset))

    def forget_before(self, minute: int) -> None:
        """Let go of the buckets of older minutes."""
        for bucket in [one for one in self.buckets if one.minute < minute]:
            del self.buckets[bucket]

    def covers(self, minute: int) -> bool:
        """Return whether all that was sent in this minute or later has been read."""
        return not self.overflown and self.complete_from is not None and minute * 60 >= self.complete_from
