"""Holes in the numbers that a device gives its own events, where a vendor has such numbers."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct


class Numbers(Struct, frozen=True):
    """Some events of a device: lowest and highest of their numbers, and how many different ones there were."""

    source: str
    device: str
    first: int
    last: int
    count: int


class Hole(Struct, frozen=True):
    """Numbers ``first`` to ``last`` of a device of which ``missing`` had no event."""

    source: str
    device: str
    first: int
    last: int
    missing: int


def holes(reports: Iterable[Numbers]) -> list[Hole]:
    """Return the holes within and between the reports of each device, in order of their numbers.

    A device that begins again at a low number (a restart) makes no hole backwards. Reports that overlap were sent
    again; they are taken as one.
    """
    by_device: dict[tuple[str, str], list[Numbers]] = {}
    for report in reports:
        by_device.setdefault((report.source, report.device), []).append(report)
    found = []
    for (source, device), ones in sorted(by_device.items()):
        ones.sort(key=lambda one: (one.first, one.last))
        reached: int | None = None
        for one in ones:
            if reached is not None and one.first > reached + 1:
                found.append(Hole(source, device, reached + 1, one.first - 1, one.first - reached - 1))
            span = one.last - one.first + 1
            if one.count < span:
                found.append(Hole(source, device, one.first, one.last, span - one.count))
            reached = one.last if reached is None else max(reached, one.last)
    return found
