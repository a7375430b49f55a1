"""From a read to its picture and what people find of it, on the embedded defaults, in processes as they really run."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from pipeline.rules.camera_misreads import MISREADS
from schemas.identity import identity
from tests.local_system import Up, until

JPEG = b"\xff\xd8\xff\xe0 a picture"
HEADER = "X-Audience"


class Camera(BaseHTTPRequestHandler):
    """Has a picture at every address but /gone.jpg."""

    def do_GET(self) -> None:
        self.send_response(404 if self.path == "/gone.jpg" else 200)
        self.end_headers()
        self.wfile.write(JPEG)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def camera() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Camera)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory, camera: str) -> Iterator[Up]:
    folder = tmp_path_factory.mktemp("verdicts")
    system = Up(
        folder / "data",
        {
            "WATCHFLOOR_IMAGE_HOSTS": json.dumps([camera]),
            "WATCHFLOOR_IMAGE_NETWORKS": '["127.0.0.0/8"]',
            "WATCHFLOOR_AUDIENCE_HEADER": HEADER,
        },
    )
    try:
        rows = [f"MIS{number:04d},Stolen,26-{number},all" for number in range(MISREADS)]
        rows += ["SECRET1,Stolen,26-99,restricted"]
        (folder / "list.csv").write_text("\n".join(["plate,reason,case_number,audience", *rows]))
        system.command("hotlist", "load", str(folder / "list.csv"), "--list", "stolen", "--trusted-extract")
        yield system
    finally:
        system.stop()


def read(plate: str, **changes: Any) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    return {
        "event_id": str(identity("plate_read", "test", plate)),
        "occurred_at": now,
        "observed_at": now,
        "source": "test/reads",
        "camera_id": "C1",
        "plate": plate,
        "plate_raw": plate,
        "confidence": 0.9,
        **changes,
    }


def named(up: Up, sql: str) -> list[dict[str, Any]]:
    """Rows as somebody sees them who is named for restricted lists."""
    answer = httpx2.post(
        f"{up.web}/api/sql", json={"sql": sql, "format": "JSON"}, headers={HEADER: "restricted"}, timeout=20
    )
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["data"]
    return rows


def test_b7_b18_pictures_are_shown_to_those_who_may_and_twenty_misreads_raise_an_alert_about_the_camera(
    up: Up, camera: str
) -> None:
    past = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    reads = [read(f"MIS{number:04d}", image_ref=f"{camera}/{number}.jpg") for number in range(MISREADS)]
    reads[1] |= {"image_expires_at": past}
    reads[2] |= {"image_ref": f"{camera}/gone.jpg"}
    reads[3] |= {"image_ref": "http://169.254.169.254/latest"}
    secret = read("SECRET1", image_ref=f"{camera}/secret.jpg")
    answer = httpx2.post(f"{up.edge}/ingest/events/plate_read", json=[*reads, secret])
    assert (answer.status_code, answer.json()["accepted"]) == (200, MISREADS + 1)

    def picture(of: dict[str, Any], **headers: str) -> tuple[str, str]:
        told = httpx2.get(f"{up.web}/api/images/{of['event_id']}", headers=headers).json()
        return told["state"], told["reason"]

    until(lambda: picture(reads[0]) == ("fetched", ""))
    until(lambda: picture(reads[1]) == ("expired", "image_expired"))
    until(lambda: picture(reads[2]) == ("failed", "http_404"))
    until(lambda: picture(reads[3]) == ("refused", "host_not_allowed"))
    until(lambda: picture(secret, **{HEADER: "restricted"}) == ("fetched", ""))
    assert picture(secret) == ("none", "")
    assert httpx2.get(f"{up.web}/api/images/{reads[0]['event_id']}/picture").content == JPEG
    until(lambda: len(named(up, "SELECT 1 FROM images WHERE state = 'fetched'")) == MISREADS - 2)

    until(lambda: len(named(up, "SELECT 1 FROM alerts")) == MISREADS + 1)
    for row in named(up, "SELECT toString(alert_id) AS id, subject FROM alerts WHERE audience = ''"):
        act = {"key": str(uuid4()), "name": "alert.judge", "subject_id": row["id"], "actor": "r.diaz"}
        found = {"verdict": "misread", "true_plate": row["subject"].replace("MIS", "M1S")}
        assert httpx2.post(f"{up.web}/api/actions", json={**act, **found}).status_code == 200
    until(lambda: len(named(up, "SELECT 1 FROM alerts WHERE rule = 'camera_misreads'")) == 1)
    told = json.loads(up.command("precision", "--by", "camera", "--json"))
    assert [(one["name"], one["judged"], one["misread"]) for one in told["rows"]] == [("C1", MISREADS, MISREADS)]
    confused = named(up, "SELECT * FROM plate_confusions WHERE true_character != read_character")
    assert [(one["true_character"], one["read_character"], int(one["times"])) for one in confused] == [
        ("1", "I", MISREADS)
    ]
    assert httpx2.post(f"{up.web}/api/sql", json={"sql": "SELECT 1"}).status_code == 403
    assert json.loads(up.command("sql", "SELECT count() AS n FROM alerts", "--format", "JSON"))["data"]
