"""On a whole system: a read is searched for with a purpose, and the search is in the audit with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from tests.local_system import Up, until

#: A whole system is started and stopped.
pytestmark = pytest.mark.timeout(600)

WHY = {"purpose_code": "stolen_vehicle", "reference": "26-0112", "purpose": "taken from Canal Street"}


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    running = Up(tmp_path)
    yield running
    running.stop()


def test_check_28_a_search_finds_a_read_and_its_record_is_in_the_audit_once(up: Up) -> None:
    now = datetime.now(UTC).isoformat()
    read = {
        "event_id": str(uuid4()), "occurred_at": now, "observed_at": now, "source": "test/reads", "camera_id": "C1",
        "plate": "ABC123", "plate_raw": "ABC123", "confidence": 0.9,
    }  # fmt: skip
    accepted = httpx2.post(f"{up.edge}/ingest/events/plate_read", json=read, timeout=20)
    assert accepted.status_code == 200, accepted.text
    until(lambda: up.count("plate_reads") == 1, 90)

    question = {"actor": "r.diaz", **WHY, "plate": "A8C12?", "look_alikes": True}
    assert httpx2.post(f"{up.web}/api/plates/search", json={**question, "reference": ""}, timeout=20).status_code == 422
    told = httpx2.post(f"{up.web}/api/plates/search", json=question, timeout=20).json()
    assert [row["event_id"] for row in told["reads"]] == [read["event_id"]]
    body = {"search": told["search"], "actor": "r.diaz"}
    assert httpx2.post(f"{up.web}/api/plates/export", json=body, timeout=20).status_code == 200

    until(lambda: up.count("actions") == 2, 90)
    rows = up.get("/api/audit?actor=chief&who=r.diaz&subject=26-0112")["rows"]
    assert [(row["what"], row["who"], row["why"]) for row in rows] == [
        ("export.plate", "r.diaz", "taken from Canal Street"),
        ("search.plate", "r.diaz", "taken from Canal Street"),
    ]
    assert rows[1]["event_id"] == told["search"]
    assert up.count("dead_letters") == 0
    until(lambda: up.count("actions") == 3, 90)
