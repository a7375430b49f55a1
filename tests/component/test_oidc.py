"""Signing in by an identity provider: who is let in, who is not and what he is told, and how soon it ends."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
import structlog
from joserfc.jwk import OctKey
from starlette.testclient import TestClient

from compose.accounts.book import SESSION_S, UNUSED_S, AccountBook
from compose.accounts.oidc.begun import LIVES_S
from compose.accounts.oidc.flow import OidcSignIn, Terms
from compose.accounts.oidc.groups import GroupRights
from compose.accounts.oidc.issuer import KEYS_AGAIN_S, MAX_BYTES, Issuer
from compose.accounts.oidc.rechecks import Rechecks
from compose.accounts.signing_in import SigningIn
from compose.accounts.vouched import VouchedPeople
from dashboards.server.access.account_ports import AccountError
from dashboards.server.access.entrance import Entrance
from dashboards.server.access.gate import COOKIE
from dashboards.server.access.provider_routes import BROWSER_COOKIE
from tests.component.server_fixtures import World, listening
from tests.component.test_server_websocket import closed_with, hear, hello, page_of, say
from tests.unit.identity_provider import CLIENT, ISSUER, SECRET, FakeProvider, another_key, elliptic_key

GROUPS = {
    "rtcc": GroupRights(roles=("monitor",), audiences=("gang",)),
    "chiefs": GroupRights(roles=("supervisor",), all_audiences=True),
    "wall": GroupRights(roles=("wall",), secured_room=True),
    "nothing": GroupRights(),
}
ACCOUNT = "r.diaz@city.example"
BEGIN, BACK = "/api/session/oidc", "/api/session/oidc/callback"


class Site:
    """A server whose people an identity provider knows."""

    def __init__(self, folder: Path, *, page_url: str = "https://watch.example", **changes: Any) -> None:
        self.ahead_s = 0.0
        self.folder = folder
        self.idp = FakeProvider(self.now)
        self.book = AccountBook(folder / "accounts.sqlite", lock_after_s=1800, now=self.now)
        terms = {
            "issuer": ISSUER, "client_id": CLIENT, "name": "the City", "page_url": page_url, "scopes": ["profile"],
            "account_claim": "preferred_username", "groups_claim": "groups", "groups": GROUPS, "ask_anew": True,
            "help": "Ask the IT desk.",
        }  # fmt: skip
        secret = changes.pop("secret", SECRET)
        self.mono = 0.0
        issuer = Issuer(ISSUER, CLIENT, secret, transport=self.idp.transport, mono=lambda: self.mono)
        sign_in = SigningIn(self.book)
        self.oidc = OidcSignIn(Terms(**{**terms, **changes}), issuer, VouchedPeople(self.book), sign_in, self.now)
        self.rechecks = Rechecks(self.oidc, 60.0)
        entrance = Entrance(
            sign_in=sign_in, audiences=("gang", "homicide"), machine_token="m", provider=self.oidc, now=self.now
        )
        self.world = World(entrance=entrance)
        self.world.hubs.caught_up()

    def now(self) -> float:
        return time.time() + self.ahead_s

    def go(self, browser: TestClient) -> str:
        """Press the button; where it leads."""
        answer = browser.get(BEGIN, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def come(self, browser: TestClient, **changes: str | None) -> httpx2.Response:
        """Press the button, sign in at the provider, and come back with what it said, changed."""
        said = self.idp.let(self.go(browser)) | changes
        return browser.get(BACK, params={k: v for k, v in said.items() if v is not None}, follow_redirects=False)

    def browser(self) -> TestClient:
        browser = self.world.browser()
        browser.base_url = httpx2.URL("https://127.0.0.1:8000")
        del browser.headers["origin"]  # a navigation has none
        return browser

    def enter(self) -> TestClient:
        browser = self.browser()
        answer = self.come(browser)
        assert (answer.status_code, answer.headers.get("location")) == (303, "/"), answer.text
        return browser

    def refused(self, kind: str, status: int, **changes: str | None) -> str:
        browser = self.browser()
        answer = self.come(browser, **changes)
        assert (answer.status_code, f"<code>{kind}</code>" in answer.text) == (status, True), answer.text
        assert COOKIE not in answer.headers.get("set-cookie", "")
        assert browser.get("/api/status").status_code == 401
        return answer.text

    def records(self) -> list[tuple[str, str, str]]:
        return [(one.name, one.account, one.details.get("why", "")) for one in self.book.records(200)]

    async def recheck(self) -> None:
        """A minute passes."""
        for _ in range(6):
            self.ahead_s += 10.2
            await self.rechecks.look()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_who_is_vouched_for_is_let_in_with_the_rights_of_his_groups(site: Site) -> None:
    browser = site.enter()
    standing = browser.get("/api/session").json()
    assert (standing["account"], standing["name"], standing["roles"]) == (ACCOUNT, "R. Diaz", ["monitor"])
    assert standing["provider"] == "the City"
    assert browser.get("/api/noise").status_code != 401
    assert browser.get("/api/ledger").status_code == 403
    assert [one[:2] for one in site.records()] == [
        ("access.account_made", ACCOUNT), ("access.account_changed", ACCOUNT), ("access.signed_in", ACCOUNT),
    ]  # fmt: skip
    (listed,) = site.book.accounts()
    assert (listed.issuer, listed.sessions) == (ISSUER, 1)


def test_the_provider_is_asked_as_the_standard_says(site: Site) -> None:
    browser = site.browser()
    address = httpx2.URL(site.go(browser))
    asked = dict(address.params)
    assert (address.host, address.path, asked["theme"]) == ("id.example", "/authorize", "dark")
    assert asked["redirect_uri"] == "https://watch.example/api/session/oidc/callback"
    assert asked["scope"] == "openid profile"
    assert (asked["prompt"], asked["max_age"]) == ("login", "0")
    again = dict(httpx2.URL(site.go(browser)).params)
    assert not {asked[name] for name in ("state", "nonce", "code_challenge")} & set(again.values())


def test_no_script_and_no_other_site_can_use_the_cookies(site: Site) -> None:
    browser = site.browser()
    going = browser.get(BEGIN, follow_redirects=False)
    cookie = going.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=lax", "secure", "path=/api/session/oidc", "max-age="))
    answer = browser.get(BACK, params=site.idp.let(going.headers["location"]), follow_redirects=False)
    session, browsers = answer.headers.get_list("set-cookie")
    assert all(word in session.lower() for word in (COOKIE, "httponly", "samesite=strict", "secure"))
    assert BROWSER_COOKIE in browsers
    assert "max-age=0" in browsers.lower()


def test_on_this_machine_without_tls_the_cookies_still_come_back(tmp_path: Path) -> None:
    site = Site(tmp_path, page_url="http://127.0.0.1:8000")
    assert "secure" not in site.browser().get(BEGIN, follow_redirects=False).headers["set-cookie"].lower()


@pytest.mark.parametrize("name", ["next", "redirect", "return_to", "url", "redirect_uri", "target_link_uri"])
def test_nothing_in_a_request_sends_the_browser_elsewhere(site: Site, name: str) -> None:
    browser = site.browser()
    there = browser.get(BEGIN, params={name: "https://evil.example"}, follow_redirects=False).headers["location"]
    assert there.startswith(f"{ISSUER}/authorize?")
    assert "evil" not in there
    answer = browser.get(BACK, params=site.idp.let(there) | {name: "//evil.example"}, follow_redirects=False)
    assert answer.headers["location"] == "/"


def test_without_a_provider_there_is_no_such_way() -> None:
    browser = World().browser()
    assert browser.get(BEGIN).status_code == 404
    assert browser.get(BACK).status_code == 404


def test_a_forged_used_or_old_state_opens_nothing(site: Site) -> None:
    site.refused("state", 400, state="forged")
    site.refused("state", 400, state=None)
    browser = site.browser()
    said = site.idp.let(site.go(browser))
    cookie = browser.cookies[BROWSER_COOKIE]
    assert browser.get(BACK, params=said, follow_redirects=False).status_code == 303
    replayed = site.browser()
    replayed.cookies.set(BROWSER_COOKIE, cookie)
    assert replayed.get(BACK, params=said).status_code == 400
    late = site.browser()
    said = site.idp.let(site.go(late))
    site.ahead_s += LIVES_S
    assert "<code>state</code>" in late.get(BACK, params=said).text


def test_an_answer_that_another_browser_brings_opens_nothing_in_either(site: Site) -> None:
    mine, victim = site.browser(), site.browser()
    said = site.idp.let(site.go(mine))
    assert "<code>browser</code>" in victim.get(BACK, params=said).text
    site.go(victim)  # one that has begun a sign-in of its own
    said = site.idp.let(site.go(mine))
    assert "<code>browser</code>" in victim.get(BACK, params=said).text
    assert "<code>state</code>" in mine.get(BACK, params=said).text


def test_who_comes_back_with_a_refusal_is_told_so_and_what_was_said_is_not_repeated(site: Site) -> None:
    site.refused("denied", 403, code=None, error="access_denied", error_description="<script>alert(1)</script>")
    text = site.refused("provider_strange", 502, code=None, error="<script>alert(1)</script>")
    assert "script" not in text


def test_a_code_that_is_not_the_providers_opens_nothing(site: Site) -> None:
    site.refused("code", 401, code="stolen")


def test_an_answer_that_names_another_issuer_or_none_opens_nothing(site: Site) -> None:
    site.refused("issuer", 401, iss="https://evil.example")
    site.refused("issuer", 401, iss=None)
    site.idp.document = {"authorization_response_iss_parameter_supported": False}
    site.mono += 4000
    assert site.come(site.browser(), iss=None).status_code == 303


def test_what_is_said_twice_counts_as_not_said(site: Site) -> None:
    browser = site.browser()
    said = site.idp.let(site.go(browser))
    answer = browser.get(BACK, params=[*said.items(), ("state", said["state"])])
    assert "<code>state</code>" in answer.text


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"iss": "https://evil.example"}, "issuer"),
        ({"iss": ISSUER + "/"}, "issuer"),
        ({"iss": None}, "provider_strange"),
        ({"aud": "another-application"}, "audience"),
        ({"aud": []}, "audience"),
        ({"aud": None}, "provider_strange"),
        ({"aud": [CLIENT, "another"]}, "audience"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "audience"),
        ({"azp": "another"}, "audience"),
        ({"nonce": "of another sign-in"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"nonce": 7}, "nonce"),
        ({"exp": 1}, "expired"),
        ({"exp": None}, "provider_strange"),
        ({"exp": "tomorrow"}, "provider_strange"),
        ({"iat": 4_000_000_000, "exp": 4_000_000_300}, "clock"),
        ({"nbf": 4_000_000_000}, "clock"),
        ({"iat": None}, "provider_strange"),
        ({"sub": None}, "provider_strange"),
        ({"sub": 7}, "provider_strange"),
        ({"sub": "x" * 256}, "provider_strange"),
        ({"auth_time": None}, "not_asked_anew"),
        ({"auth_time": 1}, "not_asked_anew"),
        ({"auth_time": True}, "not_asked_anew"),
        ({"auth_time": "now"}, "not_asked_anew"),
    ],
    ids=str,
)
def test_a_token_that_is_not_this_sign_ins_opens_nothing(site: Site, changes: dict[str, Any], kind: str) -> None:
    site.idp.changes = changes
    site.refused(kind, 502 if kind == "provider_strange" else 401)
    assert site.records()[-1] == ("access.refused", "unknown", kind)


def test_a_token_for_several_that_names_us_as_the_one_is_good(site: Site) -> None:
    site.idp.changes = {"aud": [CLIENT, "another"], "azp": CLIENT}
    site.enter()


def test_clocks_may_differ_by_a_minute_and_no_more(site: Site) -> None:
    now = int(site.now())
    site.idp.changes = {"iat": now + 50, "exp": now + 300}
    site.enter()
    site.idp.changes = {"iat": now + 90, "exp": now + 300}
    assert "clocks" in site.refused("clock", 401)
    site.idp.changes = {"iat": now - 400, "exp": now - 90}
    assert "clocks" in site.refused("expired", 401)


def forge(site: Site, how: str) -> None:
    idp = site.idp
    match how:
        case "another key of the same name":
            idp.signed_with = another_key("one")
        case "a key that is not published":
            idp.signed_with = another_key("three")
        case "no signature":
            idp.alg = "none"
        case "the client's secret":
            idp.alg, idp.signed_with = "HS256", OctKey.import_key(SECRET, {"kid": "one"})
        case "the public key as a secret":
            pem = idp.key.as_pem(private=False)
            idp.alg, idp.signed_with = "HS256", OctKey.import_key(pem.replace(b"-----", b"....."), {"kid": "one"})
        case "a shared key that is published":
            shared = OctKey.import_key("0123456789abcdef0123456789abcdef", {"kid": "shared"})
            idp.published, idp.alg, idp.signed_with = [idp.key, shared], "HS256", shared
        case "a key for encryption":
            key = another_key("enc")
            idp.published = [idp.key, key.as_dict(private=False) | {"use": "enc"}]
            idp.signed_with = key
        case "a header that must be understood and is not":
            idp.header = {"crit": ["b64", "x-made-up"], "x-made-up": 1, "b64": True}


@pytest.mark.parametrize(
    "how",
    [
        "another key of the same name", "a key that is not published", "no signature", "the client's secret",
        "the public key as a secret", "a shared key that is published", "a key for encryption",
    ],
)  # fmt: skip
def test_a_forged_signature_opens_nothing(site: Site, how: str) -> None:
    forge(site, how)
    site.refused("signature", 401)


@pytest.mark.parametrize("token", ["", "a.b.c", "....", "\u00e9", "x" * 20_000, "e30.e30.e30"])
def test_what_is_no_token_opens_nothing(site: Site, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site.idp, "signed", lambda *_: token)
    answer = site.come(site.browser())
    assert answer.status_code in (401, 502)


def test_a_new_key_is_asked_for_once_and_strangers_cannot_have_it_asked_for_ever(site: Site) -> None:
    site.enter()
    new = elliptic_key()
    site.idp.published, site.idp.signed_with, site.idp.alg = [{"kty": "unheard-of"}, {"x": 1}, new], new, "ES256"
    site.mono += KEYS_AGAIN_S + 1
    site.enter()
    before = site.idp.asked.count("/keys")
    site.idp.signed_with = elliptic_key("unknown")
    for _ in range(5):
        site.refused("signature", 401)
    assert site.idp.asked.count("/keys") == before


def test_a_provider_that_is_away_or_strange_is_told_apart_and_nothing_is_kept_of_it(site: Site) -> None:
    browser = site.browser()
    site.idp.away = True
    answer = browser.get(BEGIN)
    assert (answer.status_code, "<code>provider_away</code>" in answer.text) == (503, True)
    site.idp.away = False
    for wrong in (
        {"issuer": "https://evil.example"}, {"token_endpoint": "http://id.example/token"}, {"jwks_uri": 7},
        {"authorization_endpoint": "javascript:alert(1)"}, {"padding": "x" * MAX_BYTES},
    ):  # fmt: skip
        site.idp.document = wrong
        assert "<code>provider_strange</code>" in browser.get(BEGIN).text, wrong
    site.idp.document = {}
    for path, status, kind in (
        ("/keys", 404, "provider_strange"), ("/token", 503, "provider_away"), ("/token", 401, "provider_refused_us"),
    ):  # fmt: skip
        site.idp.status = {path: status}
        assert f"<code>{kind}</code>" in site.come(site.browser()).text
    site.idp.status = {}
    site.enter()


def test_a_secret_that_the_provider_does_not_know_is_named_as_the_reason(tmp_path: Path) -> None:
    assert "WATCHFLOOR_OIDC_CLIENT_SECRET" in Site(tmp_path, secret="old").refused("provider_refused_us", 502)


def test_who_is_in_no_group_that_may_do_anything_is_told_whom_to_ask(site: Site) -> None:
    for groups in ([], ["strangers"], ["nothing"], "strangers", [7, None], {"rtcc": True}):
        site.idp.claims["groups"] = groups
        assert "Ask the IT desk." in site.refused("no_right", 403)
    assert site.book.accounts() == []


@pytest.mark.parametrize(
    ("groups", "roles", "audiences"),
    [("rtcc", ["monitor"], ("gang",)), (["wall", "rtcc", "other"], ["monitor", "wall"], ("gang",)),
     (["chiefs", "rtcc"], ["monitor", "supervisor"], None)],
)  # fmt: skip
def test_who_is_in_several_groups_has_what_each_of_them_gives(
    site: Site, groups: object, roles: list[str], audiences: tuple[str, ...] | None
) -> None:
    site.idp.claims["groups"] = groups
    assert site.enter().get("/api/session").json()["roles"] == roles
    (listed,) = site.book.accounts()
    assert (listed.audiences, listed.secured) == (audiences, "wall" in groups)


def test_groups_are_found_where_the_settings_say_and_at_userinfo(tmp_path: Path) -> None:
    site = Site(tmp_path, groups_claim="realm_access.roles")
    site.idp.claims["realm_access"] = {"roles": ["rtcc"]}
    site.enter()
    del site.idp.claims["realm_access"]
    site.idp.told = {"sub": "u-17", "realm_access": {"roles": ["chiefs"]}}
    assert site.enter().get("/api/session").json()["roles"] == ["supervisor"]
    site.idp.told = {"sub": "somebody else", "realm_access": {"roles": ["chiefs"]}}
    site.refused("provider_strange", 502)


@pytest.mark.parametrize("name", [None, "", 7, "two words", "semi;colon", "x" * 101, "unknown", "line\nbreak"])
def test_a_name_that_cannot_be_an_accounts_makes_none(site: Site, name: object) -> None:
    site.idp.claims["preferred_username"] = name
    site.refused("account_name", 403)


def test_an_address_that_was_not_proved_is_nobodys_name(tmp_path: Path) -> None:
    site = Site(tmp_path, account_claim="email")
    site.idp.claims |= {"email": "chief@city.example", "email_verified": False}
    site.refused("account_name", 403)
    site.idp.claims["email_verified"] = True
    site.enter()


def test_nobody_gets_the_account_of_somebody_else_by_calling_himself_so(site: Site) -> None:
    site.book.add("s.lee", name="", password="three blind mice 7", roles=["supervisor"], audiences=None, secured=False,
                  ends_at=None, actor="admin")  # fmt: skip
    site.idp.claims["preferred_username"] = "S.Lee"
    site.refused("account_taken", 403)
    site.idp.claims["preferred_username"] = "r.diaz@city.example"
    site.enter()
    site.idp.claims["sub"] = "another person"
    site.refused("account_taken", 403)


def test_who_is_called_something_else_now_keeps_his_account(site: Site) -> None:
    site.enter()
    site.idp.claims |= {"preferred_username": "r.lopez", "name": "R. Lopez"}
    standing = site.enter().get("/api/session").json()
    assert (standing["account"], standing["name"]) == (ACCOUNT, "R. Lopez")


def test_such_an_account_has_no_password_that_could_be_tried_or_set_and_no_roles_to_give(site: Site) -> None:
    site.enter()
    browser = site.world.browser()
    for _ in range(6):
        for password in ("", "x"):
            told = browser.post("/api/session", json={"account": ACCOUNT, "password": password, "code": ""})
            assert told.status_code in (401, 422)
    assert site.book.accounts()[0].disabled == ""
    with pytest.raises(AccountError, match="identity provider"):
        site.book.reset(ACCOUNT, "three blind mice 7", "admin")
    with pytest.raises(AccountError, match="identity provider"):
        site.book.set_roles(ACCOUNT, roles=["administrator"], audiences=None, secured=False, actor="admin")


def test_an_administrator_shuts_out_and_lets_in_whatever_the_provider_says(site: Site) -> None:
    browser = site.enter()
    site.book.disable(ACCOUNT, "left the agency", "admin")
    assert browser.get("/api/status").status_code == 401
    assert "left the agency" in site.refused("account_disabled", 403)
    site.book.release(ACCOUNT, "admin")
    site.enter()
    site.ahead_s = UNUSED_S + 1
    assert "90 days" in site.refused("account_disabled", 403)


def test_whoever_sits_down_at_a_locked_desk_is_asked_anew_even_where_others_are_not(tmp_path: Path) -> None:
    site = Site(tmp_path, ask_anew=False)
    browser = site.enter()
    assert "prompt=login" not in site.go(browser)
    token = browser.cookies[COOKIE]
    site.book.lock(token)
    there = site.go(browser)
    assert "prompt=login" in there
    answer = browser.get(BACK, params=site.idp.let(there, asked_at=site.now() - 3600))
    assert "<code>not_asked_anew</code>" in answer.text
    answer = browser.get(BACK, params=site.idp.let(site.go(browser)), follow_redirects=False)
    assert answer.status_code == 303
    # The session that was locked is gone: its token opens nothing any more.
    assert site.book.session(token) is None
    assert browser.get("/api/session").json()["locked"] is False


def test_a_session_ends_when_the_provider_said_and_at_twelve_hours_at_the_latest(site: Site) -> None:
    site.idp.gives_refresh = False
    browser = site.enter()
    ends_at = browser.get("/api/session").json()["ends_at"]
    assert ends_at == pytest.approx(site.now() + 300, abs=3)
    site.ahead_s += 301
    assert browser.get("/api/status").status_code == 401
    site.idp.token_lives_s = 100 * 3600
    assert site.enter().get("/api/session").json()["ends_at"] == pytest.approx(site.now() + SESSION_S, abs=3)


def test_while_the_provider_vouches_a_session_goes_on_with_what_it_says_now(site: Site) -> None:
    browser = site.enter()

    async def run() -> None:
        for _ in range(12):
            await site.recheck()
            assert site.book.session(browser.cookies[COOKIE]) is not None
        before = site.book.revision()
        site.idp.claims["groups"] = ["chiefs"]
        await site.recheck()
        assert site.book.revision() > before

    asyncio.run(run())
    session = site.book.session(browser.cookies[COOKIE])
    assert session is not None
    assert (session.roles, session.audiences) == (("supervisor",), None)


@pytest.mark.parametrize("how", ["refresh", "refresh without an ID token", "userinfo"])
@pytest.mark.parametrize("what", ["removed", "out of all groups"])
def test_who_is_removed_at_the_provider_is_out_at_the_next_question(site: Site, how: str, what: str) -> None:
    site.idp.gives_refresh = how != "userinfo"
    site.idp.gives_id_token_again = how == "refresh"
    browser = site.enter()

    async def run() -> None:
        await site.recheck()
        assert site.book.session(browser.cookies[COOKIE]) is not None
        if what == "removed":
            site.idp.taken_back = True
        else:
            site.idp.claims["groups"] = []
        await site.recheck()

    asyncio.run(run())
    assert site.book.session(browser.cookies[COOKIE]) is None
    assert site.records()[-1][:2] == ("access.session_ended", ACCOUNT)


def test_while_the_provider_is_away_a_session_goes_on_until_the_end_that_it_gave(site: Site) -> None:
    browser = site.enter()

    async def run() -> None:
        site.idp.away = True
        for _ in range(4):
            await site.recheck()
            assert site.book.session(browser.cookies[COOKIE]) is not None
        await site.recheck()
        assert site.book.session(browser.cookies[COOKIE]) is None

    asyncio.run(run())


def test_groups_that_only_the_id_token_tells_hold_until_its_end(site: Site) -> None:
    site.idp.gives_refresh = False
    site.idp.told = {"sub": "u-17"}
    browser = site.enter()
    asyncio.run(site.recheck())
    assert site.book.session(browser.cookies[COOKIE]) is not None


def test_a_new_token_of_somebody_else_changes_nothing(site: Site) -> None:
    browser = site.enter()
    site.idp.claims |= {"sub": "another", "groups": ["chiefs"]}
    asyncio.run(site.recheck())
    session = site.book.session(browser.cookies[COOKIE])
    assert session is not None
    assert session.roles == ("monitor",)


def test_the_provider_is_asked_no_more_often_than_the_period(site: Site) -> None:
    site.enter()

    async def run() -> None:
        before = len(site.idp.asked)
        await site.rechecks.look()
        assert len(site.idp.asked) == before
        await site.recheck()
        once = len(site.idp.asked)
        await site.rechecks.look()
        assert before < once == len(site.idp.asked)

    asyncio.run(run())


@pytest.mark.parametrize("who", ["administrator", "provider"])
def test_e17_who_is_shut_out_loses_his_open_sockets_within_seconds(tmp_path: Path, who: str) -> None:
    site = Site(tmp_path)

    async def run() -> None:
        async with listening(site.world) as address:
            browser = await asyncio.to_thread(site.enter)
            ticket = (await asyncio.to_thread(browser.post, "/api/session/ticket", json={})).json()["ticket"]
            page = await page_of(address, additional_headers={"cookie": f"{COOKIE}={browser.cookies[COOKIE]}"})
            await say(page, hello(["alerts"]) | {"ticket": ticket})
            assert (await hear(page))["t"] == "welcome"
            if who == "administrator":
                # As `watchfloor account disable` does it: another process, another connection.
                other = AccountBook(tmp_path / "accounts.sqlite", lock_after_s=1800)
                await asyncio.to_thread(other.disable, ACCOUNT, "left", "admin")
            else:
                site.idp.taken_back = True
                await site.recheck()
            begun = time.monotonic()
            assert await closed_with(page) == 4401
            assert time.monotonic() - begun < 5

    asyncio.run(run())


def test_no_token_code_or_secret_is_in_a_log_an_answer_or_a_record(
    site: Site, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    secrets: list[str] = ["code-", "access-", "refresh-", SECRET]
    signed: Callable[..., str] = site.idp.signed

    def kept(nonce: str | None, asked_at: float | None) -> str:
        secrets.append(signed(nonce, asked_at))
        return secrets[-1]

    site.idp.signed = kept  # type: ignore[method-assign]
    caplog.set_level(logging.DEBUG)
    said = []
    with structlog.testing.capture_logs() as logged:
        site.enter()
        for changes in ({"nonce": "another"}, {"aud": "another"}, {"exp": 1}):
            site.idp.changes = changes
            said.append(site.come(site.browser()).text)
        site.idp.changes = {}
        site.idp.signed_with = another_key("one")
        said.append(site.come(site.browser()).text)
        asyncio.run(site.recheck())
    # The test's own browser logs where it goes.
    lines = [one.getMessage() for one in caplog.records if "127.0.0.1:8000" not in one.getMessage()]
    assert any("/token" in line for line in lines)
    everything = "".join([*said, str(logged), *lines, *capsys.readouterr(), str(site.book.records(100))])
    assert logged
    assert [secret for secret in secrets if secret in everything] == []
