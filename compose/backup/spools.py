"""Spools in a backup: copied by SQLite's online backup, so that an edge may go on writing meanwhile."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import sqlite3
from pathlib import Path

from compose.backup.manifest import BackupError, SpoolCopy
from connectors.edge.spool_file import damaged_in, look_into, spools_in

FOLDER = "spool"
#: Pages copied at a time; between them its edge may write.
_PAGES = 2_000


def copy_spools(data_dir: Path, backup: Path) -> list[SpoolCopy]:
    """Copy every spool of a data directory. Raises BackupError for one that cannot be read."""
    source, target = data_dir / FOLDER, backup / FOLDER
    target.mkdir()
    copies = []
    for path in spools_in(source):
        copy = target / path.name
        copy.touch(mode=0o600)
        try:
            _copy(path, copy)
            copies.append(_counted(copy))
        except sqlite3.Error as error:
            raise BackupError(f"the spool {path} cannot be copied: {error}. See `watchfloor doctor`.") from error
    for path in damaged_in(source):
        # Nobody writes to it any more, and what SQLite cannot read it cannot copy.
        for suffix in ("", "-wal"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(f"{path}{suffix}", target / f"{path.name}{suffix}")
        copies.append(SpoolCopy(file=f"{FOLDER}/{path.name}", events=0, content_sha256="", damaged=True))
    return copies


def waiting_in(data_dir: Path) -> int:
    """Return how many events wait in the spools of a data directory. Raises BackupError for one that is unreadable."""
    try:
        return sum(look_into(path).events for path in spools_in(data_dir / FOLDER))
    except sqlite3.Error as error:
        raise BackupError(
            f"a spool in {data_dir / FOLDER} cannot be read: {error}. See `watchfloor doctor`."
        ) from error


def restore_spools(backup: Path, data_dir: Path, copies: list[SpoolCopy]) -> list[SpoolCopy]:
    """Put the spools back and return what is there now; edges drain them when they start."""
    folder = data_dir / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for copy in copies:
        name = Path(copy.file).name
        for suffix in ("-wal", "-shm"):
            (folder / f"{name}{suffix}").unlink(missing_ok=True)  # of the empty one that was there
        for suffix in ("", "-wal"):
            if (backup / f"{copy.file}{suffix}").exists():
                target = folder / f"{name}{suffix}"
                target.touch(mode=0o600)
                shutil.copyfile(backup / f"{copy.file}{suffix}", target)
        found.append(copy if copy.damaged else _counted(folder / name))
    return found


def _copy(source: Path, target: Path) -> None:
    with (
        contextlib.closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True, timeout=5.0)) as old,
        contextlib.closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new, pages=_PAGES)
        # One file and not three: the copy is read and not written from now on.
        new.execute("PRAGMA journal_mode = DELETE")


def _counted(path: Path) -> SpoolCopy:
    digest = hashlib.sha256()
    events = 0
    with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as db:
        for row in db.execute("SELECT seq, event_type, key, body, taken_ms FROM waiting ORDER BY seq"):
            for part in row:
                raw = part if isinstance(part, bytes) else str(part).encode()
                digest.update(len(raw).to_bytes(8, "big") + raw)
            events += 1
    return SpoolCopy(file=f"{FOLDER}/{path.name}", events=events, content_sha256=digest.hexdigest())
