"""The folder of map layers: which files are in force is said in the log, and here they are."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from compose.map_layers.errors import MapRefusedError
from compose.on_disk import sync

NAME = "map-layers"
#: Folders in which a layer is being made. Nothing of them is served: a path of more than one part never is.
_MAKING = ".adding-"
#: What a killed command left is taken away when it is so old, seconds.
_LEFT_S = 24 * 3600
_LOCK = ".lock"
_PIECE = 1024 * 1024


def folder_in(data_dir: Path) -> Path:
    """Return where the map layers of a data folder are."""
    return data_dir / NAME


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Be the only one who changes layers: of two at once, one would delete the file of the other.

    Raises MapRefusedError when another command does. The system lets go of the lock when this process ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise MapRefusedError("Another `watchfloor map` command is at work here: wait for it.") from None
        yield


@contextlib.contextmanager
def making(folder: Path) -> Iterator[Path]:
    """Give a folder to make a layer in, on the same disk; it is gone afterwards, whatever happens."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{_MAKING}*"):
        with contextlib.suppress(OSError):
            if time.time() - old.stat().st_mtime > _LEFT_S:
                shutil.rmtree(old)
    with tempfile.TemporaryDirectory(prefix=_MAKING, dir=folder) as work:
        yield Path(work)


def put(made: Path, folder: Path, name: str) -> tuple[str, str]:
    """Move a layer's file to its place, whole or not at all; return the file's name and its SHA-256.

    The name holds part of the sum, so that a file never changes while somebody reads it.
    """
    digest = hashlib.sha256()
    with made.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
        os.fsync(file.fileno())
    sha256 = digest.hexdigest()
    file_name = f"{name}-{sha256[:12]}.pmtiles"
    made.replace(folder / file_name)
    sync(folder)
    return file_name, sha256


def clear(folder: Path, name: str, *, keep: str = "") -> None:
    """Delete the files of a layer but ``keep``."""
    for old in folder.glob(f"{name}-????????????.pmtiles"):
        if old.name != keep:
            old.unlink(missing_ok=True)
