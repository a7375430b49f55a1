"""The bench of matching (B10): waits count from when a read was due, and a false match is one that is not exact."""

from __future__ import annotations

import random

import pytest

from compose.bench import match_times as bench
from compose.bench.match import plate_of
from compose.bench.match_times import FRAME_S, MatchTimes, _misread_twice, match_times, random_hits
from pipeline.rules.hotlist_match import Match, match_frame
from pipeline.state.hotlist_index import HotlistIndex
from schemas.events.plate_read import PlateRead
from tests.unit.facts import wanted

ENTRIES = 300
INDEX = HotlistIndex([wanted(plate_of(number, 1), f"E{number}") for number in range(ENTRIES)])


class Clock:
    """Stands still but for sleeps and what is added to it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def listed(number: int) -> str:
    return plate_of(number, 1)


def timed(clock: Clock, seconds: float) -> MatchTimes:
    return match_times(INDEX, listed, ENTRIES, rate=1_000, seconds=seconds, seed=1, clock=clock, sleep=clock.sleep)


def test_b10_a_read_that_waits_for_a_slow_frame_before_it_is_late_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    calls = 0

    def slow(reads: list[PlateRead], index: HotlistIndex) -> dict[int, Match]:
        nonlocal calls
        calls += 1
        clock.now += 5 * FRAME_S if calls == 2 else 0.0  # the first is before the clock runs
        return match_frame(reads, index)

    monkeypatch.setattr(bench, "match_frame", slow)
    told = match_times(
        INDEX,
        lambda number: plate_of(number, 1),
        ENTRIES,
        rate=1_000,
        seconds=0.2,
        seed=1,
        clock=clock,
        sleep=clock.sleep,
    )
    assert (told.reads, told.longest_ms, told.p50_ms) == (200, 50.0, 0.0)
    assert told.p99_ms == 50.0


def test_b10_reads_with_two_look_alikes_are_found() -> None:
    clock = Clock()
    told = match_times(
        INDEX,
        lambda number: plate_of(number, 1),
        ENTRIES,
        rate=1_000,
        seconds=0.1,
        seed=1,
        clock=clock,
        sleep=clock.sleep,
    )
    assert told.found_share == 1.0
    dice = random.Random(1)
    differing = [
        sum(one != other for one, other in zip(_misread_twice(dice, "888BBB1"), "888BBB1", strict=True))
        for _ in range(50)
    ]
    assert set(differing) == {2}


def test_b10_random_plates_that_are_listed_are_no_false_matches() -> None:
    everything = HotlistIndex([wanted("000AAA0"), wanted("ZZZZZZZ", "E2")])
    plates = ["000AAA0", "O00AAA0", "111BBB1"]
    shares = random_hits(everything, 1_000, 1)
    assert shares.exact_share == shares.false_share == 0.0
    hits = [
        sorted({hit.match for hit in match_frame([bench._read(one, 1)], everything).get(0, Match()).hits})
        for one in plates
    ]
    assert hits == [["exact"], ["look_alike"], []]


def test_b10_the_rates_are_those_of_the_plates_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    first = random_hits(HotlistIndex([]), 1, 7)
    assert first.by_match == {}
    seen: list[str] = []

    def note(reads: list[PlateRead], index: HotlistIndex) -> dict[int, Match]:
        seen.extend(read.plate for read in reads)
        return match_frame(reads, index)

    monkeypatch.setattr(bench, "match_frame", note)
    random_hits(INDEX, 1_000, 7)
    known = HotlistIndex([wanted(plate, f"E{number}") for number, plate in enumerate(seen[:100])])
    told = random_hits(known, 1_000, 7)
    assert told.exact_share == pytest.approx(0.1, abs=0.01)
    assert told.by_match["exact"] >= 100
