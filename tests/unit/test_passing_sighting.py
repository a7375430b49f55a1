"""A sighting as the rules on paths read it: all of it but what lies near."""

from __future__ import annotations

import asyncio
from typing import Any

from msgspec.structs import asdict

from pipeline.guard import Guard
from pipeline.message import Message
from pipeline.outcome import DeadLetter
from pipeline.processors.paths import PlatePaths
from schemas.events.dead_letter import DEAD_LETTER
from schemas.events.sighting import EXAMPLE, PASSING
from schemas.wire.frame import FrameDecoder, encode_event, encode_frame


class Refusing:
    """Refuses every sighting."""

    name = "refusing"
    consumes = (PASSING,)
    emits = ()

    def process(self, kind: Any, events: Any, partition: int) -> list[DeadLetter]:
        assert all(event.incidents == () for event in events)
        return [DeadLetter("bad", "said so") for _ in events]


def test_the_rules_on_paths_leave_the_incidents_near_a_sighting_unread_and_nothing_else() -> None:
    assert EXAMPLE.incidents
    assert PlatePaths.consumes == (PASSING,)
    (seen,) = FrameDecoder(PASSING).decode(encode_frame([EXAMPLE])).events
    assert asdict(seen) == asdict(EXAMPLE) | {"incidents": ()}


def test_one_that_is_refused_is_kept_with_the_incidents_near_it() -> None:
    message = Message(PASSING.topic, 0, 1, b"k", encode_frame([EXAMPLE, EXAMPLE]), [])
    made = asyncio.run(Guard(Refusing(), PASSING, partitions=1).handle(message))
    letters = [letter for out in made for letter in FrameDecoder(DEAD_LETTER).decode(out.value).events]
    assert [letter.original for letter in letters] == [encode_event(EXAMPLE)] * 2
