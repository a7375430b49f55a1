"""Numbered migrations: SQL files, written and reviewed by hand, that lead to the schema the registry intends.

Two neighbouring versions may work on one store while a system is upgraded, and back. So a migration expands: what an
older version reads and writes goes on working. One that takes something away is named ``0007_contract_...``, and a
version that does not know it refuses the store.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec import Struct

from pipeline.store.errors import StoreError

FOLDER = Path(__file__).parent / "migrations"
_FILE_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
#: A piece of SQL: a comment, a quoted text or name, the end of a statement, or anything else.
_PIECE = re.compile(
    r"--[^\n]*|/\*.*?\*/|'(?:[^'\\]|\\.|'')*'|`(?:[^`\\]|\\.|``)*`|\"(?:[^\"\\]|\\.)*\"|;|[^-/'`\";]+|.", re.DOTALL
)


_QUOTED = re.compile(r"'(?:[^'\\]|\\.|'')*'|`(?:[^`\\]|\\.|``)*`")
#: Statements that take something away from a version that does not know of it.
_CONTRACTING = re.compile(
    r"\b(DROP\s+(TABLE|COLUMN|DATABASE|DICTIONARY|PARTITION|PART)|RENAME|MODIFY\s+(COLUMN|ORDER\s+BY|QUERY)|TRUNCATE|"
    r"CLEAR\s+COLUMN|DELETE|DETACH|EXCHANGE|REPLACE\s+PARTITION)\b",
    re.IGNORECASE,
)
_CONTRACT_NAME = re.compile(r"\d{4}_contract_[a-z0-9_]+")


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


def pending(found: Iterable[Migration], applied: Mapping[int, str]) -> list[Migration]:
    """Return the migrations still to apply; ``applied`` holds the checksums of those that were, by number.

    Raises StoreError when an applied migration's text has changed since.
    """
    known = {migration.number: migration for migration in found}
    for number, checksum in applied.items():
        if number in known and known[number].checksum != checksum:
            raise StoreError(f"migration {known[number].name} was changed after it was applied; add a new one instead")
    return [migration for migration in known.values() if migration.number not in applied]


def ahead(found: Iterable[Migration], applied: Mapping[int, str]) -> list[str]:
    """Return the names of the migrations that a newer version applied; ``applied`` holds all names by number.

    Raises StoreError when one of them takes something away that this version needs.
    """
    known = {migration.number for migration in found}
    newer = [name for number, name in sorted(applied.items()) if number not in known]
    if contracting := [name for name in newer if _CONTRACT_NAME.fullmatch(name)]:
        raise StoreError(
            f"a newer Watchfloor migrated the store with {contracting[0]}, which takes away what this version needs; "
            "use the newer version, or restore the backup from before it"
        )
    return newer


def takes_away(migration: Migration) -> list[str]:
    """Return the statements of a migration that an older version could not live with, unless its name says so."""
    if _CONTRACT_NAME.fullmatch(migration.name):
        return []
    return [one for one in migration.statements if _CONTRACTING.search(_QUOTED.sub("''", one))]
