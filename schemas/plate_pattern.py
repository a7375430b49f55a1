"""Plates as people search for them: ``?`` is one character, ``*`` any number, and look-alikes only when asked for."""

from __future__ import annotations

import unicodedata
from itertools import product
from math import prod

from schemas.look_alikes import LookAlikes
from schemas.plate import normalise

ONE, ANY = "?", "*"
#: A pattern is at most this long.
MAX_LENGTH = 40
#: Without a place to look at, a pattern must name so many characters: fewer would be a list of who drove where.
LEAST_REAL = 2
#: A plate without wildcards that has more look-alikes than this is searched for as a pattern.
MOST_VARIANTS = 4096


def plate_pattern(raw: str) -> str:
    """Return a pattern in the form of plates: normalised, ``?`` and ``*`` kept. "" when nothing is left. Idempotent."""
    pieces: list[str] = []
    piece = ""
    for character in unicodedata.normalize("NFKC", raw):
        if character in (ONE, ANY):
            pieces += [normalise(piece), character]
            piece = ""
        else:
            piece += character
    text = "".join([*pieces, normalise(piece)])
    while ANY + ANY in text:
        text = text.replace(ANY + ANY, ANY)
    return text


def real_characters(pattern: str) -> int:
    """Return how many characters a pattern names."""
    return sum(character not in (ONE, ANY) for character in pattern)


def has_wildcards(pattern: str) -> bool:
    """Return whether a pattern may mean more than one plate by itself."""
    return ONE in pattern or ANY in pattern


def as_like(pattern: str) -> str:
    """Return a pattern for SQL's LIKE. It has letters and digits only, so nothing needs an escape."""
    return pattern.replace(ONE, "_").replace(ANY, "%")


def as_expression(pattern: str, look_alikes: LookAlikes, region: str = "") -> str:
    """Return a regular expression (RE2) for a pattern and all that is read for it.

    ``region``: where the plate is from (us-la); "": whatever any jurisdiction takes for alike.
    """
    parts = [
        {ONE: ".", ANY: ".*"}.get(character) or _one_of(look_alikes.like(character, region)) for character in pattern
    ]
    return f"^{''.join(parts)}$"


def variants(pattern: str, look_alikes: LookAlikes, region: str = "") -> list[str] | None:
    """Return every plate that is read for one without wildcards, itself the first; None: too many to name."""
    classes = [look_alikes.like(character, region) for character in pattern]
    if has_wildcards(pattern) or prod(len(each) for each in classes) > MOST_VARIANTS:
        return None
    return ["".join(each) for each in product(*classes)]


def _one_of(characters: str) -> str:
    return characters if len(characters) == 1 else f"[{characters}]"
