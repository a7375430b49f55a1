"""Rekor/OpenALPR payloads to events, beyond what the fixtures of the contract tests show."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.rekor.translate import translate
from connectors.translation import Context, PayloadError, Translation
from schemas.events.camera_health import CameraHealth
from schemas.events.plate_read import PlateRead

FIXTURES = Path(__file__).parents[1] / "contract" / "fixtures" / "rekor"
SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "lpr" / "rekor_openalpr"
CONTEXT = Context(connector="rekor", instance="east", observed_at=datetime(2026, 1, 15, 18, 31, tzinfo=UTC))


def group(**changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads((FIXTURES / "group.body").read_bytes())
    return {**fields, **changes}


def run(payload: object) -> Translation:
    return translate(json.dumps(payload).encode(), "application/json", CONTEXT)


def read(**changes: Any) -> PlateRead:
    done = run(group(**changes))
    assert done.refused == []
    (event,) = done.events
    assert isinstance(event, PlateRead)
    return event


def refused_field(**changes: Any) -> str:
    done = run(group(**changes))
    assert done.events == []
    (part,) = done.refused
    assert part.event_type == "plate_read"
    assert json.loads(part.original) == group(**changes)
    return part.field


def test_a_preview_and_its_final_read_are_two_events_of_one_pass() -> None:
    preview, final = read(is_preview=True), read(is_preview=False)
    assert (preview.is_preview, final.is_preview) == (True, False)
    assert preview.event_id != final.event_id
    assert preview.native_id == final.native_id == "AGENTEXAMPLE-1000-1768501806010"


def test_a_resend_with_another_picture_size_is_the_same_event() -> None:
    assert read(overview_jpeg="").event_id == read().event_id


def test_an_alert_of_the_vendor_is_the_same_event_as_its_group() -> None:
    (event,) = run({"data_type": "alpr_alert", "group": group(), "plate_number": "ZZZ999"}).events
    assert event == read()


def test_two_passes_that_share_a_picture_are_two_events() -> None:
    assert read(best_plate_number="DEF456").event_id != read().event_id
    assert read(epoch_start=1768501805126).event_id != read().event_id


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"best_confidence": 100.5}, "best_confidence"),
        ({"best_confidence": -0.1}, "best_confidence"),
        ({"best_confidence": "94"}, "best_confidence"),
        ({"best_confidence": 10**400}, "best_confidence"),
        ({"best_confidence": None}, "best_confidence"),
        ({"best_plate_number": ""}, "best_plate_number"),
        ({"best_plate_number": "A" * 101}, "best_plate_number"),
        ({"epoch_start": 1768501805}, "epoch_start"),
        ({"epoch_start": 10**30}, "epoch_start"),
        ({"camera_id": 10**30}, "camera_id"),
        ({"camera_id": None}, "camera_id"),
        ({"gps_latitude": 91}, "gps_latitude"),
        ({"gps_longitude": 181}, "gps_longitude"),
        ({"candidates": [{"plate": "A", "confidence": 101}]}, "candidates[0].confidence"),
        ({"candidates": [{"plate": "A", "confidence": 1}] * 201}, "candidates"),
        ({"vehicle": {"color": [{"name": 7}]}}, "vehicle.color[0].name"),
        ({"is_preview": "no"}, "is_preview"),
        ({"data_type": None}, "data_type"),
    ],
)
def test_a_bad_value_is_refused_by_the_name_of_its_field(changes: dict[str, Any], field: str) -> None:
    assert refused_field(**changes) == field


def test_a_missing_data_type_is_named() -> None:
    fields = group()
    del fields["data_type"]
    assert [part.field for part in run(fields).refused] == ["data_type"]


def test_an_unknown_kind_is_ignored_and_its_text_is_not_echoed_unchecked() -> None:
    assert run({"data_type": "alpr_new"}).ignored[0].reason.startswith("alpr_new:")
    assert "<script>" not in run({"data_type": "<script>"}).ignored[0].reason


def test_pictures_and_licence_keys_never_reach_an_event() -> None:
    event = read(vehicle_crop_jpeg="/9j/PICTURE", overview_jpeg="/9j/PICTURE")
    assert "PICTURE" not in repr(event)
    assert event.image_ref is None


def test_a_model_keeps_its_own_name_when_the_make_is_not_in_front_of_it() -> None:
    vehicle = {"make": [{"name": "gmc", "confidence": 9}], "make_model": [{"name": "chevrolet_tahoe", "confidence": 9}]}
    assert read(vehicle=vehicle).vehicle_model == "chevrolet_tahoe"


def test_an_old_agent_without_a_uuid_still_gives_a_stable_identity() -> None:
    old = read(best_uuid=None)
    assert old.native_id == "AGENTEXAMPLE-1000-1768501805125"
    assert old == read(best_uuid=None)


def test_a_batch_of_two_heartbeats_gives_one_state_per_camera_and_moment() -> None:
    beat = {"data_type": "heartbeat", "timestamp": 1768501805125, "agent_uid": "A"}
    stream = {"camera_id": 7, "is_streaming": True, "last_update": 0, "fps": 10}
    done = run([{**beat, "video_streams": [stream]}, {**beat, "timestamp": 1768501865125, "video_streams": [stream]}])
    first, second = done.events
    assert isinstance(first, CameraHealth)
    assert first.status == "ok"
    assert first.camera_id == second.camera_id == "7"  # type: ignore[attr-defined]
    assert first.event_id != second.event_id


def test_a_cameras_password_reaches_neither_event_nor_dead_letter() -> None:
    done = translate((FIXTURES / "heartbeat.body").read_bytes(), "application/json", CONTEXT)
    assert "secret" not in repr(done)
    (part,) = done.refused
    assert b"rtsp://***@192.0.2.4/stream" in part.original


def test_a_batch_that_is_no_json_is_refused_as_a_whole() -> None:
    with pytest.raises(PayloadError) as caught:
        translate(b'[{"data_type":"alpr_group","best_confidence":NaN}]', "application/json", CONTEXT)
    assert caught.value.field == "best_confidence"


@pytest.mark.needs_shared
@pytest.mark.parametrize(
    "path",
    [FIXTURES / "group.body", FIXTURES / "alert.body", *sorted(SAMPLES.glob("alpr_*.json"))],
    ids=lambda path: path.stem,
)
def test_a_whole_payload_gives_the_read_it_holds(path: Path) -> None:
    payload = json.loads(path.read_bytes())
    inner = payload.get("group", payload)
    (event,) = translate(path.read_bytes(), "application/json", CONTEXT).events
    assert isinstance(event, PlateRead)
    assert event.plate == inner["best_plate_number"]
    assert event.confidence == pytest.approx(inner["best_confidence"] / 100)
    assert (event.lat, event.lon) == (inner["gps_latitude"], inner["gps_longitude"])
    assert event.occurred_at.timestamp() * 1000 == pytest.approx(inner["epoch_start"])
    assert event.camera_id == str(inner["camera_id"])
