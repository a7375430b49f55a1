"""How much room a spool has left, how long that lasts, and when a person has to be told, in words."""

from __future__ import annotations

import time
from collections import deque

from connectors.edge.spool_writer import Measures

#: Share of the bound at which the alarm is raised; also what the disk must have room for when nothing waits.
ALARM_SHARE = 0.5
#: Growth is measured over so many looks, at least so far apart, seconds.
LOOKS, LOOKS_APART_S = 24, 5.0


def share(measures: Measures) -> float:
    """Return how full it is, 0..1: of its bound, or of what the disk has room for if that is less."""
    room = min(measures.limit_bytes, measures.contents.bytes + measures.free_bytes)
    return min(measures.contents.bytes / room, 1.0) if room else 1.0


def room_alarm(measures: Measures, events: int, oldest_s: float | None, full_in_s: float | None) -> str:
    """Return what to tell a person: half full or more, or a disk without room for half of the bound; "" when well."""
    if events and share(measures) >= ALARM_SHARE:
        told = f"The spool is {share(measures):.0%} full: {events} events wait for the broker"
        if oldest_s is not None:
            told += f", the oldest for {_in_words(oldest_s)}"
        if full_in_s is not None:
            told += f"; at this rate it is full in {_in_words(full_in_s)}"
        return f"{told}."
    if measures.free_bytes < measures.limit_bytes * (1 - ALARM_SHARE) - measures.contents.bytes:
        return (
            f"The disk has {measures.free_bytes / 1e6:.0f} MB free, less than half of what the spool may need "
            f"({measures.limit_bytes / 1e6:.0f} MB)."
        )
    return ""


class Growth:
    """Remembers how large a spool was, to tell when it will be full."""

    def __init__(self) -> None:
        self._looks: deque[tuple[float, int]] = deque(maxlen=LOOKS)

    def look(self, size: int) -> None:
        """Remember its size, bytes; more often than every few seconds adds nothing."""
        now = time.monotonic()
        if not self._looks or now - self._looks[-1][0] >= LOOKS_APART_S:
            self._looks.append((now, size))

    def full_in_s(self, measures: Measures) -> float | None:
        """Return the seconds until nothing more fits at the rate of the last minutes; None when it does not grow."""
        if len(self._looks) < 2:
            return None
        (began, before), (ended, now) = self._looks[0], self._looks[-1]
        if now <= before:
            return None
        room = min(measures.limit_bytes - measures.contents.bytes, measures.free_bytes)
        return max(room, 0) * (ended - began) / (now - before)


def _in_words(seconds: float) -> str:
    for size, name in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.0f} s"
