"""An agency's file is read as its layout says: columns or positions, codes, dates, constants, rows to pass over."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.file_reading import FileError
from connectors.hotlist_csv.layout import layout_names, load_layout, parse_layout
from connectors.hotlist_csv.loading import HotlistFile
from tests.unit.test_hotlist_csv import entries, hotlist

FIXED = """
name = "county"
format = "fixed"
length = 60
encoding = "windows-1252"
[fields.plate]
start = 2
length = 8
[fields.region]
start = 10
length = 2
[fields.expires_at]
start = 12
length = 8
dates = ["%Y%m%d"]
values = { NONEXP = "" }
[fields.kind]
start = 20
length = 1
values = { S = "stolen_vehicle", W = "wanted_person" }
[fields.case_number]
start = 21
length = 10
[fields.reason]
start = 31
length = 30
[constants]
severity = "P2"
[[skip]]
start = 1
length = 1
equals = ["H"]
[trailer]
start = 1
length = 1
equals = ["T"]
count = { start = 2, length = 6 }
"""
CODES = """
name = "codes"
header = false
delimiter = "|"
encoding = "utf-8"
[fields.plate]
column = 2
[fields.case_number]
column = [4, 3]
[fields.reason]
column = [5, 6]
join = " / "
[fields.severity]
column = 7
values = { HIGH = "P1" }
otherwise = "blank"
[[skip]]
column = 1
matches = "[#X]"
"""


def record(mark: str, plate: str = "", region: str = "", expires: str = "", kind: str = "S", rest: str = "") -> str:
    return f"{mark}{plate:<8}{region:<2}{expires:<8}{kind:<1}{'26-1':<10}{rest:<30}"


def fixed(*records: str, trailer: str = "T{:06d}", count: int | None = None) -> str:
    end = trailer.format(len(records) if count is None else count)
    return "\n".join([f"{'HDR 20260115':<60}", *records, f"{end:<60}"]) + "\n"


def laid_out(tmp_path: Path, layout: str, text: str | bytes, **options: Any) -> HotlistFile:
    (tmp_path / "layout.toml").write_text(layout)
    return hotlist(tmp_path, text, layout=str(tmp_path / "layout.toml"), **options)


def test_a_fixed_width_record_becomes_an_entry(tmp_path: Path) -> None:
    text = fixed(
        record("D", "ABC-123", "LA", "20260201", "S", "Café, blue door"), record("D", "XYZ999", "", "NONEXP", "W")
    )
    first, second = sorted(entries(laid_out(tmp_path, FIXED, text.encode("cp1252"))), key=lambda entry: entry.plate)
    assert (first.plate, first.plate_region, first.kind, first.severity) == ("ABC123", "us-la", "stolen_vehicle", "P2")
    assert (first.reason, first.case_number) == ("Café, blue door", "26-1")
    assert first.expires_at == datetime(2026, 2, 2, tzinfo=UTC)
    assert (second.kind, second.plate_region, second.expires_at) == ("wanted_person", None, None)


@pytest.mark.parametrize(
    ("bad", "column", "value", "says"),
    [
        (record("D", "", "LA"), "2-9", "", "the plate is missing"),
        (record("D", "ABC1", "Q9"), "10-11", "Q9", "not a state"),
        (record("D", "ABC1", "LA", "20261399"), "12-19", "20261399", "not a date as the layout has it (%Y%m%d)"),
        (record("D", "ABC1", "LA", "", "Z"), "20-20", "Z", "not among the values"),
        (record("D", "ABC1", "LA")[:-1], "", "", "59 characters and the layout says 60"),
    ],
)
def test_an_error_in_a_record_names_line_and_positions(
    tmp_path: Path, bad: str, column: str, value: str, says: str
) -> None:
    found = laid_out(tmp_path, FIXED, fixed(record("D", "GOOD1"), bad, record("D", "GOOD2")))
    assert [(error.line, error.column, error.value) for error in found.errors] == [(3, column, value)]
    assert says in found.errors[0].error


def test_b13_a_file_cut_off_is_refused_because_its_last_row_is_missing_or_counts_others(tmp_path: Path) -> None:
    whole = fixed(record("D", "GOOD1"), record("D", "GOOD2"))
    assert laid_out(tmp_path, FIXED, whole).entry_count == 2
    with pytest.raises(FileError, match="cut off"):
        laid_out(tmp_path, FIXED, whole[: whole.index("T0")])
    with pytest.raises(FileError, match="says that it has 3 entries and has 2"):
        laid_out(tmp_path, FIXED, fixed(record("D", "GOOD1"), record("D", "GOOD2"), count=3))
    after = laid_out(tmp_path, FIXED, whole + record("D", "LATE1") + "\n")
    assert "after the one that ends" in after.errors[0].error


def test_columns_may_be_numbered_joined_skipped_and_turned_into_our_words(tmp_path: Path) -> None:
    text = "# made by hand\n#|x\nD|AB1234|26-7||Stolen|red door|HIGH\nX|AB1235||||\nD|AB1236||26-9||seen|LOW\n"
    first, second = sorted(entries(laid_out(tmp_path, CODES, text)), key=lambda entry: entry.plate)
    assert (first.plate, first.case_number, first.reason, first.severity) == (
        "AB1234", "26-7", "Stolen / red door", "P1",
    )  # fmt: skip
    assert (second.plate, second.case_number, second.reason, second.severity) == ("AB1236", "26-9", "seen", "P3")


def test_a_table_with_ncic_field_codes_is_read_by_the_built_in_layout(tmp_path: Path) -> None:
    text = (
        "LIC,LIS,LIY,LIT,NIC,ORI,OCA,VIN,VYR,VMA,VMO,VST,VCO,MIS\n"
        "ABC123,LA,2026,PC,V123456789,LANPD0000,26-0114,1HGCM82633A004352,2003,HOND,ACC,4D,SIL,DENT LEFT\n"
        "NEB12,NB,2026,PC,V123456790,NENSP0000,26-0115,,,ZZZZ,,,XXX,\n"
    )
    first, second = entries(hotlist(tmp_path, text, layout="ncic"))
    assert (first.plate, first.plate_region, first.entry_id, first.case_number) == (
        "ABC123", "us-la", "V123456789", "26-0114",
    )  # fmt: skip
    assert (first.vehicle_make, first.vehicle_model, first.vehicle_body, first.vehicle_colour) == (
        "honda", "acc", "sedan", "silver",
    )  # fmt: skip
    assert first.reason == "DENT LEFT, LANPD0000"
    assert (second.plate_region, second.vehicle_make, second.vehicle_colour) == ("us-ne", "zzzz", "xxx")


def test_every_built_in_layout_can_be_used() -> None:
    assert "ncic" in layout_names()
    for name in layout_names():
        assert load_layout(name).name == name


def test_a_file_without_the_column_of_plates_that_the_layout_names_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no column LIC"):
        hotlist(tmp_path, "plate,state\nABC123,LA\n", layout="ncic")


def test_what_every_entry_must_have_is_asked_of_a_layouts_file_too(tmp_path: Path) -> None:
    text = "LIC,NIC,OCA,MIS\nABC123,V1,,STOLEN\n"
    (error,) = hotlist(tmp_path, text, layout="ncic", trusted_extract=False, expires_days=3).errors
    assert (error.line, error.column) == (2, "OCA")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name = ", "Invalid value"),
        ("name = 'x'\n[fields.plate]\ncolumn = 'a'\nwidth = 3", "width"),
        ("name = 'x'\n[fields.plat]\ncolumn = 'a'", "there is no field plat"),
        ("name = 'x'\n[fields.reason]\ncolumn = 'a'", "where the plate stands"),
        ("name = 'x'\nformat = 'fixed'\n[fields.plate]\ncolumn = 'a'", "start"),
        ("name = 'x'\n[fields.plate]\nstart = 1\nlength = 2", "needs a column"),
        ("name = 'x'\nencoding = 'ebcdic'\n[fields.plate]\ncolumn = 'a'", "encoding"),
        ("name = 'x'\n[fields.plate]\ncolumn = 'a'\n[[skip]]\ncolumn = 'b'\nmatches = '('", "no pattern"),
        ("name = 'x'\n[fields.plate]\ncolumn = 'a'\n[[skip]]\ncolumn = 'b'", "equals or matches"),
    ],
)
def test_a_layout_that_cannot_be_used_says_why(text: str, says: str) -> None:
    with pytest.raises(FileError, match=says):
        parse_layout(text, "x.toml")


def test_a_layout_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="ncic"):
        hotlist(tmp_path, "plate\nABC123\n", layout="nowhere")
