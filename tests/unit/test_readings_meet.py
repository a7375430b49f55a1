"""Readings of one vehicle travel by their plates, to different workers; each takes those before it along (B3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from connectors.earlier_readings import EarlierReadings
from pipeline.outcome import Emit
from pipeline.processors.sightings import Sightings
from pipeline.rules.plate_vote import MOST, Looks
from schemas.events.alert import Alert
from schemas.events.plate_read import MAX_EARLIER, PLATE_READ, PlateRead
from schemas.events.sighting import Sighting
from schemas.wire.frame import FrameDecoder, encode_frame
from schemas.wire.partition import partition_of
from tests.unit.facts import NOW, camera, read, reference, wanted

CAMERA = camera("C1", 29.95, -90.07)
LISTED = "ABC789"
READINGS = ("WBC789", "AWC789", "ABW789")
PARTITIONS = 6


def tracked(*plates: str, track: str | None = "car-7", **changes: Any) -> list[PlateRead]:
    return [
        read(plate, number, at=NOW + timedelta(seconds=number), track_id=track, confidence=0.8, **changes)
        for number, plate in enumerate(plates)
    ]


def through_the_edge(reads: Sequence[PlateRead], edge: EarlierReadings | None = None) -> list[PlateRead]:
    """As a processor gets them: one post after another, over the wire."""
    edge = edge or EarlierReadings()
    told = [edge.beside([one])[0] for one in reads]
    return FrameDecoder(PLATE_READ).decode(encode_frame(told)).events


def by_workers(reads: Sequence[PlateRead]) -> tuple[list[Sighting], list[Alert]]:
    """What workers make of them when each has one partition, and none knows what the others do."""
    facts = reference(CAMERA, entries=(wanted(LISTED),))
    workers = [Sightings(facts, lambda: NOW) for _ in range(PARTITIONS)]
    made = []
    for one in reads:
        partition = partition_of(PLATE_READ.key_of(one), PARTITIONS)
        (outcome,) = workers[partition].process(PLATE_READ, [one], partition)
        assert isinstance(outcome, Emit)
        made += outcome.events
    return [one for one in made if isinstance(one, Sighting)], [one for one in made if isinstance(one, Alert)]


def test_the_readings_of_these_tests_do_reach_different_partitions() -> None:
    assert len({partition_of(plate, PARTITIONS) for plate in READINGS}) == len(READINGS)


def test_b3_readings_of_one_pass_vote_though_each_reaches_another_worker() -> None:
    sightings, (alert,) = by_workers(through_the_edge(tracked(*READINGS)))
    (hit,) = sightings[-1].hits
    assert (hit.match, hit.matched_plate) == ("vote", LISTED)
    assert [one.plate for one in sightings[-1].variants] == list(READINGS)
    assert alert.title.startswith("Possible")


def test_several_workers_that_hold_the_same_vote_make_one_alert() -> None:
    _, alerts = by_workers(through_the_edge(tracked(*READINGS, "ABCW89", "ABC7W9", "ABC78W")))
    assert len(alerts) > 1
    assert len({alert.event_id for alert in alerts}) == 1


def test_the_limit_readings_that_no_edge_put_together_meet_in_one_worker_only() -> None:
    """What passes two edges, or comes from one that knows no earlier readings, votes as far as a worker sees it."""
    assert by_workers(tracked(*READINGS)) == (by_workers(tracked(*READINGS))[0], [])
    two_edges = [EarlierReadings(), EarlierReadings()]
    split = [two_edges[at % 2].beside([one])[0] for at, one in enumerate(tracked(*READINGS))]
    assert by_workers(split)[1] == []


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text("AB1", min_size=3, max_size=4), min_size=1, max_size=MOST + 4),
    st.lists(st.integers(0, 2), min_size=MOST + 4, max_size=MOST + 4),
)
def test_the_vote_at_a_read_is_the_same_however_reads_are_spread_over_workers(
    plates: list[str], where: list[int]
) -> None:
    reads = through_the_edge(tracked(*plates))
    alone, workers = Looks(), [Looks(), Looks(), Looks()]
    for at, one in enumerate(reads):
        mine, theirs = workers[where[at]].votes([one]), alone.votes([one])
        # Where nothing else was read no vote changes anything, and nothing is brought along.
        if one.earlier or len(set(plates[: at + 1])) > 1:
            told = [found[0].plate if found else None for found in (mine, theirs)]
            assert told[0] == told[1]


def test_readings_that_are_alike_and_reads_without_a_track_bring_nothing_along() -> None:
    assert [one.earlier for one in through_the_edge(tracked("ABC123", "ABC123", "ABC123"))] == [(), (), ()]
    assert [one.earlier for one in through_the_edge(tracked(*READINGS, track=None))] == [(), (), ()]


def test_a_read_that_is_sent_again_is_not_earlier_than_itself() -> None:
    edge = EarlierReadings()
    first, second = tracked("ABC123", "ABC128")
    assert edge.beside([first, second, second, first])[0] == first
    again = edge.beside([second])[0]
    assert isinstance(again, PlateRead)
    assert [one.plate for one in again.earlier] == ["ABC123"]


def test_vehicles_of_other_cameras_and_tracks_are_never_put_together() -> None:
    edge = EarlierReadings()
    one, two, three = tracked(*READINGS)
    others = [one, replace(two, track_id="car-8"), replace(three, camera_id="C2"), replace(two, source="rekor/west")]
    assert [told.earlier for told in through_the_edge(others, edge)] == [(), (), (), ()]


def test_what_an_edge_remembers_is_bounded_in_vehicles_and_readings() -> None:
    edge = EarlierReadings(vehicles=2)
    many = through_the_edge(tracked(*(f"ABC{number:03d}" for number in range(3 * MAX_EARLIER))), edge)
    assert [one.plate for one in many[-1].earlier] == [one.plate for one in many[-1 - MAX_EARLIER : -1]]
    for number in range(5):
        edge.beside(tracked("ABC123", track=f"car-{number}0"))
    assert len(edge._readings) == 2
    (told,) = through_the_edge(tracked("XYZ999"), edge)
    assert told.earlier == ()


def test_what_a_read_brings_along_already_stays() -> None:
    edge = EarlierReadings()
    first, second = through_the_edge(tracked("ABC123", "ABC128"), edge)
    assert second.earlier
    assert through_the_edge([second], EarlierReadings()) == [second]
    assert first.earlier == ()
