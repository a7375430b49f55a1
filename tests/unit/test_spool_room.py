"""When a spool will be full, and what is told of it."""

from __future__ import annotations

import pytest

from connectors.edge import spool_room
from connectors.edge.spool_file import Contents
from connectors.edge.spool_room import Growth, room_alarm
from connectors.edge.spool_writer import Measures

MB = 1_000_000


def measures(used_mb: int, free_mb: int = 10_000) -> Measures:
    return Measures(Contents(1, used_mb * MB, 0), limit_bytes=1000 * MB, free_bytes=free_mb * MB)


def test_at_half_of_the_bound_a_person_is_told_how_much_how_old_and_how_long() -> None:
    assert room_alarm(measures(499), 9, 60.0, 7200.0) == ""
    assert room_alarm(measures(500), 9, 600.0, 7200.0) == (
        "The spool is 50% full: 9 events wait for the broker, the oldest for 10 min; at this rate it is full in 2 h."
    )


def test_a_disk_that_cannot_hold_half_of_the_bound_is_told_before_anything_waits() -> None:
    assert room_alarm(measures(0, free_mb=501), 0, None, None) == ""
    assert room_alarm(measures(0, free_mb=400), 0, None, None).startswith("The disk has 400 MB free")


def test_a_full_disk_makes_a_spool_full_whatever_its_bound() -> None:
    assert room_alarm(measures(100, free_mb=0), 9, None, None).startswith("The spool is 100% full")


def test_the_time_left_follows_from_the_growth(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(spool_room.time, "monotonic", lambda: now)
    growth = Growth()
    growth.look(100 * MB)
    assert growth.full_in_s(measures(100)) is None
    now = 10.0
    growth.look(200 * MB)
    assert growth.full_in_s(measures(200)) == pytest.approx(80.0)
    assert growth.full_in_s(measures(200, free_mb=100)) == pytest.approx(10.0)
    now = 20.0
    growth.look(50 * MB)
    assert growth.full_in_s(measures(50)) is None, "it does not grow"
