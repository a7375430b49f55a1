"""Dahua's events to plate reads, beyond what the fixtures of the contract tests show."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.dahua.translate import translate
from connectors.translation import Context, PayloadError, Translation
from schemas.events.plate_read import PlateRead

FIXTURES = Path(__file__).parents[1] / "contract" / "fixtures" / "dahua"
TEXT = (FIXTURES / "key_values.body").read_text()
AT = datetime(2026, 1, 15, 18, 31, tzinfo=UTC)
CONTEXT = Context(connector="dahua", instance="gate", observed_at=AT)
READ_AT = datetime(2026, 1, 15, 18, 30, 5, 125000, tzinfo=UTC)


def run(body: object, content_type: str = "application/json", context: Context = CONTEXT) -> Translation:
    raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return translate(raw, content_type, context)


def read(body: object, content_type: str = "application/json", context: Context = CONTEXT) -> PlateRead:
    done = run(body, content_type, context)
    assert done.refused == []
    (event,) = done.events
    assert isinstance(event, PlateRead)
    return event


def data(**changes: Any) -> dict[str, Any]:
    message = json.loads((FIXTURES / "group.body").read_bytes())
    fields = {**message["params"]["eventList"][0]["Data"], **changes}
    return {name: value for name, value in fields.items() if value != "absent"}


def tollgate(**snap: Any) -> dict[str, Any]:
    message: dict[str, Any] = json.loads((FIXTURES / "tollgate.body").read_bytes())
    message["Picture"]["SnapInfo"] |= snap
    return message


@pytest.mark.parametrize("index", [1, 2, 3])
def test_the_pictures_of_a_group_are_one_event_while_the_plate_is_the_same(index: int) -> None:
    first = read(data(IndexInGroup=1))
    assert read(data(IndexInGroup=index)).event_id == first.event_id


def test_another_plate_in_the_group_is_another_event_of_the_same_track() -> None:
    first = read(data())
    other = read(data(TrafficCar={**data()["TrafficCar"], "PlateNumber": "ABC12B"}))
    assert other.event_id != first.event_id
    assert other.track_id == first.track_id == "EXAMPLE0001:4711"


def test_the_same_group_number_on_another_day_is_another_event() -> None:
    assert read(data(RealUTC=1768501805 + 86_400)).event_id != read(data()).event_id


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda one: {"Events": [one]},
        lambda one: {"Code": "TrafficJunction", "Action": "Pulse", "Data": one},
        lambda one: {"params": {"eventList": [{"Code": "TrafficJunction", "Data": one}]}},
        lambda one: [one],
    ],
)
def test_an_event_is_found_in_whatever_it_is_wrapped(wrapped: Any) -> None:
    assert read(wrapped(data())).event_id == read(data()).event_id


def test_json_after_the_event_managers_line_is_read() -> None:
    line = f"Code=TrafficJunction;action=Pulse;index=0;data={json.dumps(data(), indent=2)}"
    assert read(line, "text/plain").event_id == read(data()).event_id


def test_the_real_utc_counts_before_all_others() -> None:
    assert read(data()).occurred_at == READ_AT


def test_a_wall_clock_that_is_counted_as_utc_is_read_by_the_devices_zone() -> None:
    # 1768480205 is 12:30:05 counted as if it were UTC; index 25 is six hours behind Greenwich... in Dahua's table -05.
    made = read(data(RealUTC="absent", TimeZone=26))
    assert made.occurred_at == READ_AT


def test_in_summer_time_the_zone_that_is_set_counts() -> None:
    chicago = Context(connector="dahua", instance="gate", observed_at=AT, zone=ZoneInfo("America/Chicago"))
    assert read(data(RealUTC="absent", DSTTune=3600), context=chicago).occurred_at == READ_AT


def test_an_utc_that_differs_from_the_wall_clock_is_utc() -> None:
    assert read(data(RealUTC="absent", UTC=1768501805)).occurred_at == READ_AT


def test_itsapi_times_are_in_the_readers_zone() -> None:
    chicago = Context(connector="dahua", instance="gate", observed_at=AT, zone=ZoneInfo("America/Chicago"))
    assert read(tollgate(AccurateTime="2026-01-15 12:30:05.125"), context=chicago).occurred_at == READ_AT
    assert read(tollgate(AccurateTime=None)).occurred_at == READ_AT.replace(microsecond=0)


def test_a_camera_without_a_name_is_called_as_its_copy() -> None:
    assert read(tollgate(DeviceID="")).camera_id == "gate"


def test_a_confidence_above_a_hundred_is_of_two_hundred_and_fifty_five() -> None:
    assert read(data(Object={"Confidence": 160})).confidence == round(160 / 255, 10)


@pytest.mark.parametrize("confidence", [256, -1, "high"])
def test_a_confidence_that_is_none_is_refused(confidence: object) -> None:
    done = run(data(Object={"Confidence": confidence}))
    assert [part.field for part in done.refused] == ["Object.Confidence"]


def test_a_chinese_plate_in_gbk_is_read_though_nothing_says_so() -> None:
    body = TEXT.replace("XYZ 789", "京A12345").encode("gbk")
    made = read(body, "text/plain")
    assert (made.plate, made.plate_raw) == ("京A12345", "京A12345")


def test_older_text_with_its_code_at_the_top_is_read() -> None:
    body = TEXT.replace("EventBaseInfo.Code", "Code").replace("Events[", "ReturnEvents[")
    assert read(body, "text/plain").event_id == read(TEXT, "text/plain").event_id


@pytest.mark.parametrize("plate", ["", "unknown", "无牌车", "Unlicensed"])
def test_a_vehicle_without_a_plate_is_ignored(plate: str) -> None:
    done = run(TEXT.replace("XYZ 789", plate).replace("XYZ789", plate), "text/plain")
    assert [one.reason for one in done.ignored] == ["a vehicle without a readable plate has nothing to read"]


def test_text_that_is_cut_off_is_refused_and_not_taken_for_a_vehicle_without_a_plate() -> None:
    with pytest.raises(PayloadError, match="UTC"):
        run(TEXT[: TEXT.index("Events[0].TrafficCar")], "text/plain")


def test_of_two_events_in_one_text_the_bad_one_is_refused_alone() -> None:
    second = TEXT.replace("Events[0]", "Events[1]").replace("GroupID=4712", "GroupID=4713")
    done = run(TEXT + second.replace("UTC=1768501805", "UTC=soon"), "text/plain")
    assert len(done.events) == 1
    assert [part.field for part in done.refused] == ["Events[1].UTC"]


def test_a_stream_without_its_closing_boundary_is_cut_off() -> None:
    body = (FIXTURES / "stream.body").read_bytes().removesuffix(b"--myboundary--\r\n")
    with pytest.raises(PayloadError, match="cut off"):
        run(body, "multipart/x-mixed-replace; boundary=myboundary")
