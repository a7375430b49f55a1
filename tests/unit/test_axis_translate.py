"""Axis push events to plate reads, beyond what the fixtures of the contract tests show."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.axis.translate import translate
from connectors.translation import Context, Translation
from schemas.events.plate_read import PlateRead

FIXTURE = Path(__file__).parents[1] / "contract" / "fixtures" / "axis" / "lost.body"
CONTEXT = Context(connector="axis", instance="east", observed_at=datetime(2026, 1, 15, 18, 31, tzinfo=UTC))
CHICAGO = Context(
    connector="axis",
    instance="east",
    observed_at=datetime(2026, 1, 15, 18, 31, tzinfo=UTC),
    zone=ZoneInfo("America/Chicago"),
)


def event(**changes: Any) -> dict[str, Any]:
    fields = {**json.loads(FIXTURE.read_bytes()), **changes}
    return {name: value for name, value in fields.items() if value != "absent"}


def run(payload: object, context: Context = CONTEXT) -> Translation:
    return translate(json.dumps(payload).encode(), "application/json", context)


def read(context: Context = CONTEXT, **changes: Any) -> PlateRead:
    done = run(event(**changes), context)
    assert done.refused == []
    (made,) = done.events
    assert isinstance(made, PlateRead)
    return made


def test_numbers_may_be_numbers_or_text() -> None:
    as_text = read()
    as_numbers = read(packetCounter=40711, capture_timestamp=1768501805125, carID=52, plateConfidence=0.9415)
    assert as_numbers == as_text


@pytest.mark.parametrize(("state", "preview"), [("new", True), ("UPDATE", True), ("updated", True), ("lost", False)])
def test_a_car_in_view_is_a_preview_and_one_that_has_gone_is_final(state: str, preview: bool) -> None:
    assert read(carState=state).is_preview is preview


def test_an_event_without_a_state_is_final_so_that_it_can_raise_an_alert() -> None:
    assert not read(carState="absent").is_preview


def test_the_captures_clock_counts_and_not_the_messages() -> None:
    assert read(UtcTime="2023-01-01T00:00:00Z").occurred_at == datetime(2026, 1, 15, 18, 30, 5, 125000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("local", "hour"), [("20260115 123005125", 18), ("20260115 123005125 +0100", 11), ("20260115 123005125-0600", 18)]
)
def test_a_local_time_is_read_in_the_readers_zone_unless_it_names_its_offset(local: str, hour: int) -> None:
    made = read(CHICAGO, capture_timestamp="absent", capture_ts="absent", datetime=local)
    assert made.occurred_at == datetime(2026, 1, 15, hour, 30, 5, 125000, tzinfo=UTC)


def test_a_plate_written_as_numbers_of_characters_is_read() -> None:
    escaped = "".join(f"\\u{ord(char):04x}" for char in "ABC123")
    made = read(plateUTF8="absent", plateUnicode="absent", plateText=escaped)
    assert (made.plate, made.plate_raw) == ("ABC123", escaped)


def test_another_plate_of_the_same_car_is_another_event_of_the_same_track() -> None:
    one, other = read(carState="new"), read(carState="new", plateUTF8="ABC12B")
    assert one.track_id == other.track_id
    assert one.event_id != other.event_id


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"capture_timestamp": "absent", "capture_ts": "absent", "datetime": "absent"}, "capture_timestamp"),
        ({"capture_timestamp": "1768501805"}, "capture_timestamp"),
        ({"plateUTF8": ["ABC123"], "plateText": "", "plateUnicode": "", "plateASCII": ""}, "plateUTF8"),
        ({"plateUTF8": "A" * 30}, "plateUTF8"),
        ({"plateConfidence": "sure"}, "plateConfidence"),
    ],
)
def test_what_a_read_cannot_do_without_is_refused_by_name(changes: dict[str, Any], field: str) -> None:
    done = run(event(**changes))
    assert done.events == []
    assert [part.field for part in done.refused] == [field]


@pytest.mark.parametrize(
    "changes",
    [{"geotag": "nowhere"}, {"geotag": {"lat": 95, "lon": 10}}, {"vehicleInfo": 7}, {"packetCounter": "many"}],
)
def test_a_broken_extra_costs_the_extra_and_not_the_read(changes: dict[str, Any]) -> None:
    made = read(**changes)
    assert made.plate == "ABC123"
    assert None in (made.lat, made.vehicle_make, made.device_sequence)


def test_a_camera_without_a_name_is_called_as_its_copy_and_refused_where_that_has_none() -> None:
    nameless = {"sensorProviderID": "", "camera_info": "absent"}
    assert read(**nameless).camera_id == "east"
    bare = Context(connector="axis", instance="default", observed_at=CONTEXT.observed_at)
    (part,) = run(event(**nameless), bare).refused
    assert (part.field, part.error) == (
        "sensorProviderID",
        "is missing; name the camera, or post to /ingest/axis/CAMERA",
    )


def test_unknown_members_change_nothing() -> None:
    assert read(newThing={"deep": [1, 2]}) == read()


def test_a_refused_notification_of_the_event_stream_can_be_given_back_alone() -> None:
    stream = FIXTURE.with_name("event_stream.body").read_bytes()
    (refused,) = translate(stream, "application/xml", CONTEXT).refused
    (again,) = translate(refused.original, "text/xml; charset=utf-8", CONTEXT).refused
    assert (refused.field, again.field) == (
        "NotificationMessage[2].plateConfidence",
        "NotificationMessage[0].plateConfidence",
    )
