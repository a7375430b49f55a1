"""The edge, from HTTP request to what reaches the broker."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import zlib
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
import structlog
from starlette.applications import Starlette
from starlette.testclient import TestClient

from connectors.edge.admission import Admission
from connectors.edge.app import create_edge
from connectors.edge.dead_letters import MAX_ORIGINAL_BYTES, dead_letter
from connectors.manifest import Manifest, Transport
from connectors.registry import Connector, webhooks
from connectors.translation import Context, Refused, Translation
from schemas.envelope import Event
from schemas.events.camera_health import EXAMPLE as HEALTH
from schemas.events.dead_letter import DeadLetter
from schemas.events.emergency_call import EXAMPLE as CALL
from schemas.events.plate_read import EXAMPLE as READ
from schemas.events.plate_read import PlateRead
from schemas.wire.frame import MAX_EVENT_BYTES, encode_event, encode_frame
from schemas.wire.publisher import BackpressureError, BrokerUnavailableError

FIXTURES = Path(__file__).parents[1] / "contract" / "fixtures"
NOW = datetime(2026, 1, 15, 18, 30, 6, tzinfo=UTC)
JSON = {"Content-Type": "application/json"}


class Log:
    """A publisher that keeps what it was given; ``failure`` makes it fail."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.events: list[Event] = []
        self.failure = failure

    async def publish(self, events: Sequence[Event]) -> None:
        if self.failure is not None:
            raise self.failure
        self.events += events


