"""Which keys wait: counted by 8 bytes each, so that a full spool costs some 100 bytes of memory for each key in it."""

from __future__ import annotations

from collections.abc import Iterable


def key_mark(event_type: str, key: str) -> int:
    """Return what stands for a key in memory. Two keys with one mark only wait for each other."""
    return hash((event_type, key))


class KeyMarks:
    """Counts events by the marks of their keys."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self.events = 0

    def __contains__(self, mark: int) -> bool:
        return mark in self._counts

    def add(self, marks: Iterable[int]) -> None:
        """Count one event more for each mark."""
        for mark in marks:
            self._counts[mark] = self._counts.get(mark, 0) + 1
            self.events += 1

    def remove(self, marks: Iterable[int]) -> None:
        """Count one event less for each mark; one that is not there is passed over."""
        for mark in marks:
            left = self._counts.get(mark, 0) - 1
            if left < 0:
                continue
            self.events -= 1
            if left:
                self._counts[mark] = left
            else:
                del self._counts[mark]

    def clear(self) -> None:
        """Nothing waits."""
        self._counts.clear()
        self.events = 0
