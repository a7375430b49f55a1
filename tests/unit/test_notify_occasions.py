"""What is told to whom: by occasion, gravity, rule, place, audience and hour, and once only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from compose.notify.occasions import ESCALATED, OPENED, RAISED, WITHDRAWN, Occasion, occasions_of, why_not
from schemas.events.alert import Alert
from schemas.events.incident import EXAMPLE as INCIDENT
from tests.unit.notify_facts import NOW, alert, destination, escalated, withdrawn


def raised(one: Alert) -> Occasion:
    return occasions_of(one)[0]


def test_an_alert_that_is_open_was_raised_and_its_later_states_are_the_same_occasion() -> None:
    first, later = raised(alert()), raised(alert(rev=3, checks=("plate",)))
    assert (first.kind, first.key, first.at) == (RAISED, later.key, NOW)


@pytest.mark.parametrize("status", ["acknowledged", "dispatched", "closed"])
def test_what_somebody_has_in_hand_is_no_occasion(status: str) -> None:
    assert occasions_of(alert(status=status)) == []


def test_an_escalation_is_an_occasion_of_its_own_for_each_time_it_happens() -> None:
    once, again = escalated(alert()), escalated(alert(), NOW + timedelta(hours=1))
    assert [one.kind for one in occasions_of(once)] == [RAISED, ESCALATED]
    assert occasions_of(once)[1].key != occasions_of(again)[1].key


def test_a_withdrawal_is_told_whatever_else_is_wanted_but_not_beyond_the_audience() -> None:
    (one,) = occasions_of(withdrawn(alert(severity="P4")))
    assert one.kind == WITHDRAWN
    assert why_not(destination(severity="P1", rules=["x"], schedule="sat"), one) == ""
    (secret,) = occasions_of(withdrawn(alert(audience="gangs")))
    assert why_not(destination(), secret) == "audience"


@pytest.mark.parametrize(
    ("wanted", "changes", "why"),
    [
        ({}, {}, ""),
        ({}, {"severity": "P3"}, "severity"),
        ({"severity": "P3"}, {"severity": "P3"}, ""),
        ({"severity": "P1"}, {}, "severity"),
        ({"rules": ["hotlist_hit"]}, {}, ""),
        ({"rules": ["loitering"]}, {}, "rule"),
        ({"zones": ["district-8", "port"]}, {}, ""),
        ({"zones": ["port"]}, {}, "zone"),
        ({"zones": ["port"]}, {"zones": ()}, "zone"),
        ({"jurisdictions": ["county"]}, {}, "jurisdiction"),
        ({"tell": ["escalated"]}, {}, "occasion"),
        ({}, {"synthetic": True}, "synthetic"),
        ({"synthetic": True}, {"synthetic": True}, ""),
        ({}, {"audience": "gangs,vice"}, "audience"),
        ({"audiences": ["port"]}, {"audience": "gangs,vice"}, "audience"),
        ({"audiences": ["vice"]}, {"audience": "gangs,vice"}, ""),
        ({}, {"shelved_until": NOW + timedelta(hours=1)}, "shelved"),
    ],
)
def test_a_destination_is_told_what_it_wants_and_may_know(
    wanted: dict[str, object], changes: dict[str, object], why: str
) -> None:
    assert why_not(destination(**wanted), raised(alert(**changes))) == why


def test_an_incident_is_told_by_its_priority_to_who_asked_for_incidents() -> None:
    (opened,) = occasions_of(replace(INCIDENT, priority=5))
    assert opened.kind == OPENED
    assert why_not(destination(), opened) == "occasion"
    assert why_not(destination(tell=["incident"], priority=6), opened) == "priority"
    assert why_not(destination(tell=["incident"], priority=5), opened) == ""
    assert occasions_of(replace(INCIDENT, status="closed")) == []
    assert occasions_of(replace(INCIDENT, merged_into=INCIDENT.incident_id)) == []


@pytest.mark.parametrize(
    ("utc", "told"),
    [
        # New York leaves winter time on 2026-03-08 at 02:00: 07:00 is 12:00 UTC on Friday and 11:00 on Monday.
        ("2026-03-06T11:30", False), ("2026-03-06T12:30", True),
        ("2026-03-09T10:30", False), ("2026-03-09T11:30", True),
        # And goes back on 2026-11-01: 19:00 is 23:00 UTC on Friday and 00:00 of Tuesday after Monday's shift.
        ("2026-10-30T22:30", True), ("2026-10-30T23:30", False),
        ("2026-11-02T23:30", True), ("2026-11-03T00:30", False),
        # Saturday is no weekday, by the clock there: Saturday 02:00 UTC is Friday evening.
        ("2026-03-07T15:00", False), ("2026-03-07T02:00", False),
    ],
)  # fmt: skip
def test_hours_are_those_of_the_destinations_clock_on_either_side_of_a_change(utc: str, told: bool) -> None:
    there = destination(schedule="mon-fri 07:00-19:00", time_zone="America/New_York")
    one = alert(raised_at=datetime.fromisoformat(utc).replace(tzinfo=UTC))
    assert why_not(there, raised(one)) == ("" if told else "schedule")
