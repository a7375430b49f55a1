"""Workers that come and go: each changes who has which partitions."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal

from compose.local import role_command
from compose.supervisor import Role
from tests.fault.campaign.fault import Momentary, Scene

STORM_S = 20.0


class RebalanceStorm(Momentary):
    """More workers join the group and leave it, in order or killed, every second or so."""

    name = "a storm of rebalances"
    family = "rebalance"

    async def inject(self, scene: Scene) -> None:
        """Blow for twenty seconds."""
        supervisor, loop = scene.local.supervisor, asyncio.get_running_loop()
        until, number = loop.time() + STORM_S, 0
        guests: list[str] = []
        while loop.time() < until:
            name = f"guest-{number % 2}"
            number += 1
            if name in guests:
                pid = supervisor.running[name].pid
                with contextlib.suppress(ProcessLookupError):
                    if pid is not None:
                        os.kill(pid, scene.dice.choice([signal.SIGKILL, signal.SIGTERM]))
                await supervisor.end(name)
                guests.remove(name)
            role = Role(
                name=name, command=role_command("process"), env=scene.local.environment("process"), restart=False
            )
            # Not by the supervisor's own start: it would keep them running.
            await supervisor.start(role)
            guests.append(name)
            # A worker needs some seconds to join; two of them in turn give a join or a leave every second or two.
            await asyncio.sleep(scene.dice.uniform(2.0, 5.0))
        for name in guests:
            await supervisor.end(name)
        for name in ("guest-0", "guest-1"):
            supervisor.running.pop(name, None)
        scene.notes.append(f"{number} guests")


FAULTS = (RebalanceStorm,)
