"""Runs the roles of one machine as processes: starts them, restarts what dies, stops them all, leaves none behind."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import random
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import structlog
from msgspec import Struct

from compose.heartbeat import Listener

log = structlog.get_logger(__name__)

#: A role that lived this long is healthy again: its back-off begins anew.
HEALTHY_AFTER_S = 30.0
BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
#: Seconds a role has to end after SIGTERM before it is killed.
GRACE_S = 8.0
#: Between two looks at whether roles are still heard, seconds.
LOOK_EVERY_S = 1.0
_PR_SET_PDEATHSIG = 1


class Role(Struct, frozen=True, kw_only=True):
    """A process to keep running. ``on_start`` is awaited after each start, before anything that depends on it;
    ``restart`` is False for one that ends by itself when its work is done. ``hang_s``: it beats (compose/heartbeat.py),
    and is killed when it has been silent for so many seconds; None: it is not listened to."""

    name: str
    command: list[str]
    env: dict[str, str] = {}
    on_start: Callable[[], Awaitable[None]] | None = None
    restart: bool = True
    hang_s: float | None = None


class Running:
    """A role's present process and its past. ``hangs``: how often it was killed because it was silent."""

    def __init__(self, role: Role) -> None:
        self.role = role
        self.process: asyncio.subprocess.Process | None = None
        self.restarts = 0
        self.hangs = 0
        self.started_at = 0.0
        self.listener = Listener(role.hang_s, LOOK_EVERY_S) if role.hang_s is not None else None

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self.process.pid if self.process is not None and self.process.returncode is None else None


class Supervisor:
    """Keeps roles running. Output goes to one file per role under ``log_dir``."""

    def __init__(self, log_dir: Path, on_change: Callable[[], None] = lambda: None) -> None:
        self.running: dict[str, Running] = {}
        self._log_dir = log_dir
        self._on_change = on_change
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, role: Role) -> None:
        """Start a role; returns once its process runs and ``on_start`` has returned."""
        self._log_dir.mkdir(parents=True, exist_ok=True)
        running = self.running[role.name] = Running(role)
        await self._spawn(running)
        if role.on_start is not None:
            await role.on_start()
        self._tasks.append(asyncio.create_task(self._keep(running)))
        if running.listener is not None:
            self._tasks.append(asyncio.create_task(self._listen(running, running.listener)))

    async def _spawn(self, running: Running) -> None:
        role = running.role
        path = self._log_dir / f"{role.name}.log"
        if running.listener is not None:
            running.listener.begin()
        with path.open("ab") as output:
            running.process = await asyncio.create_subprocess_exec(
                *role.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **role.env, **(running.listener.environment if running.listener else {})},
                # A group of its own, so that Ctrl-C reaches the supervisor only, which then stops all in order.
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )
        running.started_at = time.monotonic()
        self._on_change()

    async def _keep(self, running: Running) -> None:
        failures = 0
        while True:
            assert running.process is not None
            status = await running.process.wait()
            self._on_change()
            if self._stopping.is_set() or (status == 0 and not running.role.restart):
                return
            if time.monotonic() - running.started_at > HEALTHY_AFTER_S:
                failures = 0
            delay = BACKOFF_S[min(failures, len(BACKOFF_S) - 1)] * random.uniform(0.8, 1.2)  # noqa: S311 - jitter
            failures += 1
            running.restarts += 1
            log.error("role ended, starting it again", role=running.role.name, status=status, in_s=round(delay, 2))
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), delay)
            if self._stopping.is_set():
                return
            try:
                await self._spawn(running)
                if running.role.on_start is not None:
                    await running.role.on_start()
            except Exception as error:
                log.error("role could not be started", role=running.role.name, error=str(error))

    async def _listen(self, running: Running, listener: Listener) -> None:
        """Kill a process that is silent: one that is stopped or whose loop is blocked cannot end itself."""
        while not self._stopping.is_set():
            await asyncio.sleep(LOOK_EVERY_S)
            silent_s = listener.look()
            if silent_s is not None and running.pid is not None:
                running.hangs += 1
                log.error("role hangs and is killed", role=running.role.name, silent_s=silent_s, pid=running.pid)
                listener.begin()
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(running.pid, signal.SIGKILL)

    def start_anew(self, *, but: str) -> None:
        """Have every other role that is kept running start anew, because what it stood on is gone."""
        for name, running in self.running.items():
            if name != but and running.pid is not None and running.role.restart:
                os.killpg(running.pid, signal.SIGKILL)

    async def end(self, name: str) -> bool:
        """End a role that is not to be restarted, in order; True when it had ended by itself already."""
        running = self.running[name]
        by_itself = running.pid is None
        await _end(running)
        return by_itself

    async def stop(self) -> None:
        """Stop every role, the last started first, and return when none of their processes is left."""
        self._stopping.set()
        for running in reversed(list(self.running.values())):
            await _end(running)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for running in self.running.values():
            if running.listener is not None:
                running.listener.close()
        self._on_change()

    def state(self) -> dict[str, Any]:
        """Return each role's process id, how often it was restarted, and how often it was killed because it hung."""
        return {
            name: {"pid": running.pid, "restarts": running.restarts, "hangs": running.hangs}
            for name, running in self.running.items()
        }


async def _end(running: Running) -> None:
    process = running.process
    if process is None or process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), GRACE_S)
    except TimeoutError:
        log.warning("role did not end in time and was killed", role=running.role.name)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # whatever it may have left in its group
    await process.wait()


def _die_with_parent() -> None:
    """Have the kernel end this process when the supervisor is gone, even by kill -9 (Linux prctl(2))."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
