"""Numbered migrations: SQL files, written and reviewed by hand, that lead to the schema the registry intends."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from pipeline.store.errors import StoreError

FOLDER = Path(__file__).parent / "migrations"
_FILE_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
#: A piece of SQL: a comment, a quoted text or name, the end of a statement, or anything else.
_PIECE = re.compile(
    r"--[^\n]*|/\*.*?\*/|'(?:[^'\\]|\\.|'')*'|`(?:[^`\\]|\\.|``)*`|\"(?:[^\"\\]|\\.)*\"|;|[^-/'`\";]+|.", re.DOTALL
)


class Migration(Struct, frozen=True):
    """One file: its number, its name (the file's, without .sql), a checksum of its text, and its statements."""

    number: int
    name: str
    checksum: str
    statements: tuple[str, ...]


def migrations(folder: Path = FOLDER) -> list[Migration]:
    """Return all migrations in order. Raises StoreError for a name or a sequence that is not 0001_name.sql, 0002_..."""
    found: list[Migration] = []
    for path in sorted(folder.glob("*.sql")):
        if not (match := _FILE_NAME.fullmatch(path.name)):
            raise StoreError(f"{path.name} is not named like 0001_what_it_does.sql")
        text = path.read_text(encoding="utf-8")
        checksum = hashlib.sha256(text.encode()).hexdigest()
        found.append(Migration(int(match[1]), path.stem, checksum, tuple(statements(text))))
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise StoreError("migrations must be numbered 0001, 0002, ... without gaps")
    return found


def statements(text: str) -> Iterable[str]:
    """Yield the statements of a file, without comments and closing semicolons; quoted semicolons are kept."""
    current: list[str] = []
    for piece in [*_PIECE.findall(text), ";"]:
        if piece.startswith(("--", "/*")):
            continue
        if piece != ";":
            current.append(piece)
            continue
        if statement := "".join(current).strip():
            yield statement
        current = []


def pending(found: Iterable[Migration], applied: dict[int, str]) -> list[Migration]:
    """Return the migrations still to apply; ``applied`` holds the checksums of those that were, by number.

    Raises StoreError when an applied migration's text has changed since, or the store is newer than this program.
    """
    known = {migration.number: migration for migration in found}
    if newer := set(applied) - set(known):
        raise StoreError(f"the store was migrated by a newer Watchfloor (migration {max(newer):04d}); update this one")
    for number, checksum in applied.items():
        if known[number].checksum != checksum:
            raise StoreError(f"migration {known[number].name} was changed after it was applied; add a new one instead")
    return [migration for migration in known.values() if migration.number not in applied]
