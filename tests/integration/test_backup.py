"""A system is backed up while it runs and put back into an empty one: nothing is missing, nothing is there twice."""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from kafka import KafkaProducer

from compose.backup.manifest import BackupError
from compose.backup.manifest import read as read_manifest
from compose.backup.restoring import put_back
from compose.backup.spools import copy_spools, restore_spools
from compose.kafka.cluster import Cluster
from compose.roles.broker_settings import log_reader
from connectors.edge.spool_file import SpoolFile, SpoolRow
from schemas.registry import ALERT, CAMERA, HOTLIST, PLATE_READ
from tests.live_broker import emptied
from tests.local_system import Up, until

#: Whole systems are started and stopped several times.
pytestmark = pytest.mark.timeout(900)

CAMERAS = "id,name,latitude,longitude\nC1,Canal and Royal,29.9536,-90.0689\nC2,Bourbon,29.9581,-90.0655\n"
WANTED = "plate,state,reason,case_number,entry_id\nXYZ789,LA,Stolen,26-1,S-1\nGONE123,LA,Stolen,26-2,S-2\n"
#: Folder of a backup, what the tables held, and what the command answered.
Taken = tuple[Path, dict[str, int], dict[str, Any]]
TABLES = ("camera_states", "plate_reads", "sightings", "alert_states", "hotlist_entries", "dead_letters")


