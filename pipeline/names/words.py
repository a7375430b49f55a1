"""The words of a name, in plain Latin letters: what is compared, never what is shown."""

from __future__ import annotations

import re
from functools import lru_cache

from anyascii import anyascii
from msgspec import Struct

#: Titles and suffixes say nothing about who it is. Particles (de, van, al) do, a little, so they stay.
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "dr", "sir", "dame", "lord", "lady", "rev", "prof", "capt", "jr", "sr"})
_MARKS = re.compile(r"['’`ʼ´.]")
_NOT_LETTERS = re.compile(r"[^a-z]+")
#: Longer names are cut: whoever sends one is not naming a person.
MAX_WORDS = 12
MAX_LETTERS = 30


class Named(Struct, frozen=True):
    """A name as it is compared: words of the given names and of the family name, lower case a to z.

    Where the two are not told apart, all but the last word are ``given``.
    """

    given: tuple[str, ...] = ()
    family: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """All words."""
        return self.given + self.family

    @property
    def text(self) -> str:
        """Given and family names with one comma between, as ``read_card`` takes it."""
        return f"{' '.join(self.given)},{' '.join(self.family)}"


@lru_cache(maxsize=50_000)
def words(text: str) -> tuple[str, ...]:
    """Return the words of a name in any script: transliterated, hyphens split, apostrophes and titles left out."""
    latin = _MARKS.sub("", anyascii(text)).lower()
    found = [word[:MAX_LETTERS] for word in _NOT_LETTERS.split(latin) if word]
    return tuple([word for word in found if word not in _TITLES] or found)[:MAX_WORDS]


def named(full: str = "", given: str = "", middle: str = "", family: str = "") -> Named:
    """Return a name for comparing; ``full`` counts where given and family name are not told apart.

    ``full`` may be written "Family, Given Middle", as dispatch systems do.
    """
    if given.strip() or family.strip():
        return Named(words(f"{given} {middle}"), words(family))
    before, comma, after = full.partition(",")
    if comma and words(after):
        return Named(words(after), words(before))
    every = words(full)
    return Named(every[:-1], every[-1:]) if len(every) > 1 else Named((), every)


def read_card(text: str) -> Named:
    """Return the name that ``Named.text`` wrote."""
    given, _, family = text.partition(",")
    return Named(tuple(given.split()), tuple(family.split()))
