"""The process role as it is, but for each frame of plate reads it takes so many seconds longer (argument)."""

from __future__ import annotations

import asyncio
import sys

from compose.roles import process
from compose.roles.runner import run_role
from compose.settings import load
from pipeline.guard import Guard
from pipeline.message import Message, Outgoing
from schemas.events.plate_read import PLATE_READ


class SlowGuard(Guard):
    async def handle(self, message: Message) -> list[Outgoing]:
        if self.kind is PLATE_READ:
            await asyncio.sleep(float(sys.argv[1]))
        return await super().handle(message)


process.Guard = SlowGuard  # type: ignore[misc]
run_role("process", load(), process.run)
