"""Where pictures are kept: one file for each content, named after its SHA-256, for so many days."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

_NAME = re.compile(r"[0-9a-f]{64}")


class ImageFolder:
    """A folder of pictures. Methods read and write files: call them in a thread."""

    def __init__(self, folder: Path, keep_days: float, wall: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._keep_s = keep_days * 86_400
        self._wall = wall

    def keep(self, content: bytes) -> str:
        """Keep a picture, synced to the disk, and return its SHA-256. The same content is one file."""
        name = hashlib.sha256(content).hexdigest()
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(path)
        # As old as it was last wanted: two reads may have one picture.
        os.utime(path, (self._wall(), self._wall()))
        return name

    def read(self, sha256: str) -> bytes | None:
        """Return a picture; None when it is not here, or older than it may be."""
        if not _NAME.fullmatch(sha256):
            return None
        path = self._path(sha256)
        try:
            if self._is_old(path):
                return None
            return path.read_bytes()
        except FileNotFoundError:
            return None

    def remove_old(self) -> int:
        """Remove what is older than it may be, and what a crash left half written; return how many."""
        removed = 0
        for path in self._folder.glob("*/*"):
            if self._is_old(path):
                path.unlink(missing_ok=True)
                removed += 1
        return removed

    def _is_old(self, path: Path) -> bool:
        return self._wall() - path.stat().st_mtime > self._keep_s

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256
