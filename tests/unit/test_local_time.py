"""Local times become UTC, on both days a year when clocks change too."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from connectors.calls_csv.local_time import local_to_utc

CHICAGO = ZoneInfo("America/Chicago")
FORMATS = ["%m/%d/%Y %I:%M:%S %p", "iso"]


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("01/16/2022 06:52:07 PM", utc(2022, 1, 17, 0, 52, 7)),
        ("07/16/2022 12:00:00 AM", utc(2022, 7, 16, 5)),
        ("2018-05-01 00:10:28", utc(2018, 5, 1, 5, 10, 28)),
        ("2018-05-01T00:10:28.000", utc(2018, 5, 1, 5, 10, 28)),
        ("2018-05-01T00:10:28Z", utc(2018, 5, 1, 0, 10, 28)),
        ("2018-05-01T00:10:28+02:00", utc(2018, 4, 30, 22, 10, 28)),
    ],
)
def test_each_format_is_tried_in_turn(text: str, expected: datetime) -> None:
    found = local_to_utc(text, FORMATS, CHICAGO)
    assert found == expected
    assert found is not None
    assert found.tzinfo is UTC


def test_epochs_are_read_in_seconds_and_milliseconds() -> None:
    assert local_to_utc("1525133428", ["epoch_s"], CHICAGO) == utc(2018, 5, 1, 0, 10, 28)
    assert local_to_utc("1525133428000", ["epoch_ms"], CHICAGO) == utc(2018, 5, 1, 0, 10, 28)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "13/45/2022 01:00:00 PM", "0001-01-01T00:00:00", "1899-12-30", "9999-12-31T23:59:59"]
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert local_to_utc(text, [*FORMATS, "epoch_s"], CHICAGO) is None


def test_the_hour_that_comes_twice_is_taken_the_first_time() -> None:
    assert local_to_utc("11/06/2022 01:30:00 AM", FORMATS, CHICAGO) == utc(2022, 11, 6, 6, 30)


def test_the_second_time_is_meant_when_only_that_comes_after_the_call() -> None:
    received = local_to_utc("11/06/2022 01:50:00 AM", FORMATS, CHICAGO)
    assert local_to_utc("11/06/2022 01:05:00 AM", FORMATS, CHICAGO, received) == utc(2022, 11, 6, 7, 5)
    # Before the call either way: a wrong clock, not a repeated hour.
    assert local_to_utc("11/05/2022 01:05:00 AM", FORMATS, CHICAGO, received) == utc(2022, 11, 5, 6, 5)


def test_a_time_in_the_hour_that_never_was_is_shifted_by_it() -> None:
    assert local_to_utc("03/13/2022 02:30:00 AM", FORMATS, CHICAGO) == utc(2022, 3, 13, 8, 30)
    assert local_to_utc("03/13/2022 03:30:00 AM", FORMATS, CHICAGO) == utc(2022, 3, 13, 8, 30)
