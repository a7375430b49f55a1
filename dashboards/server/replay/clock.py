"""The clock of a replay: it runs at a speed, stands still, and never runs ahead of what was read."""

from __future__ import annotations

from collections.abc import Callable

#: How many times as fast as life.
SPEEDS = (1, 2, 5, 10, 30, 60)
#: A round that came later than this does not make the replay jump, seconds.
LONGEST_ROUND_S = 1.0


class PlayClock:
    """``at``: the replayed moment, seconds since 1970. It moves only in ``advance``, so that all that one round tells
    has one time."""

    def __init__(self, at: float, mono: Callable[[], float], *, speed: int = 1, is_playing: bool = True) -> None:
        self.at = at
        self.speed = speed
        self.is_playing = is_playing
        self._mono = mono
        self._before = mono()

    def __call__(self) -> float:
        """Return the replayed moment, as a hub asks for the time."""
        return self.at

    def advance(self, known_until: float) -> None:
        """Go on for as long as it is since the last call, at most until ``known_until``."""
        now = self._mono()
        passed = min(now - self._before, LONGEST_ROUND_S)
        self._before = now
        if self.is_playing:
            self.at = max(self.at, min(self.at + passed * self.speed, known_until))
