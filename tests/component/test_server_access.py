"""Sign-in at the server: what each account may ask and be sent, and how soon a right that is taken away is gone."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.routing import BaseRoute, Mount, Route
from starlette.testclient import TestClient
from websockets.asyncio.client import ClientConnection

from compose.accounts import second_factor
from compose.accounts.administering import Administering
from compose.accounts.book import AccountBook
from compose.accounts.signing_in import TRIES_WAITING, SigningIn, recorder
from dashboards.server.access.entrance import Entrance
from dashboards.server.access.gate import AUDIENCE_HEADER, COOKIE
from dashboards.server.access.machine import MACHINE_HEADER
from dashboards.server.access.rights import CHANNEL_RIGHTS, DOORS, GUARDED, ROLES, door_of, rights_of
from dashboards.server.access.session import AccountsUnavailableError, SignInRefusedError
from dashboards.server.access.sockets import LOOK_EVERY_S
from dashboards.server.access.tickets import LIVES_S, MOST, Tickets
from dashboards.server.channel import CHANNELS
from schemas.envelope import Event
from schemas.event_type import EventType
from schemas.events.action import Action
from schemas.events.alert import ALERT
from tests.component.server_fixtures import World, action, alert, listening
from tests.component.test_server_websocket import closed_with, hear, hello, on_a_loop, page_of, say

PASSWORD = "three blind mice 7"
MACHINE = {MACHINE_HEADER: "the machine's token"}

#: A type, and events of it that the server knows from the start.
Known = tuple[EventType[Any], Sequence[Event]]


class Site:
    """A server with sign-in and accounts, one for each role, named as the role."""

    def __init__(self, folder: Path, known: Sequence[Known] = (), **others: Any) -> None:
        self.ahead_s = 0.0
        self.book = AccountBook(folder / "accounts.sqlite", lock_after_s=1800, now=self.now)
        self.secrets: dict[str, str] = {}
        self.sign_in = SigningIn(self.book)
        entrance = Entrance(
            sign_in=self.sign_in,
            accounts=Administering(self.book),
            audiences=("restricted",),
            machine_token=MACHINE[MACHINE_HEADER],
            notice="Be warned.",
            now=self.now,
        )
        self.world = World(entrance=entrance, **others)
        self.world.hubs.offer(ALERT, [alert(1), alert(2, audience="restricted")], 1.0)
        for kind, events in known:
            self.world.hubs.offer(kind, events, 1.0)
        self.world.hubs.caught_up()

    def now(self) -> float:
        return time.time() + self.ahead_s

    def add(self, account: str, *roles: str, audiences: tuple[str, ...] | None = ()) -> str:
        self.secrets[account] = self.book.add(
            account.replace("_", "-"), name=account, password=PASSWORD, roles=roles or [account], audiences=audiences,
            secured=False, ends_at=None, actor="admin",
        )  # fmt: skip
        return account

    def credentials(self, account: str) -> dict[str, str]:
        return {
            "account": account.replace("_", "-"),
            "password": PASSWORD,
            "code": second_factor.code_now(self.secrets[account], self.now()),
        }

    def enter(self, account: str) -> TestClient:
        browser = self.world.browser()
        answer = browser.post("/api/session", json=self.credentials(account))
        assert answer.status_code == 200, answer.text
        return browser


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def routes(found: list[BaseRoute]) -> Iterator[tuple[str, str]]:
    for route in found:
        if isinstance(nested := getattr(route, "original_router", None), object) and nested is not None:
            yield from routes(nested.routes)
        elif isinstance(route, APIWebSocketRoute):
            yield "WEBSOCKET", route.path
        elif isinstance(route, APIRoute | Route):
            for method in (route.methods or set()) - {"HEAD"}:
                yield method, route.path
        elif isinstance(route, Mount):
            yield "GET", route.path


def test_every_route_is_in_the_policy_and_the_policy_names_no_other(tmp_path: Path) -> None:
    (tmp_path / "maps").mkdir()
    world = World(maps_dir=tmp_path / "maps")
    guarded = {
        (method, path) for method, path in routes(world.app.routes) if any(path.startswith(one) for one in GUARDED)
    }
    assert guarded == set(DOORS)


def test_every_channel_asks_for_a_right() -> None:
    assert CHANNEL_RIGHTS.keys() == CHANNELS.keys()


def test_what_is_not_in_the_policy_is_open_to_nobody(site: Site) -> None:
    assert door_of("DELETE", "/api/dead-letters") is None
    site.add("administrator")
    assert site.enter("administrator").get("/api/nothing").json() == {"error": "This is open to nobody."}


@pytest.mark.parametrize("role", ROLES)
def test_each_role_is_let_through_exactly_the_doors_of_its_rights(site: Site, role: str) -> None:
    site.add(role)
    browser = site.enter(role)
    for (method, path), door in DOORS.items():
        if method == "WEBSOCKET" or path.startswith(("/api/session", "/maps")):
            continue
        answer = browser.request(method, path, json={} if method == "POST" else None)
        refused = answer.status_code in (401, 403) and "Your account may not" in answer.text
        assert refused == (not door.rights <= rights_of([role])), (method, path, answer.text)


def test_who_has_not_signed_in_gets_the_page_and_its_health_and_nothing_else(site: Site) -> None:
    browser = site.world.browser()
    for (method, path), door in DOORS.items():
        if method != "WEBSOCKET":
            answer = browser.request(method, path, json={} if method == "POST" else None)
            assert (answer.json() == {"error": "Sign in first."}) == (not door.open), path
    assert browser.get("/").status_code == 200
    assert browser.get("/api/session").json() == {
        "sign_in": True, "notice": "Be warned.", "provider": "", "account": "", "name": "", "roles": [],
        "rights": [], "areas": None, "locked": False, "locks_at": None, "ends_at": None,
    }  # fmt: skip


def test_without_sign_in_nobody_is_asked(tmp_path: Path) -> None:
    browser = World().browser()
    assert browser.get("/api/session").json()["sign_in"] is False
    assert browser.post("/api/session/ticket", json={}).json() == {"ticket": ""}
    assert browser.post("/api/session", json={"account": "a", "password": "b"}).status_code == 404


@pytest.mark.parametrize(("origin", "secure"), [("http://127.0.0.1:8000", False), ("https://127.0.0.1:8000", True)])
def test_no_script_and_no_other_site_can_use_the_cookie(site: Site, origin: str, secure: bool) -> None:
    site.add("monitor")
    host = {"host": "127.0.0.1:8000", "origin": origin}
    browser = site.world.browser()
    answer = browser.post("/api/session", json=site.credentials("monitor"), headers=host)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert ("secure" in cookie) == secure
    assert PASSWORD not in answer.text


def test_a_wrong_password_is_refused_and_sets_no_cookie(site: Site) -> None:
    site.add("monitor")
    answer = site.world.browser().post("/api/session", json=site.credentials("monitor") | {"password": "x"})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


def test_a_flood_of_tries_is_refused_and_holds_up_nobody_who_is_signed_in(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.add("monitor")
    token = site.enter("monitor").cookies[COOKIE]
    hold = threading.Event()
    monkeypatch.setattr(site.book, "sign_in", lambda *_: hold.wait(30))

    async def run() -> None:
        tries = [asyncio.create_task(site.sign_in.sign_in("a", "b", "c", "")) for _ in range(TRIES_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(SignInRefusedError, match="Too many"):
            await site.sign_in.sign_in("a", "b", "c", "")
        async with asyncio.timeout(20):
            assert await site.sign_in.session(token) is not None
        hold.set()
        await asyncio.gather(*tries)

    asyncio.run(run())


def test_signing_out_and_locking_end_what_a_session_may_do(site: Site) -> None:
    site.add("monitor")
    browser = site.enter("monitor")
    stolen = browser.cookies[COOKIE]
    assert browser.get("/api/status").status_code == 200
    locked = browser.post("/api/session/lock", json={}).json()
    assert (locked["locked"], locked["rights"]) == (True, [])
    assert browser.get("/api/status").json()["locked"] is True
    site.ahead_s = 30
    assert browser.post("/api/session", json=site.credentials("monitor")).json()["locked"] is False
    thief = site.world.browser()
    thief.cookies.set(COOKIE, stolen)
    assert thief.get("/api/status").status_code == 401
    browser.request("DELETE", "/api/session", headers={"content-type": "application/json"})
    assert browser.get("/api/status").status_code == 401


def test_an_action_is_the_accounts_whatever_the_page_said(site: Site) -> None:
    site.add("monitor")
    assert site.enter("monitor").post("/api/actions", json=action(actor="somebody.else")).status_code == 200
    (done,) = site.world.log.events
    assert isinstance(done, Action)
    assert done.actor == "monitor"


def test_what_a_device_kept_is_taken_only_from_whoever_did_it(site: Site) -> None:
    site.add("commander")
    browser = site.enter("commander")
    kept = browser.post("/api/actions", json=action(account="monitor"))
    assert kept.status_code == 401, "the device keeps it until its owner signs in"
    assert site.world.log.events == []
    assert browser.post("/api/actions", json=action(account="commander")).status_code == 200


def test_a_question_in_sql_is_recorded_with_who_asked_before_it_is_asked(site: Site) -> None:
    site.add("analyst", audiences=None)
    browser = site.enter("analyst")
    assert browser.post("/api/sql", json={"sql": "SELECT 1"}).status_code == 200
    (done,) = site.world.log.events
    assert isinstance(done, Action)
    assert (done.name, done.actor, done.details) == ("search.sql", "analyst", {"sql": "SELECT 1"})
    site.world.log.away = True
    assert browser.post("/api/sql", json={"sql": "SELECT 2"}).status_code == 503
    assert browser.post("/api/sql", json={"sql": "SELECT 3"}, headers=MACHINE).status_code == 200
    assert [sql for sql, _, _ in site.world.store.asked] == ["SELECT 1", "SELECT 3"]


def test_nobody_sees_more_by_claiming_an_audience(site: Site) -> None:
    site.add("monitor")
    site.add("chosen", "monitor", audiences=("restricted",))
    site.add("trusted", "monitor", audiences=None)
    secret = action(subject_id=str(alert(2).alert_id))
    claiming = site.enter("monitor").post("/api/actions", json=secret, headers={AUDIENCE_HEADER: "restricted"})
    assert claiming.status_code == 404
    for account in ("chosen", "trusted"):
        assert site.enter(account).post("/api/actions", json=secret | {"key": str(uuid4())}).status_code == 200


def test_the_commands_of_this_machine_may_all_and_a_wrong_token_nothing(site: Site) -> None:
    browser = site.world.browser()
    assert browser.get("/api/status", headers=MACHINE).status_code == 200
    assert browser.get("/api/status", headers={MACHINE_HEADER: "another"}).status_code == 401


def test_while_accounts_cannot_be_read_nobody_is_let_in(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.add("monitor")
    browser = site.enter("monitor")

    def fail(*_: object) -> None:
        raise AccountsUnavailableError

    monkeypatch.setattr(site.book, "session", fail)
    monkeypatch.setattr(site.book, "sign_in", fail)
    assert browser.get("/api/noise").status_code == 503
    assert browser.post("/api/session", json=site.credentials("monitor")).status_code == 503
    assert "Accounts" not in browser.get("/api/health").text


def test_what_was_done_with_accounts_reaches_the_log_and_waits_while_it_is_away(site: Site) -> None:
    site.add("monitor")
    recording = recorder(site.book, site.world.log)
    site.world.log.away = True
    with contextlib.suppress(Exception):
        asyncio.run(recording.send())
    assert [record.name for record in site.book.records(9)] == ["access.account_made"]
    site.world.log.away = False
    assert asyncio.run(recording.send()) == 1
    assert site.book.records(9) == []
    assert [event.name for event in site.world.log.events if isinstance(event, Action)] == ["access.account_made"]


def test_a_ticket_opens_once_for_its_session_and_not_for_long() -> None:
    now = 0.0
    tickets = Tickets(lambda: now)
    ticket = tickets.issue("mine")
    assert not tickets.take(ticket, "another's")
    ticket = tickets.issue("mine")
    assert tickets.take(ticket, "mine")
    assert not tickets.take(ticket, "mine")
    ticket = tickets.issue("mine")
    now = LIVES_S
    assert not tickets.take(ticket, "mine")
    kept = [tickets.issue("mine") for _ in range(MOST + 1)]
    assert not tickets.take(kept[0], "mine")
    assert tickets.take(kept[-1], "mine")


async def open_page(site: Site, address: str, account: str, *channels: str, **said: Any) -> ClientConnection:
    browser = await asyncio.to_thread(site.enter, account)
    ticket = (await asyncio.to_thread(browser.post, "/api/session/ticket", json={})).json()["ticket"]
    cookie = {"cookie": f"{COOKIE}={browser.cookies[COOKIE]}"}
    page = await page_of(address, additional_headers=cookie)
    await say(page, hello(list(channels)) | {"ticket": ticket} | said)
    return page


async def subjects(page: ClientConnection) -> set[str]:
    assert (await hear(page))["t"] == "welcome"
    return {row["alert_id"] for row in (await hear(page))["rows"]}


@on_a_loop
async def test_e16_without_a_session_or_with_a_stolen_or_used_ticket_no_socket_is_opened(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.add("monitor")
    site.add("thief", "monitor")
    async with listening(site.world) as address:
        stranger = await page_of(address)
        await say(stranger, hello(["alerts"]))
        assert await closed_with(stranger) == 4401
        mine = await asyncio.to_thread(site.enter, "monitor")
        cookie = {"cookie": f"{COOKIE}={mine.cookies[COOKIE]}"}
        ticket = (await asyncio.to_thread(mine.post, "/api/session/ticket", json={})).json()["ticket"]
        stolen = await open_page(site, address, "thief", "alerts", ticket=ticket)
        assert await closed_with(stolen) == 4401
        # Shown by the wrong session, it is good for nobody any more.
        for shown in (ticket, "", "invented"):
            page = await page_of(address, additional_headers=cookie)
            await say(page, hello(["alerts"]) | {"ticket": shown})
            assert await closed_with(page) == 4401
        ticket = (await asyncio.to_thread(mine.post, "/api/session/ticket", json={})).json()["ticket"]
        page = await page_of(address, additional_headers=cookie)
        await say(page, hello(["alerts"]) | {"ticket": ticket})
        assert await subjects(page) == {str(alert(1).alert_id)}
        again = await page_of(address, additional_headers=cookie)
        await say(again, hello(["alerts"]) | {"ticket": ticket})
        assert await closed_with(again) == 4401


@on_a_loop
async def test_a_right_that_is_taken_away_between_handshake_and_hello_is_gone_too(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.add("monitor")
    async with listening(site.world) as address:
        browser = await asyncio.to_thread(site.enter, "monitor")
        ticket = (await asyncio.to_thread(browser.post, "/api/session/ticket", json={})).json()["ticket"]
        looks = 0
        asked = site.sign_in.revision

        async def counted() -> int:
            nonlocal looks
            looks += 1
            return await asked()

        site.sign_in.revision = counted  # type: ignore[method-assign]
        page = await page_of(address, additional_headers={"cookie": f"{COOKIE}={browser.cookies[COOKIE]}"})
        site.book.disable("monitor", "left", "admin")
        before = looks
        while looks < before + 2:  # the change was seen while this socket was not yet among those that are looked at
            await asyncio.sleep(0.05)
        await say(page, hello(["alerts"]) | {"ticket": ticket})
        assert await closed_with(page) == 4401


@on_a_loop
async def test_a_socket_is_sent_the_channels_of_its_rights_and_the_alerts_of_its_audiences(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.add("auditor")
    site.add("chosen", "monitor", audiences=("restricted",))
    async with listening(site.world) as address:
        nothing = await open_page(site, address, "auditor", "alerts", "calls")
        assert await closed_with(nothing) == 4403
        page = await open_page(site, address, "chosen", "alerts")
        assert await subjects(page) == {str(alert(1).alert_id), str(alert(2).alert_id)}
        machine = await page_of(address, additional_headers=MACHINE)
        await say(machine, hello(["alerts"]))
        assert len(await subjects(machine)) == 2


@pytest.mark.parametrize(
    ("deed", "code"), [("roles", 1012), ("audience", 1012), ("disable", 4401), ("lock", 4401), ("idle", 4401)]
)
def test_e17_what_is_taken_away_is_gone_from_open_sockets_within_seconds(tmp_path: Path, deed: str, code: int) -> None:
    site = Site(tmp_path)
    site.add("monitor", audiences=("restricted",))
    site.add("other", "monitor")

    def take_away() -> None:
        # As `watchfloor account` does it: another process, another connection.
        book = AccountBook(tmp_path / "accounts.sqlite", lock_after_s=1800)
        match deed:
            case "roles":
                book.set_roles("monitor", roles=["auditor"], audiences=("restricted",), secured=False, actor="admin")
            case "audience":
                book.set_roles("monitor", roles=["monitor"], audiences=(), secured=False, actor="admin")
            case "disable":
                book.disable("monitor", "left", "admin")
            case "lock":
                book.lock(token)
            case "idle":
                site.ahead_s = 1800

    assert 2 * LOOK_EVERY_S < 5

    async def run() -> None:
        nonlocal token
        async with listening(site.world) as address:
            page = await open_page(site, address, "monitor", "alerts")
            token = page.request.headers["cookie"].partition("=")[2] if page.request else ""
            assert len(await subjects(page)) == 2
            other = await open_page(site, address, "other", "alerts")
            assert len(await subjects(other)) == 1
            await asyncio.to_thread(take_away)
            # The socket is looked at so often that a machine with nothing else to do needs two seconds of the five.
            assert await closed_with(page) == code
            if deed != "idle":
                site.world.hubs.offer(ALERT, [alert(3)], 2.0)
                assert (await hear(other))["t"] in ("d", "ping")

    token = ""
    asyncio.run(run())
