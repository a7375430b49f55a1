"""Workers that come and go: each changes who has which partitions."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import DEVNULL, Process

from compose.local import role_command
from tests.fault.campaign.fault import Momentary, Scene

STORM_S = 20.0
#: Guests at once.
GUESTS = 2


class RebalanceStorm(Momentary):
    """More workers join the group and leave it, in order or killed, every few seconds."""

    name = "a storm of rebalances"
    family = "rebalance"

    async def inject(self, scene: Scene) -> None:
        """Blow for twenty seconds. The guests are not the supervisor's, which would start them again."""
        loop = asyncio.get_running_loop()
        until, number = loop.time() + STORM_S, 0
        guests: list[Process] = []
        env = {**os.environ, **scene.local.environment("process")}
        try:
            while loop.time() < until:
                if len(guests) == GUESTS:
                    await _end(guests.pop(0), scene.dice.choice([signal.SIGKILL, signal.SIGTERM]))
                command = role_command("process")
                guests.append(await asyncio.create_subprocess_exec(*command, env=env, stdout=DEVNULL, stderr=DEVNULL))
                number += 1
                # A worker needs some seconds to join: two of them in turn give a join or a leave every second or two.
                await asyncio.sleep(scene.dice.uniform(2.0, 5.0))
        finally:
            for guest in guests:
                await _end(guest, signal.SIGKILL)
        scene.notes.append(f"{number} guests")


async def _end(guest: Process, how: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        guest.send_signal(how)
    try:
        await asyncio.wait_for(guest.wait(), 10.0)
    except TimeoutError:
        guest.kill()
        await guest.wait()


FAULTS = (RebalanceStorm,)
