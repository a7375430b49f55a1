"""Flock, Frigate and Genetec to plate reads, beyond what the fixtures of the contract tests show."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.registry import webhooks
from connectors.translation import Context, PayloadError, Translation
from schemas.events.plate_read import PlateRead

FIXTURES = Path(__file__).parents[1] / "contract" / "fixtures"
AT = datetime(2026, 1, 15, 18, 31, tzinfo=UTC)


def run(name: str, body: object, content_type: str = "application/json", zone: str = "UTC") -> Translation:
    translate = webhooks()[name].translate
    assert translate is not None
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return translate(raw, content_type, Context(connector=name, instance="east", observed_at=AT, zone=ZoneInfo(zone)))


def read(name: str, body: object, **more: str) -> PlateRead:
    done = run(name, body, **more)
    assert done.refused == []
    (event,) = done.events
    assert isinstance(event, PlateRead)
    return event


def fields(connector: str, stem: str, **changes: Any) -> dict[str, Any]:
    made = {**json.loads((FIXTURES / connector / f"{stem}.body").read_bytes()), **changes}
    return {key: value for key, value in made.items() if value != "absent"}


# Flock


def test_an_alert_and_the_read_it_is_about_are_one_event() -> None:
    alert = read("flock", fields("flock", "alert"))
    page = fields("flock", "reads")
    assert read("flock", page["results"][0]).event_id == alert.event_id


def test_however_many_lists_a_plate_is_on_it_is_one_read() -> None:
    one = fields("flock", "alert", sources=[])
    many = fields("flock", "alert", sources=[{"name": str(n), "reason": "x"} for n in range(5)])
    assert read("flock", one) == read("flock", many)
    assert read("flock", fields("flock", "alert", sources="absent")) == read("flock", one)


@pytest.mark.parametrize(
    ("state", "region"),
    [("louisiana", "us-la"), ("new_york", "us-ny"), ("washington_dc", "us-dc"), ("LA", "us-la"), ("atlantis", None)],
)
def test_a_state_is_read_by_name_or_code_and_an_unknown_one_is_left_out(state: str, region: str | None) -> None:
    ocr = {"label": "ABC123", "labelConfidence": 0.9, "state": state, "stateConfidence": 0.7}
    made = read("flock", fields("flock", "alert", ocr=ocr))
    assert made.plate_region == region
    assert made.region_confidence == (0.7 if region else None)


def test_a_signed_address_goes_with_its_end_and_one_that_is_too_long_goes_whole() -> None:
    made = read("flock", fields("flock", "alert"))
    assert made.image_expires_at == datetime(2026, 1, 15, 18, 45, 5, tzinfo=UTC)
    long = read("flock", fields("flock", "alert", imageUrl="https://images.example.com/" + "x" * 2000))
    assert (long.image_ref, long.image_expires_at) == (None, None)


def test_an_end_that_is_no_time_costs_no_read() -> None:
    made = read("flock", fields("flock", "alert", imageExpiration="later"))
    assert made.image_ref
    assert made.image_expires_at is None


@pytest.mark.parametrize("member", ["deviceExternalId", "objectId", "eventTime"])
def test_an_alert_without_what_is_required_is_refused_by_name(member: str) -> None:
    done = run("flock", fields("flock", "alert", **{member: "absent"}))
    assert [(part.field, part.error) for part in done.refused] == [(member, "is missing")]


def test_an_alert_in_xml_with_a_document_type_is_refused() -> None:
    body = b'<!DOCTYPE a [<!ENTITY x "y">]><alert><objectId>&x;</objectId></alert>'
    with pytest.raises(PayloadError, match="document type"):
        run("flock", body, "application/xml")


# Frigate


def test_a_topic_around_a_payload_changes_nothing() -> None:
    bare = fields("frigate", "lpr")
    wrapped = {"topic": "frigate/tracked_object_update", "payload": bare}
    as_text = {"topic": "frigate/tracked_object_update", "payload": json.dumps(bare)}
    assert read("frigate", wrapped) == read("frigate", bare) == read("frigate", as_text)


@pytest.mark.parametrize("kind", ["new", "update", "end"])
def test_only_the_end_of_an_object_is_final(kind: str) -> None:
    body = json.loads((FIXTURES / "frigate" / "refined.body").read_bytes())[2]
    assert read("frigate", {**body, "type": kind}).is_preview is (kind != "end")


def test_plate_and_score_may_come_as_a_pair_or_under_data() -> None:
    body = json.loads((FIXTURES / "frigate" / "refined.body").read_bytes())[2]
    plain = read("frigate", body)
    after = {k: v for k, v in body["after"].items() if not k.startswith("recognized")}
    told = {"recognized_license_plate": "ABC123", "recognized_license_plate_score": 0.94}
    assert read("frigate", {**body, "after": {**after, "recognized_license_plate": ["ABC123", 0.94]}}) == plain
    assert read("frigate", {**body, "after": {**after, "data": told}}) == plain


def test_a_parked_car_is_told_as_parked() -> None:
    body = json.loads((FIXTURES / "frigate" / "refined.body").read_bytes())[2]
    body["after"]["stationary"] = True
    assert read("frigate", body).is_parked


def test_a_false_positive_is_ignored() -> None:
    body = json.loads((FIXTURES / "frigate" / "refined.body").read_bytes())[2]
    body["after"]["false_positive"] = True
    assert [one.reason for one in run("frigate", body).ignored] == [
        "a false positive: Frigate itself does not believe in the object"
    ]


def test_a_known_plates_name_is_kept_nowhere() -> None:
    made = read("frigate", fields("frigate", "lpr", name="Jane Example"))
    assert "Jane" not in repr(made)


# Genetec


@pytest.mark.parametrize(
    ("date", "clock"),
    [
        ("1/15/2026", "18:30:05"),
        ("15/01/2026", "18:30:05"),
        ("15.1.2026", "6:30:05 PM"),
        ("2026-01-15", "18:30:05.000"),
        ("01/15/2026", "06:30:05 pm"),
    ],
)
def test_a_date_is_read_as_the_servers_language_writes_it(date: str, clock: str) -> None:
    made = read("genetec", fields("genetec", "read", DateUtc=date, TimeUtc=clock))
    assert made.occurred_at == datetime(2026, 1, 15, 18, 30, 5, tzinfo=UTC)


def test_where_only_local_time_is_told_it_is_in_the_readers_zone() -> None:
    body = fields("genetec", "read", DateUtc="absent", TimeUtc="absent")
    made = read("genetec", body, zone="America/Chicago")
    assert made.occurred_at == datetime(2026, 1, 15, 18, 30, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"DateUtc": "31/31/2026"}, "DateUtc"),
        ({"TimeUtc": "25:00:00"}, "TimeUtc"),
        ({"TimeUtc": "noon"}, "TimeUtc"),
        ({"ConfidenceScore": "101"}, "ConfidenceScore"),
    ],
)
def test_a_broken_member_is_refused_by_name(changes: dict[str, Any], field: str) -> None:
    done = run("genetec", fields("genetec", "read", **changes))
    assert [part.field for part in done.refused] == [field]


def test_a_refused_read_is_kept_without_its_pictures() -> None:
    body = fields("genetec", "read", ConfidenceScore="high", ContextImage="QUJD" * 20_000)
    (part,) = run("genetec", body).refused
    assert len(part.original) < 4000
    assert json.loads(part.original)["ContextImage"] == "(80000 characters left out)"
    assert json.loads(part.original)["Plate"] == "ABC123"
