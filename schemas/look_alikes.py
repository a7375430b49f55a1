"""Which characters of a plate readers take for one another, by jurisdiction (schemas/look_alikes.toml)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "look_alikes.toml"


class LookAlikesError(ValueError):
    """A file of look-alike classes cannot be used; the text says why."""


class LookAlikes:
    """The classes of every jurisdiction, and the fold under which all of them meet.

    ``fold`` joins whatever any jurisdiction takes for alike: it finds who might match. ``alike`` then says whether two
    characters are alike where the plate comes from.
    """

    def __init__(self, default: Iterable[str], jurisdictions: Mapping[str, Iterable[str]] | None = None) -> None:
        self.default = tuple(default)
        self._classes = {name: _by_character(classes) for name, classes in (jurisdictions or {}).items()}
        self._default = _by_character(self.default)
        self._fold = _fold_table([self._default, *self._classes.values()])

    @classmethod
    def load(cls, file: Path = FILE) -> LookAlikes:
        """Return the classes of a file. Raises LookAlikesError, naming the file and the key that is wrong."""
        try:
            told = tomllib.loads(file.read_text())
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise LookAlikesError(f"{file}: {error}") from None
        return cls(
            _classes(told.get("default"), f"{file}: default"),
            {
                name: _classes(table, f"{file}: jurisdictions.{name}")
                for name, table in _table(told.get("jurisdictions", {}), f"{file}: jurisdictions").items()
            },
        )

    def fold(self, plate: str) -> bytes:
        """Return the index key (UTF-8) under which all look-alikes of a normalised plate meet. Never shown."""
        return plate.encode(errors="surrogatepass").translate(self._fold)

    def folds(self, plates: Iterable[str]) -> list[bytes]:
        """Return the keys of normalised plates: as ``fold`` of each, at a tenth of the cost."""
        given = list(plates)
        if not given:
            return []
        return "\n".join(given).encode(errors="surrogatepass").translate(self._fold).split(b"\n")

    def alike(self, one: str, other: str, region: str | None) -> bool:
        """Return whether two characters are of one class where a plate is from: us-la, else us, else default."""
        classes = self._default
        if region and self._classes:
            classes = self._classes.get(region) or self._classes.get(region.partition("-")[0]) or self._default
        return other in classes.get(one, "")

    def like(self, character: str, region: str = "") -> str:
        """Return a character and, after it, those alike where a plate is from; "": by any jurisdiction."""
        if region:
            table = self._classes.get(region) or self._classes.get(region.partition("-")[0]) or self._default
            tables = [table]
        else:
            tables = [self._default, *self._classes.values()]
        return "".join(dict.fromkeys([character, *"".join(table.get(character, "") for table in tables)]))


@cache
def default_look_alikes() -> LookAlikes:
    """Return the classes that come with this version."""
    return LookAlikes.load()


def _by_character(classes: Iterable[str]) -> dict[str, str]:
    return {character: group for group in classes for character in group}


def _fold_table(all_classes: list[dict[str, str]]) -> bytes:
    """Return a table for bytes.translate: characters that any class joins, directly or through others, meet."""
    first: dict[str, str] = {}
    for classes in all_classes:
        for group in dict.fromkeys(classes.values()):
            joined = {first.get(character, character) for character in group}
            root = min(joined)
            for character in [*group, *(one for one, known in first.items() if known in joined)]:
                first[character] = root
    return bytes.maketrans("".join(first).encode(), "".join(first.values()).encode())


def _classes(table: object, where: str) -> tuple[str, ...]:
    found = _table(table, where)
    classes = found.get("classes")
    if not isinstance(classes, list) or not all(isinstance(one, str) and len(one) > 1 for one in classes):
        raise LookAlikesError(f"{where}.classes: expected a list of texts of at least two characters")
    everything = "".join(classes)
    if not (everything.isascii() and everything.isalnum() and everything == everything.upper()):
        raise LookAlikesError(f"{where}.classes: expected capital letters A to Z and digits")
    if len(set(everything)) != len(everything):
        raise LookAlikesError(f"{where}.classes: a character stands in two classes")
    if not isinstance(found.get("source"), str):
        raise LookAlikesError(f"{where}.source: say where the classes come from")
    return tuple(classes)


def _table(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise LookAlikesError(f"{where}: expected a table")
    return value
