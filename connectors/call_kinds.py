"""What a call is about, in the common vocabulary: from codes and words that many sources share (call_kinds.toml)."""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from pathlib import Path

import msgspec
from msgspec import Struct

from schemas.events.emergency_call import CATEGORIES

FILE = Path(__file__).with_name("call_kinds.toml")


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """One step: taken when the code is one of these, or the pattern is found in the words (upper case)."""

    category: str
    codes: list[str] = []
    text: str = ""


class Kinds(Struct, frozen=True, forbid_unknown_fields=True):
    """The file: where it comes from, when somebody last read it through, and its rules in order."""

    source: str
    reviewed: str
    rules: list[Rule]


@cache
def kinds() -> Kinds:
    """Return the file. Raises ValueError when it names a category that there is not."""
    read = msgspec.convert(tomllib.loads(FILE.read_text(encoding="utf-8")), Kinds)
    if unknown := {rule.category for rule in read.rules} - set(CATEGORIES):
        raise ValueError(f"{FILE.name}: no such category: {', '.join(sorted(unknown))}")
    return read


@lru_cache(maxsize=4096)
def category(code: str, words: str) -> str:
    """Return the category of a kind by its code, else by its words; "other" when no rule fits."""
    plain = "".join(char for char in code.upper() if char.isalnum())
    by_code, by_text = _compiled()
    if plain in by_code:
        return by_code[plain]
    upper = words.upper()
    return next((found for found, pattern in by_text if pattern.search(upper)), "other")


@cache
def _compiled() -> tuple[dict[str, str], list[tuple[str, re.Pattern[str]]]]:
    rules = kinds().rules
    codes: dict[str, str] = {}
    for rule in rules:
        for code in rule.codes:
            codes.setdefault(code, rule.category)
    return codes, [(rule.category, re.compile(rule.text)) for rule in rules if rule.text]
