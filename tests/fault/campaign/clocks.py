"""The clock of a role jumps or runs too fast, by libfaketime (Debian: libfaketime). Monotonic time goes on."""

from __future__ import annotations

import asyncio
from pathlib import Path

from msgspec.structs import replace

from tests.fault.campaign.fault import Scene
from tests.fault.campaign.kills import kill_role

LIBRARIES = (
    Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"),
    Path("/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1"),
)
#: A role needs so long to begin anew under the library, seconds.
BEGINS_S = 10.0
#: So long it works with the clock turned back right, before it is started anew without the library, seconds.
RIGHT_AGAIN_S = 5.0


class _Clock:
    """A role is started anew under the library, and its clock then made wrong while it works."""

    family = "clock"
    role = ""
    offset = "+0"

    @classmethod
    def possible(cls, scene: Scene) -> str:
        """It needs the library."""
        return "" if any(one.exists() for one in LIBRARIES) else "needs libfaketime"

    async def inject(self, scene: Scene) -> None:
        """Start the role under the library, then turn its clock."""
        library = next(one for one in LIBRARIES if one.exists())
        self._file = scene.folder / f"clock-{self.role}"
        self._file.write_text("+0")
        running = scene.local.supervisor.running[self.role]
        self._role = running.role
        faked = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            # Read anew at every look, the file would make a worker fifty times slower than it is.
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",
        }
        running.role = replace(running.role, env={**running.role.env, **faked})
        while not kill_role(scene, self.role):
            await asyncio.sleep(0.05)
        await asyncio.sleep(BEGINS_S)
        self._file.write_text(self.offset)
        scene.notes.append(f"clock of {self.role} {self.offset}")

    def hold_s(self, scene: Scene) -> float:
        """Some seconds."""
        return scene.dice.uniform(5.0, 15.0)

    async def heal(self, scene: Scene) -> None:
        """Turn it back, and some seconds later start the role anew without the library.

        Under the library a role with dozens of threads is several times slower than it is (every look at a clock takes
        a lock that all share), so that what followed was a test of the library.
        """
        self._file.write_text("+0")
        await asyncio.sleep(RIGHT_AGAIN_S)
        scene.local.supervisor.running[self.role].role = self._role
        kill_role(scene, self.role)


class EdgeAhead(_Clock):
    """The edge's clock."""

    name = "the edge's clock jumps an hour ahead and back"
    role = "connect"
    offset = "+3600"


class EdgeBehind(_Clock):
    """The edge's clock."""

    name = "the edge's clock jumps an hour back and forth"
    role = "connect"
    offset = "-3600"


class WorkerAhead(_Clock):
    """The processors' clock."""

    name = "the worker's clock jumps two hours ahead and back"
    role = "process"
    offset = "+7200"


class WorkerBehind(_Clock):
    """The processors' clock."""

    name = "the worker's clock jumps an hour back and forth"
    role = "process"
    offset = "-3600"


class ServerAhead(_Clock):
    """The server's and store's clock."""

    name = "the server's clock jumps an hour ahead and back"
    role = "serve"
    offset = "+3600"


class WorkerDrifts(_Clock):
    """The processors' clock runs a fifth too fast."""

    name = "the worker's clock drifts (20 % too fast)"
    role = "process"
    offset = "+0 x1.2"


FAULTS = (EdgeAhead, EdgeBehind, WorkerAhead, WorkerBehind, ServerAhead, WorkerDrifts)
