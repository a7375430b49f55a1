"""Roads loaded by command beside a running system: its units are measured by them, without a restart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from msgspec.structs import replace

from schemas.events.unit_position import EXAMPLE as UNIT
from schemas.identity import identity
from schemas.wire.frame import encode_event
from tests.local_system import Up, until
from tests.unit.facts import call
from tests.unit.road_towns import crossing, geojson, line

pytest.importorskip("pyogrio")


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    system = Up(tmp_path / "data")
    try:
        yield system
    finally:
        system.stop()


def test_a_running_system_takes_roads_up_and_lets_them_go(up: Up, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    happened = call(1, "shooting", *crossing(0, 0), received_at=now, updated_at=now, occurred_at=now, observed_at=now)
    place = crossing(0, 1)
    unit = replace(UNIT, event_id=identity("unit", "one"), occurred_at=now, observed_at=now, lat=place[0], lon=place[1])
    for name, event in (("emergency_call", happened), ("unit_position", unit)):
        answer = httpx2.post(f"{up.edge}/ingest/events/{name}", content=encode_event(event),
                             headers={"content-type": "application/json"}, timeout=40)  # fmt: skip
        assert answer.status_code == 200, answer.text
    until(lambda: up.count("incidents") == 1)
    incident = up.rows("SELECT toString(incident_id) AS id FROM incidents")[0]["id"]

    def units() -> list[dict[str, Any]]:
        found = up.get(f"/api/incidents/{incident}/units")
        return found if isinstance(found, list) else []

    until(lambda: [one["why_not_by_road"] for one in units()] == ["no road graph is loaded"])
    # Round three sides of a block, at 36 km/h.
    file = geojson(tmp_path / "town.geojson", line((0, 0), (1, 0), (1, 1), (0, 1)))
    up.command("roads", "load", str(file), "--default-kmh", "36")
    until(lambda: [one["measured"] for one in units()] == ["road"])
    assert units()[0]["road_s"] == pytest.approx((2 * 222.4 + 192.6) / 10, rel=0.01)
    up.command("roads", "clear")
    until(lambda: [one["measured"] for one in units()] == ["straight_line"])
