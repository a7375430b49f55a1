"""What a backup holds: written last, so that a folder without it is no backup.

A backup is a folder: ``manifest.json``, ``settings.json``, and files of open formats in ``store/`` (Parquet),
``topics/`` (JSON lines, gzip), ``spool/`` (SQLite) and ``attachments/`` (files of incidents as they came).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from compose.on_disk import sync
from pipeline.store.table_files import TableCopy

FORMAT = 1
FILE = "manifest.json"
_PORTION = 1 << 20


class BackupError(Exception):
    """A backup cannot be made, read or put back; the text says why and what to do."""


class FileDigest(Struct, frozen=True):
    """A file of the backup as it was written: its bytes and their SHA-256."""

    bytes: int
    sha256: str


class StoredTable(Struct, frozen=True, kw_only=True):
    """A table of the store, and the file it is in (relative to the folder)."""

    file: str
    copy: TableCopy


class PartitionCopy(Struct, frozen=True, kw_only=True):
    """A partition of a topic. ``events`` and ``id_digest``: of those that can be read in its messages.

    ``content_sha256``: over key, value and headers of every message, in order; not over offsets and times, which are
    others after a restore.
    """

    topic: str
    partition: int
    file: str
    messages: int
    events: int
    id_digest: str
    content_sha256: str


class Position(Struct, frozen=True, kw_only=True):
    """How far a consumer group had come: it had acknowledged the first ``messages`` of the partition's copy."""

    group: str
    topic: str
    partition: int
    messages: int


class SpoolCopy(Struct, frozen=True, kw_only=True):
    """The spool of an edge. ``content_sha256``: over all its rows, in order. A damaged one is kept as it is."""

    file: str
    events: int
    content_sha256: str
    damaged: bool = False


class Manifest(Struct, frozen=True, kw_only=True):
    """Everything that is in a backup. ``made_at``: RFC 3339, UTC. ``broker``: embedded, or kafka: only then topics
    are in it. ``store``: None when the store is a ClickHouse server, which has a backup of its own."""

    format: int
    made_at: str
    version: str
    broker: str
    migrations: list[str]
    store: list[StoredTable] | None
    topics: list[PartitionCopy]
    positions: list[Position]
    spools: list[SpoolCopy]
    files: dict[str, FileDigest]
    #: Files of incidents among them.
    attachments: int = 0


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest to the disk, and all that the folder holds before it."""
    for path in sorted(folder.rglob("*")):
        sync(path)
    target = folder / FILE
    target.write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
    sync(target)
    sync(folder)


def read(folder: Path) -> Manifest:
    """Return the manifest of a backup. Raises BackupError for a folder that is none."""
    try:
        raw = (folder / FILE).read_bytes()
    except OSError as error:
        raise BackupError(
            f"{folder} is no whole backup: it has no {FILE} ({error.strerror}). A backup that was broken off has none."
        ) from error
    try:
        found = msgspec.json.decode(raw, type=Manifest)
    except msgspec.DecodeError as error:
        raise BackupError(f"{folder / FILE} cannot be read: {error}. Take another backup.") from error
    if found.format != FORMAT:
        raise BackupError(f"the backup has format {found.format}, and this version reads {FORMAT}: use a newer one")
    return found


def digests(folder: Path, on_file: Callable[[str], None] = lambda _name: None) -> dict[str, FileDigest]:
    """Return the digest of every file below a folder but the manifest, by its path."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != FILE):
        name = path.relative_to(folder).as_posix()
        on_file(name)
        found[name] = digest_of(path)
    return found


def verify(folder: Path, manifest: Manifest, on_file: Callable[[str], None] = lambda _name: None) -> None:
    """Compare every file with the manifest. Raises BackupError, naming the first that is not as it was written."""
    here = digests(folder, on_file)
    for name, wanted in manifest.files.items():
        if name not in here:
            raise BackupError(f"{folder / name} is missing: the backup is not whole. Take another one.")
        if here[name] != wanted:
            raise BackupError(f"{folder / name} is not as it was written: it is damaged. Take another backup.")
    if strange := sorted(set(here) - set(manifest.files)):
        raise BackupError(f"{folder / strange[0]} does not belong to the backup. Move it away.")


def digest_of(path: Path) -> FileDigest:
    """Return the digest of a file, read in portions."""
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        while portion := file.read(_PORTION):
            digest.update(portion)
            size += len(portion)
    return FileDigest(size, digest.hexdigest())
