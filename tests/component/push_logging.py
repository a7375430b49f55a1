"""Tells a device that fails, then is gone, with the logs of a role at their most talkative."""

from __future__ import annotations

import sys
from pathlib import Path

from compose.logs import configure
from tests.component.push_service import Room, Service, run
from tests.unit.notify_facts import alert

FOLDER = Path(sys.argv[1])


async def tell(service: Service) -> None:
    room = Room(FOLDER, service.port)
    room.add("r.diaz")
    room.turn_on("r.diaz", "/a-secret-path")
    service.answers = ["500 No", "410 Gone"]
    room.pushing.take([alert()])
    await room.tell()
    room.at += 5
    await room.tell()
    assert len(service.got) == 2


configure("debug", "notify")
run(FOLDER, tell)
