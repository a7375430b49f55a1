"""Who may post to the edge, and where."""

from __future__ import annotations

import base64

import pytest

from tests.component.edge_door import JSON, Log, edge, group


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
