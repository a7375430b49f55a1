"""What a CAD system's words mean, declared in TOML: priorities, statuses and kinds. Nothing is guessed."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from schemas.envelope import Priority
from schemas.events.emergency_call import CATEGORIES, STATUSES

BUILT_IN = Path(__file__).parent / "maps"
STANDARD = "standard"

T = TypeVar("T")


class WordMapError(Exception):
    """A map cannot be used; the text names the file and the key."""


class WordMap(Struct, frozen=True, forbid_unknown_fields=True):
    """One system's words. ``priority``: to 0..10, 10 highest; ``status``: to a call's; ``categories``: kinds to ours.

    Compared without case. A kind that is not listed goes by connectors/call_kinds.toml.
    """

    title: str
    priority: dict[str, Priority]
    status: dict[str, str] = {}
    categories: dict[str, str] = {}

    def priority_of(self, word: str) -> int | None:
        """Return the priority of a word; None when the map does not tell it."""
        return _found(self.priority, word)

    def status_of(self, word: str) -> str | None:
        """Return the status of a word; None when the map does not tell it."""
        return _found(self.status, word)

    def category_of(self, word: str) -> str | None:
        """Return the category of a kind; None when the map does not tell it."""
        return _found(self.categories, word)


def read_map(file: Path) -> WordMap:
    """Return a map. Raises WordMapError."""
    try:
        made = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), WordMap)
    except OSError as error:
        raise WordMapError(f"{file}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WordMapError(f"{file}: is not TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise WordMapError(f"{file}: {error}") from error
    for key, words, known in (("status", made.status, STATUSES), ("categories", made.categories, CATEGORIES)):
        if wrong := sorted(set(words.values()) - set(known)):
            raise WordMapError(f"{file}: {key}: {', '.join(wrong)}: known are {', '.join(known)}")
    return made


def read_folder(folder: Path) -> Mapping[str, WordMap]:
    """Return the maps of a folder by name; none where there is no such folder. Raises WordMapError."""
    return {file.stem: read_map(file) for file in sorted(folder.glob("*.toml"))}


@cache
def built_in() -> Mapping[str, WordMap]:
    """Return the maps that come along."""
    return read_folder(BUILT_IN)


def of_copy(maps: Mapping[str, T], instance: str, standard: str) -> T | None:
    """Return the map that a copy is named after, before a dot or in whole; else the standard one."""
    return maps.get(instance) or maps.get(instance.partition(".")[0]) or maps.get(standard)


def _found(words: Mapping[str, T], word: str) -> T | None:
    folded = word.strip().casefold()
    return next((meant for written, meant in words.items() if written.casefold() == folded), None)
