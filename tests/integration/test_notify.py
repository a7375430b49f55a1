"""Notifications in processes as they really run: receiver and role are killed, and everybody is told all the same."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from msgspec.structs import replace
from standardwebhooks.webhooks import Webhook as Judge

from compose.kafka.access import NOTIFY
from compose.local import environment
from compose.own_ports import free_ports
from schemas.events.action import ACTION, Action
from schemas.events.alert import EXAMPLE, Alert
from schemas.identity import identity
from schemas.wire.frame import FrameDecoder
from schemas.wire.producer import FrameProducer
from schemas.wire.reader import LogReader
from tests.live_broker import LiveBroker, about
from tests.local_system import Up, until
from tests.unit.notify_facts import SECRET


class Receiver:
    """A process that is told, and its journal."""

    def __init__(self, folder: Path) -> None:
        (self.port,) = free_ports(1)
        self._journal = folder / f"journal-{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.integration.webhook_receiver", str(self.port), str(self._journal)]
        self._process = subprocess.Popen(command)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def got(self) -> list[dict[str, Any]]:
        """Each message by its headers and what it says; the signature of every one is judged."""
        if not self._journal.exists():
            return []
        found = []
        for line in self._journal.read_text().splitlines():
            one = json.loads(line)
            found.append({"id": one["headers"]["webhook-id"], **Judge(SECRET).verify(one["body"], one["headers"])})
        return found

    def alerts(self) -> list[str]:
        return [one["data"]["id"] for one in self.got()]


@pytest.fixture
def receivers(tmp_path: Path) -> Iterator[list[Receiver]]:
    found = [Receiver(tmp_path), Receiver(tmp_path)]
    yield found
    for one in found:
        one.kill()


def destinations(folder: Path, receivers: list[Receiver], more: str = "") -> Path:
    (folder / "key").write_text(SECRET)
    file = folder / "notify.toml"
    file.write_text(
        "\n".join(
            f'[webhook.to-{number}]\nurl = "http://127.0.0.1:{one.port}/hook"\nsecret_file = "key"\n'
            f'networks = ["127.0.0.0/8"]\n{more}'
            for number, one in enumerate(receivers, 1)
        )
    )
    return file


def alert(number: int) -> Alert:
    now = datetime.now(UTC)
    alert_id = identity("alert", "notify", number)
    return replace(
        EXAMPLE, event_id=identity("alert_state", alert_id, 1), alert_id=alert_id, occurred_at=now, observed_at=now,
        raised_at=now,
    )  # fmt: skip


def test_nothing_is_lost_when_receiver_and_role_are_killed_and_an_alert_has_one_id(
    broker: LiveBroker, tmp_path: Path, receivers: list[Receiver], request: pytest.FixtureRequest
) -> None:
    user = broker
    if broker.login is not None:  # the role has the rights of its own user, and no others
        known = about(request.getfixturevalue("apache_kafka"))
        user = LiveBroker(broker.address, known.login(NOTIFY.user))
    settings = user.settings().model_copy(
        update={"data_dir": tmp_path / "data", "notify_file": destinations(tmp_path, receivers)}
    )
    env = {**os.environ, **environment(settings)}
    log = (tmp_path / "notify.log").open("wb")

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "compose.cli", "notify"], env=env, stdout=log, stderr=log)

    first, second = receivers
    first.start()
    second.start()
    producer = FrameProducer(broker.address, client_id="test", **broker.config)
    role = start()
    try:
        # What came up before the role knew its destinations is not told, so it must know them first.
        until(lambda: (tmp_path / "data/notify.sqlite").exists(), 60)
        time.sleep(1)

        def publish(numbers: range) -> None:
            asyncio.run(producer.publish([alert(number) for number in numbers]))

        publish(range(20))
        until(lambda: len(set(first.alerts())) == 20, 60)
        first.kill()
        publish(range(20, 40))
        until(lambda: len(set(second.alerts())) == 40, 60)  # one that is away holds up no other
        role.send_signal(signal.SIGKILL)
        role.wait()
        publish(range(40, 60))
        role = start()
        until(lambda: len(set(second.alerts())) == 60, 60)
        assert len(set(first.alerts())) == 20
        first.start()
        until(lambda: len(set(first.alerts())) == 60, 90)
        wanted = {str(alert(number).alert_id) for number in range(60)}
        for one in receivers:
            got = one.got()
            assert {told["data"]["id"] for told in got} == wanted
            assert len({told["id"] for told in got}) == 60, "a message that comes again has the id it had"
            assert len({(told["id"], told["data"]["id"]) for told in got}) == 60
            assert {told["type"] for told in got} == {"alert.raised"}
            assert "A8C123" not in json.dumps(got)

        def recorded() -> list[Action]:
            reader = LogReader(broker.address, [ACTION], client_id="test", fetch_max_wait_ms=20, **broker.config)
            decoder = FrameDecoder(ACTION)
            try:
                return [
                    one for records in reader.read_to_end() for record in records
                    for one in decoder.decode(record.value).events
                ]  # fmt: skip
            finally:
                reader.close()

        until(lambda: len({one.event_id for one in recorded()}) >= 120, 60)
        told = {(one.subject_id, one.actor) for one in recorded() if one.name == "notify.delivered"}
        assert told == {(one, f"notify:to-{number}") for one in wanted for number in (1, 2)}
        role.send_signal(signal.SIGTERM)
        assert role.wait(30) == 0
    finally:
        role.kill()
        role.wait()
        producer.close()
        log.close()


def test_a_hit_is_told_under_up_recorded_in_the_store_and_replayed(tmp_path: Path, receivers: list[Receiver]) -> None:
    first, _ = receivers
    first.start()
    file = destinations(tmp_path, [first])
    up = Up(tmp_path / "data", {"WATCHFLOOR_NOTIFY_FILE": str(file)})
    try:
        assert json.loads(up.command("notify", "list", "--json"))["destinations"][0]["name"] == "to-1"
        assert json.loads(up.command("notify", "test", "to-1", "--json")) == {"taken": True, "reason": "http_204"}
        began = datetime.now(UTC)
        (tmp_path / "list.csv").write_text("plate,reason,case_number,severity\nTELL123,Stolen,26-1,P2\n")
        up.command("hotlist", "load", str(tmp_path / "list.csv"), "--list", "stolen", "--trusted-extract")
        now = datetime.now(UTC).isoformat()
        read = {
            "event_id": str(identity("plate_read", "test", "notify")), "occurred_at": now, "observed_at": now,
            "source": "test/reads", "camera_id": "C1", "plate": "TELL123", "plate_raw": "TELL123", "confidence": 0.9,
        }  # fmt: skip
        assert httpx2.post(f"{up.edge}/ingest/events/plate_read", json=[read]).status_code == 200
        until(lambda: [one["type"] for one in first.got()] == ["test", "alert.raised"], 60)
        told = first.got()[-1]
        assert "TELL123" not in json.dumps(told)
        assert told["data"]["why"]
        where = f"WHERE name = 'notify.delivered' AND subject_id = '{told['data']['id']}'"
        until(lambda: up.count(f"actions {where}") == 1, 60)
        until(lambda: up.count("hotlist_entries") == 1)
        entry = up.rows("SELECT entry_id FROM hotlist_entries")[0]["entry_id"]
        up.command("hotlist", "withdraw", "stolen", entry, "--reason", "found", "--by", "r.diaz")
        until(lambda: [one["type"] for one in first.got()][2:] == ["alert.withdrawn"], 60)
        again = up.command("notify", "replay", "--destination", "to-1", "--from", began.isoformat(), "--json")
        assert json.loads(again) == {"destination": "to-1", "count": 2}
        until(lambda: [one["type"] for one in first.got()][3:] == ["alert.raised", "alert.withdrawn"], 60)
        assert [one["id"] for one in first.got()[3:]] == [one["id"] for one in first.got()[1:3]]
        assert json.loads(up.command("notify", "status", "--json"))["ok"]
        assert any(one["what"] == "notifications" for one in json.loads(up.run("doctor", "--json").stdout)["findings"])
    finally:
        up.stop()


def test_up_does_not_begin_with_a_file_that_cannot_work(tmp_path: Path) -> None:
    file = tmp_path / "notify.toml"
    file.write_text('[webhook.cad]\nurl = "http://cad.example/"\nsecret_file = "absent"\n')
    env = {**os.environ, "WATCHFLOOR_DATA_DIR": str(tmp_path), "WATCHFLOOR_NOTIFY_FILE": str(file)}
    done = subprocess.run(
        [sys.executable, "-m", "compose.cli", "up"], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "notify_file" in done.stderr
    assert "only https leaves this machine" in done.stderr
