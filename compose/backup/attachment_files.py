"""Files of incidents in a backup: copied after the log that names them, and compared with their names, the SHA-256."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from compose.attachments.folder import FOLDER
from compose.backup.manifest import BackupError, digest_of


def copy_attachments(source: Path, target: Path) -> int:
    """Copy every file from one data directory or backup to another; return how many. Raises BackupError."""
    count = 0
    for path in _files(source / FOLDER):
        copy = target / FOLDER / path.parent.name / path.name
        copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        copy.touch(mode=0o600)
        shutil.copyfile(path, copy)
        if digest_of(copy).sha256 != path.name:
            raise BackupError(f"{path} is not what its name says: it is damaged. Move it away, and try again.")
        count += 1
    return count


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.glob("??/*")) if path.is_file())
