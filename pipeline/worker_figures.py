"""Where a worker stands in its partitions: how far behind the log, in messages and in seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from typing import Any

from pipeline.message import Message
from pipeline.metrics import ASSIGNED, HELD_SECONDS, LAG_MESSAGES, LAG_SECONDS
from pipeline.progress import Held, Place, Progress
from schemas.event_type import EventType
from schemas.metrics import STAGE_SECONDS


class WorkerFigures:
    """Asked, from another thread, when figures are scraped.

    ``assigned``: the places this worker has now. ``end``: the offset after the last message of a place, as of the last
    fetch; None when not known. ``committed``: the first offset not committed when the place was assigned, or None.
    """

    def __init__(
        self,
        progress: Progress,
        *,
        assigned: Callable[[], Collection[Place]],
        end: Callable[[Place], int | None],
        committed: Callable[[Place], int | None],
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.progress = progress
        self.assigned = assigned
        self._end = end
        self._committed = committed
        self._wall = wall

    def took_s(self, message: Message) -> float | None:
        """Return how long ago a message came into the log, seconds, if known."""
        return None if not message.timestamp_ms else max(self._wall() - message.timestamp_ms / 1000, 0.0)

    def behind(self, topic: str) -> int:
        """Return how many messages of the places assigned here are not acknowledged."""
        held = self.progress.holding(topic)
        return sum(self._behind(place, held) for place in self._places(topic))

    def behind_s(self, topic: str) -> float:
        """Return how far back in time this worker is in a topic, seconds; see the metric's own words."""
        places = self._places(topic)
        held = self.progress.holding(topic)
        times = [one.logged_ms for one in held if one.place in places and one.logged_ms]
        if not times:
            last = {place: done for place in places if (done := self.progress.last_done(place)) is not None}
            times = [logged_ms for place, (_, logged_ms) in last.items() if self._behind(place, held)]
        return max(self._wall() - min(times) / 1000, 0.0) if times else 0.0

    def _places(self, topic: str) -> set[Place]:
        return {place for place in self.assigned() if place[0] == topic}

    def _behind(self, place: Place, held: Sequence[Held]) -> int:
        end = self._end(place)
        if end is None:
            return 0
        last = self.progress.last_done(place)
        if last is not None:
            done = last[0] + 1
        else:
            first = min((one.offset for one in held if one.place == place), default=None)
            committed = self._committed(place)
            done = first if first is not None else committed if committed is not None else end
        return max(end - done, 0)


def watch_worker(figures: WorkerFigures, group: str, kinds: Sequence[EventType[Any]]) -> None:
    """Tell of a worker from now on."""
    for kind in kinds:
        LAG_MESSAGES.labels(group, kind.name).set_function(_for(figures.behind, kind.topic))
        LAG_SECONDS.labels(group, kind.name).set_function(_for(figures.behind_s, kind.topic))
    ASSIGNED.labels(group).set_function(lambda: len(figures.assigned()))
    HELD_SECONDS.labels(group).set_function(lambda: figures.progress.oldest_s)


def _for(ask: Callable[[str], float], topic: str) -> Callable[[], float]:
    return lambda: ask(topic)


def stage_of(stage: str, kinds: Sequence[EventType[Any]]) -> dict[str, Any]:
    """Return the histogram of a stage by topic, looked up once."""
    return {kind.topic: STAGE_SECONDS.labels(stage, kind.name) for kind in kinds}
