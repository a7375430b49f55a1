"""The mark of a restore that has begun and not ended: what is in such a data directory is half a system."""

from __future__ import annotations

from pathlib import Path

from compose.backup.manifest import BackupError

_FILE = "backup-restore.unfinished"


def mark(data_dir: Path, backup: Path) -> None:
    """Note that a restore begins."""
    (data_dir / _FILE).write_text(f"{backup.resolve()}\n", encoding="utf-8")


def clear(data_dir: Path) -> None:
    """Note that it has ended well."""
    (data_dir / _FILE).unlink(missing_ok=True)


def refuse(data_dir: Path) -> None:
    """Raise BackupError, saying what to do, when a restore was broken off here."""
    if (data_dir / _FILE).exists():
        raise BackupError(
            f"A restore into {data_dir} was broken off, so half a system is there. Remove {data_dir / 'store'}, "
            f"{data_dir / 'spool'} and {data_dir / _FILE}; if it was restored into Apache Kafka, run `watchfloor kafka "
            "down --delete` and `watchfloor kafka up` too. Then restore again."
        )
