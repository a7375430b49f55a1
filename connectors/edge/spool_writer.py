"""The one thread that touches a spool's file: commits what waits in one go, mends what can be mended."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import IO, Any, TypeVar

import structlog
from msgspec import Struct

from connectors.edge.key_marks import KeyMarks, key_mark
from connectors.edge.spool_file import (
    Contents,
    DamagedSpoolError,
    SpoolFile,
    SpoolRow,
    damage_told,
    is_full,
    set_aside,
)
from schemas.wire.publisher import BrokerUnavailableError

#: After a failed attempt to open the file, seconds until the next.
REOPEN_AFTER_S = 1.0
#: Free disk below which a refusal is the disk's doing and not the bound's, bytes.
_DISK_FULL_BYTES = 16 * 1024 * 1024

T = TypeVar("T")
log = structlog.get_logger(__name__)


class SpoolRefusedError(BrokerUnavailableError):
    """Neither the broker nor the disk took these events; nothing of them was kept. The text is half a sentence."""


class SpoolInUseError(Exception):
    """Another process uses this spool."""


class Measures(Struct, frozen=True):
    """What the spool holds, how large it may become and how much room its disk has, bytes."""

    contents: Contents = Contents()
    limit_bytes: int = 0
    free_bytes: int = 0


class _Append(Struct, frozen=True):
    rows: Sequence[SpoolRow]
    done: Future[None]


class _Call(Struct, frozen=True):
    run: Callable[[SpoolFile], Any]
    done: Future[Any]


def _append(jobs: Sequence[_Append], file: SpoolFile) -> None:
    file.append([row for job in jobs for row in job.rows])


class SpoolWriter:
    """Owns the file of a spool. Its methods may be called from any thread; futures are settled in the order of the
    commits, from the thread that owns the file.

    ``on_opened(marks)`` is called with the keys found whenever the file was opened: at the start, after the disk had
    failed, and (with none) after a damaged file was set aside.
    """

    def __init__(
        self, path: Path, limit_bytes: int, on_opened: Callable[[KeyMarks], None] = lambda _marks: None
    ) -> None:
        self.path = path
        self.measures = Measures(limit_bytes=limit_bytes, free_bytes=limit_bytes)
        self._limit_bytes = limit_bytes
        self._on_opened = on_opened
        self._file: SpoolFile | None = None
        self._open_again_at = 0.0
        self._told = False
        self._jobs: list[_Append | _Call] = []
        self._wake = threading.Condition()
        self._closing = False
        self._lock: IO[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name="spool-writer", daemon=True)

    def start(self) -> None:
        """Take hold of the spool and begin. Raises SpoolInUseError when another process has it."""
        with contextlib.suppress(OSError):  # a folder that cannot be made is told when it is used, and tried again
            self._take_hold()
        self._thread.start()

    def append(self, rows: Sequence[SpoolRow]) -> Future[None]:
        """Have rows written; the future ends when they are on the disk. It raises SpoolRefusedError when not."""
        done: Future[None] = Future()
        self._add(_Append(rows, done))
        return done

    def call(self, run: Callable[[SpoolFile], T]) -> Future[T]:
        """Have something done with the file; the future raises SpoolRefusedError when the file or disk failed."""
        done: Future[T] = Future()
        self._add(_Call(run, done))
        return done

    def close(self) -> None:
        """Write what waits, close the file and let go of it."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()
        if self._lock is not None:
            self._lock.close()

    def _take_hold(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # The kernel lets go of it when this process is gone, however it ended.
        lock = self.path.with_suffix(".lock").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise SpoolInUseError(
                f"another process uses the spool {self.path}: stop it, or give this one a data_dir of its own"
            ) from None
        self._lock = lock

    def _add(self, job: _Append | _Call) -> None:
        job.done.set_running_or_notify_cancel()  # from here on nobody can take it back
        with self._wake:
            if self._closing:
                job.done.set_exception(SpoolRefusedError("this edge is stopping"))
                return
            self._jobs.append(job)
            self._wake.notify()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._jobs and not self._closing:
                    self._wake.wait()
                jobs, self._jobs = self._jobs, []
                last = self._closing and not jobs
            if last:
                break
            appends = [job for job in jobs if isinstance(job, _Append)]
            if appends:
                # Everything that came while the last commit was under way is on the disk with one sync.
                self._settle([job.done for job in appends], partial(_append, appends))
            for job in jobs:
                if isinstance(job, _Call):
                    self._settle([job.done], job.run)
        if self._file is not None:
            self._file.close()

    def _settle(self, futures: Sequence[Future[Any]], run: Callable[[SpoolFile], Any]) -> None:
        try:
            result = self._attempt(run)
        except Exception as error:
            for future in futures:
                future.set_exception(error)
        else:
            for future in futures:
                future.set_result(result)

    def _attempt(self, run: Callable[[SpoolFile], T]) -> T:
        """Do it, and once more on a new file when this one turns out to be damaged. Raises SpoolRefusedError."""
        for _ in range(2):
            try:
                file = self._opened()
                with damage_told():
                    result = run(file)
                    self._measure(file)
                return result
            except DamagedSpoolError as error:
                self._set_aside(str(error))
            except sqlite3.Error as error:
                if not is_full(error):
                    self._give_up(str(error))
                raise self._refusal(error) from error
            except SpoolInUseError as error:
                raise SpoolRefusedError(str(error)) from error
            except OSError as error:
                self._give_up(error.strerror or type(error).__name__)
                raise self._refusal(error) from error
        raise SpoolRefusedError("the disk of this edge damages what it keeps")

    def _opened(self) -> SpoolFile:
        if self._file is None:
            if time.monotonic() < self._open_again_at:
                raise OSError("the spool could not be opened a moment ago")
            self._open_again_at = time.monotonic() + REOPEN_AFTER_S
            if self._lock is None:
                self._take_hold()
            file = SpoolFile(self.path, self._limit_bytes)
            try:
                marks = KeyMarks()
                with damage_told():
                    marks.add(key_mark(event_type, key) for event_type, key in file.keys())  # noqa: SIM118
                    self._measure(file)
            except BaseException:
                file.close()
                raise
            self._file = file
            self._told = False
            self._on_opened(marks)
            if marks.events:
                log.info("spool found with events of before", events=marks.events)
        return self._file

    def _measure(self, file: SpoolFile) -> None:
        free = shutil.disk_usage(self.path.parent).free
        self.measures = Measures(file.contents(), file.limit_bytes, free)

    def _give_up(self, why: str) -> None:
        """Close the file after an error of the disk: what SQLite still knows of it may not be what is there."""
        if not self._told:
            log.error("spool cannot be used; it is tried again every second", path=str(self.path), why=why)
            self._told = True
        if self._file is not None:
            with contextlib.suppress(sqlite3.Error):
                self._file.close()
            self._file = None

    def _set_aside(self, why: str) -> None:
        if self._file is not None:
            with contextlib.suppress(sqlite3.Error):
                self._file.close()
            self._file = None
        try:
            kept = set_aside(self.path)
        except OSError as error:
            raise SpoolRefusedError(f"the spool is damaged and cannot be renamed: {error.strerror}") from error
        self._open_again_at = 0.0
        log.critical("spool was damaged: set aside, a new one is begun; events may be in it", kept=str(kept), why=why)

    def _refusal(self, error: Exception) -> SpoolRefusedError:
        if isinstance(error, sqlite3.Error) and is_full(error):
            try:
                free = shutil.disk_usage(self.path.parent).free
            except OSError:
                free = 0
            if free > _DISK_FULL_BYTES:
                return SpoolRefusedError("the spool of this edge is full (spool_limit_mb)")
            return SpoolRefusedError("the disk of this edge is full")
        return SpoolRefusedError("the disk of this edge takes no events (an error of the disk)")
