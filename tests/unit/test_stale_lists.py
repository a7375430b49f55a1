"""A list older than it says it may be: its alerts are one step less severe and say so first, or are not raised."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from pipeline.outcome import Emit
from pipeline.processors.sightings import Sightings
from pipeline.rules.plate_alert import duration
from pipeline.rules.stale_list import is_stale, lowered
from pipeline.state.reference import Reference
from schemas.events.alert import Alert
from schemas.events.hotlist import EXAMPLE as MANIFEST
from schemas.events.hotlist import HOTLIST
from schemas.events.hotlist_entry import EXAMPLE as ENTRY
from schemas.events.hotlist_entry import HOTLIST_ENTRY
from schemas.events.plate_read import PLATE_READ
from schemas.events.sighting import Sighting
from schemas.hotlist_checksum import checksum
from tests.unit.facts import NOW, incident, read


def facts(hours: float, limit_hours: float | None, *around: object) -> Reference:
    """Reference facts with one list so many hours old."""
    known = Reference()
    as_of = NOW - timedelta(hours=hours)
    entry = replace(ENTRY, plate="ABC123", severity="P1", list_version="1")
    limit = None if limit_hours is None else limit_hours * 3600
    known.apply(HOTLIST_ENTRY, [entry])
    known.apply(HOTLIST, [replace(MANIFEST, version="1", as_of=as_of, max_age_s=limit, checksum=checksum([entry]))])
    known.rebuild()
    return known


def made(known: Reference, *, block: bool = False) -> tuple[Sighting, list[Alert]]:
    processor = Sightings(known, lambda: NOW, block_stale=block)
    (outcome,) = processor.process(PLATE_READ, [read("ABC123", lat=29.95, lon=-90.07)], 0)
    assert isinstance(outcome, Emit)
    sighting = outcome.events[0]
    assert isinstance(sighting, Sighting)
    return sighting, [event for event in outcome.events if isinstance(event, Alert)]


def test_b14_an_alert_of_a_list_past_its_limit_is_one_step_less_severe_and_says_so_first() -> None:
    _, (alert,) = made(facts(13, 12))
    assert alert.severity == "P2"
    reason = alert.why[0]
    assert reason.kind == "stale_list"
    assert f"{duration(timedelta(hours=13))} old and may be {duration(timedelta(hours=12))} at most" in reason.text
    assert reason.facts == {"list_id": "stolen", "age_s": str(13 * 3600), "max_age_s": str(12 * 3600)}


@pytest.mark.parametrize(("hours", "limit"), [(11.9, 12), (900, None)])
def test_b14_a_list_within_its_limit_or_without_one_is_as_severe_as_it_says(hours: float, limit: float | None) -> None:
    _, (alert,) = made(facts(hours, limit))
    assert alert.severity == "P1"
    assert "stale_list" not in {reason.kind for reason in alert.why}


def test_b14_with_the_block_an_alert_of_a_stale_list_is_closed_as_it_is_raised() -> None:
    sighting, (alert,) = made(facts(13, 12), block=True)
    assert (alert.status, alert.severity, alert.rev, alert.changed_by) == ("closed", "P4", 1, "rule:stale_list")
    assert "blocked" in alert.note
    assert alert.why[0].kind == "stale_list"
    assert [hit.list_id for hit in sighting.hits] == ["stolen"]
    # It has the id that it would have had: the ledger, which counts on an alert for each hit, finds it.
    assert alert.alert_id == made(facts(11, 12))[1][0].alert_id
    assert [one.status for one in made(facts(11, 12), block=True)[1]] == ["open"]


def test_b14_near_an_incident_too_a_blocked_list_raises_nothing_that_is_open() -> None:
    known = facts(13, 12)
    known.incidents.apply(incident(1, 29.95, -90.07))
    assert [(alert.rule, alert.status) for alert in made(known, block=True)[1]] == [("hotlist_hit", "closed")]


def test_b14_a_block_that_ended_lets_the_next_read_of_the_same_pass_alert() -> None:
    known = facts(13, 12)
    now = NOW
    processor = Sightings(known, lambda: now, block_stale=True)
    processor.process(PLATE_READ, [read("ABC123")], 0)
    entry = replace(ENTRY, plate="ABC123", severity="P1", list_version="2")
    known.apply(HOTLIST_ENTRY, [entry])
    known.apply(HOTLIST, [replace(MANIFEST, version="2", as_of=NOW, max_age_s=43200.0, checksum=checksum([entry]))])
    known.rebuild()
    (outcome,) = processor.process(PLATE_READ, [read("ABC123", 2, at=NOW + timedelta(seconds=5))], 0)
    assert isinstance(outcome, Emit)
    assert len(outcome.events) == 2


def test_b14_near_an_incident_too_a_stale_list_is_one_step_less_severe() -> None:
    known = facts(13, 12)
    known.incidents.apply(incident(1, 29.95, -90.07))
    _, alerts = made(known)
    assert {alert.rule: alert.severity for alert in alerts} == {"hotlist_hit": "P2", "wanted_near_incident": "P2"}
    assert {alert.why[0].kind for alert in alerts} == {"stale_list"}


def test_severities_go_down_one_step_and_the_lowest_stays() -> None:
    assert [lowered(one) for one in ("P1", "P2", "P3", "P4", "odd")] == ["P2", "P3", "P4", "P4", "P4"]


def test_a_list_is_stale_from_the_moment_after_its_limit() -> None:
    manifest = replace(MANIFEST, as_of=NOW, max_age_s=60.0)
    assert [is_stale(manifest, NOW + timedelta(seconds=s)) for s in (59, 60, 61)] == [False, False, True]
