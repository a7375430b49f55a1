"""Roles killed with -9."""

from __future__ import annotations

import asyncio
import os
import signal

from tests.fault.campaign.fault import Momentary, Scene


def kill_role(scene: Scene, name: str) -> bool:
    """Kill a role's process; False when it does not run at this moment."""
    pid = scene.local.supervisor.running[name].pid
    if pid is None:
        return False
    os.kill(pid, signal.SIGKILL)
    return True


class Kill(Momentary):
    """kill -9 of a role at a random moment."""

    family = "role killed"
    role = ""

    async def inject(self, scene: Scene) -> None:
        """Kill it; when it is being started at this moment, kill it then."""
        while not kill_role(scene, self.role):
            await asyncio.sleep(0.05)
        scene.notes.append(f"killed {self.role}")


class KillEdge(Kill):
    """The edge."""

    name = "kill -9 of connect"
    role = "connect"


class KillWorker(Kill):
    """The stream processors."""

    name = "kill -9 of process"
    role = "process"


class KillServer(Kill):
    """Page, API and embedded store."""

    name = "kill -9 of serve (with the store)"
    role = "serve"


class KillTwice(Momentary):
    """The worker again while it starts: its first breath is a moment too."""

    name = "kill -9 of process, and again as it starts"
    family = "role killed"

    async def inject(self, scene: Scene) -> None:
        """Kill, wait for the new process to be somewhere in its start, kill."""
        for _ in range(2):
            while not kill_role(scene, "process"):
                await asyncio.sleep(0.05)
            await asyncio.sleep(scene.dice.uniform(0.5, 5.0))
        scene.notes.append("killed process twice")


class KillAll(Momentary):
    """A power cut of everything but Kafka."""

    name = "kill -9 of connect, process and serve at once"
    family = "role killed"

    async def inject(self, scene: Scene) -> None:
        """Kill them all."""
        for name in ("connect", "process", "serve"):
            kill_role(scene, name)
        scene.notes.append("killed connect, process, serve")


class Nothing(Momentary):
    """What all others are to be compared with."""

    name = "no fault"
    family = "none"

    async def inject(self, scene: Scene) -> None:
        """Do nothing."""


FAULTS = (Nothing, KillEdge, KillWorker, KillServer, KillTwice, KillAll)