class HeldLog(Log):
    """A publisher that confirms nothing until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.release = asyncio.Event()

    async def publish(self, events: Sequence[Event]) -> None:
        self.asked.set()
        await self.release.wait()
        await super().publish(events)


def edge(log: Log, **options: Any) -> TestClient:
    return TestClient(create_edge(log, clock=lambda: NOW, **options))


def fixture(name: str) -> bytes:
    return (FIXTURES / f"{name}.body").read_bytes()


def group(**changes: Any) -> bytes:
    return json.dumps({**json.loads(fixture("rekor/group")), **changes}).encode()


@contextmanager
def talking_to(app: Starlette) -> Iterator[httpx2.AsyncClient]:
    yield httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://edge")


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


# Sizes, encodings and times


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(group())),
        ("GZIP", gzip.compress(group())),
        ("deflate", zlib.compress(group())),
        ("deflate", zlib.compress(group(), wbits=-15)),
        ("identity", group()),
    ],
)
def test_a_body_may_be_compressed_once(encoding: str, packed: bytes) -> None:
    log = Log()
    headers = {**JSON, "Content-Encoding": encoding}
    assert edge(log).post("/ingest/rekor", content=packed, headers=headers).status_code == 200
    assert len(log.events) == 1


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd", "gzip, identity"])
def test_other_and_nested_encodings_are_answered_415(encoding: str) -> None:
    headers = {**JSON, "Content-Encoding": encoding}
    answer = edge(Log()).post("/ingest/rekor", content=gzip.compress(gzip.compress(group())), headers=headers)
    assert answer.status_code == 415
    assert "gzip" in answer.json()["error"]


def test_a_body_above_the_bound_is_answered_413() -> None:
    log = Log()
    answer = edge(log).post("/ingest/rekor", content=b" " * (10 * 1024 * 1024), headers=JSON)
    assert answer.status_code == 413
    assert log.events == []


def test_a_body_that_hides_its_length_is_still_counted() -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(100):
            yield b" " * 65_536

    answer = edge(Log()).post("/ingest/rekor", content=pieces(), headers=JSON)
    assert answer.status_code == 413


@pytest.mark.parametrize(("encoding", "wbits"), [("gzip", 31), ("deflate", 15), ("deflate", -15)])
def test_a_bomb_is_stopped_one_byte_beyond_the_bound(encoding: str, wbits: int) -> None:
    packer = zlib.compressobj(wbits=wbits)
    bomb = b"".join(packer.compress(b" " * 1_000_000) for _ in range(200)) + packer.flush()
    assert len(bomb) < 300_000
    seen: list[int] = []

    class Watch(Admission):
        def __setattr__(self, name: str, value: int) -> None:
            if name == "bytes":
                seen.append(value)
            super().__setattr__(name, value)

    admission = Watch()
    headers = {**JSON, "Content-Encoding": encoding}
    answer = edge(Log(), admission=admission).post("/ingest/rekor", content=bomb, headers=headers)
    assert answer.status_code == 413
    assert max(seen) <= webhooks()["rekor"].manifest.max_body_bytes
    assert admission.bytes == 0


@pytest.mark.parametrize("packed", [gzip.compress(group())[:-9], b"no gzip", gzip.compress(group()) + b"tail", b""])
def test_a_damaged_compressed_body_is_answered_400(packed: bytes) -> None:
    answer = edge(Log()).post("/ingest/rekor", content=packed, headers={**JSON, "Content-Encoding": "gzip"})
    assert answer.status_code == 400
    assert answer.json()["field"] == "content-encoding"


def test_a_body_that_trickles_in_is_given_up_after_the_time_allowed() -> None:
    async def scenario() -> None:
        never = asyncio.Event()

        async def trickle() -> AsyncIterator[bytes]:
            yield b"{"
            await never.wait()

        app = create_edge(Log(), body_timeout_s=0.05)
        messages: list[dict[str, Any]] = []
        source = trickle()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": await anext(source), "more_body": True}

        async def send(message: Any) -> None:
            messages.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/ingest/rekor",
            "headers": [(b"content-type", b"application/json")],
            "query_string": b"",
        }
        await app(scope, receive, send)
        assert messages[0]["status"] == 408

    asyncio.run(scenario())


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/jsonx", ""])
def test_another_content_type_is_answered_415_with_those_that_are_taken(content_type: str) -> None:
    log = Log()
    answer = edge(log).post("/ingest/rekor", content=group(), headers={"Content-Type": content_type})
    assert answer.status_code == 415
    assert "application/json" in answer.json()["error"]
    assert log.events == []


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


# Who may post, and where


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer s3cret-ü".encode()},
        {"X-Watchfloor-Token": "s3cret-ü".encode()},
        {"Authorization": b"Basic " + base64.b64encode("reader:s3cret-ü".encode())},
    ],
)
def test_the_token_may_come_in_three_ways(headers: dict[str, bytes]) -> None:
    sent = [(name.encode(), value.encode()) for name, value in JSON.items()]
    sent += [(name.encode(), value) for name, value in headers.items()]
    assert edge(Log(), token="s3cret-ü").post("/ingest/rekor", content=group(), headers=sent).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic !!!"},
        {"X-Watchfloor-Token": ""},
        {"Authorization": ""},
    ],
)
def test_a_missing_or_wrong_token_is_answered_401_on_every_way_in(headers: dict[str, str]) -> None:
    log = Log()
    client = edge(log, token="s3cret")
    for path in ("/ingest/rekor", "/ingest/unknown", "/ingest/events/plate_read"):
        answer = client.post(path, content=group(), headers={**JSON, **headers})
        assert answer.status_code == 401
        assert "s3cret" not in answer.text
    assert log.events == []
    assert client.get("/health").status_code == 200


@pytest.mark.parametrize("header", ["Origin", "Sec-Fetch-Site"])
def test_a_web_page_may_not_post(header: str) -> None:
    answer = edge(Log()).post("/ingest/rekor", content=group(), headers={**JSON, header: "https://elsewhere.example"})
    assert answer.status_code == 403


def test_an_unknown_connector_is_answered_404_with_those_that_are_known() -> None:
    answer = edge(Log()).post("/ingest/unknown", content=b"{}", headers=JSON)
    assert answer.status_code == 404
    assert "rekor" in answer.json()["error"]
    assert "platerecognizer" in answer.json()["error"]


def test_only_the_configured_instances_are_taken_when_there_are_any() -> None:
    log = Log()
    client = edge(log, instances={"rekor": ["east"]})
    assert client.post("/ingest/rekor/east", content=group(), headers=JSON).status_code == 200
    answer = client.post("/ingest/rekor/west", content=group(), headers=JSON)
    assert answer.status_code == 404
    assert "east" in answer.json()["error"]
    assert len(log.events) == 1


@pytest.mark.parametrize("instance", ["a" * 64, ".hidden", "a%20b", "a%0Ab"])
def test_an_instance_has_a_plain_name(instance: str) -> None:
    assert edge(Log()).post(f"/ingest/rekor/{instance}", content=group(), headers=JSON).status_code == 404


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/ingest/rekor"), ("PUT", "/ingest/rekor/east"), ("POST", "/health")]
)
def test_a_wrong_method_is_answered_405_in_json(method: str, path: str) -> None:
    answer = edge(Log()).request(method, path)
    assert answer.status_code == 405
    assert answer.headers["Allow"]
    assert "POST" in answer.json()["error"]


def test_an_unknown_path_is_answered_404_in_json() -> None:
    assert "/ingest/" in edge(Log()).get("/elsewhere").json()["error"]


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


# Events in our own form


@pytest.mark.parametrize(("kind", "event"), [("plate_read", READ), ("emergency_call", CALL), ("camera_health", HEALTH)])
def test_an_event_in_our_own_form_keeps_its_id_and_gets_our_clock(kind: str, event: Event) -> None:
    log = Log()
    answer = edge(log).post(f"/ingest/events/{kind}", content=encode_event(event), headers=JSON)
    assert answer.json() == {"accepted": 1, "ignored": [], "refused": []}
    assert log.events == [msgspec.structs.replace(event, observed_at=NOW)]


def test_the_bad_events_of_an_array_are_set_aside_alone() -> None:
    log = Log()

    def bad(**changes: Any) -> bytes:
        return json.dumps({**json.loads(encode_event(READ)), **changes}).encode()

    body = (
        b"[" + b",".join([bad(confidence=94), encode_event(READ), bad(plate="abc 123"), bad(occurred_at="now")]) + b"]"
    )
    answer = edge(log).post("/ingest/events/plate_read", content=body, headers=JSON)
    assert answer.json()["accepted"] == 1
    assert [(part["index"], part["field"]) for part in answer.json()["refused"]] == [
        (0, "[0].confidence"),
        (2, "[2].plate"),
        (3, "[3].occurred_at"),
    ]
    assert [type(event) for event in log.events] == [PlateRead, DeadLetter, DeadLetter, DeadLetter]


def test_only_what_a_source_may_state_is_taken_in_our_own_form() -> None:
    answer = edge(Log()).post("/ingest/events/alert", content=b"{}", headers=JSON)
    assert answer.status_code == 404
    assert "plate_read" in answer.json()["error"]
