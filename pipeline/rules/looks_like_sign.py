"""Rule: what a camera reads hour after hour, day and night, is a sign and no car.

A car that stands in view for a day is read like a sign, so a text that could be a plate is taken for noise only after
three days. One that fits no plate of its jurisdiction needs half a day. Neither is ever enough by itself.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from msgspec import Struct

FILE = Path(__file__).parent / "plate_syntax.toml"

#: Whole hours that are looked at, the latest.
WINDOW_H = 72
#: In so many of them it must have been read: all but two, in which the camera may have been away.
HOURS = 70
#: In so many, if its text fits no plate.
HOURS_IF_DOUBTED = 12
#: And on the average so often in each: a place where one car parks every night is read less.
READS_AN_HOUR = 6


class SignCounts(Struct, frozen=True, kw_only=True):
    """How steadily a text was read at one camera. ``doubts``: what of it fits no plate, in words."""

    hours: int
    reads: int
    fewest_in_an_hour: int
    most_in_an_hour: int
    doubts: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What was counted, for people."""
        told = f"Read here in {self.hours} of {WINDOW_H} hours, {self.reads:,} times"
        return f"{told}; as a plate it has {' and '.join(self.doubts)}." if self.doubts else f"{told}."


def evaluate(counts: Sequence[int], plate: str, region: str | None) -> SignCounts | None:
    """Return the evidence that a text is a sign, or None. ``counts``: reads in each of the hours in which it was read,
    of the ``WINDOW_H`` whole hours before now."""
    read = [count for count in counts if count > 0]
    found = doubts(plate, region)
    if len(read) < (HOURS_IF_DOUBTED if found else HOURS) or sum(read) < READS_AN_HOUR * len(read):
        return None
    return SignCounts(
        hours=len(read), reads=sum(read), fewest_in_an_hour=min(read), most_in_an_hour=max(read), doubts=found
    )


def doubts(plate: str, region: str | None) -> tuple[str, ...]:
    """Return what of a text fits no plate of its jurisdiction, in words. A score, and never a filter."""
    words, longest = _syntax()
    country = (region or "").partition("-")[0]
    most = longest.get(region or "") or longest.get(country) or longest["default"]
    found = []
    if len(plate) > most:
        found.append(f"more than {most} characters")
    if len(plate) > 2 and len(set(plate)) == 1:
        found.append("one character only")
    if plate in words:
        found.append("a word of signs")
    elif not any(character.isdigit() for character in plate):
        found.append("no digit")
    return tuple(found)


@cache
def _syntax() -> tuple[frozenset[str], dict[str, int]]:
    told = tomllib.loads(FILE.read_text())
    return frozenset(told["words"]), dict(told["longest"])
