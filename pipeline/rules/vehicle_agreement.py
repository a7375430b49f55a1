"""The mismatch brake: what the reader said of the vehicle, held against the entry's make, colour and body.

Readers and lists name one thing differently (gray, GRY, silver), so words are compared by what they stand for
(vehicle_words.toml). What either side does not say is no contradiction.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from pipeline.state.hotlist_index import Wanted
from schemas.events.plate_read import PlateRead
from schemas.events.sighting import AttributeCheck

_FILE = Path(__file__).parent / "vehicle_words.toml"


def agreement(read: PlateRead, entry: Wanted) -> tuple[AttributeCheck, ...]:
    """Return a check for each attribute that both the read and the entry name."""
    return tuple(
        AttributeCheck(
            list_id=entry.list_id,
            entry_id=entry.entry_id,
            attribute=attribute,
            read=seen,
            listed=listed,
            agrees=_meant(attribute, seen) == _meant(attribute, listed),
        )
        for attribute, seen, listed in (
            ("make", read.vehicle_make, entry.make),
            ("colour", read.vehicle_colour, entry.colour),
            ("body", read.vehicle_body, entry.body),
        )
        if seen and listed
    )


def verdict(checks: tuple[AttributeCheck, ...]) -> str:
    """Return agree, differ or unknown: one contradiction is enough to look at the plate first."""
    if not checks:
        return "unknown"
    return "agree" if all(check.agrees for check in checks) else "differ"


def same_words(attribute: str, word: str) -> tuple[str, ...]:
    """Return all words for what a word stands for, itself among them. ``attribute``: make, colour or body."""
    plain = word.strip().lower()
    meant = _meant(attribute, plain)
    return tuple(dict.fromkeys([plain, *(one for one, stands in _words()[attribute].items() if stands == meant)]))


@cache
def _words() -> dict[str, dict[str, str]]:
    groups = tomllib.loads(_FILE.read_text())
    return {attribute: {word: group[0] for group in told for word in group} for attribute, told in groups.items()}


def _meant(attribute: str, word: str) -> str:
    plain = word.strip().lower()
    return _words()[attribute].get(plain, plain)
