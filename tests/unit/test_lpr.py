"""What all plate readers' payloads have in common."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.lpr import (
    MAX_CANDIDATES,
    candidates,
    coordinates,
    heading,
    moment_of_epoch_ms,
    moment_of_iso,
    plate,
    share,
    word,
)
from connectors.translation import PayloadError
from schemas.events.plate_read import PlateCandidate


def test_a_plate_is_normalised_and_look_alikes_are_kept_apart() -> None:
    assert plate("abc-o 01", "plate") == "ABCO01"


@pytest.mark.parametrize("text", ["", " - ", "A" * 21])
def test_a_plate_that_is_empty_or_too_long_is_refused_by_field_and_never_repeated(text: str) -> None:
    with pytest.raises(PayloadError) as caught:
        plate(text, "best_plate_number")
    assert caught.value.field == "best_plate_number"
    assert "AAAA" not in caught.value.error


def test_candidates_are_best_first_each_once_and_without_the_chosen_plate() -> None:
    found = candidates([("abc 12", 0.4), ("ABC12", 0.8), ("a8c123", 0.9), ("abc-123", 0.99), ("--", 0.5)], "ABC123")
    assert found == (PlateCandidate("A8C123", 0.9), PlateCandidate("ABC12", 0.8))


def test_there_are_at_most_twenty_candidates() -> None:
    found = candidates([(f"P{n}", n / 100) for n in range(60)], "X")
    assert len(found) == MAX_CANDIDATES
    assert found[0] == PlateCandidate("P59", 0.59)


@pytest.mark.parametrize("place", [(-1.0, -1.0), (0.0, 0.0), (None, -90.0), (29.9, None), (None, None)])
def test_a_reader_without_a_position_gives_none(place: tuple[float | None, float | None]) -> None:
    assert coordinates(*place, "lat", "lon") == (None, None)


def test_a_position_on_the_equator_or_at_minus_one_degree_is_a_position() -> None:
    assert coordinates(0.0, -78.5, "lat", "lon") == (0.0, -78.5)
    assert coordinates(-1.0, 36.8, "lat", "lon") == (-1.0, 36.8)


@pytest.mark.parametrize(("lat", "lon", "field"), [(90.1, 0.0, "gps_lat"), (10.0, -180.5, "gps_lon")])
def test_a_position_out_of_range_names_its_field(lat: float, lon: float, field: str) -> None:
    with pytest.raises(PayloadError) as caught:
        coordinates(lat, lon, "gps_lat", "gps_lon")
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("given_", "expected"), [(None, None), (-1, None), (0, 0.0), (360, 0.0), (450.5, 90.5), (-90, 270)]
)
def test_a_heading_is_turned_into_one_circle(given_: float | None, expected: float | None) -> None:
    assert heading(given_) == expected


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_heading_never_reaches_360(degrees: float) -> None:
    turned = heading(degrees)
    assert turned is None or 0 <= turned < 360


def test_milliseconds_become_a_utc_moment_without_rounding() -> None:
    assert moment_of_epoch_ms(1_768_501_805_125, "t") == datetime(2026, 1, 15, 18, 30, 5, 125000, tzinfo=UTC)


@pytest.mark.parametrize("milliseconds", [0, 1_768_501_805, 4_102_444_800_001, 2**63 - 1])
def test_seconds_sent_as_milliseconds_and_clocks_never_set_are_refused(milliseconds: int) -> None:
    with pytest.raises(PayloadError) as caught:
        moment_of_epoch_ms(milliseconds, "epoch_start")
    assert caught.value.field == "epoch_start"


@pytest.mark.parametrize(
    "text", ["2026-01-15T18:30:05.125Z", "2026-01-15 18:30:05.125", "2026-01-15T12:30:05.125-06:00"]
)
def test_a_time_without_a_zone_is_utc(text: str) -> None:
    moment = moment_of_iso(text, "timestamp")
    assert moment == datetime(2026, 1, 15, 18, 30, 5, 125000, tzinfo=UTC)
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    "text", ["", "yesterday", "0001-01-01T00:00:00+14:00", "1970-01-01", "9999-12-31T23:59:59-14:00"]
)
def test_a_text_that_is_no_time_of_our_age_is_refused(text: str) -> None:
    with pytest.raises(PayloadError) as caught:
        moment_of_iso(text, "timestamp")
    assert caught.value.field == "timestamp"


def test_a_percentage_is_divided_without_stray_digits() -> None:
    assert share(93.25465393) == 0.9325465393


def test_a_word_is_lower_case_and_none_when_empty() -> None:
    assert word(" Toyota ") == "toyota"
    assert word("  ") is None
    assert word(None) is None
