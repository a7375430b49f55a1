"""The watches over calls: what falls due by time, in whose hands, and when it is settled."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from compose.roles.clocked import watch_limits
from compose.settings import Settings
from pipeline.ownership import Ownership
from pipeline.processors.watches import Watches
from pipeline.rules import call_watches
from pipeline.rules.call_watches import (
    CALL_WITHOUT_OWNER,
    CRIME_WITHOUT_RECORD,
    MISSING_NOT_ENTERED,
    Limits,
    next_look,
)
from schemas.envelope import Event
from schemas.events.action import Action
from schemas.events.alert import ALERT, Alert
from schemas.events.emergency_call import EmergencyCall
from schemas.events.incident import Incident
from schemas.events.incident_input import INCIDENT_INPUT
from schemas.identity import identity
from tests.unit.facts import NOW, call
from tests.unit.incident_desk import Desk, act

LIMITS = watch_limits(Settings())
OURS = {(INCIDENT_INPUT.topic, 0)}


def watching(desk: Desk, ours: set[tuple[str, int]] = OURS) -> Watches:
    return Watches(desk.reference, LIMITS, Ownership(lambda: ours, 1))


def said(desk: Desk, watches: Watches, after: timedelta) -> list[Event]:
    """What the watches say so long after the call, read back from the log."""
    made = watches.tick(NOW + after)
    desk.reference.apply(ALERT, [one for one in made if isinstance(one, Alert)])
    return made


def again(state: EmergencyCall, **changes: Any) -> EmergencyCall:
    at = state.updated_at + timedelta(minutes=1)
    return replace(state, event_id=identity("emergency_call", state.call_id, at), updated_at=at, **changes)


HANDED = call(1, "disturbance", 29.95, -90.07, handed_over_at=NOW)


def test_a_call_that_nobody_takes_after_it_was_handed_over_is_told_once_and_settled_by_its_owner() -> None:
    desk = Desk()
    desk.take(HANDED)
    watches = watching(desk)
    assert said(desk, watches, timedelta(seconds=30)) == []
    (alert,) = said(desk, watches, timedelta(seconds=31))
    assert isinstance(alert, Alert)
    assert (alert.rule, alert.severity, alert.subject) == (CALL_WITHOUT_OWNER, "P1", "test:1")
    assert said(desk, watches, timedelta(seconds=60)) == []
    assert said(desk, watching(desk), timedelta(seconds=90)) == [], "a worker that starts anew finds it in the log"
    desk.take(again(HANDED, owner="c.kim"))
    (action,) = said(desk, watches, timedelta(seconds=91))
    assert isinstance(action, Action)
    assert (action.name, action.subject_id) == ("alert.close", str(alert.alert_id))


def test_a_call_is_in_hand_when_somebody_has_its_incident() -> None:
    desk = Desk()
    shots = call(5, "shooting", 29.95, -90.07)
    handed = call(6, "shooting", 29.95, -90.07, handed_over_at=NOW)
    desk.take(shots, handed)
    desk.take(act(1, "assign", desk.of(shots)))
    assert said(desk, watching(desk), timedelta(minutes=9)) == []


def test_a_worker_says_nothing_of_jurisdictions_that_another_one_writes() -> None:
    desk = Desk()
    desk.take(HANDED)
    assert said(desk, watching(desk, {(INCIDENT_INPUT.topic, 1)}), timedelta(minutes=9)) == []


def test_a_part_is_looked_at_again_when_what_it_is_part_of_has_nobody_any_more() -> None:
    desk = Desk()
    shots = call(5, "shooting", 29.95, -90.07)
    handed = call(6, "shooting", 29.95, -90.07, handed_over_at=NOW)
    desk.take(shots, handed)
    desk.take(act(1, "close", desk.of(shots), code="done"))
    watches = watching(desk)
    assert desk.of(shots).status == "closed"
    assert said(desk, watches, timedelta(seconds=40)) == []
    desk.take(act(2, "reopen", desk.of(shots), "p.lee"))
    before = desk.of(handed)
    (alert,) = said(desk, watches, timedelta(seconds=41))
    assert isinstance(alert, Alert)
    assert (alert.rule, alert.subject) == (CALL_WITHOUT_OWNER, "test:6")
    assert desk.of(handed) == before, "of its own it has not changed"


def test_what_another_worker_wrote_is_looked_at_as_soon_as_it_is_ours() -> None:
    desk = Desk()
    desk.take(HANDED)
    ours: set[tuple[str, int]] = set()
    watches = watching(desk, ours)
    assert said(desk, watches, timedelta(seconds=40)) == []
    ours |= OURS
    assert len(said(desk, watches, timedelta(seconds=41))) == 1


def test_what_was_said_and_is_not_in_the_log_is_said_again() -> None:
    desk = Desk()
    desk.take(HANDED)
    watches = watching(desk)
    ticks = [len(watches.tick(NOW + timedelta(seconds=seconds))) for seconds in range(31, 43)]
    assert ticks == [1] + [0] * 9 + [1, 0]


def test_an_incident_is_looked_at_when_it_changes_or_its_time_has_come_and_not_every_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[str] = []

    def noted(incident: Incident, now: datetime, limits: Limits) -> datetime | None:
        looked.append(incident.call_ids[0])
        return next_look(incident, now, limits)

    monkeypatch.setattr(call_watches, "next_look", noted)
    desk = Desk()
    thefts = [call(number, "theft", 29.0 + number / 10, -90.07) for number in range(20)]
    desk.take(*thefts, replace(HANDED, call_id="test:handed"))
    watches = watching(desk)
    watches.tick(NOW)
    assert len(looked) == 21
    looked.clear()
    for seconds in range(1, 30):
        watches.tick(NOW + timedelta(seconds=seconds))
    assert looked == []
    desk.take(again(thefts[3], status="on_scene"))
    watches.tick(NOW + timedelta(seconds=30))
    assert sorted(looked) == ["test:3", "test:handed"]
    looked.clear()
    watches.tick(NOW + timedelta(seconds=60))
    assert len(looked) == 21, "once a minute all are looked at"


def test_a_crime_without_a_record_is_warned_of_after_twenty_hours_and_breached_after_a_day() -> None:
    desk = Desk()
    theft = call(2, "theft", 29.95, -90.07)
    desk.take(theft, again(theft, status="closed"))
    watches = watching(desk)
    assert said(desk, watches, LIMITS.record_warning) == []
    (warning,) = said(desk, watches, LIMITS.record_warning + timedelta(seconds=1))
    assert isinstance(warning, Alert)
    assert (warning.rule, warning.severity) == (CRIME_WITHOUT_RECORD, "P3")
    assert "Reported 20 h ago" in warning.why[0].text
    (breach,) = said(desk, watches, LIMITS.record + timedelta(seconds=1))
    assert isinstance(breach, Alert)
    assert (breach.severity, breach.title) == ("P2", "Crime not recorded in time: THEFT")
    desk.take(act(1, "record", desk.of(theft), number="26-0001"))
    closed = [one for one in said(desk, watches, timedelta(hours=25)) if isinstance(one, Action)]
    assert {one.subject_id for one in closed} == {str(warning.alert_id), str(breach.alert_id)}


@pytest.mark.parametrize(
    "changes",
    [{"category": "medical"}, {"disposition": "Report taken"}, {"observed_at": NOW + timedelta(hours=2)}],
    ids=["no crime", "a disposition", "an archive"],
)
def test_what_is_no_crime_or_recorded_or_from_an_archive_needs_no_record(changes: dict[str, Any]) -> None:
    desk = Desk()
    desk.take(replace(call(3, "theft", 29.95, -90.07), **changes))
    assert said(desk, watching(desk), timedelta(hours=30)) == []


def test_g10_a_missing_persons_clock_runs_from_the_call_and_ends_with_the_entry_only() -> None:
    desk = Desk()
    missing = call(4, "missing_person", 29.95, -90.07)
    desk.take(missing)
    watches = watching(desk)
    (clock,) = said(desk, watches, timedelta(seconds=1))
    assert isinstance(clock, Alert)
    assert (clock.rule, clock.severity) == (MISSING_NOT_ENTERED, "P2")
    assert "due by 20:00:00 UTC: in 119 min" in clock.why[0].text
    assert datetime.fromisoformat(clock.why[1].facts["review_at"]) == NOW + timedelta(days=60)
    # Neither what is told of an age nor that the call is over stops it.
    desk.take(again(missing, kind="MISSING PERSON, SAYS 34", status="closed"))
    assert said(desk, watches, timedelta(minutes=119)) == []
    (breach,) = said(desk, watches, timedelta(minutes=120))
    assert isinstance(breach, Alert)
    assert breach.severity == "P1"
    desk.take(act(1, "record", desk.of(missing), number="NIC M123"))
    settled = said(desk, watches, timedelta(minutes=121))
    assert {one.subject_id for one in settled if isinstance(one, Action)} == {str(clock.alert_id), str(breach.alert_id)}


def test_g10_no_setting_makes_a_missing_person_wait() -> None:
    names = [name for name in Settings.model_fields if "missing" in name]
    assert names == ["missing_entry_min"]
    assert not [name for name in Settings.model_fields if "wait" in name]
