"""Percentiles that are times that were measured."""

from __future__ import annotations

from compose.spread import Spread, spread


def test_a_spread_of_a_hundred_times_names_the_ranks() -> None:
    assert spread(range(100, 0, -1)) == Spread(51.0, 96.0, 100.0, 100.0, 100)


def test_one_time_is_all_of_its_spread() -> None:
    assert spread([7.26]) == Spread(7.3, 7.3, 7.3, 7.3, 1)


def test_no_times_have_no_spread() -> None:
    assert spread([]) is None
