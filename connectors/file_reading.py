"""What every reader of a file tells its user: the file cannot be read at all, or this row of it cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Generic, TypeVar

from msgspec import Struct, field

from schemas.envelope import Event

E = TypeVar("E", bound=Event)


class FileError(Exception):
    """The file as a whole cannot be read. The text tells the person at the keyboard what is wrong and what to do."""


class RowError(Struct, frozen=True):
    """One part of a file that cannot be used.

    ``line``: where it begins, counted from 1; for JSON the number of the object, and then ``unit`` is "item".
    ``column``: the column as the file names it, or "" when the whole row is meant.
    ``value``: the offending text, shown to the person who loads the file and never logged.
    ``error``: what is wrong with it, in words that hold no value from the file.
    """

    line: int
    column: str
    value: str
    error: str
    unit: str = "line"

    def __str__(self) -> str:
        """Return the sentence for the loader's user, the value included."""
        where = f"{self.unit} {self.line}" + (f", column {self.column}" if self.column else "")
        return f"{where}: {self.error}" + (f" ({shorten(self.value)!r})" if self.value else "")


class CellError(Exception):
    """A cell that cannot be used; readers turn it into a RowError with the line they stand on."""

    def __init__(self, column: str, value: str, error: str) -> None:
        super().__init__(f"{column}: {error}")
        self.column = column
        self.value = value
        self.error = error

    def at(self, line: int, unit: str = "line") -> RowError:
        """Return the row error for the line the cell stands on."""
        return RowError(line, self.column, self.value, self.error, unit)


class Loaded(Struct, Generic[E], frozen=True):
    """What a reference loader found: events to publish, rows it could not use, and remarks for its user."""

    events: list[E] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def shorten(value: str, limit: int = 80) -> str:
    """Return a value fit for one line of a report."""
    return value if len(value) <= limit else value[: limit - 1] + "…"


def require_file(path: Path) -> int:
    """Return the size in bytes of a regular file. Raises FileError with what to do when it is not one."""
    if not path.exists():
        raise FileError(f"There is no file {path}. Check the path.")
    if not path.is_file():
        raise FileError(f"{path} is not a file. Give the path of one file.")
    return path.stat().st_size


def read_whole(path: Path, max_bytes: int) -> bytes:
    """Return the bytes of a file that has to be read in one piece (JSON). Raises FileError when it is too large."""
    size = require_file(path)
    if size > max_bytes:
        raise FileError(f"{path.name} has {size:,} bytes; at most {max_bytes:,} can be loaded. Split it into parts.")
    if size == 0:
        raise FileError(f"{path.name} is empty. Export it again.")
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}. Check its permissions.") from error
