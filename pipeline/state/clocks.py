"""How far a camera's clock is from ours, told from its reads; nothing is ever corrected by it.

A read reaches us some time after it was made, never before. So of a camera's recent reads the one with the least delay
says most: when even that one came "before" it was made, the clock is ahead; when even that one is half a minute old,
the clock is behind, or whatever brings the reads is late. Which of the two cannot be told from here, and need not be:
such times are not held against those of others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from pipeline.state.recent import Recent
from schemas.events.plate_read import PlateRead

#: Reads of a camera that are looked at, the latest, and how many it takes before anything is said.
LATEST, ENOUGH = 32, 8
#: A clock further off than this is told; further than that its reads are not held against incidents. Seconds
#: (issue: late and skewed reads).
TOLD_S, QUARANTINED_S = 2.0, 30.0


class Clocks:
    """The delays of each camera's latest reads. In memory of one worker, which sees a share of each camera's reads."""

    def __init__(self) -> None:
        self._delays: Recent[tuple[str, str], _Delays] = Recent()

    def skews(self, reads: Sequence[PlateRead]) -> list[float | None]:
        """Take note of these reads; return for each how far its camera's clock is off, in seconds.

        Positive: ahead of ours. None: not known yet, or no more than ``TOLD_S``.
        """
        told: list[float | None] = []
        get = self._delays.get
        for read in reads:
            key = (read.source, read.camera_id)
            delays = get(key)
            if delays is None:
                self._delays.keep(key, delays := _Delays())
            least = delays.add((read.observed_at - read.occurred_at).total_seconds())
            told.append(None if least is None or -TOLD_S <= least <= TOLD_S else round(-least, 1))
        return told


class _Delays:
    """The least of the latest delays, seconds.

    ``_least``: delays with their numbers, growing; one that a later and lesser one followed can never be the least
    again and is not kept. So each is put in and taken out once, however many are looked at.
    """

    __slots__ = ("_least", "_number")

    def __init__(self) -> None:
        self._number = 0
        self._least: deque[tuple[float, int]] = deque()

    def add(self, delay: float) -> float | None:
        """Take one in; return the least, or None while there are too few."""
        number = self._number = self._number + 1
        least = self._least
        while least and least[-1][0] >= delay:
            least.pop()
        least.append((delay, number))
        if least[0][1] <= number - LATEST:
            least.popleft()
        return least[0][0] if number >= ENOUGH else None


def is_quarantined(skew_s: float | None) -> bool:
    """Return whether the times of a camera so far off are not to be held against those of others."""
    return skew_s is not None and abs(skew_s) > QUARANTINED_S
