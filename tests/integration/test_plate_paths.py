"""A plate's path outlives the worker that saw it begin, and the store is asked what no worker remembers."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from compose import run_file
from schemas.events.plate_read import PlateRead
from schemas.identity import identity
from schemas.wire.producer import FrameProducer
from tests.local_system import Up, until

CAMERAS = "id,name,lat,lon\nA,North gate,29.95,-90.07\nB,South gate,30.05,-90.07\n"
RING = [[-90.08, 29.94], [-90.06, 29.94], [-90.06, 29.96], [-90.08, 29.96], [-90.08, 29.94]]
YARD = {
    "type": "Feature",
    "id": "yard",
    "properties": {"name": "Yard"},
    "geometry": {"type": "Polygon", "coordinates": [RING]},
}


def read(plate: str, camera: str, at: datetime) -> PlateRead:
    return PlateRead(
        event_id=identity("plate_read", "paths", plate, camera, at.isoformat()),
        occurred_at=at,
        observed_at=at,
        source="test/paths",
        camera_id=camera,
        plate=plate,
        plate_raw=plate,
        confidence=0.98,
    )


def test_a_clone_is_told_of_by_a_worker_that_was_killed_in_between_and_strangers_by_the_store(tmp_path: Path) -> None:
    (tmp_path / "cameras.csv").write_text(CAMERAS)
    (tmp_path / "yard.geojson").write_bytes(msgspec.json.encode(YARD))
    folder = tmp_path / "data"
    up = Up(folder, {"WATCHFLOOR_PATH_ALERTS": '["impossible_travel"]'})
    try:
        up.command("cameras", "load", str(tmp_path / "cameras.csv"), "--kind", "lpr")
        up.command("zones", "load", str(tmp_path / "yard.geojson"), "--rule", "first_in_zone")
        until(lambda: up.count("zones") == 1 and up.count("cameras") == 2)
        producer = FrameProducer(up.kafka, client_id="test-paths")
        now = datetime.now(UTC)
        producer.publish_sync([read("HTTXY7", "A", now - timedelta(seconds=60))])
        until(lambda: up.count("sightings") == 1)
        running = run_file.read(folder)
        assert running is not None
        worker = running.roles["process"]
        assert worker is not None
        os.kill(worker, signal.SIGKILL)
        producer.publish_sync([read("HTTXY7", "B", now)])
        found = "SELECT rule, title, triggers, toString(why.kind) AS kinds FROM alerts ORDER BY rule"
        until(lambda: len(up.rows(found)) == 2, 60)
        producer.close()
        first, clone = up.rows(found)
        assert (first["rule"], first["title"]) == ("first_in_zone", "HTTXY7 read in Yard for the first time")
        assert (clone["rule"], clone["title"]) == (
            "impossible_travel",
            "HTTXY7 in two places at once: North gate and South gate",
        )
        assert len(clone["triggers"]) == 2
        why = ("--code", "stolen_vehicle", "--case", "26-7", "--purpose", "a clone was told of")
        told = msgspec.json.decode(up.command("companions", "httxy7", *why, "--json"))
        assert (told["passes"], told["companions"]) == (2, [])
        assert "2 passes" in up.command("companions", "HTTXY7", *why)
    finally:
        up.stop()
