"""The edge, from HTTP request to what reaches the broker."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from connectors.edge.admission import Admission
from connectors.edge.app import create_edge
from connectors.edge.dead_letters import MAX_ORIGINAL_BYTES, dead_letter
from connectors.manifest import Manifest, Transport
from connectors.registry import Connector
from connectors.translation import Context, Refused, Translation
from schemas.events.dead_letter import DeadLetter
from schemas.events.plate_read import PlateRead
from schemas.wire.frame import MAX_EVENT_BYTES, encode_event, encode_frame
from schemas.wire.publisher import BackpressureError, BrokerUnavailableError
from tests.component.edge_door import JSON, NOW, HeldLog, Log, edge, fixture, group, talking_to

# What is accepted


def test_a_read_is_answered_200_after_it_was_published() -> None:
    log = Log()
    answer = edge(log, jurisdiction="nola").post("/ingest/rekor/east", content=group(), headers=JSON)
    assert (answer.status_code, answer.json()) == (200, {"accepted": 1, "ignored": [], "refused": []})
    (event,) = log.events
    assert isinstance(event, PlateRead)
    assert (event.plate, event.source, event.jurisdiction, event.observed_at) == ("ABC123", "rekor/east", "nola", NOW)


def test_no_answer_is_given_before_the_broker_confirmed() -> None:
    async def scenario() -> None:
        log = HeldLog()
        with talking_to(create_edge(log)) as client:
            request = asyncio.create_task(client.post("/ingest/rekor", content=group(), headers=JSON))
            await log.asked.wait()
            for _ in range(20):
                await asyncio.sleep(0)
            assert not request.done()
            assert log.events == []
            log.release.set()
            assert (await request).status_code == 200
        assert len(log.events) == 1

    asyncio.run(scenario())


def test_an_address_without_an_instance_means_the_default_one() -> None:
    log = Log()
    assert edge(log).post("/ingest/rekor", content=group(), headers=JSON).status_code == 200
    assert log.events[0].source == "rekor/default"


def test_a_form_with_a_picture_is_taken_and_the_picture_is_not_kept() -> None:
    log = Log()
    text = fixture("platerecognizer/stream_json").decode()
    files: Any = [("json", (None, text)), ("upload", ("car.jpg", b"\xff\xd8PICTURE" * 1000, "image/jpeg"))]
    assert edge(log).post("/ingest/platerecognizer/gate", files=files).json()["accepted"] == 1
    assert b"PICTURE" not in encode_frame(log.events)


def test_the_same_payload_twice_makes_the_same_ids() -> None:
    log = Log()
    client = edge(log)
    for _ in range(2):
        client.post("/ingest/rekor", content=group(), headers=JSON)
    assert log.events[0].event_id == log.events[1].event_id


def test_what_is_ignored_is_answered_with_the_reason_and_not_published() -> None:
    log = Log()
    answer = edge(log).post("/ingest/rekor", content=fixture("rekor/vehicle"), headers=JSON)
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 0
    assert "without a plate" in answer.json()["ignored"][0]
    assert log.events == []


# What is refused in part or as a whole


def test_the_good_parts_of_a_batch_are_accepted_and_the_bad_ones_become_dead_letters() -> None:
    log = Log()
    answer = edge(log).post("/ingest/rekor/east", content=fixture("rekor/batch"), headers=JSON)
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 1
    assert [part["field"] for part in answer.json()["refused"]] == [
        "[0].best_confidence",
        "[2].best_plate_number",
        "[3].gps_latitude",
        "[4]",
    ]
    read, *letters = log.events
    assert isinstance(read, PlateRead)
    assert len(letters) == 4
    letter = letters[0]
    assert isinstance(letter, DeadLetter)
    assert (letter.step, letter.reason, letter.topic) == ("translate", "invalid_field", "rtcc.lpr.plate-read.v1")
    assert (letter.index, letter.partition, letter.offset) == (0, -1, -1)
    assert letter.headers["field"] == "[0].best_confidence"
    assert json.loads(letter.original)["best_confidence"] == 940.2
    assert "ABC123" not in letter.error
    assert len({event.event_id for event in log.events}) == 5


def test_a_payload_with_nothing_usable_is_answered_422_and_nothing_is_published() -> None:
    log = Log()
    answer = edge(log).post("/ingest/rekor", content=group(best_confidence=940.2), headers=JSON)
    assert answer.status_code == 422
    assert answer.json()["refused"] == [{"index": 0, "field": "best_confidence", "error": "expected float <= 100.0"}]
    assert "best_confidence" in answer.json()["error"]
    assert log.events == []


@pytest.mark.parametrize(
    ("body", "field"),
    [(b"", "body"), (b"{", "body"), (b"plate=ABC123", "body"), (b'{"best_confidence": NaN}', "best_confidence")],
)
def test_a_body_that_is_no_json_is_answered_400_naming_the_place(body: bytes, field: str) -> None:
    log = Log()
    answer = edge(log).post("/ingest/rekor", content=body, headers=JSON)
    assert answer.status_code == 400
    assert answer.json()["field"] == field
    assert answer.json()["error"]
    assert log.events == []


def test_a_dead_letter_of_a_huge_part_is_cut_and_says_so() -> None:
    context = Context(connector="rekor", instance="east", observed_at=NOW)
    letter = dead_letter(Refused("x" * 500, "is bad", "plate_read", b"x" * 4_000_000), "application/json", context)
    assert len(letter.original) == MAX_ORIGINAL_BYTES
    assert letter.headers["cut-from-bytes"] == "4000000"
    assert len(encode_event(letter)) < MAX_EVENT_BYTES


# The broker


@pytest.mark.parametrize("failure", [BrokerUnavailableError("away"), BackpressureError("full")])
def test_a_broker_that_does_not_confirm_is_answered_503_with_a_time_to_come_back(failure: Exception) -> None:
    log = Log(failure)
    answer = edge(log).post("/ingest/rekor", content=group(), headers=JSON)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "send again" in answer.json()["error"]


def test_a_broker_that_never_answers_is_answered_503() -> None:
    async def scenario() -> None:
        with talking_to(create_edge(HeldLog(), publish_timeout_s=0.02)) as client:
            assert (await client.post("/ingest/rekor", content=group(), headers=JSON)).status_code == 503

    asyncio.run(scenario())


def test_an_event_too_large_for_the_log_is_answered_413() -> None:
    answer = edge(Log(ValueError("too large"))).post("/ingest/rekor", content=group(), headers=JSON)
    assert answer.status_code == 413


def test_health_tells_idle_then_ok_then_failing_then_ok_again() -> None:
    log = Log()
    client = edge(log)
    assert client.get("/health").json()["status"] == "idle"
    client.post("/ingest/rekor", content=group(), headers=JSON)
    healthy = client.get("/health")
    assert (healthy.status_code, healthy.json()["status"]) == (200, "ok")
    assert healthy.json()["broker"]["confirmed_events"] == 1
    log.failure = BrokerUnavailableError("away")
    client.post("/ingest/rekor", content=group(), headers=JSON)
    failing = client.get("/health")
    assert (failing.status_code, failing.json()["status"]) == (503, "failing")
    assert failing.json()["broker"]["last_failure"] == "BrokerUnavailableError"
    log.failure = None
    client.post("/ingest/rekor", content=group(), headers=JSON)
    assert client.get("/health").json()["status"] == "ok"


def test_health_tells_of_a_confirmation_that_is_waited_for_too_long() -> None:
    async def scenario() -> None:
        log, now = HeldLog(), [NOW]
        with talking_to(create_edge(log, clock=lambda: now[0])) as client:
            request = asyncio.create_task(client.post("/ingest/rekor", content=group(), headers=JSON))
            await log.asked.wait()
            now[0] = NOW + timedelta(seconds=6)
            health = (await client.get("/health")).json()
            assert health["status"] == "failing"
            assert (health["broker"]["pending_requests"], health["broker"]["longest_pending_s"]) == (1, 6.0)
            log.release.set()
            await request
            assert (await client.get("/health")).json()["status"] == "ok"

    asyncio.run(scenario())


# Faults and floods


def broken(body: bytes, content_type: str, context: Context) -> Translation:
    raise RuntimeError("plate SECRET1 broke me")


def test_a_fault_in_a_translator_is_answered_500_with_an_id_and_logged_without_content() -> None:
    manifest = Manifest(
        name="broken", title="x", transport=Transport.WEBHOOK, emits=(), content_types=("application/json",)
    )
    connector = Connector(manifest=manifest, folder=Path(), translate=broken)
    log = Log()
    with structlog.testing.capture_logs() as logged:
        answer = edge(log, connectors={"broken": connector}).post("/ingest/broken", content=b"{}", headers=JSON)
    assert answer.status_code == 500
    assert log.events == []
    (entry,) = logged
    assert entry["id"] in answer.json()["error"]
    assert entry["kind"] == "RuntimeError"
    assert entry["where"].split(":")[0].endswith("test_edge.py")
    assert "SECRET1" not in repr(logged) + answer.text


def test_requests_beyond_the_bound_are_sent_away_and_room_is_given_back() -> None:
    async def scenario() -> None:
        log, admission = HeldLog(), Admission(max_requests=1)
        with talking_to(create_edge(log, admission=admission)) as client:
            first = asyncio.create_task(client.post("/ingest/rekor", content=group(), headers=JSON))
            await log.asked.wait()
            second = await client.post("/ingest/rekor", content=group(), headers=JSON)
            assert second.status_code == 503
            assert second.headers["Retry-After"]
            log.release.set()
            assert (await first).status_code == 200
            assert (admission.requests, admission.bytes) == (0, 0)
            assert (await client.post("/ingest/rekor", content=group(), headers=JSON)).status_code == 200

    asyncio.run(scenario())


def test_bodies_beyond_the_memory_bound_are_sent_away() -> None:
    admission = Admission(max_bytes=100)
    answer = edge(Log(), admission=admission).post("/ingest/rekor", content=group(), headers=JSON)
    assert answer.status_code == 503
    assert admission.bytes == 0
