"""Cameras whose clocks are wrong are told of, kept from correlation, and never corrected."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.outcome import Emit
from pipeline.processors.sightings import Sightings
from pipeline.rules.plate_alert import evidence
from pipeline.state.clocks import ENOUGH, LATEST, TOLD_S, Clocks
from pipeline.state.reference import Reference
from schemas.events.plate_read import PLATE_READ, PlateRead
from schemas.events.sighting import Sighting
from tests.unit.facts import NOW, camera, incident, read, reference, wanted


def reads(count: int, delay_s: float, name: str = "C1") -> list[PlateRead]:
    at = NOW
    return [
        read("ABC123", number, camera=name, at=at, observed_at=at + timedelta(seconds=delay_s + number % 3))
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("delay_s", "skew"), [(0.4, None), (1.9, None), (-12.0, 12.0), (45.0, -45.0), (-3600.0, 3600.0)]
)
def test_the_read_with_the_least_delay_tells_how_far_a_clock_is_off(delay_s: float, skew: float | None) -> None:
    assert Clocks().skews(reads(ENOUGH + 3, delay_s))[-1] == skew


def test_nothing_is_said_before_there_are_enough_reads() -> None:
    assert Clocks().skews(reads(ENOUGH - 1, -60.0)) == [None] * (ENOUGH - 1)


def test_some_reads_that_come_late_do_not_make_a_clock_wrong() -> None:
    mixed = [one for pair in zip(reads(20, 600.0), reads(20, 0.5), strict=True) for one in pair]
    assert set(Clocks().skews(mixed)) == {None}


def test_a_clock_that_was_set_right_is_right_again_after_some_reads() -> None:
    clocks = Clocks()
    assert clocks.skews(reads(LATEST, -60.0))[-1] == 60.0
    assert clocks.skews(reads(LATEST, 0.5))[-1] is None


@given(st.lists(st.integers(-120, 120), min_size=1, max_size=4 * LATEST))
def test_the_least_of_the_latest_delays_counts_whatever_came_before(delays: list[int]) -> None:
    many = [
        read("ABC123", number, camera="C1", at=NOW, observed_at=NOW + timedelta(seconds=delay))
        for number, delay in enumerate(delays)
    ]
    least = min(delays[-LATEST:])
    known = len(delays) >= ENOUGH and abs(least) > TOLD_S
    assert Clocks().skews(many)[-1] == (-least if known else None)


def test_each_camera_has_a_clock_of_its_own() -> None:
    clocks = Clocks()
    clocks.skews(reads(ENOUGH, -60.0, "C1"))
    assert clocks.skews(reads(ENOUGH, 0.5, "C2"))[-1] is None


def sightings_of(facts: Reference, events: list[PlateRead]) -> list[Sighting]:
    outcomes = Sightings(facts, lambda: NOW).process(PLATE_READ, events, 0)
    made = [event for outcome in outcomes if isinstance(outcome, Emit) for event in outcome.events]
    return [event for event in made if isinstance(event, Sighting)]


@pytest.mark.parametrize(("delay_s", "near"), [(0.5, 1), (-20.0, 1), (-31.0, 0), (60.0, 0)])
def test_a_camera_more_than_half_a_minute_off_is_not_held_against_incidents(delay_s: float, near: int) -> None:
    facts = reference(camera("C1", 29.95, -90.07), incident(1, 29.95, -90.07), entries=(wanted("ABC123"),))
    last = sightings_of(facts, reads(ENOUGH, delay_s))[-1]
    assert len(last.incidents) == near
    assert last.occurred_at == NOW, "told as the camera said it"


def test_an_alert_says_that_the_camera_s_clock_is_wrong_and_what_is_left_out_for_it() -> None:
    facts = reference(camera("C1", 29.95, -90.07), entries=(wanted("ABC123"),))
    last = sightings_of(facts, reads(ENOUGH, -40.0))[-1]
    told = next(reason for reason in evidence(last, last.hits[0], NOW) if reason.kind == "clock")
    assert told.text.startswith("The camera's clock is about 40 s ahead of ours")
    assert told.text.endswith("not held against incidents.")
    assert told.facts == {"clock_skew_s": "40.0"}
