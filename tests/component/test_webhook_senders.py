"""Who may send to the edge (B6): digests, keys and signatures, stale and replayed ones; refused ones are told of."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta

import httpx2
import pytest
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from connectors.edge.app import create_edge
from connectors.edge.digest import NONCE_S
from connectors.edge.metrics import REFUSED_SENDERS
from connectors.edge.senders import LOG_EVERY_S, RefusedSenders
from connectors.edge.signature import TOLERANCE_S, Signatures, read_secrets
from schemas.wire.publisher import BrokerUnavailableError
from tests.component.edge_door import JSON, NOW, Log, edge, group

TOKEN = "s3cret-token"
KEY, OLD_KEY = b"k" * 32, b"o" * 24
SECRETS = [f"whsec_{base64.b64encode(key).decode()}" for key in (KEY, OLD_KEY)]


def signed(body: bytes, *, name: str = "msg_1", at: datetime = NOW, key: bytes = KEY, **changes: str) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    mark = base64.b64encode(hmac.digest(key, f"{name}.{stamp}.".encode() + body, "sha256")).decode()
    headers = {"webhook-id": name, "webhook-timestamp": stamp, "webhook-signature": f"v1a,AAAA v1,{mark}"}
    return {**JSON, **headers, **{name.replace("_", "-"): value for name, value in changes.items()}}


def door(log: Log) -> TestClient:
    return edge(log, token=TOKEN, signing_keys=(KEY, OLD_KEY))


def post(client: TestClient, body: bytes, headers: Mapping[str, str]) -> httpx2.Response:
    return client.post("/ingest/rekor", content=body, headers=headers)


def refused(reason: str) -> float:
    return REFUSED_SENDERS.labels(reason)._value.get()


@pytest.fixture
def log() -> Log:
    return Log()


# Keys.


def test_b6_the_token_may_come_as_an_api_key_and_a_wrong_one_is_counted(log: Log) -> None:
    before = refused("wrong_token")
    client = door(log)
    assert post(client, group(), {**JSON, "X-Api-Key": TOKEN}).status_code == 200
    assert post(client, group(), {**JSON, "X-Api-Key": "wrong"}).status_code == 401
    assert refused("wrong_token") == before + 1


# Signatures.


@pytest.mark.parametrize("key", [KEY, OLD_KEY])
def test_b6_a_signed_webhook_is_taken_without_a_token_by_any_key_in_force(log: Log, key: bytes) -> None:
    body = group()
    assert post(door(log), body, signed(body, key=key)).status_code == 200
    assert len(log.events) == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"webhook_signature": "v1," + base64.b64encode(b"x" * 32).decode()}, "wrong_signature"),
        ({"webhook_signature": ""}, "wrong_signature"),
        ({"webhook_signature": "v1a,AAAA"}, "wrong_signature"),
        ({"webhook_id": "msg_2"}, "wrong_signature"),
        ({"webhook_timestamp": str(int(NOW.timestamp()) + 1)}, "wrong_signature"),
        ({"webhook_id": ""}, "bad_signature_headers"),
        ({"webhook_timestamp": "yesterday"}, "bad_signature_headers"),
        ({"webhook_timestamp": ""}, "bad_signature_headers"),
    ],
)
def test_b6_what_is_signed_wrongly_is_refused_and_counted(log: Log, changes: dict[str, str], reason: str) -> None:
    before = refused(reason)
    body = group()
    answer = post(door(log), body, signed(body, **changes))
    assert answer.status_code == 401
    assert log.events == []
    assert refused(reason) == before + 1


def test_b6_another_body_or_another_key_does_not_fit_the_signature(log: Log) -> None:
    client = door(log)
    assert post(client, group(best_plate_number="XYZ999"), signed(group())).status_code == 401
    assert post(client, group(), signed(group(), key=b"z" * 32)).status_code == 401
    assert log.events == []


def test_b6_a_wrong_signature_is_not_made_good_by_a_token(log: Log) -> None:
    headers = {**signed(group(), webhook_signature="v1,AAAA"), "X-Watchfloor-Token": TOKEN}
    assert post(door(log), group(), headers).status_code == 401


@pytest.mark.parametrize("seconds", [-TOLERANCE_S - 1, TOLERANCE_S + 1])
def test_b6_a_stale_timestamp_is_refused(log: Log, seconds: float) -> None:
    before = refused("stale_timestamp")
    body = group()
    assert post(door(log), body, signed(body, at=NOW + timedelta(seconds=seconds))).status_code == 401
    assert post(door(log), body, signed(body, at=NOW + timedelta(seconds=seconds / 2))).status_code == 200
    assert refused("stale_timestamp") == before + 1


def test_b6_a_replayed_id_is_answered_409_and_counted(log: Log) -> None:
    before = refused("replayed_id")
    client, body = door(log), group()
    assert post(client, body, signed(body)).status_code == 200
    again = post(client, body, signed(body))
    assert (again.status_code, again.json()["field"]) == (409, "webhook-id")
    assert len(log.events) == 1
    assert refused("replayed_id") == before + 1
    assert post(client, body, signed(body, name="msg_2")).status_code == 200


def test_what_was_not_taken_may_be_sent_again_under_its_id(log: Log) -> None:
    client, body = door(log), group()
    log.failure = BrokerUnavailableError("away")
    assert post(client, body, signed(body)).status_code == 503
    log.failure = None
    assert post(client, b"{}", signed(b"{}")).status_code in (400, 422)
    assert post(client, body, signed(body)).status_code == 200


def test_ids_are_forgotten_after_their_time_and_when_they_are_too_many() -> None:
    known = Signatures([KEY], remembered=3)

    def take(number: int, now: float) -> None:
        headers = signed(b"", name=f"msg_{number}", at=datetime.fromtimestamp(now, NOW.tzinfo))
        with known.taking(headers, b"", now) as holding:
            holding.is_taken = True

    for number in range(10):
        take(number, 1000.0)
    assert len(known._taken) == 3
    take(11, 1000.0 + 2 * TOLERANCE_S + 1)
    assert list(known._taken) == ["msg_11"]


@pytest.mark.parametrize("text", ["whsec_short", "s" * 40, f"{SECRETS[0]} wrong", "whsec_" + "A" * 200, "whsec_%%%"])
def test_a_secret_that_is_none_is_refused_without_being_told(text: str) -> None:
    with pytest.raises(ValueError, match="whsec_ and base64") as told:
        read_secrets(text)
    assert text not in str(told.value)
    assert read_secrets(" ".join(SECRETS)) == (KEY, OLD_KEY)


def test_requests_that_must_be_signed_are_refused_when_they_are_not(log: Log) -> None:
    assert post(edge(log, signing_keys=(KEY,)), group(), JSON).status_code == 401


# Digest, asked by an independent implementation of the client's side.


def with_digest(client: TestClient, password: str, path: str = "/ingest/rekor") -> httpx2.Response:
    return client.post(path, content=group(), headers=JSON, auth=httpx2.DigestAuth("reader", password))


@pytest.mark.parametrize("path", ["/ingest/rekor", "/ingest/rekor/east?site=north%20gate&x=1"])
def test_b6_a_reader_that_knows_only_digest_is_challenged_and_let_in(log: Log, path: str) -> None:
    assert with_digest(door(log), TOKEN, path).status_code == 200
    assert len(log.events) == 1


def test_b6_a_missing_or_wrong_digest_is_refused_and_counted(log: Log) -> None:
    client = door(log)
    before = refused("wrong_digest")
    assert with_digest(client, "wrong").status_code == 401
    assert refused("wrong_digest") == before + 1
    none = post(client, group(), JSON)
    challenges = none.headers.get_list("www-authenticate")
    assert [one.split()[0] for one in challenges] == ["Bearer", "Digest", "Digest"]
    assert ["SHA-256" in one for one in challenges] == [False, True, False]
    assert log.events == []


class Answering:
    """A sender that keeps what it answered to a challenge, to send it again."""

    def __init__(self, log: Log) -> None:
        self.now = NOW
        self.client = TestClient(create_edge(log, token=TOKEN, clock=lambda: self.now))
        self.answer = with_digest(self.client, TOKEN).request.headers["authorization"]

    def send(self, answer: str, path: str = "/ingest/rekor") -> httpx2.Response:
        return self.client.post(path, content=group(), headers={**JSON, "Authorization": answer})


def test_b6_a_digest_counts_once(log: Log) -> None:
    sender = Answering(log)
    again = sender.send(sender.answer)
    assert again.status_code == 401
    assert "stale=true" in again.headers.get_list("www-authenticate")[0]
    assert len(log.events) == 1


def test_b6_a_digest_is_for_one_address_and_one_time(log: Log) -> None:
    sender = Answering(log)
    count = sender.answer.replace("nc=00000001", "nc=00000002")
    assert sender.send(count).status_code == 401
    assert sender.send(sender.answer, "/ingest/rekor/west").status_code == 401
    sender.now += timedelta(seconds=NONCE_S + 1)
    assert "stale=true" in sender.send(sender.answer).headers.get_list("www-authenticate")[0]
    assert len(log.events) == 1


@pytest.mark.parametrize("value", ["", "x", 'username="reader"', 'nonce="', 'a="\\', "response=" + "f" * 5000])
def test_a_digest_that_is_no_digest_is_refused(log: Log, value: str) -> None:
    assert post(door(log), group(), {**JSON, "Authorization": f"Digest {value}"}).status_code == 401


# What is told.


def test_b6_refused_senders_are_logged_without_what_they_showed(log: Log) -> None:
    body = group()
    with capture_logs() as lines:
        client = door(log)
        post(client, body, {**JSON, "X-Api-Key": "guess-1"})
        post(client, body, signed(body, name="msg_secret", webhook_signature="v1,guess2"))
        with_digest(client, "guess-3")
    told = [line for line in lines if line["event"] == "sender_refused"]
    assert {line["reason"] for line in told} >= {"wrong_token", "wrong_signature", "wrong_digest"}
    assert all(line["address"] == "testclient" for line in told)
    text = json.dumps(lines)
    for secret in ("guess", TOKEN, "msg_secret", "ABC123"):
        assert secret not in text


def test_a_flood_of_refusals_is_a_line_in_ten_seconds_that_says_how_many() -> None:
    now = [0.0]
    client = edge(Log(), token=TOKEN)
    client.app.state.refused_senders = RefusedSenders(lambda: now[0])  # type: ignore[attr-defined]
    with capture_logs() as lines:
        for _ in range(50):
            post(client, b"{}", {**JSON, "X-Api-Key": "wrong"})
        now[0] = LOG_EVERY_S
        post(client, b"{}", {**JSON, "X-Api-Key": "wrong"})
    assert [line["count"] for line in lines if line["event"] == "sender_refused"] == [1, 50]


def test_what_is_wrong_with_a_body_is_no_sender_refused(log: Log) -> None:
    with capture_logs() as lines:
        post(door(log), b"{", {**JSON, "X-Api-Key": TOKEN})
    assert not any(line["event"] == "sender_refused" for line in lines)
