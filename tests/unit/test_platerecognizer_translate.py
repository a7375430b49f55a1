"""Plate Recognizer payloads to plate reads, beyond what the fixtures of the contract tests show."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from connectors.platerecognizer.translate import translate
from connectors.translation import Context, PayloadError, Translation
from schemas.events.plate_read import PlateRead

FIXTURES = Path(__file__).parents[1] / "contract" / "fixtures" / "platerecognizer"
SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "lpr" / "platerecognizer"
CONTEXT = Context(connector="platerecognizer", instance="gate", observed_at=datetime(2026, 1, 15, 18, 31, tzinfo=UTC))
BOUNDARY = "b-1"


def message() -> dict[str, Any]:
    fields: dict[str, Any] = json.loads((FIXTURES / "stream_json.body").read_bytes())
    return fields


def run(payload: object) -> Translation:
    return translate(json.dumps(payload).encode(), "application/json", CONTEXT)


def changed(**changes: Any) -> Translation:
    payload = message()
    payload["data"]["results"][0].update(changes)
    return run(payload)


def form(*parts: tuple[str, bytes], end: bool = True) -> bytes:
    lines = b""
    for disposition, data in parts:
        lines += f"--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + data + b"\r\n"
    return lines + (f"--{BOUNDARY}--\r\n".encode() if end else b"")


def post(body: bytes) -> Translation:
    return translate(body, f"multipart/form-data; boundary={BOUNDARY}", CONTEXT)


def test_the_three_encodings_give_the_same_event() -> None:
    text = json.dumps(message()).encode()
    as_json = translate(text, "application/json", CONTEXT)
    as_fields = translate(urlencode({"json": text}).encode(), "application/x-www-form-urlencoded", CONTEXT)
    as_form = post(form(('name="json"', text), ('name="upload"; filename="a.jpg"', b"\xff\xd8\r\n--b-\xff")))
    assert as_json.events == as_fields.events == as_form.events
    assert len(as_json.events) == 1


def test_a_part_is_told_by_its_name_and_not_by_its_place() -> None:
    text = json.dumps(message()).encode()
    first = post(form(('name="json"', text), ('name="upload"', b"x")))
    last = post(form(('name="upload"', b"x"), ('name="json"; filename="a.json"', text)))
    assert first.events == last.events


def test_a_message_without_its_wrapping_gives_the_same_read() -> None:
    assert run(message()["data"]).events == run(message()).events


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (form(('name="upload"', b"x")), "json"),
        (form(('name="json"', b"{}"), ('name="json"', b"{}")), "json"),
        (form(('name="json"', b"{}"), end=False), "body"),
        (form(*[('name="x"', b"")] * 21), "body"),
        (b"no form at all", "body"),
        (b"", "body"),
    ],
)
def test_a_form_that_cannot_be_read_is_refused_as_a_whole(body: bytes, field: str) -> None:
    with pytest.raises(PayloadError) as caught:
        post(body)
    assert caught.value.field == field


def test_a_form_needs_a_boundary() -> None:
    with pytest.raises(PayloadError) as caught:
        translate(b"--x--", "multipart/form-data", CONTEXT)
    assert caught.value.field == "content-type"


def test_an_urlencoded_form_with_too_many_fields_is_refused() -> None:
    with pytest.raises(PayloadError):
        translate(b"&".join([b"a=1"] * 21), "application/x-www-form-urlencoded", CONTEXT)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"score": 1.01}, "score"),
        ({"score": None}, "score"),
        ({"plate": 7}, "plate"),
        ({"plate": " "}, "plate"),
        ({"plate": {}}, "plate.props"),
        ({"plate": {"props": {"plate": [{"score": 1}]}}}, "plate.props.plate[0].value"),
        ({"candidates": [{"plate": "a", "score": "x"}]}, "candidates[0].score"),
        ({"direction": "nan"}, "direction"),
        ({"vehicle": "Sedan"}, "vehicle"),
        ({"model_make": [{"make": "x", "score": 2}]}, "model_make[0].score"),
    ],
)
def test_a_bad_value_is_refused_by_the_name_of_its_field(changes: dict[str, Any], field: str) -> None:
    done = changed(**changes)
    assert done.events == []
    assert [part.field for part in done.refused] == [f"data.results[0].{field}"]


@pytest.mark.parametrize("name", ["camera_id", "timestamp"])
def test_a_picture_without_camera_or_time_is_refused_once(name: str) -> None:
    payload = message()
    payload["data"][name] = None
    assert [part.field for part in run(payload).refused] == [f"data.{name}"]


def test_the_surest_reading_of_a_plate_object_is_the_plate() -> None:
    values = [{"value": "abc12", "score": 0.4}, {"value": "abc123", "score": 0.8}]
    (event,) = changed(plate={"props": {"plate": values, "region": []}}).events
    assert isinstance(event, PlateRead)
    assert (event.plate, event.confidence) == ("ABC123", 0.8)
    assert [candidate.plate for candidate in event.candidates] == ["ABC12"]
    assert event.plate_region is None


def test_a_direction_may_be_a_number_in_text_or_an_empty_text() -> None:
    (number,) = changed(direction="215.5").events
    (nothing,) = changed(direction="").events
    assert isinstance(number, PlateRead)
    assert isinstance(nothing, PlateRead)
    assert (number.heading_deg, nothing.heading_deg) == (215.5, None)


def test_a_picture_without_vehicles_is_ignored_with_a_reason() -> None:
    payload = message()
    payload["data"]["results"] = []
    done = run(payload)
    assert (done.events, done.refused) == ([], [])
    assert "no vehicle" in done.ignored[0].reason


@pytest.mark.needs_shared
@pytest.mark.parametrize(
    "path", [FIXTURES / "stream_json.body", *sorted(SAMPLES.glob("stream_*.json"))], ids=lambda path: path.stem
)
def test_a_whole_stream_payload_gives_the_read_it_holds(path: Path) -> None:
    data = json.loads(path.read_bytes())["data"]
    (event,) = translate(path.read_bytes(), "application/json", CONTEXT).events
    assert isinstance(event, PlateRead)
    assert event.plate == data["results"][0]["plate"].upper()
    assert event.plate_raw == data["results"][0]["plate"]
    assert event.confidence == data["results"][0]["score"]
    assert event.occurred_at == datetime.fromisoformat(data["timestamp"])
    assert event.camera_id == data["camera_id"]
