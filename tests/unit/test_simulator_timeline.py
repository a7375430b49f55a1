"""What happens in the made-up city: the same every time, in order, and plausible."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise, takewhile

import pytest

from connectors.simulator.agenda import Step
from connectors.simulator.config import SimulatorConfig
from connectors.simulator.hotlist import LIST_ID, wanted
from connectors.simulator.reference import reference_events
from connectors.simulator.timeline import timeline
from connectors.simulator.vehicles import Fleet, vehicle
from schemas.events.camera import Camera
from schemas.events.camera_health import CameraHealth
from schemas.events.emergency_call import EmergencyCall
from schemas.events.hotlist import Hotlist
from schemas.events.hotlist_entry import HotlistEntry
from schemas.events.plate_read import PlateRead
from schemas.events.zone import Zone
from schemas.hotlist_checksum import checksum
from schemas.plate import LOOK_ALIKES, fold, normalise
from schemas.registry import BY_CLASS
from schemas.wire.frame import FrameDecoder, encode_event

START = datetime(2026, 5, 1, 18, tzinfo=UTC)


def steps_of(seconds: float, **chosen: object) -> list[Step]:
    config = SimulatorConfig(**chosen)  # type: ignore[arg-type]
    return list(takewhile(lambda step: step.offset_s < seconds, timeline(config, START)))


@pytest.fixture(scope="module")
def hour_half() -> list[Step]:
    """Half an hour of the default city."""
    return steps_of(1800)


def reads_of(steps: list[Step]) -> list[PlateRead]:
    return [event for step in steps for event in step.events if isinstance(event, PlateRead)]


def test_the_same_seed_and_start_give_the_same_steps() -> None:
    assert list(islice(timeline(SimulatorConfig(seed=5), START), 3000)) == list(
        islice(timeline(SimulatorConfig(seed=5), START), 3000)
    )


def test_another_seed_gives_other_plates_and_another_start_other_ids() -> None:
    first = {read.event_id: read.plate for read in reads_of(steps_of(20))}
    other_seed = reads_of(steps_of(20, seed=2))
    assert len({read.plate for read in other_seed} & set(first.values())) <= 2
    later = takewhile(lambda step: step.offset_s < 20, timeline(SimulatorConfig(), START + timedelta(seconds=1)))
    assert {event.event_id for step in later for event in step.events}.isdisjoint(first)


def test_steps_come_in_order_of_time_and_events_bear_that_time(hour_half: list[Step]) -> None:
    offsets = [step.offset_s for step in hour_half]
    assert offsets == sorted(offsets)
    assert offsets[0] >= 0
    for step in hour_half:
        for event in step.events:
            assert abs((event.occurred_at - START).total_seconds() - step.offset_s) < 1e-5
            assert event.synthetic
            assert event.jurisdiction == "demo"


def test_no_event_comes_twice(hour_half: list[Step]) -> None:
    ids = [event.event_id for step in hour_half for event in step.events]
    assert len(ids) == len(set(ids))


def test_every_event_survives_the_wire() -> None:
    events = [event for step in steps_of(60) for event in step.events]
    for event in [*reference_events(SimulatorConfig(), START), *events]:
        frame = FrameDecoder(BY_CLASS[type(event)]).decode(encode_event(event))
        assert frame.events == [event]


@pytest.mark.parametrize("rate", [20.0, 200.0])
def test_reads_come_at_the_rate_asked_for_from_the_start(rate: float) -> None:
    reads = reads_of(steps_of(120, reads_per_s=rate))
    halves = Counter(read.occurred_at < START + timedelta(seconds=60) for read in reads)
    assert halves[True] / 60 == pytest.approx(rate, rel=0.15)
    assert halves[False] / 60 == pytest.approx(rate, rel=0.15)


def test_calls_come_at_the_rate_asked_for_averaged_over_a_day() -> None:
    calls = [
        event
        for step in steps_of(
            86400, reads_per_s=0.1, calls_per_min=2.0, report_every_s=600.0, report_promise_s=700.0, intensity=0.0
        )
        for event in step.events
        if isinstance(event, EmergencyCall) and event.status == "received"
    ]
    assert len(calls) / 1440 == pytest.approx(2.0, rel=0.1)
    by_hour = Counter(call.received_at.hour for call in calls)
    assert by_hour[23] > 1.8 * by_hour[9], "18:00 and 04:00 in New Orleans: evenings are busier than the small hours"


def test_a_misread_differs_in_at_most_two_look_alikes_and_names_the_truth_as_candidate(hour_half: list[Step]) -> None:
    of = {char: group for group in LOOK_ALIKES for char in group}
    misread = 0
    for read in reads_of(hour_half):
        assert normalise(read.plate) == read.plate
        for candidate in read.candidates:
            pairs = [(a, b) for a, b in zip(read.plate, candidate.plate, strict=True) if a != b]
            assert 1 <= len(pairs) <= 2
            assert all(of[a] == of[b] for a, b in pairs)
            assert candidate.confidence < read.confidence
        misread += bool(read.candidates) and read.candidates[0].confidence > 0.4
    assert 0.03 < misread / len(reads_of(hour_half)) < 0.3


def test_vehicles_drive_at_25_to_70_km_an_hour(hour_half: list[Step]) -> None:
    speeds = [read.speed_kmh or 0 for read in reads_of(hour_half)]
    assert min(speeds) >= 25
    assert max(speeds) <= 70.2


def test_no_ordinary_plate_can_be_taken_for_a_wanted_one() -> None:
    hot = frozenset({vehicle(7, 1).plate, vehicle(11, 1).plate})
    fleet = Fleet(1, 50, hot)
    taken = [fleet.take().plate for _ in range(50)]
    assert {fold(plate) for plate in taken}.isdisjoint(fold(plate) for plate in hot)
    assert len(set(taken)) == 50
    assert [fleet.take().plate for _ in range(50)] == taken


def test_a_call_goes_through_its_states_in_order(hour_half: list[Step]) -> None:
    states: dict[str, list[EmergencyCall]] = defaultdict(list)
    for step in hour_half:
        for event in step.events:
            if isinstance(event, EmergencyCall):
                states[event.call_id].append(event)
    order = ("received", "dispatched", "on_scene", "closed")
    for life in states.values():
        assert tuple(state.status for state in life) == order[: len(life)]
        assert len({(state.received_at, state.lat, state.lon) for state in life}) == 1
        assert all(a.updated_at < b.updated_at for a, b in pairwise(life))
    assert any(len(life) == 4 for life in states.values())
    assert any(life[0].lat is None for life in states.values())


def test_every_camera_reports_in_time_unless_it_is_meant_to_be_silent(hour_half: list[Step]) -> None:
    meant = {
        (one.key["camera_id"], one.key["last_report"])
        for step in hour_half
        for one in step.expected
        if "last_report" in one.key
    }
    last: dict[str, CameraHealth] = {}
    silences = set()
    for step in hour_half:
        for event in step.events:
            if isinstance(event, CameraHealth):
                before = last.get(event.camera_id)
                if before is not None and event.occurred_at - before.occurred_at > timedelta(seconds=15):
                    silences.add((event.camera_id, before.occurred_at.isoformat()))
                last[event.camera_id] = event
    assert len(last) == 120
    assert silences
    assert silences <= meant


def test_one_camera_at_a_time_is_frozen_and_recovers(hour_half: list[Step]) -> None:
    frozen: set[str] = set()
    thawed = 0
    for step in hour_half:
        for event in step.events:
            if isinstance(event, CameraHealth):
                if event.status == "frozen":
                    frozen.add(event.camera_id)
                elif event.camera_id in frozen:
                    frozen.remove(event.camera_id)
                    thawed += 1
                assert len(frozen) <= 1
    assert thawed >= 2


def test_the_reference_facts_are_whole_and_the_manifest_comes_last() -> None:
    events = reference_events(SimulatorConfig(), START)
    counts = Counter(type(event) for event in events)
    assert counts == {Camera: 120, Zone: 23, HotlistEntry: 200, Hotlist: 1}
    manifest = events[-1]
    entries = [event for event in events if isinstance(event, HotlistEntry)]
    assert isinstance(manifest, Hotlist)
    assert manifest.list_id == LIST_ID
    assert (manifest.entry_count, manifest.checksum) == (len(entries), checksum(entries))
    assert max(entry.chunk for entry in entries) == manifest.chunk_count - 1
    assert len({fold(entry.plate) for entry in entries}) == 200
    assert [entry.plate for entry in entries] == [one.vehicle.plate for one in wanted(1)]


def test_a_duration_ends_the_timeline() -> None:
    steps = list(timeline(SimulatorConfig(duration_s=5.0), START))
    assert 4.0 < steps[-1].offset_s <= 5.0


@pytest.mark.parametrize(
    ("field", "value"), [("reads_per_s", 0.0), ("calls_per_min", -1.0), ("misread_rate", 1.5), ("duration_s", -2.0)]
)
def test_a_value_out_of_bounds_is_refused_by_name(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=field):
        SimulatorConfig(**{field: value})  # type: ignore[arg-type]


def test_a_start_without_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        timeline(SimulatorConfig(), datetime(2026, 5, 1))  # noqa: DTZ001 - what is being refused
