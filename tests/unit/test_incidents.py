"""Incidents: calls about one event become one, and follow their calls."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from pipeline.state.incident_state import MOST_CALLS, incident_of
from pipeline.state.reference import Reference
from schemas.events.alert import Alert
from schemas.events.emergency_call import CallLink, CallUnit, EmergencyCall
from schemas.events.incident import Incident
from schemas.identity import identity
from schemas.incident_kind import kind_call
from tests.unit.facts import NOW, call, camera, reference
from tests.unit.incident_desk import DOWN, FAR, NORTH, SHOTS, Desk, later

#: A hundred metres north.


def test_an_incident_follows_its_call_from_stage_to_stage() -> None:
    desk = Desk(reference(camera("C1", 29.95, -90.07)))
    stages = []
    sent = later(SHOTS, "dispatched", 1, units=(CallUnit(unit_id="801A"),))
    done = later(SHOTS, "closed", 9, closed_at=NOW + timedelta(minutes=9))
    for state in (SHOTS, sent, later(SHOTS, "en_route", 2), later(SHOTS, "on_scene", 3), done):
        desk.take(state)
        incident = desk.of(SHOTS)
        stages.append((incident.stage, incident.status, incident.units, len(incident.nearest_cameras)))
    assert stages == [
        ("opened", "open", (), 1), ("assigned", "open", ("801A",), 1), ("en_route", "open", (), 1),
        ("on_scene", "open", (), 1), ("closed", "closed", (), 0),
    ]  # fmt: skip
    assert incident.closed_at == NOW + timedelta(minutes=9)
    assert incident.opened_at == SHOTS.received_at


def test_each_state_of_a_call_makes_one_state_that_the_ledger_can_find() -> None:
    desk = Desk()
    states = (SHOTS, DOWN, later(DOWN, "dispatched", 3), later(SHOTS, "closed", 9), SHOTS)
    made = [event.event_id for event in desk.take(*states) if isinstance(event, Incident)]
    expected = [identity("incident_state", incident_of(state.call_id), state.event_id) for state in states]
    assert set(expected) <= set(made)


def test_calls_about_one_event_are_one_incident_and_both_ids_lead_to_it() -> None:
    desk = Desk()
    desk.take(SHOTS, DOWN, FAR)
    whole, part = desk.of(SHOTS), desk.of(DOWN)
    assert whole.call_ids == (SHOTS.call_id, DOWN.call_id)
    assert (part.stage, part.status, part.merged_into) == ("merged", "closed", whole.incident_id)
    assert part.call_ids == (DOWN.call_id,)
    assert "200 m" in whole.calls[1].why
    assert desk.of(FAR).merged_into is None


@pytest.mark.parametrize(
    "other",
    [
        replace(DOWN, category="theft"),
        replace(DOWN, received_at=NOW + timedelta(minutes=21)),
        replace(DOWN, lat=None, lon=None),
        replace(DOWN, uncertainty_m=2_000.0),
        replace(DOWN, contact="test"),
        replace(DOWN, synthetic=True),
        replace(DOWN, jurisdiction="elsewhere"),
        replace(DOWN, links=(CallLink(relation="split_from", call_id=SHOTS.call_id),)),
    ],
    ids=[
        "kind",
        "time",
        "no place",
        "a place that says nothing",
        "a test",
        "made up",
        "elsewhere",
        "split by its source",
    ],
)
def test_calls_that_may_be_about_something_else_stay_apart(other: EmergencyCall) -> None:
    desk = Desk()
    desk.take(SHOTS, other)
    assert desk.of(other).merged_into is None
    assert desk.of(SHOTS).call_ids == (SHOTS.call_id,)


def test_a_call_does_not_join_an_incident_that_is_over() -> None:
    desk = Desk()
    desk.take(SHOTS, later(SHOTS, "closed", 1), DOWN)
    assert desk.of(DOWN).merged_into is None


def test_ordinary_calls_must_be_nearer_than_grave_ones() -> None:
    desk = Desk()
    noise, near, far = (call(n, "disturbance", 29.95 + n * NORTH * 0.75, -90.07) for n in (0, 1, 2))
    desk.take(noise, near)
    desk.take(far)
    assert desk.of(near).merged_into == desk.of(noise).incident_id
    # 150 m from the first and 75 m from the second, which is part of the same incident by now.
    assert desk.of(far).merged_into == desk.of(noise).incident_id
    alone = Desk()
    alone.take(noise, far)
    assert alone.of(far).merged_into is None


def test_calls_with_the_incident_of_their_source_are_one_wherever_they_are() -> None:
    desk = Desk()
    first = replace(SHOTS, incident_ref="I-7", lat=None, lon=None)
    second = replace(FAR, incident_ref="I-7", category="traffic")
    desk.take(first, second, replace(DOWN, incident_ref="I-7", source="another/source", lat=None, lon=None))
    assert desk.of(second).merged_into == desk.of(first).incident_id
    assert desk.of(DOWN).merged_into is None
    assert (desk.of(first).lat, desk.of(first).lon) == (FAR.lat, FAR.lon)


def test_a_call_that_gets_its_place_later_joins_then() -> None:
    desk = Desk()
    lost = replace(DOWN, lat=None, lon=None)
    desk.take(SHOTS, lost)
    assert desk.of(lost).merged_into is None
    desk.take(later(DOWN, "received", 3))
    assert desk.of(lost).merged_into == desk.of(SHOTS).incident_id


@pytest.mark.parametrize("relation", ["merged_into", "merged_from"])
def test_a6_what_a_source_merged_is_merged(relation: str) -> None:
    desk = Desk()
    desk.take(SHOTS, FAR)
    teller, other = (FAR, SHOTS) if relation == "merged_into" else (SHOTS, FAR)
    desk.take(later(teller, "received", 1, links=(CallLink(relation=relation, call_id=other.call_id),)))
    assert desk.of(FAR).merged_into == desk.of(SHOTS).incident_id
    assert desk.of(SHOTS).call_ids == (SHOTS.call_id, FAR.call_id)


@pytest.mark.parametrize("relation", ["merged_into", "merged_from"])
def test_a6_what_a_source_merged_by_naming_incidents_is_merged(relation: str) -> None:
    desk = Desk()
    shots, far = replace(SHOTS, incident_ref="26-1"), replace(FAR, incident_ref="26-2")
    desk.take(shots, far)
    teller, other = (far, "26-1") if relation == "merged_into" else (shots, "26-2")
    desk.take(later(teller, "received", 1, links=(CallLink(relation=relation, incident_ref=other),)))
    assert desk.of(FAR).merged_into == desk.of(SHOTS).incident_id


def test_an_incident_is_over_when_all_its_calls_are_and_reopens_when_one_goes_on() -> None:
    desk = Desk()
    desk.take(SHOTS, DOWN, later(SHOTS, "closed", 5))
    assert desk.of(SHOTS).status == "open"
    desk.take(later(DOWN, "closed", 6))
    assert (desk.of(SHOTS).stage, desk.of(SHOTS).status) == ("closed", "closed")
    desk.take(later(DOWN, "on_scene", 8))
    reopened = desk.of(SHOTS)
    assert (reopened.stage, reopened.status, reopened.opened_at) == ("reopened", "open", NOW)


def test_a_state_that_comes_late_or_twice_changes_nothing() -> None:
    desk = Desk()
    desk.take(SHOTS, later(SHOTS, "on_scene", 3))
    before = desk.of(SHOTS)
    desk.take(later(SHOTS, "dispatched", 1), SHOTS, later(SHOTS, "on_scene", 3))
    assert desk.of(SHOTS) == before


def test_the_gravest_call_that_goes_on_says_what_it_is_about() -> None:
    desk = Desk()
    desk.take(replace(SHOTS, priority=5), replace(DOWN, priority=9))
    assert (desk.of(SHOTS).category, desk.of(SHOTS).priority) == ("homicide", 9)
    desk.take(later(DOWN, "cancelled", 4, priority=9))
    assert (desk.of(SHOTS).category, desk.of(SHOTS).priority) == ("shooting", 5)


def test_the_gravest_kind_is_the_incidents_whatever_the_priorities_and_the_priority_is_the_highest() -> None:
    desk = Desk()
    neighbours = replace(SHOTS, kind="Neighbour dispute", category="assault", priority=6)
    robbery = replace(DOWN, kind="Armed robbery", category="robbery", priority=6)
    desk.take(neighbours, robbery)
    told = desk.of(neighbours)
    assert told.call_ids == (neighbours.call_id, robbery.call_id)
    assert (told.kind, told.category, told.priority) == ("Armed robbery", "robbery", 6)
    desk.take(later(robbery, "dispatched", 3, priority=2))
    told = desk.of(neighbours)
    assert (told.kind, told.priority) == ("Armed robbery", 6)
    desk.take(later(robbery, "closed", 4))
    assert (desk.of(neighbours).kind, desk.of(neighbours).priority) == ("Neighbour dispute", 6)


def test_the_call_that_says_the_kind_is_kept_in_full_among_more_calls_than_are_kept() -> None:
    desk = Desk()
    many = [
        replace(SHOTS, event_id=identity("many", n), call_id=f"test:many-{n}", category="assault", kind="Fight",
                incident_ref="I-9", received_at=NOW + timedelta(seconds=n))
        for n in range(MOST_CALLS + 10)
    ]  # fmt: skip
    many[3] = replace(many[3], category="homicide", kind="Man killed")
    desk.take(*many)
    told = desk.of(many[0])
    assert (told.kind, len(told.call_ids), len(told.calls)) == ("Man killed", MOST_CALLS + 10, MOST_CALLS)
    assert kind_call(told.calls).call_id == many[3].call_id


def test_a_priority_that_is_lowered_is_told_with_all_it_was() -> None:
    desk = Desk()
    desk.take(replace(SHOTS, priority=9, priority_raw="1"))
    assert not [one for one in desk.take(later(SHOTS, "dispatched", 1, priority=10)) if isinstance(one, Alert)]
    (alert,) = [
        one for one in desk.take(later(SHOTS, "dispatched", 2, priority=3, priority_raw="4")) if isinstance(one, Alert)
    ]
    assert (alert.rule, alert.severity) == ("priority_lowered", "P2")
    assert alert.title == "Priority lowered from 10 to 3: SHOOTING"
    assert all(word in alert.why[1].text for word in (" 9 (1)", " 10", " 3 (4)"))
    again = [one for one in desk.take(later(SHOTS, "on_scene", 3, priority=3)) if isinstance(one, Alert)]
    assert again == []


def test_no_facts_are_needed_for_an_incident() -> None:
    assert Reference().cases() == []
