"""When a measured process began, was half way, and was done: by its own CPU clock and by the wall's."""

from __future__ import annotations

import time
from collections.abc import Callable

#: CPU seconds of the whole process (all threads, user and system), and the wall's.
Clock = Callable[[], float]


class Meter:
    """Counts events and keeps three marks of (events, CPU seconds, wall seconds). Cheap: it runs for every event."""

    __slots__ = ("_cpu", "_next", "_total", "_wall", "events", "marks")

    def __init__(self, total: int, cpu: Clock = time.process_time, wall: Clock = time.perf_counter) -> None:
        self.events = 0
        self.marks: list[tuple[int, float, float]] = []
        self._total = total
        self._next = max(1, total // 2)
        self._cpu = cpu
        self._wall = wall

    def begin(self) -> None:
        """Mark the beginning, when called for the first time: before the first event is worked on."""
        if not self.marks:
            self._mark()

    def took(self, count: int = 1) -> bool:
        """Count events that were worked on. Return whether all have been."""
        self.events += count
        if self.events < self._next:
            return False
        if len(self.marks) < 2:
            self._mark()
            self._next = self._total
        return self.events >= self._total

    def end(self) -> None:
        """Mark the end, once."""
        if len(self.marks) < 3:
            self._mark()

    def _mark(self) -> None:
        self.marks.append((self.events, self._cpu(), self._wall()))
