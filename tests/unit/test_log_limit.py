"""The embedded log stops taking events before the machine suffers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

import pytest

from compose.broker import LogLimit
from schemas.envelope import Event
from schemas.events.alert import EXAMPLE
from schemas.wire.publisher import BackpressureError


class Kept:
    def __init__(self) -> None:
        self.events: list[Event] = []

    async def publish(self, events: Sequence[Event]) -> None:
        self.events.extend(events)


def test_a_full_log_refuses_and_says_what_to_do() -> None:
    kept = Kept()
    full = LogLimit(kept, os.getpid, 1)  # this test itself has more than a megabyte
    with pytest.raises(BackpressureError, match="WATCHFLOOR_KAFKA"):
        asyncio.run(full.publish([EXAMPLE]))
    assert kept.events == []


def test_a_log_with_room_takes_events_also_while_the_broker_is_being_restarted() -> None:
    kept = Kept()
    asyncio.run(LogLimit(kept, os.getpid, 1_000_000).publish([EXAMPLE]))
    asyncio.run(LogLimit(kept, lambda: None, 1).publish([EXAMPLE]))
    assert len(kept.events) == 2
