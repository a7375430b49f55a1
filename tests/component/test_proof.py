"""Whoever makes a file of what was found shows again who they are, if they did so last too long ago."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from compose.accounts.book import MOST_FAILURES, WRONG
from compose.accounts.vouched import Person, VouchedPeople, Voucher
from dashboards.server.access.gate import COOKIE, PROOF_TOO_OLD
from dashboards.server.access.rights import DOORS
from schemas.events.action import Action
from tests.component.server_fixtures import World
from tests.component.test_agencies import Reads
from tests.component.test_server_access import MACHINE, PASSWORD, Site

EXPORT = {"search": "00000000-0000-0000-0000-000000000001", "actor": "monitor"}
#: Nothing was searched, so a file that may be made is not found.
LET_THROUGH = 404


class Desk(Site):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder, plates=Reads())
        self.add("monitor")

    def vouched(self, asked_ago_s: float) -> TestClient:
        """Somebody whom an identity provider asked so long ago who he is."""
        person = Person(
            issuer="https://issuer.example", subject="1", account="p.ose", name="P. Ose", roles=("monitor",),
            audiences=None, agencies=None, areas=None, secured=False,
        )  # fmt: skip
        voucher = Voucher(
            access_token="a", refresh_token="", good_until=self.now() + 3600, asked_at=self.now() - asked_ago_s
        )
        browser = self.world.browser()
        browser.cookies.set(COOKIE, VouchedPeople(self.book).sign_in(person, voucher, "10.0.0.7")[0])
        return browser


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def exported(browser: TestClient, **headers: str) -> Any:
    return browser.post("/api/plates/export", json=EXPORT, headers=headers)


def test_every_door_that_gives_a_file_or_a_right_asks_for_proof() -> None:
    gives = {path for (_, path) in DOORS if path.endswith("/export")}
    grants = {"/api/accounts", "/api/accounts/{account}/access", "/api/accounts/{account}/release"}
    assert {path for (_, path), door in DOORS.items() if door.proof} == gives | grants
    assert len(gives) == 2


def test_a_file_is_made_only_within_a_quarter_of_an_hour_of_proof(desk: Desk) -> None:
    browser = desk.enter("monitor")
    desk.ahead_s = 890.0
    assert exported(browser).status_code == LET_THROUGH
    desk.ahead_s = 901.0
    refused = exported(browser)
    assert refused.status_code == 401
    assert (refused.json()["code"], refused.json()["by"]) == (PROOF_TOO_OLD, "password")
    assert browser.get("/api/session").json()["account"] == "monitor", "the session itself goes on"
    assert browser.post("/api/session/proof", json={"password": PASSWORD}).json()["account"] == "monitor"
    assert exported(browser).status_code == LET_THROUGH
    assert [record.name for record in desk.book.records(9)][-1] == "access.proved_again"
    desk.ahead_s = 901.0 + 901.0
    assert exported(browser).status_code == 401, "that was for a quarter of an hour, too"


def test_a_wrong_password_proves_nothing_and_the_fifth_ends_the_session(desk: Desk) -> None:
    browser = desk.enter("monitor")
    desk.ahead_s = 901.0
    for _ in range(MOST_FAILURES):
        answer = browser.post("/api/session/proof", json={"password": "three blind mice 8"})
        assert (answer.status_code, answer.json()["error"]) == (401, WRONG)
        assert exported(browser).status_code == 401
    assert exported(browser).json() == {"error": "Sign in first."}
    assert browser.post("/api/session/proof", json={"password": PASSWORD}).status_code == 401


def test_a_locked_session_is_not_proved_but_signed_in_to(desk: Desk) -> None:
    browser = desk.enter("monitor")
    browser.post("/api/session/lock", json={})
    assert browser.post("/api/session/proof", json={"password": PASSWORD}).status_code == 401


@pytest.mark.parametrize(("asked_ago_s", "status"), [(60.0, LET_THROUGH), (1000.0, 401), (1e10, 401)])
def test_of_people_of_a_provider_counts_when_it_last_asked_them(desk: Desk, asked_ago_s: float, status: int) -> None:
    browser = desk.vouched(asked_ago_s)
    answer = exported(browser)
    assert answer.status_code == status
    if status == 401:
        assert answer.json()["by"] == "provider"
        assert "identity provider" in browser.post("/api/session/proof", json={"password": ""}).json()["error"]


def test_where_nobody_signs_in_and_for_this_machines_commands_nothing_is_asked(desk: Desk) -> None:
    assert exported(World(plates=Reads()).browser()).status_code == LET_THROUGH
    assert exported(desk.world.browser(), **MACHINE).status_code == LET_THROUGH
    assert World().browser().post("/api/session/proof", json={"password": "x"}).json()["sign_in"] is False


def test_a_password_that_is_shown_is_in_no_record(desk: Desk) -> None:
    browser = desk.enter("monitor")
    browser.post("/api/session/proof", json={"password": PASSWORD})
    assert PASSWORD not in str(desk.book.records(9))
    assert not [event for event in desk.world.log.events if isinstance(event, Action) and PASSWORD in str(event)]
