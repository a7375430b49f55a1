"""How long the oldest message that a consumer group has not acknowledged has waited, in seconds, by topic."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from pipeline.progress import Place
from pipeline.stall import Standing

#: Partitions whose oldest message is read at one look; those with the most messages waiting.
READ_AT_ONCE = 8


class Log(Protocol):
    """Asks the broker, blocking. Every method may raise BrokerUnavailableError."""

    def standing(self) -> Mapping[Place, Standing]:
        """Return how every partition of the group's topics stands."""
        ...

    def sent_at(self, offsets: Mapping[Place, int]) -> Mapping[Place, float]:
        """Return when the message at these offsets, or the next one, was sent, epoch seconds; no entry: none there."""
        ...


class LagGauge:
    """Looks at one group. A look costs two requests, and a fetch only for partitions that have waited for a whole look.

    ``behind_s`` is the last look's answer by topic; topics without anything that waits are left out.
    """

    def __init__(self, log: Log, wall: Callable[[], float] = time.time) -> None:
        self.behind_s: dict[str, float] = {}
        self._log = log
        self._wall = wall
        self._ends: dict[Place, int] | None = None
        self._holes: dict[Place, int] = {}

    @property
    def worst_s(self) -> float:
        """Seconds by the last look, of whichever topic is furthest behind; 0 when nothing waits."""
        return max(self.behind_s.values(), default=0.0)

    def look(self) -> Mapping[Place, Standing]:
        """Look, every second or so; return how the partitions stand. Raises BrokerUnavailableError."""
        standing = self._log.standing()
        before = self._ends
        # What was in the log at the look before and is not acknowledged now has waited; what is younger is in flight.
        waiting = {
            place: one
            for place, one in standing.items()
            if max(one.committed, self._holes.get(place, 0))
            < (one.end if before is None else min(one.end, before.get(place, one.end)))
        }
        self._ends = {place: one.end for place, one in standing.items()}
        most = sorted(waiting, key=lambda place: waiting[place].committed - waiting[place].end)[:READ_AT_ONCE]
        behind: dict[str, float] = {}
        if most:
            now = self._wall()
            sent = self._log.sent_at({place: waiting[place].committed for place in most})
            for (topic, _), at in sent.items():
                behind[topic] = max(behind.get(topic, 0.0), now - at)
            # Nothing can be read up to the end (compaction, an aborted batch): that is not asked for again.
            self._holes.update({place: waiting[place].end for place in most if place not in sent})
        self.behind_s = behind
        return standing
