"""Where a worker stands in its partitions: how far behind the log, in messages and in seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from typing import Any

from pipeline.message import Message
from pipeline.metrics import ASSIGNED, HELD_SECONDS, LAG_MESSAGES, LAG_SECONDS
from schemas.event_type import EventType
from schemas.metrics import STAGE_SECONDS

#: A topic and the number of its partition.
Place = tuple[str, int]


class WorkerFigures:
    """Fed by the engine for every message; asked, from another thread, when figures are scraped.

    ``assigned``: the places this worker has now. ``end``: the offset after the last message of a place, as of the last
    fetch; None when not known. ``committed``: the first offset not committed when the place was assigned, or None.
    """

    def __init__(
        self,
        *,
        assigned: Callable[[], Collection[Place]],
        end: Callable[[Place], int | None],
        committed: Callable[[Place], int | None],
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._assigned = assigned
        self._end = end
        self._committed = committed
        self._wall = wall
        #: When each message held here came into the log, epoch ms, by its place and offset.
        self._held: dict[tuple[str, int, int], int] = {}
        #: Offset and log time of the last message acknowledged in each place.
        self._last: dict[Place, tuple[int, int]] = {}

    def taken(self, message: Message) -> None:
        """A message was taken from the log."""
        self._held[message.topic, message.partition, message.offset] = message.timestamp_ms

    def acknowledged(self, message: Message) -> float | None:
        """All it led to is durable; returns how long that took since it came into the log, seconds, if known."""
        self._held.pop((message.topic, message.partition, message.offset), None)
        self._last[message.topic, message.partition] = (message.offset, message.timestamp_ms)
        return None if not message.timestamp_ms else max(self._wall() - message.timestamp_ms / 1000, 0.0)

    def forget(self) -> None:
        """What is held now will be read again."""
        self._held.clear()

    @property
    def held(self) -> int:
        """Messages taken and not acknowledged."""
        return len(self._held)

    def behind(self, topic: str) -> int:
        """Return how many messages of the places assigned here are not acknowledged."""
        return sum(self._behind(place) for place in self._places(topic))

    def behind_s(self, topic: str) -> float:
        """Return how far back in time this worker is in a topic, seconds; see the metric's own words."""
        places = self._places(topic)
        times = [at for (name, part, _), at in list(self._held.items()) if (name, part) in places and at]
        if not times:
            times = [self._last[place][1] for place in places if place in self._last and self._behind(place)]
        return max(self._wall() - min(times) / 1000, 0.0) if times else 0.0

    def _places(self, topic: str) -> set[Place]:
        return {place for place in self._assigned() if place[0] == topic}

    def _behind(self, place: Place) -> int:
        end = self._end(place)
        if end is None:
            return 0
        known = self._last.get(place)
        if known is not None:
            done = known[0] + 1
        else:
            first = min((key[2] for key in list(self._held) if key[:2] == place), default=None)
            committed = self._committed(place)
            done = first if first is not None else committed if committed is not None else end
        return max(end - done, 0)


def watch_worker(
    figures: WorkerFigures, group: str, kinds: Sequence[EventType[Any]], oldest_s: Callable[[], float]
) -> None:
    """Tell of a worker from now on."""
    for kind in kinds:
        LAG_MESSAGES.labels(group, kind.name).set_function(_for(figures.behind, kind.topic))
        LAG_SECONDS.labels(group, kind.name).set_function(_for(figures.behind_s, kind.topic))
    ASSIGNED.labels(group).set_function(lambda: len(figures._assigned()))
    HELD_SECONDS.labels(group).set_function(oldest_s)


def _for(ask: Callable[[str], float], topic: str) -> Callable[[], float]:
    return lambda: ask(topic)


def stage_of(stage: str, kinds: Sequence[EventType[Any]]) -> dict[str, Any]:
    """Return the histogram of a stage by topic, looked up once."""
    return {kind.topic: STAGE_SECONDS.labels(stage, kind.name) for kind in kinds}
