"""The file of a spool: events that were accepted while the broker was away, in the order they were accepted.

SQLite keeps it (write-ahead log, ``synchronous=FULL``): a commit that has returned is on the disk, one that failed has
left nothing, and a file found after kill -9 or a power failure is whole. Used by one thread of one process only.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

#: Version of the table below; a file of another version is not one we can read.
FORMAT = 1
_SUFFIX = ".sqlite"
_DAMAGED = ".damaged-"
#: What SQLite says of a file that is broken or none of its own; when opening it, also of one without our table.
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_BUSY_MS = 5_000


class DamagedSpoolError(Exception):
    """What is in the file cannot be read; it must be set aside."""


class SpoolRow(Struct, frozen=True):
    """One event: name of its type, its key, its JSON bytes as on the wire, and when it was taken (Unix, ms)."""

    event_type: str
    key: str
    body: bytes
    taken_ms: int


class Waiting(Struct, frozen=True):
    """A row with its place in the order."""

    seq: int
    row: SpoolRow


class Contents(Struct, frozen=True):
    """What a spool holds: events, bytes of the file in use, and when its oldest event was taken (Unix, ms)."""

    events: int = 0
    bytes: int = 0
    oldest_ms: int | None = None


class SpoolFile:
    """An open spool. Every method may raise sqlite3.Error; one that changes something has then changed nothing."""

    def __init__(self, path: Path, limit_bytes: int) -> None:
        """Open or begin it. Raises DamagedSpoolError for a file that is no spool, else sqlite3.Error or OSError."""
        self.path = path
        # Plates are in it: nobody else on the machine needs to read them. SQLite gives its other files the same rights.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._db = sqlite3.connect(path, isolation_level=None, timeout=_BUSY_MS / 1000)
        try:
            with damage_told(sqlite3.SQLITE_ERROR):
                self._prepare(limit_bytes)
        except BaseException:
            self._db.close()
            raise
        _sync_folder(path.parent)

    def _prepare(self, limit_bytes: int) -> None:
        version = self._one("PRAGMA user_version")
        if version not in (0, FORMAT):
            raise DamagedSpoolError(f"its format is {version}, and this is version {FORMAT}")
        if version == 0:
            self._db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA journal_size_limit = 8388608")
        self._page_bytes = self._one("PRAGMA page_size")
        self._max_pages = self._one(f"PRAGMA max_page_count = {max(limit_bytes // self._page_bytes, 16)}")
        if version == 0:
            with self._transaction():
                # AUTOINCREMENT: a number is never used twice, so a deletion that is tried again hits no later event.
                self._db.execute(
                    "CREATE TABLE waiting (seq INTEGER PRIMARY KEY AUTOINCREMENT, event_type TEXT NOT NULL, "
                    "key TEXT NOT NULL, body BLOB NOT NULL, taken_ms INTEGER NOT NULL)"
                )
                self._db.execute(f"PRAGMA user_version = {FORMAT}")
        self._db.execute("SELECT seq, event_type, key, body, taken_ms FROM waiting LIMIT 1").fetchall()

    @property
    def limit_bytes(self) -> int:
        """How large the file may become."""
        return self._max_pages * self._page_bytes

    def append(self, rows: Sequence[SpoolRow]) -> None:
        """Put rows behind all others; returns when they are on the disk, all of them."""
        with self._transaction():
            self._db.executemany(
                "INSERT INTO waiting (event_type, key, body, taken_ms) VALUES (?, ?, ?, ?)",
                ((row.event_type, row.key, row.body, row.taken_ms) for row in rows),
            )

    def read(self, after: int, max_events: int, max_bytes: int) -> list[Waiting]:
        """Return the oldest rows numbered above ``after``: at least one if there is one, within the bounds."""
        found: list[Waiting] = []
        size = 0
        rows = self._db.execute(
            "SELECT seq, event_type, key, body, taken_ms FROM waiting WHERE seq > ? ORDER BY seq LIMIT ?",
            (after, max_events),
        )
        for seq, event_type, key, body, taken_ms in rows:
            size += len(body)
            if found and size > max_bytes:
                break
            found.append(Waiting(seq, SpoolRow(event_type, key, body, taken_ms)))
        rows.close()
        return found

    def delete(self, up_to: int) -> None:
        """Forget the rows numbered up to ``up_to``, itself too; a file that is then empty gives its room back."""
        with self._transaction():
            self._db.execute("DELETE FROM waiting WHERE seq <= ?", (up_to,))
        if self._one("SELECT NOT EXISTS (SELECT 1 FROM waiting)"):
            # Best effort: what was drained should not linger on this disk, but nothing depends on it.
            with contextlib.suppress(sqlite3.OperationalError):
                self._db.execute("PRAGMA incremental_vacuum").fetchall()
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def keys(self) -> Iterator[tuple[str, str]]:
        """Yield event type and key of every row. Reads the whole file."""
        yield from self._db.execute("SELECT event_type, key FROM waiting")

    def contents(self) -> Contents:
        """Return what it holds. Cheap."""
        return _contents(self._db)

    def close(self) -> None:
        """Close it; it can be opened again."""
        self._db.close()

    def _one(self, sql: str) -> int:
        return int(self._db.execute(sql).fetchone()[0])

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            # A full disk ends the transaction by itself; then there is nothing to roll back.
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise


@contextlib.contextmanager
def damage_told(*also: int) -> Iterator[None]:
    """Turn what SQLite says of a damaged file into DamagedSpoolError; a disk that fails stays sqlite3.Error."""
    try:
        yield
    except sqlite3.Error as error:
        if _code(error) in {*_DAMAGE, *also}:
            raise DamagedSpoolError(str(error)) from error
        raise


def is_full(error: sqlite3.Error) -> bool:
    """Return whether the bound of the file or the room of the disk is what stopped it."""
    return _code(error) == sqlite3.SQLITE_FULL


def set_aside(path: Path) -> Path:
    """Rename a damaged spool with all that belongs to it, so that a new one can begin; return its new name."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    number = 0
    while True:
        target = path.with_name(f"{path.name.removesuffix(_SUFFIX)}{_DAMAGED}{stamp}-{number}{_SUFFIX}")
        if not target.exists():
            break
        number += 1
    # The log first: without its database it would be taken for the new one's.
    for suffix in ("-wal", "-shm", ""):
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{suffix}").rename(f"{target}{suffix}")
    _sync_folder(path.parent)
    return target


