"""A schedule says when an entry alerts: by the wall clock of its list, over midnight and over the end of the week."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.schedule import ALWAYS, DAYS, parse_schedule

MONDAY = datetime(2026, 1, 12, tzinfo=UTC)
CHICAGO = ZoneInfo("America/Chicago")


def at(day: str, clock: str) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return MONDAY + timedelta(days=DAYS.index(day), hours=hour, minutes=minute)


@pytest.mark.parametrize(
    ("text", "day", "clock", "covered"),
    [
        ("mon-fri 07:00-19:00", "mon", "07:00", True),
        ("mon-fri 07:00-19:00", "fri", "18:59", True),
        ("mon-fri 07:00-19:00", "fri", "19:00", False),
        ("mon-fri 07:00-19:00", "sat", "12:00", False),
        ("sat 22:00-04:00", "sat", "23:00", True),
        ("sat 22:00-04:00", "sun", "03:59", True),
        ("sat 22:00-04:00", "sat", "03:59", False),
        ("sun 22:00-04:00", "mon", "03:00", True),
        ("sun 22:00-04:00", "sun", "03:00", False),
        ("mon-fri 07:00-19:00; sat 22:00-04:00", "sun", "01:00", True),
        ("fri-mon", "tue", "00:00", False),
        ("fri-mon", "mon", "23:59", True),
        ("sat,sun 08:00-24:00", "sun", "23:59", True),
        ("22:00-06:00", "wed", "05:59", True),
        ("daily 7:00-9:30", "thu", "09:29", True),
        (" MON 00:00-24:00 ;", "mon", "23:59", True),
        ("", "wed", "12:00", True),
    ],
)
def test_a_time_is_covered_or_not(text: str, day: str, clock: str, covered: bool) -> None:
    assert parse_schedule(text).covers(at(day, clock), UTC) is covered


def test_times_are_those_of_the_wall_clock_in_the_zone_summer_and_winter() -> None:
    schedule = parse_schedule("mon-fri 07:00-19:00")
    assert schedule.covers(datetime(2026, 1, 15, 13, 0, tzinfo=UTC), CHICAGO)  # 07:00 in winter
    assert not schedule.covers(datetime(2026, 1, 15, 12, 59, tzinfo=UTC), CHICAGO)
    assert schedule.covers(datetime(2026, 7, 15, 12, 0, tzinfo=UTC), CHICAGO)  # 07:00 in summer


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("someday 07:00-19:00", "write days"),
        ("mon-someday", "write days"),
        ("mon 25:00-26:00", "00:00 to 24:00"),
        ("mon 07:60-08:00", "00:00 to 24:00"),
        ("mon 24:00-08:00", "only end"),
        ("mon 07:00-07:00", "same time"),
        ("mon 07:00", "write days"),
        ("mon 07:00-19:00 tue 07:00-19:00", "write days"),
    ],
)
def test_what_is_no_schedule_is_refused_with_what_to_write(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_schedule(text)


clocks = st.integers(0, 24 * 60 - 1)
windows = st.tuples(st.integers(0, 6), st.integers(0, 6), clocks, clocks).filter(lambda window: window[2] != window[3])


def _text(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


@given(st.lists(windows, min_size=1, max_size=4), st.integers(0, 7 * 24 * 60 - 1))
def test_any_windows_cover_what_counting_minute_by_minute_says(
    chosen: list[tuple[int, int, int, int]], minute: int
) -> None:
    text = "; ".join(f"{DAYS[a]}-{DAYS[b]} {_text(begin)}-{_text(end)}" for a, b, begin, end in chosen)
    covered = False
    for first, last, begin, end in chosen:
        for number in range((last - first) % 7 + 1):
            start = ((first + number) % 7) * 1440 + begin
            length = (end - begin) % 1440
            covered = covered or (minute - start) % (7 * 1440) < length
    assert parse_schedule(text).covers(MONDAY + timedelta(minutes=minute), UTC) is covered


@given(st.text(max_size=40))
def test_any_text_is_a_schedule_or_refused_as_none(text: str) -> None:
    try:
        found = parse_schedule(text)
    except ValueError:
        return
    assert all(0 <= begin < end <= 7 * 1440 for begin, end in found.minutes)
    assert (found == ALWAYS) is (not text.replace(";", "").strip())
