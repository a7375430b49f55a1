"""What a worker has done, noted where it happens: what it holds, what it acknowledged. Read by whoever watches it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from pipeline.message import Message

#: A topic and one of its partitions.
Place = tuple[str, int]


class Held(NamedTuple):
    """A message that is worked on: where it stands, and when it came into the log (epoch ms; 0: not known)."""

    place: Place
    offset: int
    logged_ms: int


class Progress:
    """Written by the worker, read by any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[tuple[str, int, int], tuple[float, int]] = {}
        self._done: dict[str, float] = {}
        self._last: dict[Place, tuple[int, int]] = {}
        self._acknowledged: dict[Place, int] = {}

    def taken(self, message: Message) -> None:
        """A message was taken from the log and is worked on."""
        with self._lock:
            self._held[message.topic, message.partition, message.offset] = (self._clock(), message.timestamp_ms)

    def done(self, message: Message, *, acknowledged: bool) -> None:
        """All a message led to is durable. ``acknowledged``: it was still ours to acknowledge."""
        place = (message.topic, message.partition)
        with self._lock:
            self._held.pop((message.topic, message.partition, message.offset), None)
            self._done[message.topic] = self._clock()
            self._last[place] = (message.offset, message.timestamp_ms)
            if acknowledged:
                self._acknowledged[place] = message.offset + 1

    def forget_held(self) -> None:
        """What is held now will be read again."""
        with self._lock:
            self._held.clear()

    @property
    def held(self) -> int:
        """Messages taken and not done."""
        return len(self._held)

    @property
    def oldest_s(self) -> float:
        """Seconds since the oldest message that is still held was taken; 0 when nothing is held."""
        with self._lock:
            since = min((taken for taken, _ in self._held.values()), default=None)
        return 0.0 if since is None else self._clock() - since

    def holding(self, topic: str) -> list[Held]:
        """Return what is held of a topic."""
        with self._lock:
            return [
                Held((name, partition), offset, logged_ms)
                for (name, partition, offset), (_, logged_ms) in self._held.items()
                if name == topic
            ]

    def done_ago_s(self, topic: str) -> float | None:
        """Return the seconds since a message of a topic was last done; None when none was."""
        with self._lock:
            at = self._done.get(topic)
        return None if at is None else self._clock() - at

    def last_done(self, place: Place) -> tuple[int, int] | None:
        """Return the offset of the last message done in a partition, and when it came into the log (epoch ms)."""
        with self._lock:
            return self._last.get(place)

    def acknowledged_to(self, place: Place) -> int | None:
        """Return the offset after the last message acknowledged in a partition; None when none was."""
        with self._lock:
            return self._acknowledged.get(place)
