"""A whole system with sign-in: an account made by command, who signs in with it, and what the store has of it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import httpx2

from compose.accounts import second_factor
from tests.local_system import Up, until

PASSWORD = "three blind mice 7"


def test_an_account_lets_a_person_in_until_it_is_disabled_and_all_of_it_is_in_the_store(tmp_path: Path) -> None:
    up = Up(tmp_path, {"WATCHFLOOR_SIGN_IN": "true", "WATCHFLOOR_CANARY_EVERY_S": "2"})
    try:
        made = up.command(
            "account", "add", "r.diaz", "--role", "monitor", "--password-stdin", "--json", given=f"{PASSWORD}\n"
        )
        code = second_factor.code_now(json.loads(made)["secret"], time.time())
        with httpx2.Client(base_url=up.web, timeout=30) as browser:
            assert browser.get("/api/precision").status_code == 401
            answer = browser.post("/api/session", json={"account": "r.diaz", "password": PASSWORD, "code": code})
            assert (answer.status_code, answer.json()["name"]) == (200, "r.diaz")
            assert browser.get("/api/precision").status_code == 200
            assert browser.get("/api/dead-letters").status_code == 403
            # The server's own canary and the commands of this machine show its token.
            until(lambda: browser.get("/api/health").json()["canaries"] != [], 90)
            assert {one["stage"] for one in browser.get("/api/health").json()["canaries"]} <= {"", "store"}
            up.command("account", "disable", "r.diaz", "--reason", "left the agency")
            assert browser.get("/api/precision").status_code == 401

        def recorded() -> set[str]:
            rows = up.command("sql", "SELECT name FROM actions WHERE subject_id = 'account:r.diaz'", "--json")
            return {row["name"] for row in json.loads(rows)["data"]}

        until(lambda: recorded() == {"access.account_made", "access.signed_in", "access.account_disabled"}, 60)
    finally:
        up.stop()
