"""What the server needs to keep files of incidents and to have them scanned."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

from msgspec import Struct


class FileTooLargeError(Exception):
    """The file has more bytes than are taken."""


class UnknownKindError(Exception):
    """The file's bytes are none of the kinds that are taken (schemas/attached_file.py)."""


class ScannerUnavailableError(Exception):
    """The scanner did not judge the file; asking again later may help. The text says why."""


class KeptFile(Struct, frozen=True):
    """A file that is on the disk for good."""

    sha256: str
    byte_count: int
    media_type: str


class Verdict(Struct, frozen=True):
    """What a scanner says of a file. ``finding``: what it calls what it found."""

    is_clean: bool
    finding: str = ""


class AttachmentFiles(Protocol):
    """Keeps files by their SHA-256."""

    most_bytes: int

    async def keep(self, portions: AsyncIterator[bytes]) -> KeptFile:
        """Keep a file as it comes in, never whole in memory; return once it is synced to the disk.

        Raises FileTooLargeError, UnknownKindError, or OSError when there is no room.
        """
        ...

    def path(self, sha256: str) -> Path | None:
        """Return where a file is; None when it is not here. Reads the disk."""
        ...


class Scanner(Protocol):
    """Judges files."""

    async def judge(self, path: Path) -> Verdict:
        """Return whether a file is harmful. Raises ScannerUnavailableError."""
        ...
