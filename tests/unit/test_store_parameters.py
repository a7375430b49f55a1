"""Parameters as text, for both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from pipeline.store.parameters import chdb_parameter, driver_parameter, moment_text, quoted

CHICAGO = timezone(timedelta(hours=-6))
AT = datetime(2026, 1, 15, 12, 30, 5, 125900, tzinfo=CHICAGO)
ID = UUID("40810aa0-1987-5e1d-ac46-85e84aa32b1c")


def test_moments_are_written_in_utc_with_milliseconds() -> None:
    assert moment_text(AT) == "2026-01-15 18:30:05.125"
    assert chdb_parameter(AT) == driver_parameter(AT) == "2026-01-15 18:30:05.125"


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="ambiguous"):
        chdb_parameter(AT.replace(tzinfo=None))


@pytest.mark.parametrize("write", [chdb_parameter, driver_parameter])
def test_none_is_refused(write: object) -> None:
    with pytest.raises(TypeError):
        write(None)  # type: ignore[operator]


def test_chdb_texts_are_escaped_as_tsv_fields() -> None:
    assert chdb_parameter("a\\b\tc\nd'e") == "a\\\\b\\tc\\nd'e"
    assert driver_parameter("a\\b\tc\nd'e") == "a\\b\tc\nd'e"


def test_lists_are_array_literals_for_chdb_and_lists_for_the_driver() -> None:
    assert chdb_parameter(["a'b", "c"]) == "['a\\'b','c']"
    assert chdb_parameter([1, 2.5]) == "[1,2.5]"
    assert chdb_parameter([ID]) == f"['{ID}']"
    assert chdb_parameter([]) == "[]"
    assert driver_parameter([ID, 3, datetime(2026, 1, 1, tzinfo=UTC)]) == [str(ID), 3, "2026-01-01 00:00:00.000"]


def test_numbers_and_truth_values() -> None:
    assert [chdb_parameter(value) for value in (1, 2.5, True, False)] == ["1", "2.5", "true", "false"]


def test_literals_are_quoted() -> None:
    assert quoted("it's \\ \n") == "'it\\'s \\\\ \\n'"
