"""Rules raise what is due, explain it, and stay silent otherwise."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from pipeline.outcome import Emit
from pipeline.processors.calls import Calls
from pipeline.processors.incidents import Incidents
from pipeline.processors.sightings import Sightings
from pipeline.state.reference import Reference
from schemas.events.alert import Alert
from schemas.events.emergency_call import EMERGENCY_CALL, EmergencyCall
from schemas.events.incident import Incident
from schemas.events.incident_input import INCIDENT_INPUT
from schemas.events.plate_read import PLATE_READ, PlateRead
from schemas.events.sighting import Sighting
from tests.unit.facts import NOW, call, camera, incident, read, reference, square, wanted

CAMERA = camera("C1", 29.95, -90.07)


def alerts_of(facts: Reference, *reads: PlateRead, processor: Sightings | None = None) -> list[Alert]:
    outcomes = (processor or Sightings(facts, lambda: NOW)).process(PLATE_READ, reads, 0)
    events = [event for outcome in outcomes if isinstance(outcome, Emit) for event in outcome.events]
    return [event for event in events if isinstance(event, Alert)]


def calls_made(facts: Reference, *calls: EmergencyCall) -> list[Alert]:
    outcomes = Calls(facts).process(EMERGENCY_CALL, calls, 0)
    events = [event for outcome in outcomes if isinstance(outcome, Emit) for event in outcome.events]
    return [event for event in events if isinstance(event, Alert)]


def test_b11_a_hit_raises_one_alert_that_explains_itself() -> None:
    (alert,) = alerts_of(reference(CAMERA, entries=(wanted("ABC123"),)), read("A8C123"))
    assert (alert.rule, alert.severity, alert.camera_id) == ("hotlist_hit", "P2", "C1")
    assert alert.title == "Possible stolen vehicle ABC123, state unconfirmed at Camera C1"
    assert (alert.lat, alert.lon) == (29.95, -90.07)
    texts = " ".join(reason.text for reason in alert.why)
    assert "position 2: 8 for B" in texts
    assert "list stolen, list current as of 3 h ago: case 1" in texts
    assert "not confirmed" in texts
    assert "90% sure" in texts
    assert alert.why[0].facts["entry_id"] == "E1"
    assert alert.triggers == (read("A8C123").event_id,)


def test_an_entry_of_no_stated_kind_is_called_a_listed_plate() -> None:
    (alert,) = alerts_of(reference(CAMERA, entries=(wanted("ABC123", kind="other"),)), read("ABC123"))
    assert alert.title == "Possible listed plate ABC123, state unconfirmed at Camera C1"


def test_an_exact_read_of_the_same_state_is_not_called_possible() -> None:
    facts = reference(CAMERA, entries=(wanted("ABC123", region="us-la"),))
    (alert,) = alerts_of(facts, read("ABC123", plate_region="us-la"))
    assert alert.title == "Stolen vehicle ABC123 at Camera C1"


def test_a_vehicle_that_contradicts_the_entry_brakes_the_alert_and_says_what_differs() -> None:
    facts = reference(CAMERA, entries=(wanted("ABC123", region="us-la", colour="white", make="ford", severity="P1"),))
    seen = read("ABC123", plate_region="us-la", vehicle_colour="red", vehicle_make="ford")
    (alert,) = alerts_of(facts, seen)
    assert alert.title == "Verify plate first: possible stolen vehicle ABC123 at Camera C1"
    assert alert.severity == "P2"
    assert alert.why[0].kind == "vehicle"
    assert alert.why[0].text == "Verify the plate first: colour read red, listed white."


def test_an_edit_is_worded_possible_and_ranked_below() -> None:
    facts = reference(CAMERA, entries=(wanted("ABC123", region="us-la", tolerance="edit", severity="P1"),))
    (alert,) = alerts_of(facts, read("ABC12", plate_region="us-la"))
    assert (alert.severity, alert.title) == ("P2", "Possible stolen vehicle ABC123 at Camera C1")
    assert alert.why[0].text == "Read ABC12, listed ABC123: 3 of the list not read. Such a match is a guess."


def test_b3_readings_of_one_tracked_vehicle_are_one_alert_for_each_entry_by_whatever_partition() -> None:
    facts = reference(CAMERA, entries=(wanted("ABC123"),))
    first = alerts_of(facts, read("ABC123", 1, track_id="car-7"))
    variant = alerts_of(facts, read("A8C123", 2, track_id="car-7"))
    other_car = alerts_of(facts, read("ABC123", 3, track_id="car-8"))
    assert first[0].alert_id == variant[0].alert_id != other_car[0].alert_id


@pytest.mark.parametrize(
    ("plate", "entry"),
    [
        ("ABC123", {"plate": "ABC123"}),
        ("A8CI23", {"plate": "ABC123"}),
        ("ABC12", {"plate": "ABC123", "tolerance": "edit"}),
        ("ABXC123", {"plate": "ABC123", "tolerance": "edit"}),
        ("AB7123", {"plate": "ABC123", "tolerance": "edit"}),
    ],
)
def test_b11_a_match_can_be_reproduced_by_hand_from_what_its_alert_says(plate: str, entry: dict[str, str]) -> None:
    (alert,) = alerts_of(reference(CAMERA, entries=(wanted(**entry),)), read(plate))
    facts = next(reason.facts for reason in alert.why if reason.kind == "match")
    made = list(facts["matched_plate"])
    for change in sorted(filter(None, facts.get("substitutions", "").split("; ")), reverse=True):
        place, _, characters = change.partition(":")
        seen, _, listed = characters.partition(">")
        at = int(place)
        assert "".join(made[at : at + len(seen)]) == seen
        made[at : at + len(seen)] = listed
    assert "".join(made) == facts["listed_plate"] == entry["plate"]
    assert facts["matched_plate"] == plate
    told = {reason.kind: reason.facts for reason in alert.why}
    assert told["list_entry"]["list_id"] == "stolen"
    assert told["list_entry"]["list_as_of"] == (NOW - timedelta(hours=3)).isoformat()
    assert told["region"]["region_relation"] == "unknown"
    assert facts["candidate_rank"] == "0"


def test_a_preview_read_never_raises_an_alert() -> None:
    facts = reference(CAMERA, incident(1, 29.95, -90.07), entries=(wanted("ABC123"),))
    assert alerts_of(facts, read("ABC123", is_preview=True)) == []


def test_b12_a_plate_of_another_state_is_only_to_know() -> None:
    (alert,) = alerts_of(
        reference(CAMERA, entries=(wanted("ABC123", region="us-la"),)), read("ABC123", plate_region="us-tx")
    )
    assert alert.severity == "P4"
    assert "state mismatch" in alert.title
    assert any("NOT the entry's" in reason.text for reason in alert.why)


def test_b20_a_read_that_reached_us_late_is_history_and_says_so() -> None:
    late = read("ABC123", observed_at=NOW + timedelta(hours=6))
    facts = reference(CAMERA, incident(1, 29.95, -90.07), entries=(wanted("ABC123"),))
    (alert,) = alerts_of(facts, late)
    assert (alert.rule, alert.severity) == ("hotlist_hit", "P4")
    assert alert.why[0].kind == "late"
    assert "6 h" in alert.why[0].text


def test_the_same_read_twice_raises_the_same_alert_id() -> None:
    facts = reference(CAMERA, entries=(wanted("ABC123"),))
    first, second = (alerts_of(facts, read("ABC123"))[0] for _ in range(2))
    assert (first.alert_id, first.event_id) == (second.alert_id, second.event_id)


def test_a_pass_raises_one_alert_and_its_first_read_raises_it_again_when_sent_again() -> None:
    facts = reference(CAMERA, entries=(wanted("ABC123"),))
    processor = Sightings(facts)
    first, soon = read("ABC123", 1), read("ABC123", 2, at=NOW + timedelta(seconds=50))
    still, later = (
        read("ABC123", 3, at=NOW + timedelta(seconds=100)),
        read("ABC123", 4, at=NOW + timedelta(seconds=161)),
    )
    elsewhere = read("ABC123", 5, camera="C2")
    assert len(alerts_of(facts, first, soon, still, processor=processor)) == 1
    assert len(alerts_of(facts, first, processor=processor)) == 1
    assert len(alerts_of(facts, later, elsewhere, processor=processor)) == 2


def test_a_wanted_plate_near_an_open_incident_is_a_p1_naming_all_incidents() -> None:
    facts = reference(
        CAMERA,
        incident(1, 29.951, -90.07, opened=NOW - timedelta(minutes=2)),
        incident(2, 29.953, -90.07, opened=NOW - timedelta(minutes=20)),
        entries=(wanted("ABC123"),),
    )
    near = [alert for alert in alerts_of(facts, read("ABC123")) if alert.rule == "wanted_near_incident"]
    assert [alert.severity for alert in near] == ["P1"]
    assert [reason.text[:24] for reason in near[0].why if reason.kind == "incident"] == [
        "ARMED ROBBERY 111 m away",
        "ARMED ROBBERY 334 m away",
    ]


@pytest.mark.parametrize(
    "other",
    [
        incident(1, 29.9546, -90.07),  # 511 m away
        incident(1, 29.95, -90.07, opened=NOW - timedelta(minutes=31)),
        incident(1, 29.95, -90.07, opened=NOW + timedelta(seconds=1)),
        incident(1, 29.95, -90.07, status="closed"),
    ],
)
def test_an_incident_that_is_far_old_later_or_closed_raises_nothing(other: Incident) -> None:
    raised = alerts_of(reference(CAMERA, other, entries=(wanted("ABC123"),)), read("ABC123"))
    assert [alert.rule for alert in raised] == ["hotlist_hit"]


SCHOOL = square("school", 29.95, -90.07, 0.001, kind="school")
NAMED = square("hall", 29.97, -90.07, 0.001, watched=True)
PLAIN = square("plain", 29.99, -90.07, 0.001)


def test_a_grave_call_in_a_school_zone_is_a_p1() -> None:
    (alert,) = calls_made(reference(SCHOOL), call(1, "shooting", 29.95, -90.07))
    assert (alert.rule, alert.severity, alert.title) == ("grave_call_near_zone", "P1", "SHOOTING in Zone school")
    assert alert.zones == ("school",)


def test_a_grave_call_near_a_named_zone_is_a_p2_that_says_how_far() -> None:
    (alert,) = calls_made(reference(NAMED), call(1, "robbery", 29.9726, -90.07))
    assert alert.severity == "P2"
    assert "178 m from Zone hall" in alert.title


@pytest.mark.parametrize(
    "quiet",
    [
        call(1, "theft", 29.95, -90.07),
        call(1, "shooting", 29.99, -90.07),
        call(1, "shooting", 29.9529, -90.07),
        call(1, "shooting", 29.95, -90.07, status="closed"),
        call(1, "shooting", None, None),
    ],
)
def test_a_call_that_is_not_grave_not_near_over_or_nowhere_raises_nothing(quiet: EmergencyCall) -> None:
    assert calls_made(reference(SCHOOL, PLAIN), quiet) == []


def test_a_call_raises_its_alert_once_however_often_its_state_is_sent() -> None:
    received = call(1, "shooting", 29.95, -90.07)
    sent = replace(received, event_id=call(2, "x", None, None).event_id, status="dispatched")
    facts = reference(SCHOOL)
    assert len(calls_made(facts, received, sent, received)) == 2  # the first state, and itself sent again
    assert len({alert.event_id for alert in calls_made(facts, received, sent, received)}) == 1


def test_every_read_becomes_a_sighting_with_its_zones() -> None:
    facts = reference(CAMERA, square("here", 29.95, -90.07, 0.01))
    unknown = read("ZZZ1", 2, camera="car-1", lat=29.95, lon=-90.07)
    nowhere = read("ZZZ1", 3, camera="car-2")
    outcomes = Sightings(facts).process(PLATE_READ, [read("ABC123"), unknown, nowhere], 0)
    sightings = [outcome.events[0] for outcome in outcomes if isinstance(outcome, Emit)]
    assert [one.zones for one in sightings if isinstance(one, Sighting)] == [("here",), ("here",), ()]


def test_h5_an_online_report_with_words_of_an_emergency_is_told_once_by_its_first_state_that_is_urgent() -> None:
    calls = Calls(reference(CAMERA))

    def told(state: EmergencyCall) -> list[tuple[str, str, str]]:
        (outcome,) = calls.process(EMERGENCY_CALL, [state], 0)
        assert isinstance(outcome, Emit)
        return [(one.rule, one.severity, one.subject) for one in outcome.events if isinstance(one, Alert)]

    routine = call(1, "other", None, None, contact="online", priority=3, priority_raw="online report")
    urgent = replace(
        routine, event_id=call(2, "other", None, None).event_id, priority=10, priority_raw="emergency words"
    )
    later = replace(urgent, event_id=call(3, "other", None, None).event_id)
    alert = ("online_emergency", "P1", urgent.call_id)
    assert [told(state) for state in (routine, urgent, urgent, later)] == [[], [alert], [alert], []]


def test_a_call_opens_an_incident_with_cameras_near_it_and_closes_it() -> None:
    facts = reference(CAMERA, camera("C2", 29.951, -90.07), camera("far", 30.2, -90.07))
    states = [
        call(1, "theft", 29.9511, -90.07),
        call(1, "theft", 29.9511, -90.07, event_id=call(2, "theft", None, None).event_id, status="closed",
             updated_at=NOW + timedelta(minutes=9)),
    ]  # fmt: skip
    inputs = [
        outcome.events[0] for outcome in Calls(facts).process(EMERGENCY_CALL, states, 0) if isinstance(outcome, Emit)
    ]
    opened, closed = (
        outcome.events[0]
        for outcome in Incidents(facts).process(INCIDENT_INPUT, inputs, 0)  # type: ignore[arg-type]
        if isinstance(outcome, Emit)
    )
    assert isinstance(opened, Incident)
    assert isinstance(closed, Incident)
    assert [near.camera_id for near in opened.nearest_cameras] == ["C2", "C1"]
    assert (opened.incident_id, opened.status, closed.status) == (closed.incident_id, "open", "closed")
    assert closed.rev > opened.rev
