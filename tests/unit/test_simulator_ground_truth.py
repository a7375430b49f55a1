"""The alerts that must arise: checked against a second look at the events alone."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from operator import ne

import pytest
from shapely import transform
from shapely.geometry import Point, Polygon

from connectors.simulator.agenda import Step
from connectors.simulator.city import Area, city
from connectors.simulator.config import SimulatorConfig
from connectors.simulator.geography import to_plane
from connectors.simulator.ground_truth import (
    CAMERA_STOPPED,
    GRAVE_CALL_NEAR_ZONE,
    HOTLIST_HIT,
    WANTED_NEAR_INCIDENT,
    ExpectedAlert,
    GroundTruth,
    KnownCall,
    metres_to_ring,
)
from connectors.simulator.reference import reference_events
from connectors.simulator.timeline import timeline
from schemas.events.camera_health import CameraHealth
from schemas.events.emergency_call import GRAVE, EmergencyCall
from schemas.events.hotlist_entry import HotlistEntry
from schemas.events.plate_read import PlateRead
from schemas.identity import identity
from schemas.place import distance_m
from schemas.plate import LOOK_ALIKES

START = datetime(2026, 5, 1, 18, tzinfo=UTC)
CONFIG = SimulatorConfig(seed=3, intensity=3.0)
READ = identity("plate_read", "test")
LAT, LON = 29.95, -90.07
METRE = 1 / 111_195.0
SQUARE = tuple((LON + x * 100 * METRE, LAT + y * 100 * METRE) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0)))


@pytest.fixture(scope="module")
def steps() -> list[Step]:
    return list(takewhile(lambda step: step.offset_s < 1000, timeline(CONFIG, START)))


@pytest.fixture(scope="module")
def expected(steps: list[Step]) -> list[ExpectedAlert]:
    return [one for step in steps for one in step.expected]


def test_the_first_minute_shows_every_rule_and_at_least_fifteen_alerts() -> None:
    for seed in range(1, 9):
        first = takewhile(lambda step: step.offset_s < 60, timeline(SimulatorConfig(seed=seed), START))
        due = [one for step in first for one in step.expected if one.required and one.deadline_s <= 60]
        assert len(due) >= 15
        assert set(Counter(one.rule for one in due)) == {
            HOTLIST_HIT, WANTED_NEAR_INCIDENT, GRAVE_CALL_NEAR_ZONE, CAMERA_STOPPED,
        }  # fmt: skip


def test_after_the_opening_alerts_come_every_twenty_to_thirty_seconds() -> None:
    later = takewhile(lambda step: step.offset_s < 3720, timeline(SimulatorConfig(), START))
    due = [one for step in later for one in step.expected if one.required and one.due_s >= 120]
    assert 15 <= 3600 / len(due) <= 35


def test_no_intensity_and_no_opening_plant_nothing() -> None:
    config = SimulatorConfig(intensity=0.0, opening=False, calls_per_min=0.0)
    quiet = takewhile(lambda step: step.offset_s < 120, timeline(config, START))
    assert [one for step in quiet for one in step.expected] == []


def test_hits_are_exactly_the_final_reads_that_can_be_taken_for_an_entry_in_force(
    steps: list[Step], expected: list[ExpectedAlert]
) -> None:
    entries = [event for event in reference_events(CONFIG, START) if isinstance(event, HotlistEntry)]
    found = set()
    expired = previews = 0
    for step in steps:
        for read in step.events:
            if not isinstance(read, PlateRead):
                continue
            for entry in entries:
                if not _alike(read.plate, entry.plate):
                    continue
                assert read.plate_region in (None, entry.plate_region) or entry.plate_region is None
                if entry.expires_at is not None and entry.expires_at <= read.occurred_at:
                    expired += 1
                elif read.is_preview:
                    previews += 1
                else:
                    found.add((str(read.event_id), entry.entry_id))
    assert found == {(one.key["read_id"], one.key["entry_id"]) for one in expected if one.rule == HOTLIST_HIT}
    assert expired > 0
    assert previews > 0
    assert all(one.required for one in expected if one.rule == HOTLIST_HIT)


def test_no_reader_sees_a_wanted_vehicle_twice_within_the_same_pass(
    steps: list[Step], expected: list[ExpectedAlert]
) -> None:
    entry_of = {one.key["read_id"]: one.key["entry_id"] for one in expected if one.rule == HOTLIST_HIT}
    last: dict[tuple[str, str], float] = {}
    for step in steps:
        for read in step.events:
            if isinstance(read, PlateRead) and (entry := entry_of.get(str(read.event_id))):
                assert step.offset_s - last.get((entry, read.camera_id), -1e9) > 180
                last[entry, read.camera_id] = step.offset_s


def test_wanted_near_incident_follows_from_the_calls_that_are_open(
    steps: list[Step], expected: list[ExpectedAlert]
) -> None:
    planned = {one.key["read_id"]: one.required for one in expected if one.rule == WANTED_NEAR_INCIDENT}
    hits = {one.key["read_id"] for one in expected if one.rule == HOTLIST_HIT}
    open_calls: dict[str, EmergencyCall] = {}
    surely = set()
    for step in steps:
        for event in step.events:
            if isinstance(event, EmergencyCall) and event.lat is not None:
                if event.status == "closed":
                    open_calls.pop(event.call_id)
                else:
                    open_calls[event.call_id] = event
            if isinstance(event, PlateRead) and str(event.event_id) in hits:
                near = [
                    call
                    for call in open_calls.values()
                    if event.occurred_at - call.received_at <= timedelta(minutes=30)
                    and distance_m(event.lat or 0, event.lon or 0, call.lat or 0, call.lon or 0) <= 500
                ]
                if near:
                    surely.add(str(event.event_id))
                    assert str(event.event_id) in planned
    assert {read_id for read_id, required in planned.items() if required} <= surely
    assert len(surely) >= 3


def test_grave_calls_near_zones_agree_with_a_geometry_library(steps: list[Step], expected: list[ExpectedAlert]) -> None:
    planned = {one.key["call_id"]: one for one in expected if one.rule == GRAVE_CALL_NEAR_ZONE}
    shapes = {
        area.zone_id: (area.kind, Polygon([to_plane(point) for point in area.ring]))
        for area in city().areas
        if area.watched
    }
    judged = set()
    for step in steps:
        for call in step.events:
            if not isinstance(call, EmergencyCall) or call.lat is None or call.lon is None:
                continue
            if call.category not in GRAVE or call.status == "closed" or call.call_id in judged:
                continue
            judged.add(call.call_id)
            here = Point(to_plane((call.lon, call.lat)))
            near = [(kind, here.distance(shape)) for kind, shape in shapes.values() if here.distance(shape) <= 200]
            one = planned.pop(call.call_id, None)
            if one is None:
                assert all(metres > 196 for _, metres in near)
            elif one.required:
                assert near
                assert one.severity in ("", "P1" if any(kind == "school" for kind, _ in near) else "P2")
    assert planned == {}


def test_a_call_that_turns_grave_later_counts_from_that_state() -> None:
    truth = GroundTruth([Area("z", "Z", "school", SQUARE, True)])
    assert truth.call_state(1, "c", "disturbance", "received", LAT, LON) == ()
    (one,) = truth.call_state(9, "c", "shooting", "dispatched", LAT, LON)
    assert (one.due_s, one.severity, one.required) == (9, "P1", True)
    assert truth.call_state(20, "c", "shooting", "on_scene", LAT, LON) == ()


@pytest.mark.parametrize(("metres", "required"), [(0, True), (190, True), (198, False), (202, False), (205, None)])
def test_the_edge_of_a_zones_neighbourhood_is_tolerated(metres: float, required: bool | None) -> None:
    truth = GroundTruth([Area("z", "Z", "named", SQUARE, True)])
    made = truth.call_state(0, "c", "robbery", "received", LAT - metres * METRE, LON)
    assert [one.required for one in made] == ([] if required is None else [required])


def test_zones_that_are_not_watched_and_calls_that_are_over_raise_nothing() -> None:
    unwatched = GroundTruth([Area("z", "Z", "named", SQUARE, False)])
    assert unwatched.call_state(0, "c", "robbery", "received", LAT, LON) == ()
    watched = GroundTruth([Area("z", "Z", "named", SQUARE, True)])
    assert watched.call_state(0, "c", "robbery", "closed", LAT, LON) == ()


@pytest.mark.parametrize(
    ("age_s", "closes_in_s", "metres", "required"),
    [
        (60, 600, 100, True),
        (60, 600, 480, True),
        (60, 600, 495, False),
        (60, 600, 508, False),
        (60, 600, 520, None),
        (3, 600, 100, False),
        (1790, 600, 100, True),
        (1797, 600, 100, False),
        (1803, 600, 100, False),
        (1810, 600, 100, None),
        (60, 3, 100, False),
        (60, -3, 100, False),
        (60, -8, 100, None),
    ],
)
def test_whether_a_wanted_read_is_near_an_open_call(
    age_s: float, closes_in_s: float, metres: float, required: bool | None
) -> None:
    truth = GroundTruth([])
    truth.call_received(KnownCall("c", LAT, LON, 100.0, 100.0 + age_s + closes_in_s))
    hit, *near = truth.wanted_read(100.0 + age_s, READ, "SIM-1", "P2", LAT + metres * METRE, LON)
    assert (hit.rule, hit.required, hit.severity) == (HOTLIST_HIT, True, "P2")
    assert [(one.rule, one.required, one.severity) for one in near] == (
        [] if required is None else [(WANTED_NEAR_INCIDENT, required, "P1")]
    )


def test_stops_and_silences_follow_from_the_reports(steps: list[Step], expected: list[ExpectedAlert]) -> None:
    stops = {(one.key["camera_id"], one.key["since"]) for one in expected if "since" in one.key}
    seen = {
        (event.camera_id, event.since.isoformat())
        for step in steps
        for event in step.events
        if isinstance(event, CameraHealth) and event.status == "frozen"
    }
    assert seen == stops
    silences = [one for one in expected if "last_report" in one.key]
    assert silences
    for one in silences:
        last = (datetime.fromisoformat(one.key["last_report"]) - START).total_seconds()
        assert one.due_s == pytest.approx(last + 45)
        again = [
            step.offset_s
            for step in steps
            for event in step.events
            if isinstance(event, CameraHealth)
            and event.camera_id == one.key["camera_id"]
            and step.offset_s > last + 0.001
        ]
        assert not again or again[0] > one.deadline_s


def test_distance_to_a_ring_agrees_with_a_geometry_library() -> None:
    for area in city().areas:
        shape = transform(Polygon(area.ring), lambda xy: [to_plane((x, y)) for x, y in xy])
        for site in city().sites[::7]:
            true = shape.distance(Point(to_plane((site.lon, site.lat))))
            assert metres_to_ring(site.lat, site.lon, area.ring) == pytest.approx(true, rel=0.003, abs=0.01)


def _alike(read: str, listed: str) -> bool:
    """Whether the read could be the listed plate with at most two look-alike characters."""
    if len(read) != len(listed) or sum(map(ne, read, listed)) > 2:
        return False
    pairs = [(a, b) for a, b in zip(read, listed, strict=True) if a != b]
    return all(any(a in group and b in group for group in LOOK_ALIKES) for a, b in pairs)
