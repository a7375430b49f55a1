"""Events grouped into the frames that carry them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline.message import Outgoing
from schemas.envelope import Event
from schemas.event_type import EventType
from schemas.registry import BY_CLASS
from schemas.wire.frame import MAX_BYTES, MAX_EVENTS, encode_event, frame_headers, join_frame
from schemas.wire.partition import partition_of


def frames(events: Sequence[Event], partitions: int, home: tuple[Sequence[str], int] | None = None) -> list[Outgoing]:
    """Return the frames that carry these events, keeping the order of each key.

    ``partitions``: of every topic. ``home``: for each event the key of what caused it, and the partition that came
    from; an event with the same key goes to the same partition, so its hash need not be worked out again.
    """
    building: dict[tuple[str, int], _Frame] = {}
    done: list[Outgoing] = []
    for at, event in enumerate(events):
        kind = BY_CLASS[type(event)]
        key = kind.key_of(event)
        partition = home[1] if home is not None and home[0][at] == key else partition_of(key, partitions)
        encoded = encode_event(event)
        place = (kind.topic, partition)
        frame = building.get(place)
        if frame is not None and not frame.fits(key, len(encoded)):
            done.append(frame.close(partition))
            frame = None
        if frame is None:
            frame = building[place] = _Frame(kind, event, key)
        frame.encoded.append(encoded)
        frame.size += len(encoded) + 1
    return done + [frame.close(place[1]) for place, frame in building.items()]


class _Frame:
    """A frame being filled."""

    __slots__ = ("encoded", "first", "key", "kind", "size")

    def __init__(self, kind: EventType[Any], first: Event, key: str) -> None:
        self.kind = kind
        self.first = first
        self.key = key
        self.encoded: list[bytes] = []
        self.size = 2

    def fits(self, key: str, size: int) -> bool:
        # A compacted topic keeps one message a key, so there a frame may hold one key only.
        if self.kind.compacted and key != self.key:
            return False
        return len(self.encoded) < MAX_EVENTS and self.size + size + 1 <= MAX_BYTES

    def close(self, partition: int) -> Outgoing:
        return Outgoing(
            self.kind.topic,
            partition,
            self.key.encode(),
            join_frame(self.encoded),
            frame_headers(self.kind, self.first, len(self.encoded)),
        )
