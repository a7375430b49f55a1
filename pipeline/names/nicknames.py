"""Which given names stand for one another: Kate and Katherine, Bill and William."""

from __future__ import annotations

from functools import cache

from nicknames import NickNamer


@cache
def _namer() -> NickNamer:
    return NickNamer()


@cache
def also_called(word: str) -> frozenset[str]:
    """Return the names that a given name (lower case) is short for or is shortened to, without itself.

    From the list of the nicknames package (carltonnorthern/nicknames, Apache-2.0): English names mostly. Two short
    forms of one name (Kate, Kathy) stand for one another too.
    """
    namer = _namer()
    whole = namer.canonicals_of(word)
    found = namer.nicknames_of(word) | whole
    for name in whole:
        found |= namer.nicknames_of(name)
    return frozenset(found - {word})


def are_nicknames(one: str, other: str) -> bool:
    """Return whether one is short for the other, or both for the same name."""
    return other in also_called(one)
