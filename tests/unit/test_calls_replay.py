"""A recorded table is given to the log again: whole, bounded, at once or at the pace it happened."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from connectors.calls_csv import replay as module
from connectors.calls_csv.column_map import load_map
from connectors.calls_csv.reading import CallRow, read_calls, read_calls_in_time_order
from connectors.calls_csv.replay import ReplayReport, replay
from schemas.envelope import Event
from schemas.events.dead_letter import DeadLetter
from schemas.events.emergency_call import EmergencyCall
from schemas.wire.publisher import BrokerUnavailableError
from tests.unit.call_tables import MILWAUKEE, context, write


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


class Log:
    """A broker that remembers what was confirmed when, and how many calls to it were open at once."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.published: list[tuple[float, list[Event]]] = []
        self.open = self.most_open = 0

    async def publish(self, events: Sequence[Event]) -> None:
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            for _ in range(10):
                await asyncio.sleep(0)
            self.published.append((self.clock.now, list(events)))
        finally:
            self.open -= 1

    @property
    def events(self) -> list[Event]:
        return [event for _, events in self.published for event in events]


def rows(tmp_path: Path, text: str, *, in_time_order: bool = False) -> list[CallRow]:
    reader = read_calls_in_time_order if in_time_order else read_calls
    return list(reader(write(tmp_path, text), load_map("milwaukee"), context=context("milwaukee")))


def many(count: int) -> str:
    lines = [f"{number},2018-05-01 00:00:00,FIGHT" for number in range(count)]
    return "\n".join(["id,time,nature", *lines]) + "\n"


def test_every_row_is_published_and_counted(tmp_path: Path) -> None:
    text = MILWAUKEE + "4,never,x,,,1,FIRE,\n"
    log = Log()
    report = asyncio.run(replay(rows(tmp_path, text), log))
    assert (report.accepted, report.refused, report.without_location, report.outside_area) == (3, 1, 1, 1)
    assert [type(event) for event in log.events] == [EmergencyCall] * 3 + [DeadLetter]
    assert [error.line for error in report.errors] == [5]
    assert report.bytes_read == len(text) - len(text.split("\n")[0]) - 1


def test_a_second_replay_publishes_the_same_ids(tmp_path: Path) -> None:
    logs = [Log(), Log()]
    for log in logs:
        asyncio.run(replay(rows(tmp_path, MILWAUKEE), log))
    assert [event.event_id for event in logs[0].events] == [event.event_id for event in logs[1].events]


def test_at_once_means_chunks_in_order_and_few_in_flight(tmp_path: Path) -> None:
    found = rows(tmp_path, many(3_210))
    taken = 0

    def counted() -> object:
        nonlocal taken
        for row in found:
            taken += 1
            yield row

    log = Log()
    seen: list[tuple[int, int]] = []
    report = asyncio.run(
        replay(counted(), log, progress=lambda so_far: seen.append((so_far.accepted, taken)))  # type: ignore[arg-type]
    )
    assert report.accepted == 3_210
    numbers = [event.number for event in log.events if isinstance(event, EmergencyCall)]
    assert numbers == [str(number) for number in range(3_210)]
    assert log.most_open == module.CHUNKS_IN_FLIGHT
    assert all(len(events) <= module.CHUNK_ROWS for _, events in log.published)
    # What is read and not confirmed is bounded, so a file of any size is.
    assert max(read - accepted for accepted, read in seen) <= module.CHUNK_ROWS * module.CHUNKS_IN_FLIGHT
    assert seen[-1] == (3_210, 3_210)


@pytest.mark.parametrize("speed", [1.0, 60.0])
def test_at_a_speed_each_call_comes_when_it_is_due(tmp_path: Path, speed: float) -> None:
    clock = Clock()
    log = Log(clock)
    found = rows(tmp_path, MILWAUKEE, in_time_order=True)
    report = asyncio.run(replay(found, log, speed=speed, clock=clock, sleep=clock.sleep))
    at = {event.number: when for when, events in log.published for event in events if isinstance(event, EmergencyCall)}
    # Received at 00:09:30, 00:10:28 and 00:11:00.
    assert at["2"] == pytest.approx(1000)
    assert at["1"] == pytest.approx(1000 + 58 / speed)
    assert at["3"] == pytest.approx(1000 + 90 / speed)
    assert report.accepted == 3
    assert report.seconds == pytest.approx(90 / speed)


def test_a_replay_moves_no_clock_of_the_calls(tmp_path: Path) -> None:
    fast, paced, clock = Log(), Log(), Clock()
    asyncio.run(replay(rows(tmp_path, MILWAUKEE, in_time_order=True), fast))
    paced_rows = rows(tmp_path, MILWAUKEE, in_time_order=True)
    asyncio.run(replay(paced_rows, paced, speed=60, clock=clock, sleep=clock.sleep))
    assert fast.events == paced.events
    assert {event.source for event in paced.events} == {"calls_csv/milwaukee"}


def test_calls_that_are_overdue_are_not_waited_for_one_by_one(tmp_path: Path) -> None:
    clock = Clock()
    log = Log(clock)
    asyncio.run(replay(rows(tmp_path, many(1_200)), log, speed=1, clock=clock, sleep=clock.sleep))
    assert [len(events) for _, events in log.published] == [500, 500, 200]


def test_what_the_broker_did_not_confirm_is_not_counted(tmp_path: Path) -> None:
    class Failing(Log):
        async def publish(self, events: Sequence[Event]) -> None:
            if len(self.published) == 2:
                raise BrokerUnavailableError("away")
            await super().publish(events)

    log = Failing()
    reports: list[ReplayReport] = []
    found = rows(tmp_path, many(5_000))
    with pytest.raises(BrokerUnavailableError):
        asyncio.run(replay(found, log, progress=lambda report: reports.append(msgspec.structs.replace(report))))
    assert reports[-1].accepted == len(log.events)
    assert log.open == 0


@pytest.mark.parametrize("speed", [0, -1, float("inf"), float("nan")])
def test_a_speed_that_is_none_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        asyncio.run(replay([], Log(), speed=speed))


def test_no_rows_make_an_empty_report() -> None:
    assert asyncio.run(replay([], Log())).accepted == 0
    assert asyncio.run(replay([], Log(), speed=1)).accepted == 0
