"""/api/push: people turn it on for their own device and off again, and nobody sees where a device is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from compose.accounts.book import AccountBook
from compose.accounts.devices import Devices, OwnDevices, device_of
from compose.notify.web_push.encryption import b64
from compose.notify.web_push.services import KNOWN
from compose.notify.web_push.vapid import public_text
from tests.component.server_fixtures import World
from tests.component.test_server_access import MACHINE, Site
from tests.unit.push_facts import Browser

ENDPOINT = "https://updates.push.services.mozilla.com/wpush/v2/a-secret"


def subscription(endpoint: str = ENDPOINT, **changes: Any) -> dict[str, Any]:
    browser = Browser()
    keys = {"p256dh": b64(browser.public), "auth": b64(browser.auth)}
    return {"endpoint": endpoint, "keys": keys, "name": "Firefox on Linux", **changes}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return made(tmp_path)


def made(folder: Path) -> Site:
    book = AccountBook(folder / "accounts.sqlite", lock_after_s=1800)
    return Site(folder, push=OwnDevices(Devices(book, KNOWN)))


def test_a_person_turns_it_on_sees_the_device_and_turns_it_off(site: Site, tmp_path: Path) -> None:
    site.add("monitor")
    browser = site.enter("monitor")
    before = browser.get("/api/push").json()
    devices = Devices(AccountBook(tmp_path / "accounts.sqlite", lock_after_s=1800))
    assert before == {"key": public_text(devices.key()), "devices": []}
    answer = browser.post("/api/push", json=subscription())
    assert "a-secret" not in answer.text
    (one,) = answer.json()["devices"]
    assert (one["device"], one["name"]) == (device_of(ENDPOINT), "Firefox on Linux")
    assert browser.get("/api/push").json() == answer.json()
    assert browser.post("/api/push/remove", json={"device": one["device"]}).json() == before
    assert browser.post("/api/push/remove", json={"device": one["device"]}).status_code == 404


def test_nobody_sees_or_removes_the_device_of_another(site: Site) -> None:
    site.add("monitor")
    site.add("commander")
    own = site.enter("monitor")
    own.post("/api/push", json=subscription())
    other = site.enter("commander")
    assert other.get("/api/push").json()["devices"] == []
    assert other.post("/api/push/remove", json={"device": device_of(ENDPOINT)}).status_code == 404
    assert len(own.get("/api/push").json()["devices"]) == 1


def test_who_may_see_no_alert_cannot_turn_it_on(site: Site) -> None:
    site.add("auditor")
    browser = site.enter("auditor")
    assert browser.post("/api/push", json=subscription()).status_code == 403
    assert browser.get("/api/push").status_code == 200


@pytest.mark.parametrize(
    "endpoint", ["http://updates.push.services.mozilla.com/x", "https://127.0.0.1/x", "https://evil.example/x"]
)
def test_a_place_that_is_no_push_service_is_refused_and_not_quoted(site: Site, endpoint: str) -> None:
    site.add("monitor")
    answer = site.enter("monitor").post("/api/push", json=subscription(endpoint))
    assert answer.status_code == 409
    assert "evil" not in answer.text


@pytest.mark.parametrize(
    "changes",
    [{"name": ""}, {"name": "x" * 61}, {"name": "a\nb"}, {"keys": {}}, {"keys": {"p256dh": "*", "auth": "*"}},
     {"endpoint": "x" * 1025}, {"more": 1}],
)  # fmt: skip
def test_what_is_not_as_a_browser_gives_it_is_not_taken(site: Site, changes: dict[str, Any]) -> None:
    site.add("monitor")
    assert site.enter("monitor").post("/api/push", json=subscription(**changes)).status_code == 422


def test_where_it_is_not_set_up_or_nobody_signs_in_there_is_no_key(tmp_path: Path) -> None:
    without = World().browser()
    assert without.get("/api/push").json() == {"key": "", "devices": []}
    assert without.post("/api/push", json=subscription()).status_code == 404
    machine = made(tmp_path).world.browser(**MACHINE)
    assert machine.get("/api/push").json() == {"key": "", "devices": []}
    assert machine.post("/api/push", json=subscription()).status_code == 404
