"""The ground truth on disk: what the broker confirmed, and the alerts that must come of it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import msgspec

from connectors.simulator.ground_truth import ExpectedAlert


class JournalLine(msgspec.Struct, frozen=True, kw_only=True):
    """What the broker confirmed at once: how many events of each type, and the alerts that must come of them.

    ``start``: the moment the offsets in ``expected`` are counted from.
    """

    start: datetime
    accepted: dict[str, int]
    expected: tuple[ExpectedAlert, ...] = ()


class Journal:
    """One JSON line for each confirmation, for another process to read. Without a path it writes nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: BinaryIO | None = None

    def __enter__(self) -> Journal:
        if self._path is not None:
            self._file = self._path.open("ab", buffering=0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, line: JournalLine) -> None:
        """Append a line."""
        if self._file is not None:
            self._file.write(msgspec.json.encode(line) + b"\n")


class JournalReader:
    """Reads a journal that is being written, each line once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0

    def news(self) -> list[JournalLine]:
        """Return the lines written since the last time; one that is being written is left for the next time."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._read)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._read += len(whole)
        return [msgspec.json.decode(line, type=JournalLine) for line in whole.splitlines()]


def read_journal(path: Path) -> list[JournalLine]:
    """Return the lines written so far; one that is being written is left for the next time."""
    return JournalReader(path).news()
