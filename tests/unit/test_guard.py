"""The guard accounts for every event, isolates the bad ones, and stops before it drains a topic into the bin."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.guard import Guard, LineStoppedError
from pipeline.message import Message, Outgoing
from pipeline.outcome import DeadLetter, Drop, Emit, Outcome, Retry
from schemas.event_type import EventType
from schemas.events.dead_letter import DeadLetter as Letter
from schemas.events.plate_read import PLATE_READ, PlateRead
from schemas.registry import BY_TOPIC
from schemas.wire.frame import FrameDecoder, encode_event, encode_frame
from schemas.wire.partition import partition_of
from tests.unit.facts import read


class Scripted:
    """A processor that does what each plate says: EMIT…, DROP…, DEAD…, RAISE…, RETRY… (as often as ``retries``)."""

    name = "scripted"
    consumes = (PLATE_READ,)
    emits = (PLATE_READ,)

    def __init__(self, retries: int = 0) -> None:
        self.retries = retries

    def process(self, kind: EventType[Any], events: Sequence[PlateRead], partition: int) -> Sequence[Outcome]:
        outcomes: list[Outcome] = []
        for event in events:
            if event.plate.startswith("RAISE"):
                raise ValueError(event.plate)
            if event.plate.startswith("RETRY") and self.retries:
                self.retries -= 1
                raise Retry("not ready")
            if event.plate.startswith("DROP"):
                outcomes.append(Drop("unwanted"))
            elif event.plate.startswith("DEAD"):
                outcomes.append(DeadLetter("bad", "said so"))
            else:
                outcomes.append(Emit((event,)))
        return outcomes


def message(value: bytes, offset: int = 0) -> Message:
    return Message(PLATE_READ.topic, 2, offset, b"key", value, [("h", b"v")])


def handle(guard: Guard, value: bytes, offset: int = 0) -> list[Outgoing]:
    return asyncio.run(guard.handle(message(value, offset)))


def opened(outgoing: Sequence[Outgoing]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for out in outgoing:
        kind = BY_TOPIC[out.topic]
        frame = FrameDecoder(kind).decode(out.value)
        assert frame.rejected == []
        assert dict(out.headers)["count"] == str(len(frame.events)).encode()
        for event in frame.events:
            assert out.partition in (partition_of(kind.key_of(event), 4), 2)
        found.setdefault(kind.name, []).extend(frame.events)
    return found


def test_every_event_ends_emitted_dropped_or_dead_lettered() -> None:
    guard = Guard(Scripted(), PLATE_READ, partitions=4)
    plates = ["EMIT1", "DROP1", "DEAD1", "RAISE1", "EMIT2", "RAISE2", "DROP2"]
    out = opened(handle(guard, encode_frame([read(plate, at) for at, plate in enumerate(plates)])))
    assert [event.plate for event in out["plate_read"]] == ["EMIT1", "EMIT2"]
    assert sorted((letter.index, letter.reason) for letter in out["dead_letter"]) == [
        (2, "bad"),
        (3, "rule_failed"),
        (5, "rule_failed"),
    ]
    assert guard.counts == {
        "events_in": 7,
        "emitted": 2,
        "dropped:unwanted": 2,
        "dead_lettered:bad": 1,
        "dead_lettered:rule_failed": 2,
    }


@pytest.mark.parametrize("before", [b"", b" "])
def test_a_refused_event_is_kept_as_it_came_also_what_this_version_does_not_know(before: bytes) -> None:
    refused = encode_event(read("DEAD1"))[:-1] + b', "of_a_later_version": 7 }'
    (letter,) = opened(handle(Guard(Scripted(), PLATE_READ, partitions=4), before + refused))["dead_letter"]
    assert letter.original == before + refused
    frame = b"[" + encode_event(read("EMIT1")) + b", " + refused + b"]"
    (letter,) = opened(handle(Guard(Scripted(), PLATE_READ, partitions=4), frame))["dead_letter"]
    assert (letter.original, letter.index) == (refused, 1)


def test_a_dead_letter_has_the_original_bytes_place_key_and_headers() -> None:
    original = b'{"event_id":7}'
    frame = b"[" + encode_event(read("EMIT1")) + b"," + original + b"]"
    out = opened(handle(Guard(Scripted(), PLATE_READ, partitions=4), frame, offset=41))
    (letter,) = out["dead_letter"]
    assert isinstance(letter, Letter)
    assert (letter.original, letter.key, letter.headers) == (original, b"key", {"h": "v"})
    assert (letter.topic, letter.partition, letter.offset, letter.index) == (PLATE_READ.topic, 2, 41, 1)
    assert letter.step == "decode"


def test_a_dead_letter_tells_neither_plate_nor_error_text_of_a_failed_rule() -> None:
    out = opened(handle(Guard(Scripted(), PLATE_READ, partitions=4), encode_frame([read("RAISE99")])))
    assert "RAISE99" not in out["dead_letter"][0].error


def test_the_same_refusal_twice_is_the_same_dead_letter() -> None:
    first = opened(handle(Guard(Scripted(), PLATE_READ, partitions=4), b"not json"))
    second = opened(handle(Guard(Scripted(), PLATE_READ, partitions=4), b"not json"))
    assert first["dead_letter"][0].event_id == second["dead_letter"][0].event_id


def test_retry_holds_the_line_until_it_goes_through() -> None:
    naps: list[float] = []

    async def nap(seconds: float) -> None:
        naps.append(seconds)

    guard = Guard(Scripted(retries=3), PLATE_READ, partitions=4, sleep=nap)
    out = opened(handle(guard, encode_frame([read("EMIT1", 1), read("RETRY1", 2)])))
    assert [event.plate for event in out["plate_read"]] == ["EMIT1", "RETRY1"]
    assert naps == [0.1, 0.2, 0.4]


def test_too_many_dead_letters_in_a_row_stop_the_line() -> None:
    guard = Guard(Scripted(), PLATE_READ, partitions=4, stop_after=3)
    handle(guard, b"[1,2,3]")
    with pytest.raises(LineStoppedError):
        handle(guard, b"[4]")


def test_a_good_event_between_dead_letters_lets_the_line_go_on() -> None:
    guard = Guard(Scripted(), PLATE_READ, partitions=4, stop_after=3)
    for _ in range(5):
        handle(guard, b"[1,2,3]")
        handle(guard, encode_frame([read("EMIT1")]))


@given(st.lists(st.sampled_from(["EMIT", "DROP", "DEAD", "RAISE"]), max_size=60), st.binary(max_size=30))
def test_nothing_is_lost_whatever_a_frame_holds(plates: list[str], junk: bytes) -> None:
    guard = Guard(Scripted(), PLATE_READ, partitions=4)
    events = [read(f"{plate}{at}", at) for at, plate in enumerate(plates)]
    out = opened(handle(guard, encode_frame(events)))
    letters = out.get("dead_letter", [])
    assert [one.plate for one in out.get("plate_read", [])] == [one.plate for one in events if one.plate[:4] == "EMIT"]
    assert len(letters) == sum(plate in ("DEAD", "RAISE") for plate in plates)
    handle(guard, junk)  # whatever it is, it never raises


def test_more_events_than_a_frame_may_hold_are_split_in_order() -> None:
    class Many(Scripted):
        def process(self, kind: EventType[Any], events: Sequence[PlateRead], partition: int) -> Sequence[Outcome]:
            return [Emit(tuple(read("SAME", at) for at in range(1200))) for _ in events]

    frames = handle(Guard(Many(), PLATE_READ, partitions=4), encode_frame([read("SAME")]))
    decoder = FrameDecoder(PLATE_READ)
    sizes = [len(decoder.decode(frame.value).events) for frame in frames]
    assert sum(sizes) == 1200
    assert max(sizes) <= 512
    assert [event.event_id for frame in frames for event in decoder.decode(frame.value).events] == [
        read("SAME", at).event_id for at in range(1200)
    ]
