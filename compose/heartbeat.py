"""How a role tells whoever supervises it that its event loop goes round: systemd's own protocol (sd_notify(3)).

`up` listens as systemd does, so that a role hangs no longer here than as a unit with ``WatchdogSec=``. A process that
is stopped, or whose loop is blocked, is silent; it cannot end itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import tempfile
from pathlib import Path

#: Longest time between two beats, seconds.
BEAT_EVERY_S = 1.0
#: How much longer a process may be silent at its start: imports, and a store to open, on a slow machine, seconds.
START_WITHIN_S = 90.0


async def beat() -> None:
    """Tell the supervisor that the loop goes round, until cancelled. Returns at once when nobody asked for it."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    wanted_us = os.environ.get("WATCHDOG_USEC", "")
    for_pid = os.environ.get("WATCHDOG_PID", "")
    if not address or not wanted_us.isdigit() or (for_pid and for_pid != str(os.getpid())):
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    every_s = min(BEAT_EVERY_S, int(wanted_us) / 4e6)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.setblocking(False)
        with contextlib.suppress(OSError):
            line.sendto(b"READY=1\n", address)
        while True:
            with contextlib.suppress(OSError):  # nobody listens any more, or has not read for long
                line.sendto(b"WATCHDOG=1\n", address)
            await asyncio.sleep(every_s)


class Listener:
    """Hears the beats of one process after another. ``environment`` is for the process to be started.

    Counts looks rather than time: a supervisor that was itself stopped for a while must not take it for silence.
    """

    def __init__(self, patience_s: float, look_every_s: float = 1.0) -> None:
        """``patience_s``: how long a process that has been heard once may be silent, seconds."""
        self._folder = Path(tempfile.mkdtemp(prefix="watchfloor-"))  # short: an address may be 107 bytes long
        address = self._folder / "beat"
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._line.bind(str(address))
        self._line.setblocking(False)
        self._silent_looks = 0
        #: True once the present process has beaten.
        self.heard = False
        self._look_every_s = look_every_s
        self._patience_s = patience_s
        self.environment = {"NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": str(int(patience_s * 1e6))}

    def begin(self) -> None:
        """A new process begins."""
        self._drain()
        self._silent_looks = 0
        self.heard = False

    def look(self) -> float | None:
        """Return for how many seconds nothing has been heard, when that is too long. Call it every ``look_every_s``."""
        if self._drain():
            self._silent_looks = 0
            self.heard = True
            return None
        self._silent_looks += 1
        silent_s = self._silent_looks * self._look_every_s
        return silent_s if silent_s >= self._patience_s + (0.0 if self.heard else START_WITHIN_S) else None

    def close(self) -> None:
        """Hear no more."""
        self._line.close()
        with contextlib.suppress(OSError):
            (self._folder / "beat").unlink()
            self._folder.rmdir()

    def _drain(self) -> bool:
        heard = False
        with contextlib.suppress(BlockingIOError):
            while True:
                self._line.recv(256)
                heard = True
        return heard
