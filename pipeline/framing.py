"""Events grouped into the frames that carry them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.message import Outgoing
from schemas.envelope import Event
from schemas.event_type import EventType
from schemas.registry import BY_CLASS
from schemas.wire.frame import MAX_BYTES, MAX_EVENTS, encode_event, frame_headers, join_frame
from schemas.wire.partition import partition_of

_NOWHERE: Mapping[str, int] = {}


def frames(events: Sequence[Event], partitions: int, homes: Mapping[str, int] = _NOWHERE) -> list[Outgoing]:
    """Return the frames that carry these events, keeping the order of each key.

    ``partitions``: of every topic. ``homes``: the partition of keys that is known already, because what caused these
    events came from there; the hash of such a key need not be worked out again.
    """
    building: dict[tuple[str, int], _Frame] = {}
    done: list[Outgoing] = []
    for event in events:
        kind = BY_CLASS[type(event)]
        key = kind.key_of(event)
        partition = homes.get(key)
        if partition is None:
            partition = partition_of(key, partitions)
        encoded = encode_event(event)
        place = (kind.topic, partition)
        frame = building.get(place)
        if frame is None or not frame.fits(key, len(encoded)):
            if frame is not None:
                done.append(frame.close(partition))
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
