"""Taking a backup, while the system runs or while it stands still.

The order makes it whole. Spools first: what leaves one meanwhile is in the log by then. Then how far the groups have
come, and only then the log: whatever was acknowledged has left its results in the copy. The store last: it has all that
was acknowledged for it. So everything that was accepted before the command began is in the backup, some of it twice,
which ids absorb.
"""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import httpx2
import msgspec
from pydantic import SecretStr

from compose.backup import manifest as manifests
from compose.backup.attachment_files import copy_attachments
from compose.backup.manifest import BackupError, Manifest, PartitionCopy, Position, StoredTable
from compose.backup.settled import wait_until_stored
from compose.backup.spools import copy_spools
from compose.backup.store_copies import OpenedStore, ServedStore, Source, clear_leftovers, opened_store
from compose.backup.topic_files import copy_topic
from compose.ledger.log import Groups
from compose.on_disk import sync
from compose.roles.broker_settings import PROCESS_GROUP, STORE_GROUP
from compose.settings import Settings
from pipeline.store.errors import StoreError
from schemas.registry import EVENT_TYPES
from schemas.wire.publisher import BrokerUnavailableError
from schemas.wire.topics import topic_states

#: Told what is being done, and which piece of how many it is.
Step = Callable[[str, int, int], None]


def take(settings: Settings, folder: Path, *, without_store: bool, say: Callable[[str], None], step: Step) -> Manifest:
    """Write a backup into ``folder``, which must not exist yet or be empty, and return what is in it.

    The folder appears when all is in it and on the disk. Blocking. Raises BackupError.
    """
    with _alone(settings.data_dir):
        return _take(settings, folder, without_store=without_store, say=say, step=step)


def _take(settings: Settings, folder: Path, *, without_store: bool, say: Callable[[str], None], step: Step) -> Manifest:
    _require_room_for(folder)
    if not settings.embedded_store and not without_store:
        raise BackupError(
            "the store is a ClickHouse server, which has a backup of its own: make one with its BACKUP DATABASE rtcc, "
            "and run this with --without-store (docs/how-to/back-up-and-restore.md)"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.unfinished-", dir=folder.parent))
    try:
        made = _fill(settings, draft, without_store=without_store, say=say, step=step)
        manifests.write(draft, made)
        draft.replace(folder)
        sync(folder.parent)
        return made
    except (BrokerUnavailableError, StoreError) as error:
        raise BackupError(f"{error}. Nothing was left behind; try again when it is mended.") from error
    except OSError as error:
        raise BackupError(
            f"the backup could not be written: {error.strerror or error}. Nothing was left behind; choose a folder on "
            "a disk with room."
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def plain_settings(settings: Settings) -> dict[str, object]:
    """Return the settings in force without those that are secrets."""
    secret = {name for name in Settings.model_fields if isinstance(getattr(settings, name), SecretStr)}
    return settings.model_dump(mode="json", exclude=secret)


def _fill(settings: Settings, draft: Path, *, without_store: bool, say: Callable[[str], None], step: Step) -> Manifest:
    made_at = datetime.now(UTC)
    (draft / "settings.json").write_bytes(msgspec.json.format(msgspec.json.encode(plain_settings(settings))) + b"\n")
    spools = copy_spools(settings.data_dir, draft)
    source, running = _store(settings, without_store=without_store)
    with source as store:
        about = store.about() if store is not None else None
        topics: list[PartitionCopy] = []
        positions: list[Position] = []
        tables = () if about is None else about.tables
        if settings.embedded_broker:
            if running:
                step("log: waiting until all of it is stored", 0, len(tables))
                wait_until_stored(settings, say)
        else:
            topics, positions = _copy_topics(settings, draft, step, len(tables))
        stored = None if without_store else _copy_tables(store, tables, draft, step, len(topics))
    return Manifest(
        format=manifests.FORMAT,
        made_at=made_at.isoformat(timespec="milliseconds"),
        version=version("watchfloor"),
        broker="embedded" if settings.embedded_broker else "kafka",
        migrations=[] if about is None else list(about.migrations),
        store=stored,
        topics=topics,
        positions=positions,
        spools=spools,
        # What the copied log names was on the disk before it.
        attachments=copy_attachments(settings.data_dir, draft),
        files=manifests.digests(draft),
    )


def _store(settings: Settings, *, without_store: bool) -> tuple[AbstractContextManager[Source | None], bool]:
    """Return the way to the store, None when there is none yet, and whether the system runs."""
    if without_store:
        return nullcontext(), True
    served = ServedStore(settings)
    try:
        served.about()
        clear_leftovers(settings.data_dir)
        return nullcontext(served), True
    except httpx2.ConnectError:
        if not (settings.data_dir / "store").exists():
            return nullcontext(), False
        return _Opened(settings), False


class _Opened(AbstractContextManager[Source | None]):
    """The store of a system that stands still. Its schema stays as it is."""

    def __init__(self, settings: Settings) -> None:
        self._opening = opened_store(settings, migrate=False)

    def __enter__(self) -> Source:
        return OpenedStore(self._opening.__enter__())

    def __exit__(self, *error: object) -> None:
        self._opening.__exit__(None, None, None)


def _copy_topics(
    settings: Settings, draft: Path, step: Step, tables: int
) -> tuple[list[PartitionCopy], list[Position]]:
    groups = Groups(settings)
    try:
        acknowledged = {
            group: {place: offset for place, offset in groups.acknowledged(group).items() if offset >= 0}
            for group in (PROCESS_GROUP, STORE_GROUP)
        }
    finally:
        groups.close()
    present = {state.topic for state in topic_states(settings.bootstrap, **settings.kafka_config()) if state.exists}
    kinds = [kind for kind in EVENT_TYPES if kind.topic in present]
    copies: list[PartitionCopy] = []
    positions: list[Position] = []
    for number, kind in enumerate(kinds):
        total = len(kinds) + tables
        step(kind.topic, number, total)
        some, places = copy_topic(
            settings,
            kind,
            draft,
            acknowledged,
            lambda count, kind=kind, number=number, total=total: step(  # type: ignore[misc]
                f"{kind.topic}: {count} messages", number, total
            ),
        )
        copies += some
        positions += places
    return copies, positions


def _copy_tables(
    store: Source | None, tables: Sequence[str], draft: Path, step: Step, before: int
) -> list[StoredTable]:
    (draft / "store").mkdir()
    stored = []
    for number, table in enumerate(tables):
        step(f"store: {table}", before + number, before + len(tables))
        assert store is not None
        file = f"store/{table}.parquet"
        stored.append(StoredTable(file=file, copy=store.copy(table, draft / file)))
    return stored


@contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    """Hold off other backups of this system: one would clear away what another is copying."""
    if not data_dir.exists():
        raise BackupError(f"there is nothing in {data_dir} to back up; give the settings of the system")
    with (data_dir / "backup.lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BackupError("another backup of this system is being made; wait until it has ended") from error
        yield


def _require_room_for(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupError(f"{folder} is there already and not empty: name a new folder for each backup.")
