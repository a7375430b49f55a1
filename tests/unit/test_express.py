"""The express lane says what the processors will say; and how long messages have waited is measured by their age."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from compose.roles.broker_settings import PROCESSED
from pipeline.express import ExpressLane
from pipeline.lag import READ_AT_ONCE, LagGauge
from pipeline.outcome import Emit
from pipeline.processors.alerts import Alerts
from pipeline.processors.calls import Calls
from pipeline.processors.cameras import Cameras
from pipeline.processors.incidents import Incidents
from pipeline.processors.paths import PlatePaths
from pipeline.processors.sightings import Sightings
from pipeline.progress import Place
from pipeline.stall import Standing
from pipeline.state.reference import Reference
from schemas.events.alert import Alert
from schemas.events.plate_read import PLATE_READ, PlateRead
from tests.unit.facts import NOW, camera, read, reference, wanted

FACTS = (camera("C1", 29.95, -90.07),)


def lane(facts: Reference) -> ExpressLane:
    def never(*_: object) -> object:
        raise AssertionError("nothing is asked of the broker")

    return ExpressLane(
        facts, open_log=never, open_reader=never, assigned=never, announce=never, after_s=5.0  # type: ignore[arg-type]
    )  # fmt: skip


def raised_by_processors(facts: Reference, *reads: PlateRead) -> list[Alert]:
    outcomes = Sightings(facts).process(PLATE_READ, reads, 0)
    events = [event for outcome in outcomes if isinstance(outcome, Emit) for event in outcome.events]
    return [event for event in events if isinstance(event, Alert)]


def test_the_lane_gives_its_alerts_the_ids_that_the_processors_give() -> None:
    facts = reference(*FACTS, entries=(wanted("ABC123"), wanted("XYZ789", "E2")))
    reads = [read("ABC123"), read("NOBODY", 2), read("ABC123", 3, at=NOW + timedelta(seconds=20)), read("XYZ789", 4)]
    express = lane(facts)
    early, due = express.alerts(reads, 0), raised_by_processors(facts, *reads)
    assert [one.event_id for one in early] == [one.event_id for one in due]
    assert [one.alert_id for one in early] == [one.alert_id for one in due]
    assert len(due) == 2, "the second read of the first plate is the same pass"
    assert express.reads == 4


def test_what_is_in_the_log_already_is_not_raised_again_by_either() -> None:
    facts = reference(*FACTS, entries=(wanted("ABC123"),))
    (alert,) = lane(facts).alerts([read("ABC123")], 0)
    facts.apply_alert(alert)
    assert raised_by_processors(facts, read("ABC123")) == []
    assert lane(facts).alerts([read("ABC123")], 0) == []


def test_what_is_measured_as_processed_is_what_the_processors_consume() -> None:
    facts = Reference()
    processors = (Sightings(facts), Calls(facts), Cameras(facts), Alerts(facts), PlatePaths(facts), Incidents(facts))
    assert {kind.name for kind in PROCESSED} == {kind.name for one in processors for kind in one.consumes}


class Log:
    """One topic; a message sent at second n has offset n."""

    def __init__(self, standing: dict[Place, Standing]) -> None:
        self.now = standing
        self.read: list[dict[Place, int]] = []

    def standing(self) -> Mapping[Place, Standing]:
        return self.now

    def sent_at(self, offsets: Mapping[Place, int]) -> Mapping[Place, float]:
        self.read.append(dict(offsets))
        return {place: float(offset) for place, offset in offsets.items()}


def test_lag_is_the_age_of_the_oldest_message_that_waits() -> None:
    log = Log({("reads", 0): Standing(70, 100), ("reads", 1): Standing(90, 95), ("calls", 0): Standing(50, 50)})
    gauge = LagGauge(log, lambda: 100.0)
    gauge.look()
    assert gauge.behind_s == {"reads": 30.0}
    assert gauge.worst_s == 30.0


def test_what_came_since_the_last_look_is_in_flight_and_not_read() -> None:
    log = Log({("reads", 0): Standing(100, 100)})
    gauge = LagGauge(log, lambda: 110.0)
    gauge.look()
    log.now = {("reads", 0): Standing(100, 105)}
    gauge.look()
    assert (gauge.behind_s, log.read) == ({}, [])
    log.now = {("reads", 0): Standing(104, 109)}
    gauge.look()
    assert gauge.behind_s == {"reads": 6.0}
    log.now = {("reads", 0): Standing(109, 110)}
    gauge.look()
    assert gauge.behind_s == {}


def test_a_hole_at_the_end_of_the_log_is_no_lag_and_is_asked_for_once() -> None:
    class Hollow(Log):
        def sent_at(self, offsets: Mapping[Place, int]) -> Mapping[Place, float]:
            super().sent_at(offsets)
            return {}

    log = Hollow({("reads", 0): Standing(90, 100)})
    gauge = LagGauge(log, lambda: 200.0)
    for _ in range(3):
        gauge.look()
    assert (gauge.behind_s, log.read) == ({}, [{("reads", 0): 90}])
    log.now = {("reads", 0): Standing(90, 101)}
    gauge.look()
    gauge.look()
    assert len(log.read) == 2


def test_a_look_reads_of_the_partitions_furthest_behind_only() -> None:
    log = Log({("reads", number): Standing(number, 100) for number in range(50)})
    LagGauge(log, lambda: 100.0).look()
    assert log.read == [{("reads", number): number for number in range(READ_AT_ONCE)}]