def damaged_in(folder: Path) -> list[Path]:
    """Return the spools that were set aside in a folder."""
    return sorted(folder.glob(f"*{_DAMAGED}*{_SUFFIX}"))


def spools_in(folder: Path) -> list[Path]:
    """Return the spools of a folder that are in use or may be."""
    return sorted(path for path in folder.glob(f"*{_SUFFIX}") if _DAMAGED not in path.name)


def look_into(path: Path) -> Contents:
    """Return what a spool holds, also while its owner runs. Raises sqlite3.Error when it cannot be read."""
    with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=2.0)) as db:
        return _contents(db)


def _contents(db: sqlite3.Connection) -> Contents:
    # Rows go in at one end and out at the other without holes, so that none needs to be counted.
    first, last = db.execute("SELECT (SELECT min(seq) FROM waiting), (SELECT max(seq) FROM waiting)").fetchone()
    pages, free, size = (
        int(db.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("page_count", "freelist_count", "page_size")
    )
    if first is None:
        return Contents(0, (pages - free) * size, None)
    (oldest,) = db.execute("SELECT taken_ms FROM waiting WHERE seq = ?", (first,)).fetchone()
    return Contents(last - first + 1, (pages - free) * size, oldest)


def _code(error: sqlite3.Error) -> int:
    # The low byte is the kind, the rest says more precisely where.
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
