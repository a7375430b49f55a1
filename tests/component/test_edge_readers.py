"""Every reader's payload through the edge's door: what is taken, ignored and refused is what the fixtures say."""

from __future__ import annotations

import os
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from compose.settings import ConfigError, Settings
from compose.webhook_maps import connectors_with_maps
from schemas.events.dead_letter import DeadLetter
from schemas.events.plate_read import PlateRead
from tests.component.edge_door import Log, edge
from tests.contract.test_connectors import CASES, expectation, instance_of

MAP = 'format = "json"\n[fields]\nplate = { path = "$.p" }\noccurred_at = { path = "$.t" }\n'


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("WATCHFLOOR_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize(("name", "path"), CASES, ids=lambda value: getattr(value, "stem", value))
def test_a_posted_payload_is_taken_ignored_or_refused_as_its_fixture_says(name: str, path: Path) -> None:
    expected, log = expectation(path), Log()
    with edge(log) as client:
        answer = client.post(
            f"/ingest/{name}/{instance_of(name, path)}",
            content=path.read_bytes(),
            headers={"Content-Type": expected["content_type"]},
        )
    body = answer.json()
    nothing_taken = bool(expected["refused"]) and not expected["events"] and not expected["ignored"]
    assert answer.status_code == (422 if nothing_taken else 200)
    assert body["accepted"] == len(expected["events"])
    assert body["ignored"] == expected["ignored"]
    assert [part["field"] for part in body["refused"]] == [part["field"] for part in expected["refused"]]
    letters = [event for event in log.events if isinstance(event, DeadLetter)]
    assert len(letters) == (0 if nothing_taken else len(expected["refused"]))


def test_a_dahua_camera_is_answered_as_it_wants_so_that_it_does_not_send_again() -> None:
    body = (CASES[0][1].parents[1] / "dahua" / "tollgate.body").read_bytes()
    with edge(Log()) as client:
        answer = client.post("/ingest/dahua/gate", content=body, headers={"Content-Type": "application/json"})
        other = client.post("/ingest/axis/gate", json={"heartbeat": 1})
    assert answer.json()["result"] == "true"
    assert "result" not in other.json()


def test_a_map_of_the_folder_that_is_set_is_served(tmp_path: Path) -> None:
    (tmp_path / "acme.toml").write_text(MAP)
    log = Log()
    with edge(
        log, connectors=connectors_with_maps(Settings(maps_dir=tmp_path)), zone=ZoneInfo("America/Chicago")
    ) as client:
        taken = client.post("/ingest/webhook_map/acme.north", json={"p": "ABC 123", "t": "2026-01-15T12:30:05"})
        unknown = client.post("/ingest/webhook_map/nobody", json={})
    assert taken.status_code == 200
    (read,) = log.events
    assert isinstance(read, PlateRead)
    assert (read.plate, read.source, read.occurred_at.hour) == ("ABC123", "webhook_map/acme.north", 18)
    assert unknown.status_code == 400
    assert "acme" in unknown.json()["error"]


def test_a_map_that_cannot_work_stops_the_start_with_its_file_and_key(tmp_path: Path) -> None:
    (tmp_path / "acme.toml").write_text(MAP.replace("$.p", "p"))
    with pytest.raises(ConfigError, match=r"acme\.toml: fields\.plate\.path: "):
        connectors_with_maps(Settings(maps_dir=tmp_path))
