"""The account book: who is let in, who is not, and that every change leaves its record."""

from __future__ import annotations

import sqlite3
import stat
import threading
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from compose.accounts import second_factor
from compose.accounts.book import MOST_FAILURES, SESSION_S, UNUSED_S, AccountBook
from compose.accounts.passwords import WeakPasswordError
from compose.accounts.signing_in import action_of
from dashboards.server.access.account_ports import AccountError
from dashboards.server.access.rights import Right
from dashboards.server.access.session import AccountsUnavailableError, SignInRefusedError

PASSWORD = "three blind mice 7"
LOCK_S = 1800.0


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Desk:
    """A book, its clock, and somebody with an authenticator."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.file = folder / "accounts.sqlite"
        self.book = AccountBook(self.file, lock_after_s=LOCK_S, now=self.clock)
        self.secret = self.add("r.diaz")

    def add(self, account: str, *, secured: bool = False, ends_at: float | None = None) -> str:
        return self.book.add(
            account, name="R. Diaz", password=PASSWORD, roles=["monitor"], audiences=["gang"], secured=secured,
            ends_at=ends_at, actor="admin",
        )  # fmt: skip

    def code(self, secret: str = "") -> str:
        return second_factor.code_now(secret or self.secret, self.clock.now)

    def sign_in(self, *, password: str = PASSWORD, code: str | None = None, account: str = "r.diaz") -> str:
        return self.book.sign_in(account, password, self.code() if code is None else code, "10.0.0.7")[0]

    def names(self) -> list[str]:
        return [record.name for record in self.book.records(100)]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_whoever_has_name_password_and_code_is_let_in_with_the_rights_of_the_roles(desk: Desk) -> None:
    token, session = desk.book.sign_in("R.Diaz", PASSWORD, desk.code(), "10.0.0.7")
    assert desk.book.session(token) == session
    assert (session.account, session.roles, session.audiences) == ("r.diaz", ("monitor",), ("gang",))
    assert Right.ACT in session.rights
    assert Right.ADMINISTER not in session.rights
    assert token not in desk.file.read_bytes().decode("latin-1")
    assert desk.names() == ["access.account_made", "access.signed_in"]


@pytest.mark.parametrize(
    ("account", "password", "code"),
    [("r.diaz", "three blind mice 8", None), ("r.diaz", PASSWORD, "000000"), ("r.diaz", PASSWORD, ""),
     ("nobody", PASSWORD, None), ("", "", "")],
)  # fmt: skip
def test_who_lacks_any_of_them_hears_the_same_words(desk: Desk, account: str, password: str, code: str | None) -> None:
    if code == "000000":
        desk.clock.now += 30 * (desk.code() == "000000")
    with pytest.raises(SignInRefusedError, match="Name, password or code is not right"):
        desk.sign_in(account=account, password=password, code=code)
    assert desk.names()[-1] == "access.refused"
    assert "three blind" not in str(desk.book.records(100))


def test_a_name_that_nobody_has_costs_the_same_work_as_one_that_somebody_has(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[bool] = []
    verify = PasswordHasher.verify

    def counted(hasher: PasswordHasher, kept: str, password: str) -> bool:
        tried.append(True)
        return bool(verify(hasher, kept, password))

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    for account in ("r.diaz", "nobody"):
        with pytest.raises(SignInRefusedError):
            desk.sign_in(account=account, password="wrong wrong wrong")
    assert len(tried) == 2


def test_a_code_that_was_used_opens_nothing_more(desk: Desk) -> None:
    code = desk.code()
    desk.sign_in(code=code)
    with pytest.raises(SignInRefusedError):
        desk.sign_in(code=code)
    desk.clock.now += 30
    desk.sign_in()


def test_of_two_that_show_the_same_code_at_once_one_is_let_in(desk: Desk) -> None:
    code, let_in, refused = desk.code(), [], []
    together = threading.Barrier(2)

    def come() -> None:
        book = AccountBook(desk.file, lock_after_s=LOCK_S, now=desk.clock)
        together.wait()
        try:
            let_in.append(book.sign_in("r.diaz", PASSWORD, code, ""))
        except SignInRefusedError as error:
            refused.append(error)

    threads = [threading.Thread(target=come) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(let_in), len(refused)) == (1, 1)


def test_five_wrong_tries_lock_an_account_and_its_screens_until_somebody_releases_it(desk: Desk) -> None:
    token = desk.sign_in()
    for _ in range(MOST_FAILURES):
        with pytest.raises(SignInRefusedError):
            desk.sign_in(password="wrong wrong wrong")
    assert desk.book.session(token) is None
    desk.clock.now += 3600
    with pytest.raises(SignInRefusedError):
        desk.sign_in()
    assert "access.locked_out" in desk.names()
    desk.book.release("r.diaz", "admin")
    desk.clock.now += 30
    desk.sign_in()


def test_wrong_tries_far_apart_lock_nobody_out(desk: Desk) -> None:
    for _ in range(3 * MOST_FAILURES):
        desk.clock.now += 16 * 60
        with pytest.raises(SignInRefusedError):
            desk.sign_in(password="wrong wrong wrong")
    desk.sign_in()


def test_a_session_locks_when_nobody_is_there_and_ends_after_twelve_hours(desk: Desk) -> None:
    token = desk.sign_in()
    desk.clock.now += LOCK_S - 1
    desk.book.active(token)
    desk.clock.now += LOCK_S - 1
    session = desk.book.session(token)
    assert session is not None
    assert not session.locked
    desk.clock.now += 1
    session = desk.book.session(token)
    assert session is not None
    assert session.locked
    desk.book.active(token)  # who is not known to be there cannot unlock it
    assert desk.book.session(token) == session
    desk.clock.now += SESSION_S
    assert desk.book.session(token) is None


def test_a_position_in_a_secured_room_does_not_lock_but_ends(desk: Desk) -> None:
    secret = desk.add("wall-1", secured=True)
    token = desk.sign_in(account="wall-1", code=desk.code(secret))
    desk.clock.now += SESSION_S - 1
    session = desk.book.session(token)
    assert session is not None
    assert (session.locked, session.locks_at) == (False, None)
    desk.clock.now += 1
    assert desk.book.session(token) is None


def test_a_change_of_roles_holds_at_once_and_changes_the_revision(desk: Desk) -> None:
    token, before = desk.sign_in(), desk.book.revision()
    desk.book.active(token)
    assert desk.book.revision() == before
    desk.book.set_roles("r.diaz", roles=["auditor"], audiences=None, secured=False, actor="admin")
    session = desk.book.session(token)
    assert session is not None
    assert session.rights == {Right.AUDIT}
    assert session.audiences is None
    assert desk.book.revision() > before


def test_a_disabled_account_an_ended_one_and_one_that_is_not_used_let_nobody_in(desk: Desk) -> None:
    token = desk.sign_in()
    desk.book.disable("r.diaz", "left the agency", "admin")
    assert desk.book.session(token) is None
    secret = desk.add("visitor", ends_at=desk.clock.now + 60)
    visiting = desk.sign_in(account="visitor", code=desk.code(secret))
    desk.clock.now += 61
    assert desk.book.session(visiting) is None
    idle = desk.add("idle")
    desk.clock.now += UNUSED_S + 1
    for account, its in (("r.diaz", desk.secret), ("visitor", secret), ("idle", idle)):
        with pytest.raises(SignInRefusedError):
            desk.sign_in(account=account, code=desk.code(its))
    shut = {one.account: one.disabled for one in desk.book.accounts()}
    assert shut == {"r.diaz": "left the agency", "visitor": "it has ended", "idle": "unused for 90 days"}


def test_a_reset_account_has_another_password_and_another_second_factor(desk: Desk) -> None:
    token = desk.sign_in()
    fresh = desk.book.reset("r.diaz", "four calling birds 9", "admin")
    assert desk.book.session(token) is None
    desk.clock.now += 30
    with pytest.raises(SignInRefusedError):
        desk.sign_in(password="four calling birds 9")
    desk.sign_in(password="four calling birds 9", code=desk.code(fresh))


@pytest.mark.parametrize(
    "password", ["short", "password1234567", "Watchfloor2026!", "aaaaaaaaaaaaaaaa", "xx-s.lee-2026-xx", "x" * 201]
)
def test_a_password_that_is_easily_guessed_makes_no_account(desk: Desk, password: str) -> None:
    with pytest.raises(WeakPasswordError):
        desk.book.add(
            "s.lee", name="S. Lee", password=password, roles=["monitor"], audiences=(), secured=False, ends_at=None,
            actor="admin",
        )  # fmt: skip
    assert [one.account for one in desk.book.accounts()] == ["r.diaz"]


@pytest.mark.parametrize(
    ("account", "roles"), [("r.diaz", ["monitor"]), ("S Lee", ["monitor"]), ("s.lee", ["king"]), ("s.lee", [])]
)
def test_an_account_needs_a_name_of_its_own_and_roles_that_there_are(
    desk: Desk, account: str, roles: list[str]
) -> None:
    with pytest.raises(AccountError):
        desk.book.add(
            account, name="", password=PASSWORD, roles=roles, audiences=(), secured=False, ends_at=None, actor="admin"
        )


def test_the_file_is_its_owners_alone_and_holds_no_password(desk: Desk) -> None:
    assert stat.S_IMODE(desk.file.stat().st_mode) == 0o600
    assert PASSWORD.encode() not in desk.file.read_bytes()


def test_a_book_that_cannot_be_read_lets_nobody_in(tmp_path: Path) -> None:
    (tmp_path / "accounts.sqlite").write_bytes(b"no database" * 1000)
    book = AccountBook(tmp_path / "accounts.sqlite", lock_after_s=LOCK_S)
    with pytest.raises(AccountsUnavailableError):
        book.session("token")
    with pytest.raises(AccountsUnavailableError):
        book.sign_in("r.diaz", PASSWORD, "000000", "")


def test_records_wait_until_they_are_confirmed_and_become_the_same_actions_each_time(desk: Desk) -> None:
    desk.sign_in()
    waiting = desk.book.records(100)
    assert [action_of(record).event_id for record in waiting] == [
        action_of(record).event_id for record in desk.book.records(100)
    ]
    desk.book.confirmed(waiting[0].number)
    assert desk.book.records(100) == waiting[1:]
    action = action_of(waiting[1])
    assert (action.name, action.subject_id, action.actor) == ("access.signed_in", "account:r.diaz", "r.diaz")
    assert action.details == {"where": "10.0.0.7"}


def test_a_change_that_fails_in_the_middle_leaves_nothing(desk: Desk) -> None:
    before = desk.book.revision()
    with sqlite3.connect(desk.file) as other:
        other.execute("DROP TABLE records")
    with pytest.raises(AccountsUnavailableError):
        desk.book.disable("r.diaz", "left", "admin")
    assert [one.disabled for one in desk.book.accounts()] == [""]
    assert desk.book.revision() == before
