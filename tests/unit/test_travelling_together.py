"""Company is told from traffic: a convoy stands out, rush hour does not."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.rules.travelling_together import (
    BESIDE_S,
    Company,
    Passed,
    candidates,
    companions,
    evaluate,
    expected,
    is_misread,
    tail,
)
from schemas.look_alikes import default_look_alikes
from tests.unit.facts import NOW
from tests.unit.path_facts import HIT, sighting

Reads = list[tuple[str, str, float]]


def car(number: int) -> str:
    """Plates that no reader takes for one another."""
    return f"{'ACEHJKLMNP'[number % 10]}{number * 7919 % 900_001:06d}"


def found_beside(plate: str, reads: Reads) -> tuple[Company, ...]:
    """Who keeps a plate company by these reads: plate, camera, seconds."""
    at_camera: dict[str, Reads] = {}
    for read in reads:
        at_camera.setdefault(read[1], []).append(read)
    passes = [
        Passed(
            at,
            camera,
            frozenset(other for other, _, when in at_camera[camera] if other != plate and abs(when - at) <= BESIDE_S),
        )
        for name, camera, at in sorted(reads, key=lambda read: read[2])
        if name == plate
    ]
    reads_of = Counter(name for name, _, _ in reads)
    return companions(plate, passes, reads_of, len(reads), default_look_alikes())


def rush_hour(dice: random.Random, vehicles: int, cameras: int, *, spread: float) -> Reads:
    """One road with a camera every two minutes; one vehicle every few seconds, each at its own speed."""
    reads: Reads = []
    for number in range(vehicles):
        begin = number * 4.0 + dice.uniform(0, 4)
        pace = 120 * dice.uniform(1 - spread, 1 + spread)
        leaves = dice.choice([*range(1, cameras + 1), cameras, cameras])
        reads += [(car(number), f"C{place}", begin + place * pace) for place in range(leaves)]
    return reads


def drive(plate: str, way: list[str], begin: float, gap: float = 90.0) -> Reads:
    return [(plate, camera, begin + place * gap) for place, camera in enumerate(way)]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(3, 12), st.sampled_from([0.0, 0.02, 0.1, 0.3]))
def test_rush_hour_is_no_convoy(seed: int, cameras: int, spread: float) -> None:
    reads = rush_hour(random.Random(seed), 150, cameras, spread=spread)
    for plate in (car(40), car(75), car(110)):
        assert found_beside(plate, reads) == (), "all go the same way at the same time"


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_two_that_turn_off_together_through_town_are_found_in_any_traffic(seed: int) -> None:
    dice = random.Random(seed)
    cameras = [f"T{number}" for number in range(12)]
    reads: Reads = []
    for number in range(600):
        begin, way = dice.uniform(0, 3_600), dice.sample(cameras, 5)
        reads += drive(car(number), way, begin)
    way = dice.sample(cameras, 8)
    reads += drive("LEADER", way, 1_000.0)
    reads += drive("FOLLOWER", way, 1_012.0)
    found = found_beside("LEADER", reads)
    assert [one.plate for one in found] == ["FOLLOWER"]
    (company,) = found
    assert (company.shared, company.passes, len(company.cameras)) == (8, 8, 8)
    assert company.chance < 0.001
    assert company.by_chance < 2.0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_vehicles_that_wander_apart_from_one_another_keep_no_company(seed: int) -> None:
    dice = random.Random(seed)
    cameras = [f"T{number}" for number in range(6)]
    reads: Reads = []
    for number in range(300):
        reads += drive(car(number), [dice.choice(cameras) for _ in range(8)], dice.uniform(0, 3_600))
    told = [one for number in range(0, 300, 30) for one in found_beside(car(number), reads)]
    assert len(told) <= 1, "one in a thousand is allowed"


def test_two_shared_cameras_and_one_camera_many_times_are_no_company() -> None:
    crowd = [(car(number), f"T{number % 9}", number * 7.0) for number in range(600)]
    two = [*crowd, *drive("P", ["X", "Y"], 0.0), *drive("Q", ["X", "Y"], 5.0)]
    assert found_beside("P", two) == ()
    neighbours = [*crowd, *drive("P", ["X"] * 9, 0.0, 4_000.0), *drive("Q", ["X"] * 9, 5.0, 4_000.0)]
    assert found_beside("P", neighbours) == ()
    assert candidates([Passed(0.0, "X", frozenset({"Q"}))] * 3) == {}


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=7),
    st.integers(0, 7),
)
def test_the_tail_is_what_counting_every_course_gives(chances: list[tuple[float, float]], shared: int) -> None:
    meets, stays = [one for one, _ in chances], [other for _, other in chances]
    likely, mean = 0.0, 0.0
    for course in product((False, True), repeat=len(chances)):
        chance, before = 1.0, False
        for here, meet, stay in zip(course, meets, stays, strict=True):
            came = stay if before else meet
            chance *= came if here else 1 - came
            before = here
        mean += chance * sum(course)
        likely += chance if sum(course) >= shared else 0.0
    assert tail(meets, stays, shared) == pytest.approx(likely, abs=1e-9)
    assert expected(meets, stays) == pytest.approx(mean, abs=1e-9)


def test_a_plate_read_differently_is_no_company() -> None:
    alike = default_look_alikes()
    assert is_misread("ABC123", "A8C123", alike)
    assert is_misread("ABC123", "ABC12", alike)
    assert not is_misread("ABC123", "XYZ789", alike)


COMPANY = Company(
    plate="XYZ789",
    shared=6,
    passes=7,
    cameras=("A", "B", "C"),
    first_at=NOW.timestamp(),
    last_at=NOW.timestamp() + 1_800,
    by_chance=0.41,
    chance=2e-7,
)


def test_an_alert_of_company_explains_itself_and_is_one_a_day_for_a_pair() -> None:
    seen = sighting("ABC123", "A", 0, hits=(HIT,), plate_region="us-la")
    (alert,) = evaluate(seen, COMPANY, NOW)
    assert (alert.rule, alert.severity, alert.subject) == ("travelling_together", "P4", "ABC123")
    assert alert.title == "XYZ789 travels with stolen vehicle ABC123"
    assert alert.why[0].text == (
        "XYZ789 was within 30 s of it at 6 of 7 passes, at 3 cameras, between 18:00 and 18:30 UTC. "
        "Chance would bring 0.4. That alone puts it on no list."
    )
    assert alert.why[0].facts["chance"] == "2e-07"
    later = replace(seen, occurred_at=NOW + timedelta(hours=2))
    tomorrow = replace(seen, occurred_at=NOW + timedelta(hours=12))
    assert evaluate(later, COMPANY, NOW)[0].alert_id == alert.alert_id
    assert evaluate(tomorrow, COMPANY, NOW)[0].alert_id != alert.alert_id
    assert evaluate(replace(seen, hits=()), COMPANY, NOW) == ()
