"""When a list entry alerts, as people write it: ``mon-fri 07:00-19:00; sat 22:00-04:00``.

Days and times of a clock on the wall, in the time zone of the list. A window that ends before it begins runs into the
next day; days without times are whole days, times without days are every day's.
"""

from __future__ import annotations

import re
from datetime import datetime, tzinfo
from functools import lru_cache

from msgspec import Struct

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = 24 * 60
_WEEK = 7 * _DAY
_TIMES = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})$")


class Schedule(Struct, frozen=True, gc=False):
    """Windows of the week. ``minutes``: from and to (excluded), minutes since Monday 00:00, in order; none: always."""

    minutes: tuple[tuple[int, int], ...] = ()

    def covers(self, moment: datetime, zone: tzinfo) -> bool:
        """Return whether an aware time lies in a window by the clock of ``zone``."""
        if not self.minutes:
            return True
        local = moment.astimezone(zone)
        minute = local.weekday() * _DAY + local.hour * 60 + local.minute
        return any(begin <= minute < end for begin, end in self.minutes)


ALWAYS = Schedule()


@lru_cache(maxsize=4096)
def parse_schedule(text: str) -> Schedule:
    """Return the schedule of a text; ``ALWAYS`` for an empty one. Raises ValueError with what is wrong."""
    windows: list[tuple[int, int]] = []
    parts = [part.strip() for part in text.lower().split(";")]
    for part in parts:
        if part:
            windows += _windows(part)
    if any(parts) and not windows:
        raise ValueError("not a schedule")
    return Schedule(_merged(windows)) if windows else ALWAYS


def _windows(part: str) -> list[tuple[int, int]]:
    found = _TIMES.search(part)
    named = part[: found.start()].strip() if found else part
    begin, end = (0, _DAY) if found is None else (_clock(found[1], found[2]), _clock(found[3], found[4]))
    if begin == _DAY:
        raise ValueError("24:00 can only end a window")
    if begin == end:
        raise ValueError("a window begins and ends at the same time; leave the times out for whole days")
    if end < begin:
        end += _DAY
    return [(day * _DAY + begin, day * _DAY + end) for day in _days(named)]


def _clock(hour: str, minute: str) -> int:
    at = int(hour) * 60 + int(minute)
    if int(minute) > 59 or at > _DAY:
        raise ValueError("a time is 00:00 to 24:00")
    return at


def _days(text: str) -> list[int]:
    if text in ("", "daily"):
        return list(range(7))
    days: list[int] = []
    for part in re.split(r"\s*,\s*", text):
        first, dash, last = (one.strip() for one in part.partition("-"))
        if first not in DAYS or (dash and last not in DAYS):
            raise ValueError("write days as mon-fri or sat,sun, then times as 07:00-19:00; windows are parted by ;")
        begin = DAYS.index(first)
        count = (DAYS.index(last) - begin) % 7 + 1 if dash else 1
        days += [(begin + number) % 7 for number in range(count)]
    return days


def _merged(windows: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return windows within one week, in order, none touching another."""
    cut = [(begin, min(end, _WEEK)) for begin, end in windows]
    cut += [(0, end - _WEEK) for _, end in windows if end > _WEEK]
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(cut):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return tuple(merged)
