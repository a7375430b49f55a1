"""How a backup reaches the store: through the server that has the embedded store open, or by opening it itself."""

from __future__ import annotations

import asyncio
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import httpx2
import msgspec

from compose.backup.manifest import BackupError
from compose.local import addresses
from compose.settings import Settings
from dashboards.server import ports
from pipeline.store.errors import StoreError, StoreUnavailableError
from pipeline.store.table_files import TableCopy, TableFiles

#: A folder for copies lies in the data directory and has a name that nobody guesses.
_FOLDER = re.compile(r"store-copy-[0-9a-f]{32}")
#: The largest table may take its time, seconds.
_WITHIN_S = 6 * 3600.0


class Source(Protocol):
    """A store whose tables can be copied into a folder. Methods raise BackupError."""

    def about(self) -> ports.CopyableStore:
        """Return its tables and migrations."""
        ...

    def copy(self, table: str, target: Path) -> TableCopy:
        """Copy a table into a new file."""
        ...


class StoreCopies:
    """Implements ``dashboards.server.ports.StoreCopies`` over the embedded store.

    It writes only into an empty folder that the asker has made in the data directory: who cannot do that may not ask.
    """

    def __init__(self, store: Any, data_dir: Path) -> None:
        """``store``: an open ``pipeline.store.chdb_store.ChdbStore``."""
        self._store = store
        self._data_dir = data_dir.resolve()
        self._turn = asyncio.Lock()

    async def about(self) -> ports.CopyableStore:
        """See ``ports.StoreCopies.about``."""
        return await asyncio.to_thread(self._about)

    async def copy(self, folder: str, table: str) -> object:
        """See ``ports.StoreCopies.copy``."""
        if self._turn.locked():
            raise ports.CopyRefusedError("A table is being copied; one at a time.")
        async with self._turn:
            return await asyncio.to_thread(self._copy, folder, table)

    def _about(self) -> ports.CopyableStore:
        try:
            with self._store.table_files() as files:
                return ports.CopyableStore(tables=tuple(files.tables()), migrations=tuple(files.migrations()))
        except StoreError as error:
            raise ports.StoreUnavailableError from error

    def _copy(self, folder: str, table: str) -> TableCopy:
        target = self._data_dir / folder
        if not _FOLDER.fullmatch(folder) or target.is_symlink() or not target.is_dir() or any(target.iterdir()):
            raise ports.CopyRefusedError("There is no empty folder for copies of that name in the data directory.")
        try:
            with self._store.table_files() as files:
                copied: TableCopy = files.copy(table, target / f"{table}.parquet")
        except StoreUnavailableError as error:
            raise ports.StoreUnavailableError from error
        except StoreError as error:
            raise ports.CopyRefusedError(str(error)) from error
        return copied


class ServedStore:
    """The store of the server that runs here."""

    def __init__(self, settings: Settings) -> None:
        self._base = f"{addresses(settings).web}/api/store/copies"
        self._data_dir = settings.data_dir
        self._headers = {"content-type": "application/json", **settings.own_headers}

    def about(self) -> ports.CopyableStore:
        """See Source. Raises httpx2.ConnectError when nothing listens."""
        return msgspec.json.decode(self._ask("GET", None), type=ports.CopyableStore)

    def copy(self, table: str, target: Path) -> TableCopy:
        """See Source."""
        folder = self._data_dir / f"store-copy-{secrets.token_hex(16)}"
        folder.mkdir(mode=0o700)
        try:
            try:
                told = self._ask("POST", {"folder": folder.name, "table": table})
            except httpx2.ConnectError as error:
                raise BackupError("the server ended meanwhile; try again when it is up") from error
            shutil.move(folder / f"{table}.parquet", target)
            return msgspec.json.decode(told, type=TableCopy)
        except OSError as error:
            raise BackupError(
                f"the copy of {table} is not where it should be ({error.strerror}): does the server run from another "
                "data directory or as another user? Use its settings."
            ) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _ask(self, method: str, body: object) -> bytes:
        try:
            answer = httpx2.request(method, self._base, json=body, headers=self._headers, timeout=_WITHIN_S)
        except httpx2.ConnectError:
            raise
        except httpx2.HTTPError as error:
            raise BackupError(
                f"the server did not answer while it copied ({type(error).__name__}); see its log, logs/serve.log, "
                "and try again"
            ) from error
        if not answer.is_success:
            raise BackupError(f"the server copied nothing: {_problem(answer)}")
        return answer.content


class OpenedStore:
    """The store of a folder that nobody has open."""

    def __init__(self, files: TableFiles) -> None:
        self._files = files

    def about(self) -> ports.CopyableStore:
        """See Source."""
        return ports.CopyableStore(tables=tuple(self._files.tables()), migrations=tuple(self._files.migrations()))

    def copy(self, table: str, target: Path) -> TableCopy:
        """See Source."""
        return self._files.copy(table, target.resolve())


@contextmanager
def opened_store(settings: Settings, *, migrate: bool) -> Iterator[TableFiles]:
    """Give what copies the tables of the embedded store, opened here; ``migrate`` it first. Raises StoreError."""
    from pipeline.store.chdb_store import ChdbStore  # only where it is needed: it brings the engine

    store = ChdbStore(settings.data_dir.resolve() / "store", readers=1)
    try:
        if migrate:
            store.migrate()
        with store.table_files() as files:
            yield files
    finally:
        store.close()


def clear_leftovers(data_dir: Path) -> None:
    """Remove folders for copies that a backup left behind when it was killed."""
    for folder in data_dir.glob("store-copy-*"):
        if _FOLDER.fullmatch(folder.name) and not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)


def _problem(answer: httpx2.Response) -> str:
    try:
        return str(answer.json()["error"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"
