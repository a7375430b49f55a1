"""An alert that nobody takes, and one that is put aside, in processes as they really run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from schemas.identity import identity
from tests.local_system import Up, until


@pytest.fixture
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    folder = tmp_path_factory.mktemp("alarms")
    system = Up(folder / "data", {"WATCHFLOOR_ESCALATE_P2_S": "5"})
    try:
        (folder / "list.csv").write_text("plate,reason,case_number,severity\nLATE123,Stolen,26-1,P2\n")
        system.command("hotlist", "load", str(folder / "list.csv"), "--list", "stolen", "--trusted-extract")
        yield system
    finally:
        system.stop()


def test_an_alert_nobody_takes_is_escalated_once_and_of_two_who_shelve_it_the_second_hears_of_the_first(up: Up) -> None:
    now = datetime.now(UTC).isoformat()
    read = {
        "event_id": str(identity("plate_read", "test", "late")), "occurred_at": now, "observed_at": now,
        "source": "test/reads", "camera_id": "C1", "plate": "LATE123", "plate_raw": "LATE123", "confidence": 0.9,
    }  # fmt: skip
    assert httpx2.post(f"{up.edge}/ingest/events/plate_read", json=[read]).status_code == 200
    columns = "toString(alert_id) AS id, severity, status, rev, shelved_by, isNotNull(escalated_at) AS late"

    def newest() -> dict[str, Any]:
        rows = up.rows(f"SELECT {columns} FROM alerts")
        return rows[0] if rows else {}

    until(lambda: newest() != {})
    until(lambda: newest().get("late") in (1, True))
    alert = newest()
    assert (alert["severity"], alert["status"], int(alert["rev"])) == ("P2", "open", 2)

    def act(actor: str, name: str, **details: str) -> httpx2.Response:
        body = {"key": str(uuid4()), "name": name, "subject_id": alert["id"], "actor": actor, "details": details}
        return httpx2.post(f"{up.web}/api/actions", json=body)

    ahead = (datetime.now(UTC) + timedelta(minutes=15)).isoformat()
    assert act("r.diaz", "alert.shelve", reason="a test car", until=ahead).status_code == 200
    until(lambda: newest()["shelved_by"] == "r.diaz")
    until(lambda: "r.diaz was first" in act("c.kim", "alert.shelve", reason="the same", until=ahead).text)
    assert act("c.kim", "alert.acknowledge").status_code == 200
    until(lambda: newest()["status"] == "acknowledged")
    assert newest()["shelved_by"] == ""
    escalations = up.rows("SELECT count() AS n FROM actions WHERE name = 'alert.escalate'")
    assert int(escalations[0]["n"]) == 1
