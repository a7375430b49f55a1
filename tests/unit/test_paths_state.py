"""The memory of paths is bounded, says what it lost, and takes nothing twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.state.paths import Paths, Seen, seen
from pipeline.state.transitions import ENOUGH, Transitions
from tests.unit.facts import NOW
from tests.unit.path_facts import sighting, taught

START = NOW.timestamp()


def one(plate: str, camera: str, at_s: float) -> Seen:
    return seen(sighting(plate, camera, at_s))


def test_a_path_is_in_order_of_time_however_its_sightings_come_and_has_each_once() -> None:
    paths = Paths()
    for at in (60.0, 0.0, 30.0, 60.0, 0.0):
        path = paths.add("P", one("P", "A", at), START + 61)
    assert [known.at - START for known in path] == [0.0, 30.0, 60.0]


def test_a_path_has_no_more_sightings_than_it_may_and_keeps_the_newest() -> None:
    paths = Paths(most_sightings=3)
    for at in range(10):
        path = paths.add("P", one("P", "A", float(at)), START + at)
    assert [known.at - START for known in path] == [7.0, 8.0, 9.0]


def test_what_was_seen_within_the_window_is_known_and_what_is_two_windows_old_is_not() -> None:
    paths = Paths(window_s=100.0)
    paths.know_since(float("-inf"))
    paths.add("P", one("P", "A", 0.0), START)
    for at in (90.0, 110.0):
        paths.add("Q", one("Q", "A", at), START + at)
    assert paths.get("P"), "110 s is more than the window, but younger than two"
    paths.add("Q", one("Q", "A", 320.0), START + 320)
    paths.add("Q", one("Q", "A", 640.0), START + 640)
    assert not paths.get("P")
    assert paths.known_since > START, "something was forgotten, and it says so"


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 500)), max_size=200), st.integers(2, 20))
def test_there_are_never_more_plates_than_allowed_and_what_is_missing_is_older_than_known_since(
    reads: list[tuple[int, int]], most: int
) -> None:
    paths = Paths(window_s=100.0, most_plates=most)
    paths.know_since(float("-inf"))
    told: list[tuple[str, float]] = []
    for number, (plate, gap) in enumerate(sorted(reads, key=lambda item: item[1])):
        at = float(gap) + number / 1000
        paths.add(f"P{plate}", one(f"P{plate}", "A", at), START + at)
        told.append((f"P{plate}", START + at))
        assert len(paths) <= most + 1
    for plate, when in told:
        known = {round(step.at, 3) for step in paths.get(plate)}
        full = len(paths.get(plate)) == 16
        assert round(when, 3) in known or when <= paths.known_since or full


def test_nothing_is_whole_until_somebody_says_so() -> None:
    paths = Paths()
    assert paths.known_since == float("inf")
    paths.know_since(START - 60)
    assert paths.known_since == START - 60


def test_the_next_camera_is_told_with_its_share_and_the_range_of_travel_times() -> None:
    learnt = taught((("A", "B"), 80), (("A", "C"), 20), (("A",), 100))
    first, second = learnt.expected("A")
    assert (first.camera_id, second.camera_id) == ("B", "C")
    assert (first.share, second.share, first.passes) == (0.4, 0.1, 200)
    assert first.soonest_s <= 120.0 <= first.latest_s
    assert first.latest_s / first.soonest_s <= 1.6, "all took the same time: the range is a bin or so"


def test_few_passes_say_nothing() -> None:
    assert taught((("A", "B"), ENOUGH - 1)).expected("A") == ()
    assert taught((("A", "B"), ENOUGH)).expected("A") != ()


def test_a_vehicle_that_waits_at_a_camera_passes_it_once() -> None:
    learnt = Transitions()
    for vehicle in range(60):
        path = [one(f"V{vehicle}", "A", at) for at in (0.0, 20.0, 40.0)]
        for end in range(1, 4):
            learnt.note(path[:end])
    assert learnt.expected("A") == ()
    assert taught((("A", "A", "B"), 60), took_s=20.0).expected("A")[0].passes == 60


@given(st.lists(st.tuples(st.sampled_from("BCDE"), st.floats(1.0, 1_700.0)), min_size=ENOUGH, max_size=300))
def test_shares_are_shares_and_most_travel_times_lie_in_the_range(legs: list[tuple[str, float]]) -> None:
    learnt = Transitions()
    for number, (camera, took) in enumerate(legs):
        path = [one(f"V{number}", "A", 0.0), one(f"V{number}", camera, took)]
        learnt.note(path[:1])
        learnt.note(path)
    expected = learnt.expected("A", least_share=0.0, most=9)
    assert abs(sum(step.share for step in expected) - 1.0) < 0.01
    for step in expected:
        times = [took for camera, took in legs if camera == step.camera_id]
        inside = sum(step.soonest_s * 0.999 <= took <= step.latest_s * 1.001 for took in times)
        assert inside >= 0.9 * len(times) - 1


def test_what_was_learnt_long_ago_fades() -> None:
    learnt = taught((("A", "B"), 100))
    for vehicle in range(40_000):
        learnt.note([one(f"N{vehicle}", "A", 0.0)])
    assert learnt.expected("A") == ()


def test_a_zone_two_cameras_ahead_counts_with_the_share_that_goes_there() -> None:
    learnt = taught((("A", "B", "S"), 60), (("A", "B"), 20), (("A", "C"), 20), (("B",), 20))
    share, via = learnt.ahead("A").towards({"S"})
    assert share == 0.8 * 0.6
    assert [step.camera_id for step in via] == ["B"]
    assert learnt.ahead("A").towards({"B", "S"})[0] == 0.8
    assert learnt.ahead("A").towards({"nowhere"}) == (0.0, ())
