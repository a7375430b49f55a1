"""A whole system beside a real identity provider (npm oidc-provider, certified by the OpenID Foundation)."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from websockets.sync.client import connect

from compose.own_ports import free_ports
from tests.local_system import Up, until

SECRET = "not much of a secret, but long enough for all"
RECHECK_S = 5


class RealProvider:
    """oidc-provider under node."""

    def __init__(self, port: int, page: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        script = Path(__file__).parent / "identity_provider.mjs"
        self.process = subprocess.Popen(
            ["node", str(script), str(port), f"{page}/api/session/oidc/callback", SECRET],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        assert any(line.strip() == "ready" for line in iter(self.process.stdout.readline, ""))

    def people(self, comes: str, **groups: list[str]) -> None:
        httpx2.post(f"{self.url}/people", json={"people": groups, "person": comes}).raise_for_status()

    def asked(self, path: str) -> int:
        return int(httpx2.get(f"{self.url}/asked").json().get(path, 0))

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[Up, RealProvider]]:
    (port,) = free_ports(1)
    groups = {"rtcc": {"roles": ["monitor"]}, "chiefs": {"roles": ["supervisor"], "all_audiences": True}}
    up = Up(
        tmp_path,
        {
            "WATCHFLOOR_SIGN_IN": "true",
            "WATCHFLOOR_OIDC_ISSUER": f"http://127.0.0.1:{port}",
            "WATCHFLOOR_OIDC_CLIENT_ID": "watchfloor",
            "WATCHFLOOR_OIDC_CLIENT_SECRET": SECRET,
            "WATCHFLOOR_OIDC_GROUPS": json.dumps(groups),
            "WATCHFLOOR_OIDC_RECHECK_S": str(RECHECK_S),
            "WATCHFLOOR_OIDC_NAME": "the City",
        },
    )
    provider = RealProvider(port, up.web)
    try:
        yield up, provider
    finally:
        provider.stop()
        up.stop()


def entered(up: Up) -> tuple[httpx2.Client, httpx2.Response]:
    """A browser that pressed the button and followed wherever it was sent."""
    browser = httpx2.Client(base_url=up.web, timeout=30, follow_redirects=True)
    return browser, browser.get("/api/session/oidc")


def test_people_of_a_real_provider_come_in_and_are_out_soon_after_they_are_removed_there(
    place: tuple[Up, RealProvider],
) -> None:
    up, provider = place
    provider.people("stranger", stranger=["parks"])
    _, answer = entered(up)
    assert (answer.status_code, "none of your groups" in answer.text) == (403, True)

    provider.people("diaz", diaz=["rtcc"], lee=["chiefs"])
    browser, answer = entered(up)
    assert (answer.status_code, str(answer.url)) == (200, f"{up.web}/")
    standing = browser.get("/api/session").json()
    assert (standing["account"], standing["roles"], standing["provider"]) == (
        "diaz@city.example", ["monitor"], "the City",
    )  # fmt: skip
    assert browser.get("/api/ledger").status_code == 403

    # The session lasts through several questions, each with a new refresh token, and takes what the groups are now.
    before = provider.asked("/token")
    until(lambda: provider.asked("/token") >= before + 3, 60)
    assert browser.get("/api/status").status_code == 200
    provider.people("diaz", diaz=["chiefs"], lee=["chiefs"])
    until(lambda: browser.get("/api/ledger").status_code == 200, 30)

    ticket = browser.post("/api/session/ticket", json={}).json()["ticket"]
    cookie = f"watchfloor_session={browser.cookies['watchfloor_session']}"
    with connect(
        f"{up.web.replace('http', 'ws')}/ws", additional_headers={"cookie": cookie},
        subprotocols=["watchfloor.v1+json"], max_size=None,
    ) as page:  # fmt: skip
        page.send(json.dumps({"t": "hello", "v": 1, "sub": ["alerts"], "ticket": ticket}))
        assert json.loads(page.recv(timeout=10))["t"] == "welcome"
        provider.people("lee", lee=["chiefs"])
        begun = time.monotonic()
        with pytest.raises(Exception, match="4401"):  # noqa: PT012 - read until it is closed
            while True:
                page.recv(timeout=60)
        assert time.monotonic() - begun < RECHECK_S + 10
    assert browser.get("/api/status").status_code == 401

    # An administrator of this machine needs no provider for it.
    lee, _ = entered(up)
    assert lee.get("/api/status").status_code == 200
    up.command("account", "disable", "lee@city.example", "--reason", "left")
    assert lee.get("/api/status").status_code == 401
    _, answer = entered(up)
    assert "your account is shut here" in answer.text.lower()
    up.command("account", "release", "lee@city.example")
    assert entered(up)[0].get("/api/status").status_code == 200

    def recorded() -> set[tuple[str, str]]:
        rows = up.command("sql", "SELECT name, subject_id FROM actions WHERE startsWith(name, 'access.')", "--json")
        return {(row["name"], row["subject_id"]) for row in json.loads(rows)["data"]}

    diaz, lees = "account:diaz@city.example", "account:lee@city.example"
    wanted = {
        ("access.refused", "account:unknown"), ("access.signed_in", diaz), ("access.account_changed", diaz),
        ("access.session_ended", diaz), ("access.account_disabled", lees), ("access.refused", lees),
        ("access.account_released", lees),
    }  # fmt: skip
    until(lambda: wanted <= recorded(), 60)
