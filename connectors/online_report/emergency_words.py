"""Words in a report by which a life may be in danger now (emergency_words.toml), whatever language it says it is in."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from schemas.events.emergency_call import CATEGORIES, GRAVE

FILE = Path(__file__).with_name("emergency_words.toml")


class Words(Struct, frozen=True, forbid_unknown_fields=True):
    """Patterns of one category."""

    category: str
    patterns: list[str]


class Language(Struct, frozen=True, forbid_unknown_fields=True):
    """One language's list, who wrote it, and when somebody last read it through (YYYY-MM-DD)."""

    language: str
    source: str
    reviewed: str
    words: list[Words]


class Found(Struct, frozen=True):
    """What was found: the gravest category, and the languages whose words they are."""

    category: str
    languages: tuple[str, ...]


def emergency(text: str) -> Found | None:
    """Return what words of emergencies a text has; None when it has none of the lists'."""
    plain = _plain(text)
    found = [(language, category) for language, category, pattern in _compiled() if pattern.search(plain) is not None]
    if not found:
        return None
    # A grave category before another; else as the lists have them.
    _, category = next((one for one in found if one[1] in GRAVE), found[0])
    return Found(category, tuple(dict.fromkeys(language for language, _ in found)))


@cache
def languages() -> list[Language]:
    """Return the lists. Raises ValueError when one names a category that there is not."""
    content = tomllib.loads(FILE.read_text(encoding="utf-8"))
    read = msgspec.convert(content["languages"], list[Language])
    if unknown := {words.category for one in read for words in one.words} - set(CATEGORIES):
        raise ValueError(f"{FILE.name}: no such category: {', '.join(sorted(unknown))}")
    return read


@cache
def _compiled() -> list[tuple[str, str, re.Pattern[str]]]:
    return [
        (one.language, words.category, re.compile(pattern))
        for one in languages()
        for words in one.words
        for pattern in words.patterns
    ]


def _plain(text: str) -> str:
    lowered = unicodedata.normalize("NFKD", text.replace("’", "'")).lower()
    return " ".join("".join(char for char in lowered if not unicodedata.combining(char)).split())
