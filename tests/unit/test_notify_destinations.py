"""The file of destinations: what can work is taken, what cannot is refused in words, and no secret is ever shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compose.notify.destinations import DestinationsError, Mail, Webhook, told_of
from tests.unit.notify_facts import KEY, SECRET, read

HOOK = '[webhook.cad]\nurl = "https://cad.example:8443/hooks/a-secret-path"\nsecret_file = "key"\n'
SMTP = '[smtp]\nhost = "mail.example"\nfrom = "watchfloor@city.example"\n'


def test_a_webhook_takes_its_secrets_from_a_file_beside_it(tmp_path: Path) -> None:
    (one,) = read(tmp_path, HOOK)
    assert isinstance(one.way, Webhook)
    assert (one.name, one.way.keys) == ("cad", (KEY,))
    assert (one.wanted.tell, one.wanted.severity, one.wanted.plates) == (["alert", "escalated"], "P2", False)


def test_several_secrets_may_stand_in_a_variable_so_that_they_change_without_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = "whsec_" + "bmV3ZXIgbmV3ZXIgbmV3ZXIgbmV3ZXIg"
    monkeypatch.setenv("CAD_SECRET", f"{newer} {SECRET}")
    (one,) = read(tmp_path, HOOK.replace('secret_file = "key"', 'secret_env = "CAD_SECRET"'))
    assert isinstance(one.way, Webhook)
    assert len(one.way.keys) == 2
    assert one.way.keys[1] == KEY


def test_a_mail_goes_by_the_one_server(tmp_path: Path) -> None:
    (one,) = read(tmp_path, f'{SMTP}\n[mail.chief]\nto = ["chief@city.example"]\nseverity = "P1"\n')
    assert isinstance(one.way, Mail)
    assert (one.way.host, one.way.port, one.way.security) == ("mail.example", 587, "starttls")


def test_what_is_shown_of_a_destination_has_no_secret_and_no_path(tmp_path: Path) -> None:
    (one,) = read(tmp_path, HOOK)
    shown = json.dumps(told_of(one))
    assert "https://cad.example:8443" in shown
    assert "a-secret-path" not in shown
    assert SECRET.removeprefix("whsec_") not in shown


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[webhook.cad]\nurl = 3", "webhook.*url"),
        (HOOK + "plate = true\n", "plate"),
        (HOOK.replace("https", "http"), "only https leaves this machine"),
        (HOOK.replace("cad.example", "me:pw@cad.example"), "without a user or password"),
        (HOOK.replace("[webhook.cad]", "[webhook.CAD]"), "lower-case"),
        (HOOK.replace('secret_file = "key"', ""), "secret_file or secret_env"),
        (HOOK.replace('"key"', '"absent"'), "absent cannot be read"),
        (HOOK + 'time_zone = "Mars/Olympus"\n', "time_zone"),
        (HOOK + 'schedule = "someday"\n', "schedule"),
        (HOOK + 'severity = "P5"\n', "severity"),
        (HOOK + "tell = []\n", "tell"),
        (HOOK + 'networks = ["10.1"]\n', "networks"),
        (HOOK + 'audiences = ["a,b"]\n', "audiences"),
        ('[mail.chief]\nto = ["chief@city.example"]\n', "smtp"),
        (SMTP + '[mail.chief]\nto = ["chief@city.example\\r\\nBcc: x@y.example"]\n', "no mail address"),
        (SMTP + '[mail.chief]\nto = ["chief"]\n', "no mail address"),
        (SMTP + "[mail.chief]\nto = []\n", "at least one"),
        (SMTP + 'security = "none"\n[mail.chief]\nto = ["a@b.example"]\n', "security = none"),
        (SMTP + 'user = "u"\n[mail.chief]\nto = ["a@b.example"]\n', "password_file or"),
        (HOOK + SMTP + '[mail.cad]\nto = ["a@b.example"]\n', "same name"),
        ("[webhook", "not TOML"),
    ],
)
def test_what_cannot_work_is_refused_with_its_key(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(DestinationsError, match=told):
        read(tmp_path, text)


def test_a_secret_that_is_none_is_refused_without_being_told(tmp_path: Path) -> None:
    (tmp_path / "short").write_text("whsec_c2hvcnQ=")
    with pytest.raises(DestinationsError, match="24 to 64 bytes") as told:
        read(tmp_path, HOOK.replace('"key"', '"short"'))
    assert "c2hvcnQ" not in str(told.value)


def test_http_may_go_to_this_machine(tmp_path: Path) -> None:
    (one,) = read(tmp_path, HOOK.replace("https://cad.example", "http://127.0.0.1"))
    assert one.where == "http://127.0.0.1:8443"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[push.a]\nroles = ["king"]\n', "there is no role king"), ("[push.a]\nplates = true\n", "say nothing here"),
        ('[push.a]\nfields = ["title"]\n', "say nothing here"), ("[push.devices]\n", "all devices together"),
        ('[push.a]\nurl = "https://x"\n', "url"),
    ],
)  # fmt: skip
def test_what_no_device_could_be_told_by_is_refused(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(DestinationsError, match=why):
        read(tmp_path, text)
