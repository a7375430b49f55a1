"""Calls are read from tables row by row: what a row says, what it leaves out, and what is wrong with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from connectors.calls_csv.column_map import load_map
from connectors.calls_csv.reading import ReadCall, RefusedRow, read_calls, read_calls_in_time_order
from connectors.calls_csv.row_translator import Place
from connectors.file_reading import FileError
from schemas.events.emergency_call import CATEGORIES, EMERGENCY_CALL, EmergencyCall
from schemas.wire.frame import FrameDecoder, encode_frame
from tests.unit.call_tables import (
    FIXTURES,
    MILWAUKEE,
    NOPD_HEADER,
    NOPD_ROWS,
    NOW,
    SHARED,
    calls,
    context,
    nopd,
    read,
    write,
)


def one(tmp_path: Path, row: str, header: str = NOPD_HEADER) -> EmergencyCall:
    return calls(read(write(tmp_path, f"{header}\n{row}\n"), "nopd"))[0].call


def test_a_row_of_nopd_becomes_the_whole_call(tmp_path: Path) -> None:
    call = calls(read(write(tmp_path, nopd()), "nopd"))[0].call
    told = {name: value for name, value in msgspec.structs.asdict(call).items() if value not in ("", None, (), False)}
    assert told | {"event_id": None} == {
        "event_id": None,
        "occurred_at": datetime(2022, 1, 17, 0, 52, 7, tzinfo=UTC),
        "observed_at": NOW,
        "source": "calls_csv/nopd",
        "jurisdiction": "test",
        "call_id": "nopd:A0000122",
        "number": "A0000122",
        "received_at": datetime(2022, 1, 17, 0, 52, 7, tzinfo=UTC),
        "updated_at": datetime(2022, 1, 17, 2, 38, 51, tzinfo=UTC),
        "kind": "ARMED ROBBERY WITH GUN",
        "kind_code": "64G",
        "category": "robbery",
        "priority": 8,
        "priority_raw": "2C",
        "status": "closed",
        "dispatched_at": datetime(2022, 1, 17, 0, 54, 56, tzinfo=UTC),
        "arrived_at": datetime(2022, 1, 17, 1, 8, 38, tzinfo=UTC),
        "closed_at": datetime(2022, 1, 17, 2, 38, 51, tzinfo=UTC),
        "address": "018XX Blk Example St",
        "lat": 29.97636323,
        "lon": -90.05387698,
        "district": "5",
        "beat": "5G01",
        "disposition": "REPORT TO FOLLOW",
    }


def test_a_row_of_milwaukee_becomes_a_call_with_summer_time(tmp_path: Path) -> None:
    rows = calls(read(write(tmp_path, MILWAUKEE), "milwaukee"))
    assert rows[0].call.call_id == "milwaukee:1"
    assert rows[0].call.received_at == datetime(2018, 5, 1, 5, 10, 28, tzinfo=UTC)
    assert [row.call.category for row in rows] == ["disturbance", "domestic", "shooting"]
    assert [row.call.status for row in rows] == ["closed", "on_scene", "unknown"]
    assert [row.call.priority for row in rows] == [None, None, None]
    assert rows[0].call.address == "1 N EXAMPLE ST,MKE"


def test_a_call_without_a_place_is_still_a_call(tmp_path: Path) -> None:
    nola = calls(read(write(tmp_path, nopd()), "nopd"))
    assert [row.place for row in nola] == [Place.GIVEN, Place.NONE]
    assert (nola[1].call.lat, nola[1].call.lon, nola[1].call.beat) == (None, None, "")
    milwaukee = calls(read(write(tmp_path, MILWAUKEE), "milwaukee"))
    assert [row.place for row in milwaukee] == [Place.GIVEN, Place.NONE, Place.OUTSIDE]
    assert [row.call.lat for row in milwaukee] == [43.1127987, None, None]


def test_every_event_passes_the_wire_unchanged(tmp_path: Path) -> None:
    events = [row.call for row in calls(read(write(tmp_path, nopd()), "nopd"))]
    frame = FrameDecoder(EMERGENCY_CALL).decode(encode_frame(events))
    assert frame.events == events
    assert not frame.rejected


def test_text_too_long_for_the_event_is_cut_so_that_readers_take_it(tmp_path: Path) -> None:
    row = NOPD_ROWS[0].replace("ARMED ROBBERY WITH GUN", "X" * 900).replace("018XX Blk Example St", "Y" * 900)
    row = row.replace("2C", "Z" * 900).replace("REPORT TO FOLLOW", "W" * 900).replace("5G01", "V" * 900)
    call = one(tmp_path, row)
    assert not FrameDecoder(EMERGENCY_CALL).decode(encode_frame([call])).rejected
    assert call.kind == "X" * 200


def test_the_same_row_makes_the_same_id_whenever_and_for_whomever_it_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, nopd())
    later = msgspec.structs.replace(context("nopd"), observed_at=NOW + timedelta(days=1), jurisdiction="other")
    first = [row.call.event_id for row in calls(read(path, "nopd"))]
    again = [row.call.event_id for row in calls(list(read_calls(path, load_map("nopd"), context=later)))]
    assert first == again
    assert len(set(first)) == 2


def test_rows_of_one_number_are_states_of_one_call(tmp_path: Path) -> None:
    early = NOPD_ROWS[0].replace("01/16/2022 08:38:51 PM,RTF,REPORT TO FOLLOW", ",,")
    states = [row.call for row in calls(read(write(tmp_path, nopd(early, NOPD_ROWS[0], NOPD_ROWS[0])), "nopd"))]
    assert {state.call_id for state in states} == {"nopd:A0000122"}
    assert states[0].event_id != states[1].event_id == states[2].event_id
    assert states[0].updated_at < states[1].updated_at
    assert [state.status for state in states] == ["on_scene", "closed", "closed"]


def test_the_status_follows_the_times_that_are_filled(tmp_path: Path) -> None:
    header = "NOPD_Item,TypeText,TimeCreate,TimeDispatch,TimeArrive,TimeClosed"
    times = [f"01/16/2022 0{hour}:00:00 PM" for hour in (1, 2, 3, 4)]
    for filled, status in enumerate(("received", "dispatched", "on_scene", "closed"), 1):
        row = ",".join(["A1", "FIGHT", *(time if place < filled else "" for place, time in enumerate(times))])
        assert one(tmp_path, row, header).status == status
    assert one(tmp_path, f"A1,FIGHT,{times[0]},,,{times[3]}", header).status == "closed"


def test_duplicates_and_voids_of_nopd_are_cancelled(tmp_path: Path) -> None:
    header = "NOPD_Item,TypeText,TimeCreate,TimeClosed,Disposition,DispositionText"
    for code, text, status in (("DUP", "DUPLICATE", "cancelled"), ("VOI", "VOID", "cancelled"), ("GOA", "X", "closed")):
        row = f"A1,FIGHT,01/16/2022 01:00:00 PM,01/16/2022 02:00:00 PM,{code},{text}"
        assert one(tmp_path, row, header).status == status


@pytest.mark.parametrize(
    ("raw", "priority"),
    [("3A", 10), ("3", 10), ("2A", 9), ("2C", 8), ("2e", 7), ("2Q", 6), ("1A", 5), ("1Z", 3), ("0A", 1), ("9", None)],
)
def test_nopd_priorities_keep_their_order_and_unknown_ones_are_not_guessed(
    tmp_path: Path, raw: str, priority: int | None
) -> None:
    call = one(tmp_path, f"A1,FIGHT,01/16/2022 01:00:00 PM,{raw}", "NOPD_Item,TypeText,TimeCreate,Priority")
    assert (call.priority, call.priority_raw) == (priority, raw)


@pytest.mark.parametrize(
    ("code", "text", "category"),
    [
        ("34S", "", "shooting"),
        ("34-s", "", "shooting"),
        ("94", "DISCHARGING FIREARM", "shooting"),
        ("30S", "HOMICIDE BY SHOOTING", "homicide"),
        ("64J", "CARJACKING", "carjacking"),
        ("65J", "CARJACKING- NO WEAPON", "carjacking"),
        ("", "ARMED ROBBERY WITH KNIFE", "robbery"),
        ("42", "AGGRAVATED RAPE", "sexual_assault"),
        ("42U", "AGGRAVATED RAPE UNFOUNDED BY SPECIAL VICTIMS OR CHILD ABUSE", "other"),
        ("95G", "ILLEGAL CARRYING OF WEAPON- GUN", "weapon"),
        ("37D", "AGGRAVATED ASSAULT DOMESTIC", "domestic"),
        ("", "Simple Battery", "assault"),
        ("", "EXTORTION (THREATS)", "assault"),
        ("", "SUICIDE THREAT", "welfare"),
        ("62A", "BURGLAR ALARM, SILENT", "alarm"),
        ("", "RESIDENCE BURGLARY", "burglary"),
        ("67A", "AUTO THEFT", "vehicle_theft"),
        ("67", "THEFT", "theft"),
        ("100F", "HIT & RUN FATALITY", "traffic"),
        ("20I", "AUTO ACCIDENT WITH INJURY", "traffic"),
        ("51", "AGGRAVATED ARSON", "fire"),
        ("94F", "FIREWORKS", "disturbance"),
        ("", "MISSING ADULT", "missing_person"),
        ("", "SUSPICIOUS PERSON", "suspicious"),
        ("", "DISTURBANCE (OTHER)", "disturbance"),
        ("21", "COMPLAINT OTHER", "other"),
    ],
)
def test_nopd_types_find_their_category(tmp_path: Path, code: str, text: str, category: str) -> None:
    row = f'A1,{code},"{text}",01/16/2022 01:00:00 PM'
    assert one(tmp_path, row, "NOPD_Item,Type_,TypeText,TimeCreate").category == category


@pytest.mark.parametrize(
    ("nature", "category"),
    [
        ("SHOTSPOTTER", "shooting"), ("SHOOTING", "shooting"), ("BATTERY CUT-DV", "stabbing"),
        ("ROBBERY STARM-DV", "robbery"), ("HOLDUP ALARM", "alarm"), ("BURG/AUD RESI", "alarm"),
        ("SUBJ W/WEAPON-DV", "weapon"), ("BB GUN COMPLNT", "disturbance"), ("ABAND/PROP WEAPO", "other"),
        ("ABDUCTION-DV", "kidnapping"), ("SEX ASSAULT-DV", "sexual_assault"), ("ENTRY", "burglary"),
        ("ENTRY AUTOS", "theft"), ("ENTRY-DV", "domestic"), ("BATTERY", "assault"), ("BATTERY/DV", "domestic"),
        ("STOLEN VEHICLE", "vehicle_theft"), ("ABAND/STOLEN PRO", "theft"), ("FIREWORKS", "disturbance"),
        ("FIRE", "fire"), ("ACC PI", "traffic"), ("RETURN STATION", "other"), ("WELFARE CITIZEN", "welfare"),
        ("LOST CHILD", "missing_person"), ("DRUG DEALING", "drugs"), ("PROPERTY DAMAGE", "property_damage"),
    ],
)  # fmt: skip
def test_milwaukee_natures_find_their_category(tmp_path: Path, nature: str, category: str) -> None:
    path = write(tmp_path, f"id,time,nature\n1,2018-05-01 00:00:00,{nature}\n")
    assert calls(read(path, "milwaukee"))[0].call.category == category


@pytest.mark.parametrize(
    "header",
    [
        "NOPD_Item,Type_,TypeText,Priority,TimeCreate,BLOCK_ADDRESS,Location",
        "NOPD Item,Type,Type Text,Priority,Time Create,Block Address,Location",
        "\ufeffnopd_item,type_,typetext,priority,timecreate,block_address,location",
    ],
)
@pytest.mark.parametrize("time", ["01/16/2022 06:52:07 PM", "2022-01-16T18:52:07.000", "2022-01-16 18:52:07"])
@pytest.mark.parametrize("place", ["POINT (-90.05 29.97)", "(29.97, -90.05)"])
def test_the_layouts_of_other_years_make_the_same_call(tmp_path: Path, header: str, time: str, place: str) -> None:
    call = one(tmp_path, f'A1,64G,ARMED ROBBERY,2C,{time},1 Example St,"{place}"', header)
    assert (call.number, call.kind_code, call.address) == ("A1", "64G", "1 Example St")
    assert call.received_at == datetime(2022, 1, 17, 0, 52, 7, tzinfo=UTC)
    assert (call.lat, call.lon) == (29.97, -90.05)


def test_an_empty_cell_is_filled_from_the_next_column_that_may_say_it(tmp_path: Path) -> None:
    header = "NOPD_Item,TypeText,InitialTypeText,InitialType,TimeCreate,Location,Latitude,Longitude"
    call = one(tmp_path, "A1,,FIGHT,103F,01/16/2022 01:00:00 PM,,29.97,-90.05", header)
    assert (call.kind, call.kind_code, call.lat, call.lon) == ("FIGHT", "103F", 29.97, -90.05)


@pytest.mark.parametrize(
    ("old", "new", "column", "value", "says"),
    [
        ("A0000122", "", "nopd_item", "", "number is missing"),
        ("A0000122", "A" * 250, "nopd_item", "A" * 250, "longer than 200"),
        ("01/16/2022 06:52:07 PM", "", "timecreate", "", "is missing"),
        ("01/16/2022 06:52:07 PM", "soon", "timecreate", "soon", "not a time"),
        ("01/16/2022 06:54:56 PM", "later", "timedispatch", "later", "not a time"),
    ],
)
def test_a_bad_row_is_told_with_line_column_and_value_and_kept(
    tmp_path: Path, old: str, new: str, column: str, value: str, says: str
) -> None:
    bad = NOPD_ROWS[0].replace(old, new)
    rows = read(write(tmp_path, nopd(NOPD_ROWS[1], bad, NOPD_ROWS[1])), "nopd")
    assert [type(row) for row in rows] == [ReadCall, RefusedRow, ReadCall]
    refused = rows[1]
    assert isinstance(refused, RefusedRow)
    assert (refused.error.line, refused.error.column, refused.error.value) == (3, column, value)
    assert says in refused.error.error
    letter = refused.dead_letter
    assert letter.original == f"{bad}\n".encode()
    assert (letter.step, letter.topic) == ("translate", EMERGENCY_CALL.topic)
    assert letter.headers["columns"] == NOPD_HEADER
    assert not value or value not in letter.error


def test_a_refused_row_is_the_same_dead_letter_again(tmp_path: Path) -> None:
    path = write(tmp_path, nopd(",,", NOPD_ROWS[1], ",x,"))
    letters = [[row.dead_letter.event_id for row in read(path, "nopd") if isinstance(row, RefusedRow)] for _ in "12"]
    assert letters[0] == letters[1]
    assert len(set(letters[0])) == 1  # a row of empty cells is no row


def test_a_file_without_rows_has_no_calls(tmp_path: Path) -> None:
    assert read(write(tmp_path, NOPD_HEADER + "\n"), "nopd") == []


def test_a_file_of_another_layout_is_refused_at_once_with_its_columns(tmp_path: Path) -> None:
    path = write(tmp_path, MILWAUKEE)
    with pytest.raises(FileError, match=r"no column NOPD_Item or Item_Number .* nature, status.*write a map"):
        read_calls(path, load_map("nopd"), context=context("nopd"))
    with pytest.raises(FileError, match="empty"):
        read_calls_in_time_order(write(tmp_path, ""), load_map("nopd"), context=context("nopd"))


def test_latin_1_and_quoted_newlines_are_read(tmp_path: Path) -> None:
    text = 'id,time,nature,location\r\n1,2018-05-01 00:00:00,"FIGHT","Café\r\nRow"\r\n2,2018-05-01 00:00:01,FIRE,x\r\n'
    rows = calls(read(write(tmp_path, text.encode("latin-1")), "milwaukee"))
    assert [(row.line, row.call.address) for row in rows] == [(2, "Café\r\nRow"), (4, "x")]


def test_reading_in_time_order_gives_the_same_calls_sorted(tmp_path: Path) -> None:
    path = write(tmp_path, MILWAUKEE + "4,never,x,,,1,FIRE,\n")
    call_map = load_map("milwaukee")
    rows = list(read_calls_in_time_order(path, call_map, context=context("milwaukee")))
    assert [row.line for row in rows] == [5, 3, 2, 4]
    assert isinstance(rows[0], RefusedRow)
    in_file = sorted(read_calls(path, call_map, context=context("milwaukee")), key=lambda row: row.line)
    assert sorted(rows, key=lambda row: row.line) == in_file


FILES = [
    (FIXTURES / "nopd.csv", "nopd", 2, 1),
    (FIXTURES / "milwaukee.csv", "milwaukee", 3, 1),
    (SHARED / "nola_nopd_calls_violent_2022q1.csv", "nopd", 1276, 207),
    (SHARED / "milwaukee_pd_calls_2018.csv", "milwaukee", 33968, 11),
]


@pytest.mark.needs_shared
@pytest.mark.parametrize(("path", "name", "count", "without"), [file for file in FILES if file[0].exists()])
def test_the_agencies_files_are_read_whole(path: Path, name: str, count: int, without: int) -> None:
    rows = calls(read(path, name))
    assert len(rows) == len({row.call.event_id for row in rows}) == len({row.call.call_id for row in rows}) == count
    assert sum(row.place is Place.NONE for row in rows) == without
    assert {row.call.category for row in rows} <= set(CATEGORIES)
    frame = FrameDecoder(EMERGENCY_CALL).decode(encode_frame([row.call for row in rows]))
    assert frame.events == [row.call for row in rows]
