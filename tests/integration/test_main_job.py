"""The main job from end to end, on the embedded defaults: a webhook to a row, an alert, and a person's answer."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from kafka import KafkaProducer
from websockets.sync.client import connect

from schemas.events.plate_read import PLATE_READ
from tests.local_system import Up, until

HOTLIST = "plate,state,reason,case_number,severity\nRUN1234,LA,Stolen,26-7,P1\n"


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    folder = tmp_path_factory.mktemp("main-job")
    system = Up(folder / "data")
    try:
        (folder / "list.csv").write_text(HOTLIST)
        system.command("hotlist", "load", str(folder / "list.csv"), "--list", "stolen", "--trusted-extract")
        yield system
    finally:
        system.stop()


def group(plate: str, uuid: str, **changes: Any) -> dict[str, Any]:
    """A plate group as an OpenALPR agent posts it, made now."""
    now = int(datetime.now(UTC).timestamp() * 1000)
    made = {
        "data_type": "alpr_group",
        "version": 3,
        "epoch_start": now - 900,
        "epoch_end": now - 100,
        "agent_uid": "AGENT",
        "camera_id": 4711,
        "gps_latitude": 29.9573,
        "gps_longitude": -90.0667,
        "country": "us",
        "best_uuid": uuid,
        "uuids": [uuid],
        "best_plate_number": plate,
        "best_confidence": 93.5,
        "best_region": "us-la",
        "best_region_confidence": 88.0,
        "is_preview": False,
        "candidates": [{"plate": plate, "confidence": 93.5, "matches_template": 1}],
    }
    return {**made, **changes}


def post(up: Up, body: object, path: str = "rekor/east") -> httpx2.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx2.post(f"{up.edge}/ingest/{path}", content=content, headers={"content-type": "application/json"})


def test_a_webhooks_read_is_in_the_store_with_plate_confidence_time_and_place(up: Up) -> None:
    answer = post(up, group("abc 123", "U-1", epoch_start=1_700_000_000_123))
    assert (answer.status_code, answer.json()["accepted"]) == (200, 1)
    until(lambda: up.count("plate_reads WHERE plate = 'ABC123'") == 1)
    (row,) = up.rows(
        "SELECT plate_raw, confidence, occurred_at, lat, lon, source FROM plate_reads WHERE plate = 'ABC123'"
    )
    assert row["plate_raw"] == "abc 123"
    assert row["confidence"] == pytest.approx(0.935)
    assert row["occurred_at"] == "2023-11-14T22:13:20.123Z"
    assert (row["lat"], row["lon"]) == (29.9573, -90.0667)
    assert row["source"] == "rekor/east"


def test_the_same_payload_sent_again_is_stored_once(up: Up) -> None:
    body = group("TWICE1", "U-2")
    assert [post(up, body).status_code for _ in range(3)] == [200, 200, 200]
    marker = group("AFTER1", "U-3")
    post(up, marker)
    until(
        lambda: (
            up.count("plate_reads WHERE plate = 'AFTER1'") == 1 and up.count("sightings WHERE plate = 'TWICE1'") >= 1
        )
    )
    assert up.count("plate_reads WHERE plate = 'TWICE1'") == 1
    assert up.count("sightings WHERE plate = 'TWICE1'") == 1


def test_a_listed_plate_reaches_a_screen_as_an_explained_alert_and_an_answer_comes_back_through_the_log(up: Up) -> None:
    url = up.web.replace("http", "ws") + "/ws"
    with connect(url, subprotocols=["watchfloor.v1+json"], origin=up.web) as screen:  # type: ignore[list-item,arg-type]
        screen.send(json.dumps({"t": "hello", "v": 1, "client": "test", "resume": None, "sub": ["alerts"]}))
        assert post(up, group("RUNI234", "U-4")).status_code == 200  # I for 1: a look-alike

        def next_state(alert_id: str | None = None) -> dict[str, Any]:
            while True:
                message = json.loads(screen.recv(timeout=30))
                for row in message.get("ch", {}).get("alerts", {}).get("rows", []) if message["t"] == "d" else []:
                    if alert_id in (None, row["alert_id"]):
                        found: dict[str, Any] = row
                        return found

        alert = next_state()
        assert (alert["rule"], alert["severity"], alert["status"]) == ("hotlist_hit", "P1", "open")
        assert "RUN1234" in alert["title"]
        assert "position 4: I for 1" in " ".join(reason["text"] for reason in alert["why"])
        act = {
            "key": str(uuid4()),
            "name": "alert.acknowledge",
            "subject_id": alert["alert_id"],
            "actor": "r.diaz",
            "note": "on it",
        }
        answers = [httpx2.post(f"{up.web}/api/actions", json=act) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200]
        changed = next_state(alert["alert_id"])
        assert (changed["rev"], changed["status"], changed["changed_by"]) == (2, "acknowledged", "r.diaz")
    until(
        lambda: (
            up.rows(f"SELECT status FROM alerts WHERE alert_id = '{alert['alert_id']}'") == [{"status": "acknowledged"}]
        )
    )
    assert up.count(f"actions WHERE subject_id = '{alert['alert_id']}'") == 1


def test_b15_a_withdrawn_entry_ends_its_open_alert_on_the_screen_and_raises_no_other_within_five_seconds(
    up: Up, tmp_path: Path
) -> None:
    (tmp_path / "amber.csv").write_text("plate,reason,case_number,entry_id\nAMB777,Missing child,26-9,A-1\n")
    up.command("hotlist", "load", str(tmp_path / "amber.csv"), "--list", "amber", "--expires-days", "1")
    url = up.web.replace("http", "ws") + "/ws"
    with connect(url, subprotocols=["watchfloor.v1+json"], origin=up.web) as screen:  # type: ignore[list-item,arg-type]
        screen.send(json.dumps({"t": "hello", "v": 1, "client": "test", "resume": None, "sub": ["alerts"]}))
        seen: list[dict[str, Any]] = []

        def of_amber(status: str) -> list[dict[str, Any]]:
            with contextlib.suppress(TimeoutError):
                while True:
                    message = json.loads(screen.recv(timeout=0.2))
                    if message["t"] == "ping":
                        screen.send(json.dumps({"t": "pong", "n": message["n"]}))
                    seen.extend(message.get("ch", {}).get("alerts", {}).get("rows", []) if message["t"] == "d" else [])
            return [row for row in seen if "AMB777" in row["title"] and row["status"] == status]

        number = 0

        def read_again() -> bool:
            nonlocal number
            number += 1
            # Each by a camera of its own: the same pass would raise no second alert.
            assert post(up, group("AMB777", f"W-{number}", camera_id=5000 + number)).status_code == 200
            return bool(of_amber("open"))

        until(read_again)  # the processors take a moment to have the list
        said = up.run("hotlist", "withdraw", "amber", "A-1", "--reason", "Found safe", "--by", "r.diaz")
        assert said.returncode == 0, said.stderr
        withdrawn_at = time.monotonic()
        until(lambda: len(of_amber("recalled")) >= len({row["alert_id"] for row in of_amber("open")}) > 0, 5.0)
        for row in of_amber("recalled"):
            assert row["changed_by"] == "r.diaz"
            assert "Found safe" in row["note"]
        time.sleep(max(0.0, withdrawn_at + 5.0 - time.monotonic()))  # from then on it is promised
        alerts = {row["alert_id"] for row in seen}
        assert post(up, group("AMB777", "W-after", camera_id=5999)).status_code == 200
        until(lambda: up.count("sightings WHERE camera_id = '5999' AND empty(hits)") == 1)
        of_amber("open")
        assert {row["alert_id"] for row in seen} == alerts
        again = json.loads(
            up.command("hotlist", "withdraw", "amber", "A-1", "--reason", "Found", "--by", "x", "--json")
        )
        assert again["changed"] is False
        up.command("hotlist", "reinstate", "amber", "A-1", "--reason", "A mistake", "--by", "r.diaz")
        until(lambda: read_again() and len(of_amber("open")) > len(of_amber("recalled")))
    unknown = up.run("hotlist", "withdraw", "amber", "A-9", "--reason", "Found", "--by", "r.diaz")
    assert unknown.returncode == 1
    assert "knows no entry A-9" in unknown.stderr
    assert "no list nowhere" in up.run("hotlist", "withdraw", "nowhere", "A-1", "--reason", "x", "--by", "y").stderr


def test_what_a_person_calls_noise_is_told_as_a_sign_until_it_is_taken_back_and_passes_are_listed(up: Up) -> None:
    number = 0

    def rules_of(camera: int) -> set[str]:
        """Read the listed plate once more; return the rules of the alerts at this camera so far."""
        nonlocal number
        number += 1
        assert post(up, group("RUN1234", f"N-{number}", camera_id=camera)).status_code == 200
        return {row["rule"] for row in up.rows(f"SELECT rule FROM alerts WHERE camera_id = '{camera}'")}

    up.command("noise", "declare", "7001", "run 1234", "--reason", "A parking sign", "--by", "r.diaz")
    until(lambda: up.count("plate_noise WHERE is_noise") == 1)
    until(lambda: "noise_hit" in rules_of(7001))
    (alert,) = up.rows("SELECT severity, title, why FROM alerts WHERE camera_id = '7001' AND rule = 'noise_hit'")
    assert alert["severity"] == "P4"
    assert "A parking sign" in alert["why"][0]["text"]
    (known,) = json.loads(up.command("noise", "list", "--json"))["rows"]
    assert (known["noise_id"], known["is_noise"], known["changed_by"]) == ("7001/RUN1234", True, "r.diaz")
    until(lambda: "hotlist_hit" in rules_of(7002))  # a plate everywhere else

    up.command("noise", "undo", "7001", "RUN1234", "--reason", "A vanity plate", "--by", "r.diaz")
    until(lambda: up.count("plate_noise WHERE NOT is_noise") == 1)
    assert json.loads(up.command("noise", "list", "--json"))["rows"] == []
    until(lambda: "hotlist_hit" in rules_of(7001))
    (word,) = up.rows("SELECT name, actor FROM actions WHERE name = 'noise.undo'")
    assert (word["name"], word["actor"]) == ("noise.undo", "r.diaz")

    passes = json.loads(up.command("passes", "--plate", "RUN1234", "--camera", "7001", "--json"))["rows"]
    assert {one["is_noise"] for one in passes} == {True, False}
    assert all(one["variants"][0]["plate"] == one["plate"] == "RUN1234" for one in passes)
    assert "RUN1234  7002" in up.command("passes", "--camera", "7002")
    assert "RUN1234" in up.command("passes", "--plate", "RUN1234", "--as-read")


def test_past_reads_are_previewed_a_delta_changes_the_list_and_a_hunt_finds_history_without_an_alarm(
    up: Up, tmp_path: Path
) -> None:
    for number, plate in enumerate(("HUNT001", "HUNTO01", "HUNT002")):
        assert post(up, group(plate, f"H-{number}", camera_id=6000 + number)).status_code == 200
    until(lambda: up.count("sightings WHERE plate LIKE 'HUNT%'") == 3)
    file = tmp_path / "hunted.csv"
    file.write_text("plate,state,reason,case_number,entry_id\nHUNT001,LA,Witness,26-8,H-1\n")
    told = json.loads(up.command("hotlist", "preview", str(file), "--json"))["radius"]
    assert {kind: one["reads"] for kind, one in told["by_match"].items()} == {"exact": 1, "look_alike": 1, "edit": 1}
    assert told["cameras"] == 3

    load = ("hotlist", "load", str(file), "--list", "hunted", "--expires-days", "1")
    up.command(*load)
    assert up.count("alerts WHERE rule = 'retro_hunt'") == 0
    hunted = json.loads(up.command("hotlist", "hunt", "hunted", "--json"))
    assert {row["plate"] for row in hunted["reads"]} == {"HUNT001", "HUNTO01"}
    until(lambda: up.count("alerts WHERE rule = 'retro_hunt' AND status = 'closed'") == 2)
    assert json.loads(up.command("hotlist", "hunt", "hunted", "--json"))["stored"] == 0

    file.write_text("plate,state,reason,case_number,entry_id,action\n,,,,H-1,remove\nHUNT002,LA,Witness,26-8,H-2,add\n")
    refused = up.run(*load, "--delta", "--base", "20200101T000000.000Z-000000000000")
    assert refused.returncode == 1
    assert "is in force" in refused.stderr
    said = json.loads(up.command(*load, "--delta", "--json"))
    assert (said["entries"], said["removed"]) == (2, 1)
    again = up.command("hotlist", "hunt", "hunted", "--no-store", "--json")
    assert {row["plate"] for row in json.loads(again)["reads"]} == {"HUNT002"}
    number = 0

    def alerted() -> bool:
        nonlocal number
        number += 1
        assert post(up, group("HUNT002", f"D-{number}", camera_id=6100 + number)).status_code == 200
        return up.count("alerts WHERE rule = 'hotlist_hit' AND subject = 'HUNT002'") > 0

    until(alerted)
    assert post(up, group("HUNT001", "D-gone", camera_id=6999)).status_code == 200
    until(lambda: up.count("sightings WHERE camera_id = '6999' AND empty(hits)") == 1)


def test_a_batch_goes_on_past_a_bad_part_which_is_kept_whole(up: Up) -> None:
    bad = group("BAD1", "U-6", best_confidence="high")
    answer = post(up, [group("GOOD1", "U-5"), bad, group("GOOD2", "U-7")])
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 2
    assert "best_confidence" in answer.json()["refused"][0]["field"]
    until(lambda: up.count("dead_letters WHERE step = 'translate'") == 1)
    listed = json.loads(up.command("dead-letters", "list", "--json"))["rows"]
    letter = next(row for row in listed if row["step"] == "translate")
    shown = json.loads(up.command("dead-letters", "show", letter["event_id"], "--json"))
    assert json.loads(shown["original_text"])["best_confidence"] == "high"
    still_bad = up.run("dead-letters", "replay", letter["event_id"])
    assert still_bad.returncode == 1
    assert "best_confidence" in still_bad.stderr


def test_a_poisoned_frame_is_dead_lettered_and_can_be_given_back(up: Up) -> None:
    kafka = KafkaProducer(bootstrap_servers=up.kafka)
    kafka.send(PLATE_READ.topic, b'{"not": "a read"}', partition=0).get(10)
    kafka.close()
    assert post(up, group("LATER1", "U-8")).status_code == 200
    until(
        lambda: (
            up.count("plate_reads WHERE plate = 'LATER1'") == 1 and up.count("dead_letters WHERE step = 'decode'") == 1
        )
    )
    (letter,) = up.rows("SELECT event_id, original, reason FROM dead_letters WHERE step = 'decode'")
    assert (letter["original"], letter["reason"]) == ('{"not": "a read"}', "invalid_field")
    assert "in its topic again" in up.command("dead-letters", "replay", letter["event_id"])
    until(lambda: up.count("dead_letters WHERE step = 'decode'") == 2)


@pytest.mark.parametrize(
    ("body", "status", "names"),
    [
        (b"{not json", 400, "body"),
        ({"data_type": "alpr_group"}, 422, "best_plate_number"),
        (b"[]" + b" " * 12_000_000, 413, "bytes"),
    ],
)
def test_bad_payloads_are_refused_by_name(up: Up, body: object, status: int, names: str) -> None:
    answer = post(up, body)
    assert answer.status_code == status
    assert names in answer.text or status == 422


def test_the_doctor_finds_a_running_system_well(up: Up) -> None:
    done = up.run("doctor", "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 0, told
    assert {finding["what"] for finding in told["findings"]} >= {"system", "broker", "page and API", "edge", "disk"}


def test_sql_answers_and_refuses_on_the_command_line(up: Up) -> None:
    assert json.loads(up.command("sql", "SELECT 1 AS one", "--json"))["data"] == [{"one": 1}]
    refused = up.run("sql", "SELECT file('/etc/passwd')")
    assert refused.returncode == 3
    assert "root:" not in refused.stdout + refused.stderr


def test_a_replayed_file_of_calls_is_counted_once(up: Up, tmp_path: Path) -> None:
    file = tmp_path / "calls.csv"
    file.write_text(
        "id,time,location,latitude,longitude,district,nature,status\n"
        '1,2018-05-01 00:10:28,"5237 N 35TH ST,MKE",43.1127987,-87.9567415,4,SHOOTING,Assignment Completed\n'
        '2,2018-05-01 00:18:31,"5262 N 38TH ST,MKE",,,4,PROPERTY DAMAGE,Service in Progress\n'
    )
    for _ in range(2):
        told = json.loads(up.command("replay", "calls", str(file), "--format", "milwaukee", "--json"))
        assert (told["accepted"], told["without_location"], told["refused"]) == (2, 1, 0)
    until(lambda: up.count("calls") == 2 and up.count("incidents") == 2)
    assert up.count("call_states") == 2