def cli(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command on a system that does not run."""
    return subprocess.run(
        [sys.executable, "-m", "compose.cli", *arguments],
        env={**os.environ, "WATCHFLOOR_DATA_DIR": str(data), "WATCHFLOOR_WEB_PORT": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def post_read(up: Up, plate: str, at: str = "2026-01-15T18:30:05.125Z") -> None:
    read = {
        "event_id": str(uuid4()),
        "occurred_at": at,
        "observed_at": at,
        "source": "test/reads",
        "camera_id": "C1",
        "plate": plate,
        "plate_raw": plate,
        "confidence": 0.9,
    }
    assert httpx2.post(f"{up.edge}/ingest/events/plate_read", json=read, timeout=40).status_code == 200


def filled(up: Up, folder: Path) -> dict[str, int]:
    """Put cameras, a list, reads and a hit into a system; return what its tables then hold."""
    (folder / "cameras.csv").write_text(CAMERAS)
    (folder / "list.csv").write_text(WANTED)
    up.command("cameras", "load", str(folder / "cameras.csv"))
    up.command("hotlist", "load", str(folder / "list.csv"), "--list", "stolen", "--trusted-extract")
    until(lambda: up.count("cameras") == 2 and up.count("hotlist_entries") == 2)
    up.command("hotlist", "withdraw", "stolen", "S-2", "--reason", "Recovered", "--by", "r.diaz")
    for number in range(30):
        post_read(up, f"PLATE{number}")
    post_read(up, "XYZ789")
    until(lambda: up.count("sightings") == 31 and up.count("alert_states") == 1, 60)
    until(lambda: up.count("hotlist_withdrawals") == 1)
    return counts(up)


def counts(up: Up) -> dict[str, int]:
    return {table: up.count(table) for table in TABLES}


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Taken:
    """A backup that was taken of a running embedded system: its folder, what the tables held, what was answered."""
    folder = tmp_path_factory.mktemp("embedded")
    up = Up(folder / "data")
    try:
        held = filled(up, folder)
        told = json.loads(up.command("backup", str(folder / "backup"), "--json"))
        assert up.get("/api/health")["ok"], "the system goes on"
    finally:
        up.stop()
    return folder / "backup", held, told


def test_an_embedded_system_is_there_again_after_a_restore(embedded: Taken, tmp_path: Path) -> None:
    backup, held, told = embedded
    assert {one["copy"]["table"]: one["copy"]["rows"] for one in told["manifest"]["store"]}.items() >= held.items()
    assert not list(backup.parent.glob(".backup.unfinished-*"))
    assert not list((backup.parent / "data").glob("store-copy-*"))
    done = cli(tmp_path / "new", "restore", str(backup), "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["ok"]
    up = Up(tmp_path / "new")
    try:
        assert counts(up) == held
        channels = up.get("/api/status")["hub"]["channels"]
        assert (channels["cameras"]["kept"], channels["hotlists"]["kept"], channels["alerts"]["kept"]) == (2, 1, 1)
        post_read(up, "AFTER1")
        until(lambda: up.count("sightings WHERE plate = 'AFTER1'") == 1)
        # What was withdrawn is not wanted again.
        post_read(up, "GONE123")
        until(lambda: up.count("sightings WHERE plate = 'GONE123' AND empty(hits)") == 1)
    finally:
        up.stop()


def test_secrets_are_not_in_a_backup(embedded: Taken) -> None:
    settings = json.loads((embedded[0] / "settings.json").read_text())
    assert settings["web_port"] > 0
    assert not {"edge_token", "kafka_password", "clickhouse_password"} & set(settings) or settings["edge_token"] is None
    assert not any("password" in name for name in settings)


@pytest.mark.parametrize("damage", ["changed", "missing", "strange", "no_manifest"])
def test_a_backup_that_is_not_as_it_was_written_is_refused_and_nothing_is_changed(
    embedded: Taken, tmp_path: Path, damage: str
) -> None:
    backup = tmp_path / "backup"
    shutil.copytree(embedded[0], backup)
    table = backup / "store" / "sightings.parquet"
    if damage == "changed":
        raw = bytearray(table.read_bytes())
        raw[len(raw) // 2] ^= 1
        table.write_bytes(raw)
    elif damage == "missing":
        table.unlink()
    elif damage == "strange":
        (backup / "store" / "more.parquet").write_bytes(b"x")
    else:
        (backup / "manifest.json").unlink()
    done = cli(tmp_path / "new", "restore", str(backup), "--json")
    assert done.returncode == 1
    assert any(word in json.loads(done.stdout)["error"] for word in ("damaged", "missing", "belong", "no whole backup"))
    assert not (tmp_path / "new" / "store").exists()


def test_a_restore_overwrites_no_system_and_a_backup_no_folder(
    embedded: Taken,
) -> None:
    backup = embedded[0]
    data = backup.parent / "data"
    done = cli(data, "restore", str(backup))
    assert done.returncode == 1
    assert "is not empty" in done.stderr
    done = cli(data, "backup", str(backup))
    assert done.returncode == 1
    assert "is there already" in done.stderr


def test_two_backups_of_a_system_are_not_made_at_once(embedded: Taken, tmp_path: Path) -> None:
    data = embedded[0].parent / "data"
    with (data / "backup.lock").open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = cli(data, "backup", str(tmp_path / "second"))
    assert done.returncode == 1
    assert "Another backup" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_system_that_stands_still_is_backed_up_too(embedded: Taken, tmp_path: Path) -> None:
    backup, held, _ = embedded
    done = cli(backup.parent / "data", "backup", str(tmp_path / "second"), "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    tables = read_manifest(tmp_path / "second").store
    assert tables is not None
    assert {one.copy.table: one.copy.rows for one in tables}.items() >= held.items()


def test_a_backup_that_is_killed_leaves_nothing_that_looks_whole(embedded: Taken, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "compose.cli", "backup", str(tmp_path / "backup")],
        env={**os.environ, "WATCHFLOOR_DATA_DIR": str(embedded[0].parent / "data"), "WATCHFLOOR_WEB_PORT": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: bool(list(tmp_path.glob(".backup.unfinished-*/store/*.parquet"))))
        process.send_signal(signal.SIGKILL)
    finally:
        process.wait()
    assert not (tmp_path / "backup").exists()
    (left,) = tmp_path.glob(".backup.unfinished-*")
    with pytest.raises(BackupError, match="no whole backup"):
        read_manifest(left)


def test_a_restore_that_was_broken_off_is_not_started_and_not_restored_over(embedded: Taken, tmp_path: Path) -> None:
    data = tmp_path / "new"
    data.mkdir()
    (data / "backup-restore.unfinished").write_text("x")
    for command in (["up"], ["restore", str(embedded[0])]):
        done = cli(data, *command)
        assert done.returncode == 1
        assert "broken off" in done.stderr


def test_a_spool_is_copied_while_its_edge_writes_and_put_back_with_every_event(tmp_path: Path) -> None:
    old = tmp_path / "old" / "spool"
    old.mkdir(parents=True)
    spool = SpoolFile(old / "edge.sqlite", 1 << 24)
    rows = [SpoolRow("plate_read", f"K{number}", b"\xff\x00{}", number) for number in range(500)]
    spool.append(rows)
    (old / "edge.damaged-20260101T000000Z-0.sqlite").write_bytes(b"no database")
    backup = tmp_path / "backup"
    backup.mkdir()
    copies = copy_spools(tmp_path / "old", backup)
    assert [(copy.events, copy.damaged) for copy in copies] == [(500, False), (0, True)]
    spool.close()
    (tmp_path / "new").mkdir()
    assert restore_spools(backup, tmp_path / "new", copies) == copies
    again = SpoolFile(tmp_path / "new" / "spool" / "edge.sqlite", 1 << 24)
    assert [one.row for one in again.read(0, 1000, 1 << 24)] == rows
    again.close()
    damaged = tmp_path / "new" / "spool" / "edge.damaged-20260101T000000Z-0.sqlite"
    assert damaged.read_bytes() == b"no database"
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(damaged).execute("PRAGMA user_version").fetchall()


def test_an_embedded_system_moves_to_apache_kafka_with_what_must_live_on_in_its_log(
    embedded: Taken, apache_kafka: Cluster, tmp_path: Path
) -> None:
    broker = emptied(apache_kafka)
    settings = broker.settings().model_copy(update={"data_dir": tmp_path / "new"})
    done = put_back(settings, embedded[0], say=print, step=lambda *_: None)
    assert done.published == 6, "two cameras, two entries of a list, a withdrawal and an alert"
    reader = log_reader(settings, (CAMERA, HOTLIST, ALERT), "test")
    try:
        assert len([record for batch in reader.read_to_end() for record in batch]) == 4
    finally:
        reader.close()


def test_a_system_on_apache_kafka_goes_on_after_a_restore_where_it_was(
    apache_kafka: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also what was not processed yet when it was backed up, and no position makes anything come a second time."""
    old, new = tmp_path / "old", tmp_path / "new"
    backup = tmp_path / "backup"
    broker = emptied(apache_kafka)
    assert broker.login is not None
    monkeypatch.setenv("WATCHFLOOR_KAFKA", broker.address)
    monkeypatch.setenv("WATCHFLOOR_KAFKA_USER", broker.login.user)
    monkeypatch.setenv("WATCHFLOOR_KAFKA_PASSWORD", broker.login.password)
    monkeypatch.setenv("WATCHFLOOR_KAFKA_CA_FILE", str(broker.login.ca_file))
    up = Up(old)
    try:
        held = filled(up, tmp_path)
        up.command("backup", str(tmp_path / "first"))
    finally:
        up.stop()
    # The roles stand still, and one more message comes in, of bytes that are no text.
    producer = KafkaProducer(bootstrap_servers=broker.address, **broker.config)
    producer.send(PLATE_READ.topic, value=b"\xff\x00", key=b"\xfe", headers=[("n", b"\xfd")]).get(30)
    producer.close()
    done = cli(old, "backup", str(backup), "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert broker.login.password not in "".join(path.read_text() for path in backup.glob("*.json"))
    topics = read_manifest(backup).topics
    assert sum(copy.events for copy in topics if copy.topic == PLATE_READ.topic) == 31
    lines = [
        json.loads(line)
        for path in (backup / "topics" / PLATE_READ.topic).glob("*.gz")
        for line in gzip.decompress(path.read_bytes()).splitlines()
    ]
    assert [line["key"] for line in lines if isinstance(line["value"], dict)] == [{"base64": "/g=="}]

    done = cli(new, "restore", str(backup))
    assert done.returncode == 1
    assert "topics of Apache Kafka are not empty" in done.stderr
    emptied(apache_kafka)
    done = cli(new, "restore", str(backup), "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    up = Up(new)
    try:
        until(lambda: up.count("dead_letters") == held["dead_letters"] + 1, 90)
        assert counts(up) == {**held, "dead_letters": held["dead_letters"] + 1}
        channels = up.get("/api/status")["hub"]["channels"]
        assert (channels["cameras"]["kept"], channels["alerts"]["kept"]) == (2, 1)
        post_read(up, "AFTER1")
        until(lambda: up.count("sightings WHERE plate = 'AFTER1'") == 1, 90)
        assert up.count("alert_states") == held["alert_states"]
    finally:
        up.stop()
