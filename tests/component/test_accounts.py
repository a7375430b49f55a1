"""Accounts from the page: who may, why, and that what was not recorded is not done."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose.accounts import second_factor
from dashboards.server.access.account_ports import Account
from schemas.events.action import Action
from tests.component.test_server_access import PASSWORD, Site

WHY = "left the unit"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    for role in ("administrator", "monitor"):
        site.add(role)
    return site


def account(site: Site, name: str = "monitor") -> Account:
    return next(one for one in site.book.accounts() if one.account == name)


def test_accounts_are_told_to_administrators_alone_and_without_any_secret(site: Site) -> None:
    assert site.enter("monitor").get("/api/accounts").status_code == 403
    answer = site.enter("administrator").get("/api/accounts")
    assert [one["account"] for one in answer.json()["accounts"]] == ["administrator", "monitor"]
    assert not [secret for secret in (*site.secrets.values(), "argon2", PASSWORD) if secret in answer.text]


DEEDS = {
    "access": {"roles": ["analyst"], "agencies": ["nopd"], "areas": ["east"]},
    "disable": {}, "release": {}, "end-sessions": {},
}  # fmt: skip


@pytest.mark.parametrize("deed", DEEDS)
def test_without_a_reason_nothing_is_done_or_recorded(site: Site, deed: str) -> None:
    before = account(site)
    browser = site.enter("administrator")
    for why in ({}, {"why": "   "}):
        assert browser.post(f"/api/accounts/monitor/{deed}", json={**DEEDS[deed], **why}).status_code == 422
    assert (account(site), site.world.log.events) == (before, [])


@pytest.mark.parametrize("deed", DEEDS)
def test_what_cannot_be_recorded_is_not_done(site: Site, deed: str) -> None:
    site.enter("monitor")
    before = account(site)
    browser = site.enter("administrator")
    site.world.log.away = True
    assert browser.post(f"/api/accounts/monitor/{deed}", json={**DEEDS[deed], "why": WHY}).status_code == 503
    assert account(site) == before


@pytest.mark.parametrize("deed", DEEDS)
def test_a_deed_is_recorded_with_its_reason_and_done_by_whoever_is_signed_in(site: Site, deed: str) -> None:
    held = site.enter("monitor")
    browser = site.enter("administrator")
    assert browser.post(f"/api/accounts/monitor/{deed}", json={**DEEDS[deed], "why": WHY}).status_code == 200
    (told,) = [event for event in site.world.log.events if isinstance(event, Action)]
    assert (told.name, told.actor, told.subject_id) == ("access.administer", "administrator", "account:monitor")
    assert told.note == WHY
    assert site.book.records(99)[-1].actor == "administrator"
    now = account(site)
    if deed == "access":
        assert (now.roles, now.agencies, now.areas) == (("analyst",), ("nopd",), ("east",))
    assert bool(now.disabled) is (deed == "disable")
    ended = held.get("/api/session").json()["account"] == ""
    assert ended is (deed in ("disable", "end-sessions"))


def test_a_new_account_signs_in_with_what_was_shown_once(site: Site) -> None:
    browser = site.enter("administrator")
    new = {"account": "r.diaz", "name": "R. Diaz", "roles": ["monitor"], "why": "new at the desk"}
    answer = browser.post("/api/accounts", json=new)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    shown = answer.json()
    assert shown["password"] not in str(site.world.log.events) + str(site.book.records(99))
    code = second_factor.code_now(shown["secret"], site.now())
    entered = site.world.browser().post(
        "/api/session", json={"account": "r.diaz", "password": shown["password"], "code": code}
    )
    assert entered.json()["roles"] == ["monitor"]
    assert browser.post("/api/accounts", json=new).status_code == 409, "there is one already"


def test_nobody_takes_away_his_own_last_right_to_administer(site: Site) -> None:
    browser = site.enter("administrator")
    demoted = {"roles": ["monitor"], "why": WHY}
    assert browser.post("/api/accounts/administrator/access", json=demoted).status_code == 409
    assert browser.post("/api/accounts/administrator/disable", json={"why": WHY}).status_code == 409
    assert account(site, "administrator").roles == ("administrator",)
    site.add("other", "administrator")
    assert browser.post("/api/accounts/administrator/access", json=demoted).status_code == 200


def test_rights_are_given_only_after_proof_and_taken_at_once(site: Site) -> None:
    browser = site.enter("administrator")
    site.ahead_s = 901.0
    grant = {"roles": ["administrator"], "why": "second administrator"}
    assert browser.post("/api/accounts/monitor/access", json=grant).status_code == 401
    assert browser.post("/api/accounts", json={**grant, "account": "x.y"}).status_code == 401
    assert (account(site).roles, site.world.log.events) == (("monitor",), [])
    assert browser.post("/api/accounts/monitor/disable", json={"why": WHY}).status_code == 200
    assert browser.post("/api/session/proof", json={"password": PASSWORD}).status_code == 200
    assert browser.post("/api/accounts/monitor/access", json=grant).status_code == 200


def test_of_an_account_that_is_not_there_nothing_is_recorded(site: Site) -> None:
    browser = site.enter("administrator")
    assert browser.post("/api/accounts/nobody/disable", json={"why": WHY}).status_code == 404
    assert site.world.log.events == []


def test_a_name_that_stands_for_all_agencies_or_a_role_that_is_none_is_refused(site: Site) -> None:
    browser = site.enter("administrator")
    for wrong, status in (({"agencies": ["a,b"]}, 422), ({"agencies": ["*"]}, 422), ({"roles": ["king"]}, 409)):
        told = {"roles": ["monitor"], "why": WHY, **wrong}
        assert browser.post("/api/accounts/monitor/access", json=told).status_code == status
    assert account(site).roles == ("monitor",)
