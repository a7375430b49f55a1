"""What was before is read back beside the stream; what was judged meanwhile says so, and is judged again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from pipeline import path_history
from pipeline.guard import Guard
from pipeline.message import Message, Outgoing
from pipeline.path_history import PastLog, PathHistory
from pipeline.processors.paths import PlatePaths
from pipeline.state.paths import WINDOW_S
from schemas.events.alert import ALERT, Alert
from schemas.events.sighting import SIGHTING, Sighting
from schemas.wire.frame import FrameDecoder, encode_frame
from schemas.wire.publisher import BrokerUnavailableError
from schemas.wire.reader import Record
from tests.unit.facts import NOW, camera, reference
from tests.unit.path_facts import PLACES, sighting

START = NOW.timestamp()
CAMERAS = tuple(camera(name, *place) for name, place in PLACES.items())


def message(offset: int, *events: Sighting, at_s: float = 60.0) -> Message:
    return Message(SIGHTING.topic, 0, offset, b"k", encode_frame(events), [], int((START + at_s) * 1000))


class Past:
    """A log reader over messages of partition 0."""

    def __init__(self, *messages: Message) -> None:
        self.left = list(messages)
        self.position = {(SIGHTING.topic, 0): messages[0].offset if messages else 10_000}
        self.closed = False

    def poll(self, timeout_s: float) -> list[Record]:
        if not self.left:
            return []
        one = self.left.pop(0)
        self.position[SIGHTING.topic, 0] = one.offset + 1
        return [Record(SIGHTING, 0, one.offset, one.key, one.value, [], one.timestamp_ms)]

    def close(self) -> None:
        self.closed = True


class Worker:
    """The paths of one worker, and what they raise: with the stream, and from what is read back."""

    def __init__(self, past: Any, known_since: float | None = START - WINDOW_S, **more: Any) -> None:
        self.asked: list[tuple[int, float]] = []
        self.announced: list[Alert] = []

        def open_past(partition: int, since: float) -> PastLog:
            self.asked.append((partition, since))
            if past is None:
                raise BrokerUnavailableError("nobody there")
            return PastLog(past, known_since)

        async def announce(alerts: Sequence[Alert]) -> None:
            self.announced += alerts

        self.paths = PlatePaths(
            reference(*CAMERAS), everywhere=frozenset({"impossible_travel"}), clock=lambda: NOW + timedelta(seconds=61)
        )
        self.history = PathHistory(self.paths, open_past, announce, wall=lambda: START + 61, **more)
        self.guard = Guard(self.paths, SIGHTING, partitions=1)

    def judge(self, *messages: Message, then: Sequence[Message] = ()) -> list[Alert]:
        """What the stream raises of messages, and of those that come ``then``, when what was before is known."""

        async def all_of_them() -> list[Outgoing]:
            made: list[Outgoing] = []
            for one in messages:
                made += await self.history.judge(one, self.guard.handle)
            await self.history.known()
            for one in then:
                made += await self.history.judge(one, self.guard.handle)
            return made

        return _alerts(asyncio.run(all_of_them()))


def _alerts(made: Sequence[Outgoing]) -> list[Alert]:
    decoder = FrameDecoder(ALERT)
    return [event for one in made if one.topic == ALERT.topic for event in decoder.decode(one.value).events]


def gaps(alert: Alert) -> list[str]:
    return [reason.text for reason in alert.why if reason.kind == "history"]


THERE, HERE = sighting("HTTXY7", "A", 0), sighting("HTTXY7", "B", 60)
OTHER = sighting("OTHER", "A", 59)


def test_what_was_before_is_known_to_what_comes_after_and_what_came_meanwhile_is_judged_again() -> None:
    log = (message(5, THERE, at_s=0), message(6, sighting("FIRST", "A", 1), at_s=1), message(7, HERE))
    past = Past(*log)
    worker = Worker(past)
    assert worker.judge(message(7, HERE)) == [], "the stream does not wait"
    (alert,) = worker.announced
    assert alert.triggers == (THERE.event_id, HERE.event_id)
    assert gaps(alert) == [], "by then history is whole"
    assert worker.asked == [(0, START + 61 - WINDOW_S)]
    assert worker.history.sightings == 3
    assert past.closed
    after = Worker(Past(message(5, THERE, at_s=0), message(6, OTHER)))
    (alert,) = after.judge(message(6, OTHER), then=[message(7, HERE)])
    assert (gaps(alert), after.announced) == ([], [])


def test_what_the_stream_raised_is_not_raised_again_by_reading_back() -> None:
    both = message(7, THERE, HERE)
    worker = Worker(Past(message(6, OTHER), both))
    (alert,) = worker.judge(both)
    assert gaps(alert) == ["History incomplete: sightings of before this worker began may be missing."]
    assert worker.announced == []


def test_what_another_worker_judged_in_its_last_minutes_is_judged_again_but_not_what_is_old() -> None:
    worker = Worker(Past(message(5, THERE, HERE), message(6, OTHER)))
    worker.judge(message(6, OTHER))
    assert [one.triggers for one in worker.announced] == [(THERE.event_id, HERE.event_id)]
    old = (sighting("HTTXY7", "A", -600), sighting("HTTXY7", "B", -540))
    late = Worker(Past(message(5, *old, at_s=-540), message(6, OTHER)))
    late.judge(message(6, OTHER))
    assert late.announced == []


def test_what_the_reader_sees_ahead_of_the_stream_is_left_to_the_stream() -> None:
    worker = Worker(Past(message(5, THERE, at_s=0), message(6, OTHER), message(7, HERE)))
    (alert,) = worker.judge(message(6, OTHER), then=[message(7, HERE)])
    assert (alert.triggers, worker.announced) == ((THERE.event_id, HERE.event_id), [])
    assert worker.history.sightings == 2


def test_messages_that_follow_one_another_ask_for_nothing_and_a_hole_asks_again() -> None:
    worker = Worker(Past())
    worker.judge(message(0, THERE, at_s=0), message(1, HERE), message(1, HERE))
    assert len(worker.asked) == 1, "one that comes again after a crash makes no hole"
    worker.judge(message(9, HERE))
    assert len(worker.asked) == 2, "another worker had the partition meanwhile"


def test_without_a_broker_it_goes_on_and_history_begins_now() -> None:
    worker = Worker(None)
    (alert,) = worker.judge(message(0, THERE, at_s=0), then=[message(1, HERE)])
    assert gaps(alert) == ["History incomplete: sightings before 18:01:01 UTC may be missing."]


def test_a_log_as_old_as_its_broker_knows_as_much_as_it_has() -> None:
    early = Worker(Past(message(0, THERE, at_s=0), message(1, OTHER)), known_since=None)
    (alert,) = early.judge(message(1, OTHER), then=[message(2, HERE)])
    assert gaps(alert) == []
    late = Worker(Past(message(0, THERE, at_s=30), message(1, OTHER)), known_since=None)
    (alert,) = late.judge(message(1, OTHER), then=[message(2, HERE)])
    assert gaps(alert) == ["History incomplete: sightings before 18:00:30 UTC may be missing."]


def test_history_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(path_history, "REST", 0.0)
    ticks = iter(range(0, 10_000, 50))
    past = Past(*(message(number, sighting(f"P{number}", "A", number), at_s=number) for number in range(50)))
    worker = Worker(past, clock=lambda: float(next(ticks)))
    assert worker.judge(message(50, HERE)) == []
    assert 0 < worker.history.sightings < 50
    assert past.closed


def test_frames_older_than_any_path_are_passed_over() -> None:
    worker = Worker(Past())
    assert worker.judge(message(0, THERE, at_s=-3 * WINDOW_S)) == []
    assert worker.history.passed_over == 1
    assert worker.asked == []
    assert worker.guard.counts["events_in"] == 0


def test_a_partition_that_is_no_longer_ours_is_forgotten() -> None:
    worker = Worker(Past())
    worker.judge(message(0, THERE, at_s=0))
    worker.history.keep_only(frozenset())
    assert worker.judge(message(1, HERE)) == []
    assert len(worker.asked) == 2
