"""`watchfloor notify` and `doctor`: what they say of destinations, well and unwell, and what they never show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from compose.cli import app
from compose.commands.doctor import examine
from compose.notify.drafting import drafts_of
from compose.notify.outbox import Outbox
from compose.settings import ConfigError, load
from tests.unit.notify_facts import NOW, SECRET, alert, destination

FILE = '[webhook.cad]\nurl = "http://127.0.0.1:9/a-secret-path"\nsecret_file = "key"\nnetworks = ["127.0.0.0/8"]\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "key").write_text(SECRET)
    (tmp_path / "notify.toml").write_text(FILE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WATCHFLOOR_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("WATCHFLOOR_NOTIFY_FILE", str(tmp_path / "notify.toml"))
    return tmp_path


@pytest.fixture
def outbox(folder: Path) -> Iterator[Outbox]:
    box = Outbox(folder / "data" / "notify.sqlite")
    box.know(["cad"])
    yield box
    box.close()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["notify", *arguments])


def findings() -> list[tuple[str, str]]:
    return [(one.level, one.found) for one in examine(load()) if one.what == "notifications"]


def test_the_list_shows_what_each_is_told_and_no_secret(folder: Path) -> None:
    told = run("list", "--json")
    assert told.exit_code == 0
    (one,) = json.loads(told.stdout)["destinations"]
    assert (one["name"], one["where"], one["plates"]) == ("cad", "http://127.0.0.1:9", False)
    for text in (told.output, run("list").output, run("status").output):
        assert "a-secret-path" not in text
        assert SECRET.removeprefix("whsec_") not in text


def test_a_test_that_is_not_taken_ends_with_1_and_says_why(folder: Path) -> None:
    told = run("test", "cad", "--json")
    assert told.exit_code == 1
    assert json.loads(told.stdout) == {"taken": False, "reason": "unreachable"}
    assert run("test", "nobody").exit_code == 2


def test_status_and_doctor_say_who_is_told_nothing_more_until_he_is_enabled(outbox: Outbox) -> None:
    assert run("status").exit_code == 0
    assert [level for level, _ in findings()] == ["ok"]
    outbox.disable("cad", "it answered http_410: it is gone")
    told = run("status", "--json")
    assert told.exit_code == 1
    assert "told nothing more: it answered http_410" in json.loads(told.stdout)["faults"][0]
    ((level, found),) = findings()
    assert (level, "http_410" in found) == ("bad", True)
    assert run("enable", "cad").exit_code == 0
    assert run("status").exit_code == 0
    assert [one.name for one in outbox.records(9)] == ["notify.disabled", "notify.enabled"]


def test_what_waits_for_long_is_told_with_its_reason(folder: Path) -> None:
    box = Outbox(folder / "data" / "notify.sqlite", now=lambda: NOW.timestamp())
    box.know(["cad"])
    box.put(list(drafts_of([alert()], [destination("cad")])))
    box.failed(box.due("cad", 9), "http_503", again_s=0, pause_s=9)
    box.close()
    told = run("status")
    assert told.exit_code == 1
    assert "1 waiting" in told.output
    assert "http_503" in told.output
    assert "A8C123" not in told.output


def test_a_replay_of_no_time_is_refused(folder: Path) -> None:
    told = run("replay", "--destination", "cad", "--from", "2026-01-15T12:00", "--to", "2026-01-15T11:00")
    assert told.exit_code == 2


def test_a_file_that_cannot_work_is_told_by_doctor_and_refused_by_every_command(folder: Path) -> None:
    (folder / "notify.toml").write_text(FILE.replace("http://127.0.0.1:9", "http://cad.example"))
    ((level, found),) = findings()
    assert level == "bad"
    assert "only https leaves this machine" in found
    assert isinstance(run("list").exception, ConfigError)


def test_without_a_file_nothing_is_looked_at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WATCHFLOOR_NOTIFY_FILE")
    assert findings() == []
    assert isinstance(run("list").exception, ConfigError)


def test_devices_are_listed_as_people_of_roles_and_need_somebody_to_write_to(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "notify.toml").write_text('[push.night]\nroles = ["commander"]\n')
    told = run("list")
    assert isinstance(told.exception, ConfigError)
    assert "push.night: push_contact is not set" in str(told.exception)
    monkeypatch.setenv("WATCHFLOOR_PUSH_CONTACT", "mailto:watch@city.example")
    with pytest.raises(ConfigError, match="sign_in must be true"):
        load()
    monkeypatch.setenv("WATCHFLOOR_SIGN_IN", "true")
    (one,) = json.loads(run("list", "--json").stdout)["destinations"]
    assert (one["kind"], one["where"]) == ("push", "devices of commander")
    (state,) = json.loads(run("status", "--json").stdout)["destinations"]
    assert (state["name"], state["waiting"]) == ("devices", 0)
    assert json.loads(run("test", "night", "--json").stdout) == {"taken": False, "reason": "0 of 0 devices"}
    assert run("replay", "--destination", "night", "--from", "2026-01-15").exit_code == 2
    assert json.loads(run("devices", "--json").stdout) == {"devices": []}
    assert json.loads(run("rotate-push-key", "--json").stdout) == {"devices": 0}
