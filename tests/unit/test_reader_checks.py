"""The checks B1 to B8 of what a plate reader's connector must do, each by its id."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.registry import webhooks
from connectors.translation import Context, PayloadError, Translation
from schemas.events.plate_read import PlateRead
from schemas.plate import normalise
from tests.contract.test_connectors import FIXTURES, expectation

AT = datetime(2026, 1, 15, 18, 30, 6, tzinfo=UTC)
#: The moment all of B1's profiles tell.
READ_AT = datetime(2026, 1, 15, 18, 30, 5, tzinfo=UTC)


def run(name: str, body: bytes | object, content_type: str = "application/json", instance: str = "east") -> Translation:
    translate = webhooks()[name].translate
    assert translate is not None
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return translate(raw, content_type, Context(connector=name, instance=instance, observed_at=AT))


def reads(done: Translation) -> list[PlateRead]:
    assert done.refused == []
    assert all(isinstance(event, PlateRead) for event in done.events)
    return [event for event in done.events if isinstance(event, PlateRead)]


def fixture(connector: str, stem: str) -> Translation:
    path = FIXTURES / connector / f"{stem}.body"
    expected = expectation(path)
    return run(connector, path.read_bytes(), expected["content_type"], str(expected.get("instance", "east")))


def payload(connector: str, stem: str) -> Any:
    return json.loads((FIXTURES / connector / f"{stem}.body").read_bytes())


# B1: the same read by eight profiles, twice where a profile has two encodings.

PROFILES = [
    ("rekor", "group"),
    ("platerecognizer", "stream_multipart"),
    ("platerecognizer", "stream_urlencoded"),
    ("flock", "alert"),
    ("axis", "lost"),
    ("hikvision", "form"),
    ("dahua", "group"),
    ("dahua", "tollgate"),
    ("frigate", "lpr"),
    ("webhook_map", "onvif"),
]


@pytest.mark.parametrize(("connector", "stem"), PROFILES)
def test_b1_each_profile_gives_the_same_canonical_read(connector: str, stem: str) -> None:
    read = fixture(connector, stem).events[0]
    assert isinstance(read, PlateRead)
    assert read.plate == "ABC123"
    assert normalise(read.plate_raw) == read.plate
    assert abs(read.occurred_at - READ_AT) < timedelta(seconds=2)
    assert read.occurred_at.tzinfo is UTC
    assert 0.8 < read.confidence < 1
    assert read.camera_id
    assert not read.is_preview


def test_b1_a_plate_as_text_and_a_plate_as_an_object_are_the_same_read() -> None:
    around = {"camera_id": "canal", "timestamp": "2026-01-15T18:30:05Z"}
    text = {"plate": "abc123", "score": 0.9, "region": {"code": "us-la", "score": 0.8}}
    props = {"plate": [{"value": "abc123", "score": 0.9}], "region": [{"value": "us-la", "score": 0.8}]}
    (one,), (other,) = (
        reads(run("platerecognizer", {**around, "results": [result]})) for result in (text, {"plate": {"props": props}})
    )
    assert one == other


# B2: the scale is the profile's, never guessed from the number.


@dataclass(frozen=True)
class Scale:
    """A profile: how to send a confidence, and what full confidence is written as."""

    full: int
    send: Callable[[object], Translation]


def _hikvision(value: object) -> Translation:
    body = payload("hikvision", "json")
    body["EventNotificationAlert"]["ANPR"]["confidenceLevel"] = value
    return run("hikvision", body)


def _dahua(value: object) -> Translation:
    body = payload("dahua", "tollgate")
    body["Picture"]["Plate"]["Confidence"] = value
    return run("dahua", body)


def _flock(value: object) -> Translation:
    body = payload("flock", "alert")
    body["ocr"]["labelConfidence"] = value
    return run("flock", body)


SCALES = {
    "rekor": Scale(100, lambda value: run("rekor", {**payload("rekor", "group"), "best_confidence": value})),
    "axis": Scale(1, lambda value: run("axis", {**payload("axis", "lost"), "plateConfidence": value})),
    "frigate": Scale(1, lambda value: run("frigate", {**payload("frigate", "lpr"), "score": value})),
    "genetec": Scale(100, lambda value: run("genetec", {**payload("genetec", "read"), "ConfidenceScore": value})),
    "hikvision": Scale(100, _hikvision),
    "dahua": Scale(100, _dahua),
    "flock": Scale(1, _flock),
}


@pytest.mark.parametrize("name", SCALES)
def test_b2_ninety_five_of_a_hundred_and_point_ninety_five_of_one_are_equal(name: str) -> None:
    (read,) = reads(SCALES[name].send(0.95 * SCALES[name].full))
    assert read.confidence == pytest.approx(0.95)


@pytest.mark.parametrize("name", [name for name, scale in SCALES.items() if scale.full == 100])
def test_b2_one_from_a_source_that_counts_to_a_hundred_is_a_hundredth(name: str) -> None:
    (read,) = reads(SCALES[name].send(1.0))
    assert read.confidence == 0.01


@pytest.mark.parametrize("name", [name for name, scale in SCALES.items() if scale.full == 1])
def test_b2_ninety_five_from_a_source_that_counts_to_one_is_refused_not_guessed(name: str) -> None:
    done = SCALES[name].send(95)
    assert done.events == []
    assert [part.error for part in done.refused] == ["expected a number between 0 and 1"]


# B3: many messages about one vehicle are one track, with one final read.


def _axis_pass() -> list[Translation]:
    new, update, lost = payload("axis", "passes")
    return [run("axis", one) for one in (new, update, lost)]


def _rekor_pass() -> list[Translation]:
    return [fixture("rekor", "preview"), fixture("rekor", "group")]


def _dahua_pass() -> list[Translation]:
    message = payload("dahua", "group")
    pictures = message["params"]["eventList"]
    return [run("dahua", {**message, "params": {"SID": 1, "eventList": [one]}}) for one in pictures]


def _frigate_pass() -> list[Translation]:
    return [run("frigate", one) for one in payload("frigate", "refined")]


@pytest.mark.parametrize("one_pass", [_axis_pass, _rekor_pass, _dahua_pass, _frigate_pass])
def test_b3_the_messages_about_one_vehicle_are_one_track_with_one_final_read(
    one_pass: Callable[[], list[Translation]],
) -> None:
    found = [read for done in one_pass() for read in reads(done)]
    assert len(found) >= 2
    assert len({read.track_id for read in found}) == 1
    assert found[0].track_id
    final = {read.event_id for read in found if not read.is_preview}
    assert len(final) == 1
    assert not found[-1].is_preview


def test_b3_earlier_variants_are_kept_as_previews_of_the_same_track() -> None:
    found = [read for done in _axis_pass() for read in reads(done)]
    assert [(read.plate, read.is_preview) for read in found] == [
        ("AA7690EQ", True),
        ("AA7690EO", True),
        ("AA7690EO", False),
    ]


# B4: a resend is the same event.

SENT = [(path.parent.name, path.stem) for path in sorted(FIXTURES.glob("*/*.body")) if path.parent.name in webhooks()]


@pytest.mark.parametrize(("connector", "stem"), SENT)
def test_b4_the_same_payload_a_hundred_times_is_one_read(connector: str, stem: str) -> None:
    once = [event.event_id for event in fixture(connector, stem).events]
    for _ in range(99):
        assert [event.event_id for event in fixture(connector, stem).events] == once


def test_b4_a_hikvision_alarm_that_is_posted_again_is_the_same_read() -> None:
    first, again = reads(fixture("hikvision", "anpr")), reads(fixture("hikvision", "resend"))
    assert [read.event_id for read in first] == [read.event_id for read in again]


def test_b4_axis_counts_its_packets_on_and_it_is_the_same_read() -> None:
    body = payload("axis", "lost")
    (first,), (again,) = reads(run("axis", body)), reads(run("axis", {**body, "packetCounter": "40999"}))
    assert first.event_id == again.event_id
    assert (first.device_sequence, again.device_sequence) == (40711, 40999)


# B5: heartbeats are no reads.

HEARTBEATS = {
    "axis": lambda: fixture("axis", "heartbeat"),
    "dahua keep-alive": lambda: fixture("dahua", "keep_alive"),
    "dahua stream": lambda: run("dahua", b"Heartbeat\r\n", "text/plain"),
    "frigate": lambda: run("frigate", {"topic": "frigate/available", "payload": "online"}),
    "hikvision": lambda: run(
        "hikvision",
        b"<EventNotificationAlert><ipAddress>192.0.2.1</ipAddress><eventType>videoloss</eventType>"
        b"<eventState>inactive</eventState></EventNotificationAlert>",
        "application/xml",
    ),
    "platerecognizer": lambda: fixture("platerecognizer", "statistics"),
}


@pytest.mark.parametrize("name", HEARTBEATS)
def test_b5_an_hour_of_heartbeats_is_no_read(name: str) -> None:
    for _ in range(60):
        done = HEARTBEATS[name]()
        assert done.events == []
        assert done.refused == []
        assert done.ignored


def test_b5_a_heartbeat_of_rekor_tells_that_its_cameras_are_alive() -> None:
    done = fixture("rekor", "heartbeat")
    assert not [event for event in done.events if isinstance(event, PlateRead)]
    assert done.events


# B8: what the reader sent is kept; normalising twice changes nothing.


@given(st.text(max_size=40))
def test_b8_normalising_is_idempotent_and_keeps_only_letters_and_digits(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert all(char.isalnum() for char in once)


@pytest.mark.parametrize(
    "raw", ["abc 123", "AB-12.C3", "京A·12345", "١٢٣ أ ب", "ㅎ 12가 3456", "ｗ１２３", "М123КХ 77"]
)
def test_b8_the_plate_is_kept_as_it_was_sent_and_no_script_is_destroyed(raw: str) -> None:
    body = payload("axis", "lost")
    (read,) = reads(run("axis", {**body, "plateUTF8": raw}))
    assert read.plate_raw == raw
    assert read.plate == normalise(raw)
    assert len(read.plate) == sum(char.isalnum() for char in raw)


def test_b8_spaces_around_a_plate_are_kept_in_xml_and_text_too() -> None:
    xml = (
        (FIXTURES / "hikvision" / "anpr.body").read_bytes().replace(b"licensePlate>ABC123<", b"licensePlate> ABC-123 <")
    )
    (read,) = reads(run("hikvision", xml, "application/xml"))
    assert (read.plate, read.plate_raw) == ("ABC123", " ABC-123 ")
    text = (FIXTURES / "dahua" / "key_values.body").read_bytes().replace(b"=XYZ 789", b"= XYZ 789 ")
    (read,) = reads(run("dahua", text, "text/plain"))
    assert (read.plate, read.plate_raw) == ("XYZ789", " XYZ 789 ")


# The real payloads beside the checkout.

SHARED = Path(__file__).parents[3] / "shared" / "data" / "lpr"
#: What becomes of each: a plate's length, or how the reason or the refusal begins.
REAL: dict[str, tuple[str, str, int | str]] = {
    "axis/fflprapp_event.json": ("axis", "application/json", 8),
    "dahua/trafficjunction_event_stream.json": ("dahua", "application/json", "a vehicle without a readable plate"),
    "frigate/00_frigate_events_update.json": ("frigate", "application/json", 8),
    "frigate/03_license_plate_recognition_update_lpr.json": ("frigate", "application/json", 6),
    "frigate/06_frigate_reviews_update.json": ("frigate", "application/json", "a review"),
    "genetec/lpr_read_webhook.json": ("genetec", "application/json", 7),
    "hikvision/anpr_DS-TCG405-E_2024.xml": ("hikvision", "application/xml", 7),
    "hikvision/anpr_old_firmware_stdcgi_ver10.xml": ("hikvision", "application/xml", 7),
    "hikvision/anpr_parkpow_fixture.xml": ("hikvision", "application/xml", 7),
    "hikvision/isapi_fielddetection_vehicle.xml": ("hikvision", "application/xml", "fielddetection: "),
    "hikvision/isapi_pir.xml": ("hikvision", "application/xml", "PIR: "),
    "platerecognizer/docs_01.json": ("platerecognizer", "application/json", 6),
    "platerecognizer/docs_03.json": ("platerecognizer", "application/json", "no results"),
    "platerecognizer/stream_webhook.json": ("platerecognizer", "application/json", 6),
    "rekor_openalpr/alpr_alert.json": ("rekor", "application/json", 6),
    "rekor_openalpr/alpr_group_v3.json": ("rekor", "application/json", 7),
    "rekor_openalpr/vehicle.json": ("rekor", "application/json", "vehicle: "),
}


@pytest.mark.needs_shared
@pytest.mark.parametrize("file", REAL)
def test_b1_a_real_payload_becomes_the_right_event_or_is_left_out_with_its_reason(file: str) -> None:
    connector, content_type, becomes = REAL[file]
    if not (SHARED / file).exists():
        pytest.skip("the real payloads are not beside this checkout")
    done = run(connector, (SHARED / file).read_bytes(), content_type)
    if isinstance(becomes, str):
        assert done.events == []
        assert [one.reason.startswith(becomes) for one in done.ignored] == [True]
        return
    (read,) = reads(done)
    assert len(read.plate) == becomes
    assert read.confidence > 0.5


@pytest.mark.needs_shared
@pytest.mark.parametrize("file", ["dahua/trafficjunction_event_stream.raw.txt", "platerecognizer/docs_02.invalid.txt"])
def test_b1_a_real_payload_that_is_no_json_is_refused_by_the_place(file: str) -> None:
    if not (SHARED / file).exists():
        pytest.skip("the real payloads are not beside this checkout")
    with pytest.raises(PayloadError, match="is not valid JSON at byte"):
        run(file.partition("/")[0], (SHARED / file).read_bytes())
