"""A wanted plate near an incident that is known only after the read was judged."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from pipeline.outcome import Emit
from pipeline.processors.late_incidents import LateIncidents
from pipeline.processors.sightings import Sightings
from pipeline.state.reference import Reference
from schemas.events.alert import Alert
from schemas.events.incident import INCIDENT
from schemas.events.plate_read import PLATE_READ, PlateRead
from schemas.events.sighting import Sighting
from tests.unit.facts import NOW, camera, incident, read, reference, wanted

CAMERA = camera("C1", 29.95, -90.07)
SOON = NOW + timedelta(seconds=2)


def facts() -> Reference:
    return reference(CAMERA, entries=(wanted("ABC123", region="us-la"),))


def judged(known: Reference, *reads: PlateRead) -> tuple[list[Sighting], list[Alert]]:
    outcomes = Sightings(known, lambda: NOW).process(PLATE_READ, reads, 0)
    events = [event for outcome in outcomes if isinstance(outcome, Emit) for event in outcome.events]
    return [one for one in events if isinstance(one, Sighting)], [one for one in events if isinstance(one, Alert)]


def opens(known: Reference, number: int = 1, lat: float = 29.951) -> None:
    known.apply(INCIDENT, [incident(number, lat, -90.07, opened_at=NOW - timedelta(seconds=30))])


def wanted_read(number: int = 0) -> PlateRead:
    return read("ABC123", number=number, plate_region="us-la")


def late(known: Reference, *sightings: Sighting, clock: list[float] | None = None) -> LateIncidents:
    made = LateIncidents(known, clock=lambda: 0.0 if clock is None else clock[0])
    for sighting in sightings:
        made.note(sighting)
    return made


def test_the_alert_is_the_one_that_the_read_would_have_raised() -> None:
    blind, seeing = facts(), facts()
    opens(seeing)
    (sighting,), _ = judged(blind, wanted_read())
    _, alerts = judged(seeing, wanted_read())
    (meant,) = (one for one in alerts if one.rule == "wanted_near_incident")
    again = late(blind, sighting)
    assert again.tick(SOON) == []
    opens(blind)
    (alert,) = again.tick(SOON)
    assert replace(alert, raised_at=meant.raised_at) == meant


def test_it_is_said_once_and_again_only_if_the_log_does_not_show_it() -> None:
    known, clock = facts(), [0.0]
    (sighting,), _ = judged(known, wanted_read())
    again = late(known, sighting, clock=clock)
    opens(known)
    (alert,) = again.tick(SOON)
    assert again.tick(SOON) == []
    clock[0] = 11.0
    assert [one.alert_id for one in again.tick(SOON)] == [alert.alert_id]
    known.apply_alert(alert)
    clock[0] = 30.0
    assert again.tick(SOON) == []


def test_what_does_not_concern_the_read_raises_nothing() -> None:
    known = facts()
    (sighting,), _ = judged(known, wanted_read())
    again = late(known, sighting, replace(sighting, is_preview=True), replace(sighting, hits=()))
    opens(known, 1, 29.99)
    known.apply(INCIDENT, [incident(2, 29.951, -90.07, opened_at=NOW + timedelta(seconds=30))])
    assert again.tick(SOON) == [], "too far, and opened after the read"


def test_after_five_minutes_a_read_is_history() -> None:
    known = facts()
    (sighting,), _ = judged(known, wanted_read())
    again = late(known, sighting)
    opens(known)
    assert again.tick(NOW + timedelta(minutes=6)) == []


def test_of_one_pass_only_its_first_read_counts() -> None:
    known = facts()
    second = replace(wanted_read(1), occurred_at=NOW + timedelta(seconds=5))
    sightings, _ = judged(known, wanted_read(), second)
    again = late(known, *sightings)
    opens(known)
    (alert,) = again.tick(SOON)
    assert alert.triggers == (sightings[0].event_id,)


def test_noise_and_blocked_lists_raise_nothing() -> None:
    known = facts()
    (sighting,), _ = judged(known, wanted_read())
    again = late(known, replace(sighting, is_noise=True))
    opens(known)
    assert again.tick(SOON) == []
