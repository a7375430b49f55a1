"""The city happening in real time: on a clock and a broker made for the test."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from connectors.simulator.agenda import Step
from connectors.simulator.config import SimulatorConfig
from connectors.simulator.ground_truth import CAMERA_STOPPED, WANTED_NEAR_INCIDENT, ExpectedAlert
from connectors.simulator.journal import read_journal
from connectors.simulator.lateness import Lateness
from connectors.simulator.reference import reference_events
from connectors.simulator.run import run
from connectors.simulator.timeline import timeline
from schemas.envelope import Event
from schemas.events.camera_health import EXAMPLE as HEALTH
from schemas.registry import BY_CLASS
from schemas.wire.publisher import BrokerUnavailableError

START = datetime(2026, 5, 1, 18, tzinfo=UTC)
CONFIG = SimulatorConfig(duration_s=70.0)


class World:
    """A clock that moves when somebody sleeps, and a broker that is away in the given span of seconds."""

    def __init__(self, away: tuple[float, float] = (-1.0, -1.0), takes_s: float = 0.005) -> None:
        self.seconds = 0.0
        self.away = away
        self.takes_s = takes_s
        self.tried: list[list[Event]] = []
        self.got: list[tuple[float, list[Event]]] = []

    def clock(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        await asyncio.sleep(0)

    async def publish(self, events: Sequence[Event]) -> None:
        self.tried.append(list(events))
        if self.away[0] <= self.seconds < self.away[1]:
            raise BrokerUnavailableError("away")
        self.seconds += self.takes_s
        self.got.append((self.seconds, list(events)))

    def live(self, config: SimulatorConfig = CONFIG, journal: Path | None = None) -> Counter[str]:
        return asyncio.run(
            run(config, self, stop=asyncio.Event(), journal=journal, clock=self.clock, sleep=self.sleep, now=self.now)
        )


def planned(start: datetime) -> list[Event]:
    return [event for step in timeline(CONFIG, start) for event in step.events]


def test_everything_planned_is_published_once_with_the_reference_facts_first() -> None:
    world = World(takes_s=0.0)
    counts = world.live()
    batches = [events for _, events in world.got]
    assert batches[0] == reference_events(CONFIG, START)
    got = [event for events in batches[1:] for event in events]
    assert [event.event_id for event in got] == [event.event_id for event in planned(START)]
    assert counts == Counter(BY_CLASS[type(event)].name for events in batches for event in events)


def test_events_go_out_when_they_are_due_and_never_before() -> None:
    world = World()
    world.live()
    for seconds, events in world.got[1:]:
        for event in events:
            due = (event.occurred_at - START).total_seconds()
            assert -0.001 < seconds - due < 0.1
            assert abs((event.observed_at - START).total_seconds() - seconds) < 0.02


def test_while_the_broker_is_away_the_same_events_are_tried_again_and_none_is_left_out() -> None:
    world = World(away=(20.0, 31.0))
    world.live()
    assert len(world.tried) > len(world.got)
    confirmed = [events for _, events in world.got]
    assert all(events in confirmed for events in world.tried[-len(confirmed) - 20 :]), "the same events, stamps and all"
    got = [event.event_id for _, events in world.got[1:] for event in events]
    assert got == [event.event_id for event in planned(START + timedelta(seconds=0.005))]


def test_a_broker_that_is_slow_to_start_does_not_make_the_city_late() -> None:
    world = World(away=(0.0, 40.0))
    world.live()
    began = world.got[0][0]
    assert began > 40
    first = world.got[1][1][0]
    assert first.occurred_at >= START + timedelta(seconds=began - 0.01)


def test_the_journal_tells_what_was_confirmed_and_what_must_come_of_it(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    world = World()
    counts = world.live(journal=path)
    lines = read_journal(path)
    assert sum((Counter(line.accepted) for line in lines), Counter()) == counts
    expected = [one for line in lines for one in line.expected]
    assert len([one for one in expected if one.required and one.due_s < 60]) >= 15
    with path.open("ab") as file:
        file.write(b'{"start": "2026')
    assert read_journal(path) == lines, "a line that is being written is left for the next time"
    assert read_journal(tmp_path / "none") == []


def test_a_stop_ends_the_city_between_two_events() -> None:
    async def live() -> Counter[str]:
        world, stop = World(), asyncio.Event()

        async def sleep(seconds: float) -> None:
            await world.sleep(seconds)
            if world.seconds > 5:
                stop.set()

        return await run(SimulatorConfig(), world, stop=stop, clock=world.clock, sleep=sleep, now=world.now)

    counts = asyncio.run(live())
    assert 40 < counts["plate_read"] < 200


def test_late_alerts_are_awaited_later_and_an_order_that_no_longer_holds_is_not_required() -> None:
    hit = ExpectedAlert("hotlist_hit", {"read_id": "r", "entry_id": "e"}, 10.0, 15.0, True, "P2")
    near = replace(hit, rule=WANTED_NEAR_INCIDENT)
    in_time = Lateness().expected(Step(10.0, (), (hit, near)), 10.0, 11.0)
    assert in_time == (hit, near)
    late = Lateness().expected(Step(10.0, (), (hit, near)), 10.0, 40.0)
    assert late == (
        replace(hit, due_s=40.0, deadline_s=45.0),
        replace(near, due_s=40.0, deadline_s=45.0, required=False),
    )
    (history, _) = Lateness().expected(Step(10.0, (), (hit, near)), 10.0, 400.0)
    assert history.severity == ""
    assert history.required


def test_cameras_whose_reports_were_held_up_may_be_missed() -> None:
    lateness = Lateness()
    first = replace(HEALTH, status="ok")
    second = replace(first, occurred_at=first.occurred_at + timedelta(seconds=10))
    assert lateness.expected(Step(0.0, (first,)), 0.0, 0.0) == ()
    assert lateness.expected(Step(10.0, (second,)), 10.0, 10.1) == ()
    third = replace(first, occurred_at=first.occurred_at + timedelta(seconds=20))
    missed = lateness.expected(Step(20.0, (third,)), 20.0, 60.0)
    assert [(one.rule, one.required, one.key["last_report"]) for one in missed] == [
        (CAMERA_STOPPED, False, second.occurred_at.isoformat()),
        (CAMERA_STOPPED, False, third.occurred_at.isoformat()),
    ]
