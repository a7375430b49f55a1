"""What a worker has done, noted where it happens: what it holds, what it acknowledged. Read by whoever watches it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from pipeline.message import Message

#: A topic and one of its partitions.
Place = tuple[str, int]


class Progress:
    """Written by the event loop, read by any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[tuple[str, int, int], float] = {}
        self._done: dict[str, float] = {}
        self._acknowledged: dict[Place, int] = {}

    def taken(self, message: Message) -> None:
        """A message was taken from the log and is worked on."""
        with self._lock:
            self._held[message.topic, message.partition, message.offset] = self._clock()

    def done(self, message: Message, *, acknowledged: bool) -> None:
        """All a message led to is durable. ``acknowledged``: it was still ours to acknowledge."""
        with self._lock:
            self._held.pop((message.topic, message.partition, message.offset), None)
            self._done[message.topic] = self._clock()
            if acknowledged:
                self._acknowledged[message.topic, message.partition] = message.offset + 1

    @property
    def oldest_s(self) -> float:
        """Seconds since the oldest message that is still held was taken; 0 when nothing is held."""
        with self._lock:
            since = min(self._held.values(), default=None)
        return 0.0 if since is None else self._clock() - since

    def done_ago_s(self, topic: str) -> float | None:
        """Return the seconds since a message of a topic was last done; None when none was."""
        with self._lock:
            at = self._done.get(topic)
        return None if at is None else self._clock() - at

    def acknowledged_to(self, place: Place) -> int | None:
        """Return the offset after the last message acknowledged in a partition; None when none was."""
        with self._lock:
            return self._acknowledged.get(place)
