"""What every entry of a list made here must say of itself, and what a list says of all its entries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.file_reading import FileError
from connectors.hotlist_csv.loading import HotlistFile
from tests.unit.test_hotlist_csv import AS_OF, entries, hotlist

ROW = "plate,reason,case_number,expires,entry_id\n"


def made_here(tmp_path: Path, text: str, **options: Any) -> HotlistFile:
    return hotlist(tmp_path, text, **{"trusted_extract": False} | options)


@pytest.mark.parametrize(
    ("row", "column", "says"),
    [
        (",Stolen,26-1,2026-02-01,S-1", "plate", "the plate is missing"),
        ("ABC123,,26-1,2026-02-01,S-1", "reason", "the reason is missing"),
        ("ABC123,  ,26-1,2026-02-01,S-1", "reason", "the reason is missing"),
        ("ABC123,Stolen,,2026-02-01,S-1", "case_number", "the case number is missing"),
        ("ABC123,Stolen,26-1,,S-1", "expires", "the expiry is missing"),
    ],
)
def test_b16_an_entry_without_plate_reason_case_or_expiry_is_refused_with_row_column_and_reason(
    tmp_path: Path, row: str, column: str, says: str
) -> None:
    found = made_here(tmp_path, f"{ROW}GOOD1,Stolen,26-0,2026-02-01,S-0\n{row}\n")
    assert [(error.line, error.column) for error in found.errors] == [(3, column)]
    assert says in found.errors[0].error
    with pytest.raises(ValueError, match="errors"):
        next(found.chunks())


def test_b16_a_file_without_the_columns_is_refused_and_told_which(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"reason \(why.*case_number.*expires_at.*--expires-days.*--trusted-extract"):
        made_here(tmp_path, "plate\nABC123\n")
    with pytest.raises(FileError, match="case_number") as refused:
        made_here(tmp_path, "plate,reason\nABC123,Stolen\n", expires_days=3)
    assert "expires_at" not in str(refused.value)


def test_an_authoritys_extract_is_asked_for_nothing_but_plates(tmp_path: Path) -> None:
    (entry,) = entries(made_here(tmp_path, "plate\nABC123\n", trusted_extract=True))
    assert (entry.reason, entry.case_number, entry.expires_at) == ("", "", None)


def test_one_expiry_for_all_holds_for_rows_that_give_none(tmp_path: Path) -> None:
    text = f"{ROW}ABC123,Stolen,26-1,,S-1\nXYZ999,Stolen,26-1,2026-01-20,S-2\n"
    first, second = entries(made_here(tmp_path, text, expires_days=30))
    assert first.expires_at == AS_OF.replace(microsecond=123000) + timedelta(days=30)
    assert second.expires_at == datetime(2026, 1, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expires", "zone", "expected"),
    [
        ("19:00", "UTC", datetime(2026, 1, 15, 19, tzinfo=UTC)),
        ("05:30", "UTC", datetime(2026, 1, 16, 5, 30, tzinfo=UTC)),
        ("19:00", "America/Chicago", datetime(2026, 1, 16, 1, tzinfo=UTC)),
        ("2026-01-20", "America/Chicago", datetime(2026, 1, 21, 6, tzinfo=UTC)),
        ("2026-01-20T18:00Z", "UTC", datetime(2026, 1, 20, 18, tzinfo=UTC)),
    ],
)
def test_b16_entries_made_for_a_shift_end_with_it(tmp_path: Path, expires: str, zone: str, expected: datetime) -> None:
    found = made_here(tmp_path, "plate,reason,case\nABC123,BOLO,26-1\n", expires=expires, zone=zone)
    assert [entry.expires_at for entry in entries(found)] == [expected]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"expires": "2026-01-01"}, "before the list's as-of"),
        ({"expires": "soon"}, "not a date"),
        ({"expires": "19:00", "expires_days": 1}, "one expiry"),
        ({"expires_days": 0}, "1 to 366 days"),
        ({"tolerance": "everything"}, "exact, look_alike, edit"),
        ({"max_age_s": 0.0}, "more than nothing"),
    ],
)
def test_what_a_list_cannot_say_of_all_its_entries_is_refused(
    tmp_path: Path, options: dict[str, Any], says: str
) -> None:
    with pytest.raises(FileError, match=says):
        made_here(tmp_path, "plate,reason,case\nABC123,BOLO,26-1\n", **options)


def test_schedule_audience_body_and_state_are_taken_from_their_columns(tmp_path: Path) -> None:
    text = (
        "plate,state,schedule,visibility,body_style\nABC123,TX,Mon-Fri  07:00-19:00,Restricted,Sedan\nXYZ999,,,all,\n"
    )
    first, second = entries(hotlist(tmp_path, text))
    assert (first.plate_region, first.schedule, first.audience, first.vehicle_body) == (
        "us-tx",
        "mon-fri 07:00-19:00",
        "restricted",
        "sedan",
    )
    assert (second.schedule, second.audience, second.vehicle_body) == ("", "", None)


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [("schedule", "weekdays 9-5", "write days as mon-fri"), ("audience", "my friends", "not an audience")],
)
def test_a_schedule_or_audience_that_is_none_is_refused_by_row_and_column(
    tmp_path: Path, column: str, value: str, says: str
) -> None:
    found = hotlist(tmp_path, f"plate,{column}\nABC123,{value}\n")
    assert [(error.line, error.column, error.value) for error in found.errors] == [(2, column, value)]
    assert says in found.errors[0].error


def test_what_holds_for_the_list_is_in_its_manifest_and_makes_another_version(tmp_path: Path) -> None:
    plain = hotlist(tmp_path, "plate\nABC123\n")
    said = hotlist(tmp_path, "plate\nABC123\n", tolerance="edit", max_age_s=3600.0, zone="America/Chicago")
    assert entries(said)
    manifest = said.manifest()
    assert (manifest.tolerance, manifest.max_age_s, manifest.time_zone) == ("edit", 3600.0, "America/Chicago")
    assert plain.version != said.version


@pytest.mark.parametrize(
    ("written", "plate"),
    [("abc-1*", "ABC1*"), ("?BC 123", "?BC123"), ("AB**C", "AB*C"), ("ABC123", "ABC123"), ("*123*", "*123*")],
)
def test_patterns_are_taken_when_they_are_allowed(tmp_path: Path, written: str, plate: str) -> None:
    assert [entry.plate for entry in entries(hotlist(tmp_path, f"plate\n{written}\n", allow_patterns=True))] == [plate]


@pytest.mark.parametrize(
    ("written", "says"), [("AB*", "3 fixed"), ("****", "3 fixed"), ("A?B?", "3 fixed"), ("AB%1", "any number")]
)
def test_a_pattern_that_matches_every_other_car_is_refused(tmp_path: Path, written: str, says: str) -> None:
    (error,) = hotlist(tmp_path, f"plate\n{written}\n", allow_patterns=True).errors
    assert says in error.error


KNOWN = {"audiences": ("gang", "homicide", "narcotics")}


def test_a_row_names_several_audiences_and_one_that_names_none_has_the_lists(tmp_path: Path) -> None:
    text = "plate,audience,entry_id\nABC123,homicide; Gang,S-1\nABC124,,S-2\nABC125,all,S-3\n"
    found = entries(hotlist(tmp_path, text, audience="narcotics,gang", **KNOWN))
    assert [entry.audience for entry in found] == ["gang,homicide", "gang,narcotics", ""]


@pytest.mark.parametrize("named", ["restricted", "gang, homcide", "gang, all", ","])
def test_an_audience_that_nobody_is_in_is_refused_for_a_row_and_for_the_list(tmp_path: Path, named: str) -> None:
    read = hotlist(tmp_path, f'plate,audience\nABC123,"{named}"\n', **KNOWN)
    (error,) = read.errors
    assert error.column == "audience"
    assert "write all, or one or several of: gang, homicide, narcotics" in error.error
    with pytest.raises(FileError, match="audience for all entries"):
        hotlist(tmp_path, "plate\nABC123\n", audience=named, **KNOWN)
