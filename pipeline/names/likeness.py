"""How alike two words of names are, from 0 to 1, and why."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct
from rapidfuzz.distance import OSA, JaroWinkler

from pipeline.names.keys import sounds
from pipeline.names.nicknames import are_nicknames


class Likeness(Struct, frozen=True, order=True):
    """``value``: 0 to 1; ``reason``: same, one_typo, typos, sounds_alike, nickname, initial, cut_short, or ""."""

    value: float
    reason: str = ""


NONE = Likeness(0.0)
#: A Jaro-Winkler similarity below this is what unrelated names have.
_UNRELATED = 0.72


@lru_cache(maxsize=200_000)
def likeness(one: str, other: str) -> Likeness:
    """Compare two words of a to z."""
    if one == other:
        return Likeness(1.0, "same")
    short, long = sorted((one, other), key=len)
    if not short:
        return NONE
    if len(short) == 1:
        return Likeness(0.6, "initial") if long[0] == short else NONE
    found = [NONE]
    if are_nicknames(one, other):
        found.append(Likeness(0.92, "nickname"))
    wrong = OSA.distance(one, other, score_cutoff=2)
    if wrong == 1 and len(long) > 2:
        found.append(Likeness(0.93 if len(long) > 4 else 0.82, "one_typo"))
    if len(short) > 2 and long.startswith(short):
        found.append(Likeness(0.85, "cut_short"))
    winkler = JaroWinkler.similarity(one, other)
    if set(sounds(one)) & set(sounds(other)):
        found.append(Likeness(max(0.75, min(winkler, 0.92)), "sounds_alike"))
    if winkler > _UNRELATED:
        found.append(Likeness(0.9 * (winkler - _UNRELATED) / (1 - _UNRELATED), "typos"))
    return max(found)
