"""The account book: accounts, sessions and what was done with them, in one SQLite file that only its owner can read.

Commands and the server open it side by side; each change is one transaction, with its record in the same. Records wait
in the file until the server has had them confirmed by the log, as actions (``signing_in.py``).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct, structs

from compose.accounts import passwords, second_factor
from compose.accounts.tables import ADDED, TABLES
from dashboards.server.access.account_ports import Account, AccountError
from dashboards.server.access.rights import ROLES, Right, rights_of
from dashboards.server.access.session import AccountsUnavailableError, Session, SignInRefusedError

#: So many wrong tries in so many seconds lock an account until an administrator releases it (CJIS AC-7).
MOST_FAILURES, FAILURES_WITHIN_S = 5, 15 * 60.0
#: A session ends after so many seconds whatever happens (CJIS IA-5: at least every 12 h).
SESSION_S = 12 * 3600.0
#: An account that nobody has used for so many seconds lets nobody in (CJIS AC-2: 90 days).
UNUSED_S = 90 * 86_400.0
#: Nobody hears which of the three was wrong, or whether there is such an account.
WRONG = "Name, password or code is not right. After five wrong tries an administrator must release the account."
_BUSY_S = 10.0


class Record(Struct, frozen=True, kw_only=True):
    """Something that was done with an account. ``number`` counts up within ``book``."""

    book: str
    number: int
    at: float
    name: str
    account: str
    actor: str
    details: dict[str, str]


class AccountBook:
    """The file. Every method blocks, and may be called from any thread. Raises AccountsUnavailableError."""

    def __init__(self, file: Path, *, lock_after_s: float, now: Callable[[], float] = time.time) -> None:
        """``lock_after_s``: seconds without a sign of somebody after which a session locks."""
        self._file = file
        self._lock_after_s = lock_after_s
        self._now = now
        self._mutex = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def close(self) -> None:
        """Close the file."""
        with self._mutex:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    # Accounts

    def add(
        self,
        account: str,
        *,
        name: str,
        password: str,
        roles: Sequence[str],
        audiences: Sequence[str] | None,
        secured: bool,
        ends_at: float | None,
        actor: str,
        agencies: Sequence[str] | None = None,
        areas: Sequence[str] | None = None,
    ) -> str:
        """Make an account and return the secret of its second factor, which is shown this once. Raises AccountError."""
        _check_name(account)
        _check_roles(roles)
        passwords.check(password, account, name)
        hashed, secret, now = passwords.hashed(password), second_factor.new_secret(), self._now()
        with self.change() as book:
            if book.execute("SELECT 1 FROM accounts WHERE account = ?", (account,)).fetchone():
                raise AccountError(f"There is an account {account} already.")
            book.execute(
                "INSERT INTO accounts (account, name, password, otp_secret, roles, audiences, agencies, areas, secured,"
                " made_at, used_at, ends_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (account, name, hashed, secret, text_of(roles), text_of_some(audiences), text_of_some(agencies),
                 text_of_some(areas), int(secured), now, now, ends_at),
            )  # fmt: skip
            record(
                book,
                now,
                "access.account_made",
                account,
                actor,
                roles=", ".join(sorted(roles)),
                agencies=said_of(agencies),
                areas=said_of(areas),
            )
        return secret

    def accounts(self) -> list[Account]:
        """Return all accounts by name."""
        with self.reading() as book:
            rows = book.execute(
                "SELECT account, name, roles, audiences, agencies, areas, secured, disabled, made_at, used_at, ends_at,"
                " (SELECT count() FROM sessions s WHERE s.account = a.account AND s.began_at > ?),"
                " coalesce((SELECT issuer FROM people p WHERE p.account = a.account), '')"
                " FROM accounts a ORDER BY account",
                (self._now() - SESSION_S,),
            ).fetchall()
        return [
            Account(
                account=row[0], name=row[1], roles=words_of(row[2]), audiences=_some(row[3]), agencies=_some(row[4]),
                areas=_some(row[5]), secured=bool(row[6]), disabled=row[7] or self.unused(row[9], row[10]),
                made_at=row[8], used_at=row[9], ends_at=row[10], sessions=row[11], issuer=row[12],
            )
            for row in rows
        ]  # fmt: skip

    def set_roles(
        self,
        account: str,
        *,
        roles: Sequence[str],
        audiences: Sequence[str] | None,
        secured: bool,
        actor: str,
        agencies: Sequence[str] | None = None,
    ) -> None:
        """Change what an account may do and see, from now on and on open screens. Raises AccountError."""
        _check_roles(roles)
        columns = {
            "roles": text_of(roles), "audiences": text_of_some(audiences), "agencies": text_of_some(agencies),
            "secured": int(secured),
        }  # fmt: skip
        said = {"roles": ", ".join(sorted(roles)), "audiences": said_of(audiences), "agencies": said_of(agencies)}
        self._set(account, actor, columns, said)

    def set_areas(self, account: str, areas: Sequence[str] | None, actor: str) -> None:
        """Limit an account to what lies in these zones; None: to none. Holds on open screens. Raises AccountError."""
        self._set(account, actor, {"areas": text_of_some(areas)}, {"areas": said_of(areas)})

    def set_access(
        self,
        account: str,
        *,
        roles: Sequence[str],
        agencies: Sequence[str] | None,
        areas: Sequence[str] | None,
        actor: str,
    ) -> None:
        """Change roles, agencies and areas at once, and nothing else. Raises AccountError."""
        _check_roles(roles)
        columns = {"roles": text_of(roles), "agencies": text_of_some(agencies), "areas": text_of_some(areas)}
        said = {"roles": ", ".join(sorted(roles)), "agencies": said_of(agencies), "areas": said_of(areas)}
        self._set(account, actor, columns, said)

    def _set(self, account: str, actor: str, columns: Mapping[str, object], said: Mapping[str, str]) -> None:
        """Change columns of an account whose rights are kept here, and record what is said of it."""
        assigned = ", ".join(f"{name} = ?" for name in columns)
        with self.change() as book:
            _kept_here(book, account)
            _one(
                book.execute(f"UPDATE accounts SET {assigned} WHERE account = ?", (*columns.values(), account)),  # noqa: S608 - names of our own
                account,
            )
            self._keep_an_administrator(book, actor)
            record(book, self._now(), "access.account_changed", account, actor, **said)

    def disable(self, account: str, reason: str, actor: str) -> None:
        """Let an account in no more, end its sessions and forget its devices now. Raises AccountError."""
        with self.change() as book:
            _one(book.execute("UPDATE accounts SET disabled = ? WHERE account = ?", (reason, account)), account)
            self._keep_an_administrator(book, actor)
            _shut_out(book, account)
            record(book, self._now(), "access.account_disabled", account, actor, why=reason)

    def end_sessions(self, account: str, why: str, actor: str) -> None:
        """End the sessions of an account, which may sign in again. Raises AccountError."""
        with self.change() as book:
            if not book.execute("SELECT 1 FROM accounts WHERE account = ?", (account,)).fetchone():
                raise AccountError(f"There is no account {account}.")
            book.execute("DELETE FROM sessions WHERE account = ?", (account,))
            record(book, self._now(), "access.session_ended", account, actor, why=why)

    def release(self, account: str, actor: str) -> None:
        """Let an account in again that was disabled, locked out or unused. Raises AccountError."""
        now = self._now()
        with self.change() as book:
            _one(
                book.execute(
                    "UPDATE accounts SET disabled = '', failures = 0, used_at = ? WHERE account = ?", (now, account)
                ),
                account,
            )
            record(book, now, "access.account_released", account, actor)

    def reset(self, account: str, password: str, actor: str) -> str:
        """Give an account a new password and second factor, end its sessions, return the new secret.

        Raises AccountError.
        """
        passwords.check(password, account, "")
        hashed, secret = passwords.hashed(password), second_factor.new_secret()
        with self.change() as book:
            _kept_here(book, account)
            _one(
                book.execute(
                    "UPDATE accounts SET password = ?, otp_secret = ?, otp_step = 0 WHERE account = ?",
                    (hashed, secret, account),
                ),
                account,
            )
            _shut_out(book, account)
            record(book, self._now(), "access.account_reset", account, actor)
        return secret

    # Sessions

    def sign_in(self, account: str, password: str, code: str, where: str) -> tuple[str, Session]:
        """Return a token and its session. Raises SignInRefusedError."""
        account, now = account.casefold(), self._now()
        with self.reading() as book:
            row = book.execute(
                "SELECT password, otp_secret, otp_step, disabled, used_at, ends_at FROM accounts"
                " WHERE account = ? AND password != ''",
                (account,),
            ).fetchone()
        # Takes as long for a name that nobody has: the time must not tell which there are. Outside of any transaction,
        # as it takes a third of a second.
        right = passwords.fits(row[0] if row else None, password)
        step = second_factor.step_of(row[1], code, row[2], now) if row else None
        if row is None:
            with self.change() as book:
                # What was typed may be a password in the wrong field.
                record(book, now, "access.refused", "unknown", "unknown", where=where, why="no such account")
            raise SignInRefusedError(WRONG)
        shut = row[3] or self.unused(row[4], row[5])
        if shut or not right or step is None:
            self._refuse(account, now, where, shut or ("password" if not right else "second factor"), count=not shut)
        token = secrets.token_urlsafe(32)
        with self.change() as book:
            # Of two that show the same code at once, one comes in (RFC 6238 §5.2).
            taken = book.execute(
                "UPDATE accounts SET otp_step = ?, failures = 0, used_at = ? WHERE account = ? AND otp_step < ?",
                (step, now, account, step),
            )
            if taken.rowcount:
                book.execute(
                    "INSERT INTO sessions (key, account, began_at, active_at, proved_at) VALUES (?, ?, ?, ?, ?)",
                    (key_of(token), account, now, now, now),
                )
                book.execute("DELETE FROM sessions WHERE began_at < ?", (now - SESSION_S,))
                record(book, now, "access.signed_in", account, account, where=where)
        session = self.session(token)
        if session is None:
            raise SignInRefusedError(WRONG)
        return token, session

    def prove(self, token: str, password: str, where: str) -> Session:
        """Return a session after whoever has it has shown its password again. Raises SignInRefusedError."""
        session, now = self.session(token), self._now()
        if session is None or session.locked:
            raise SignInRefusedError("Sign in first.")
        if session.is_vouched:
            raise SignInRefusedError("This account has no password here: show who you are at the identity provider.")
        with self.reading() as book:
            row = book.execute("SELECT password FROM accounts WHERE account = ?", (session.account,)).fetchone()
        # A wrong one counts as at sign-in: who sits down at an open desk must not try as often as he likes.
        if not passwords.fits(row[0] if row else None, password):
            self._refuse(session.account, now, where, "password", count=True)
        with self.change(told=False) as book:
            book.execute("UPDATE sessions SET proved_at = ? WHERE key = ?", (now, session.key))
            book.execute("UPDATE accounts SET failures = 0 WHERE account = ?", (session.account,))
            record(book, now, "access.proved_again", session.account, session.account, where=where)
        return structs.replace(session, proved_at=now)

    def session(self, token: str) -> Session | None:
        """Return the session of a token, locked or not; None when there is none, or it has ended."""
        now = self._now()
        with self.reading() as book:
            row = book.execute(
                "SELECT s.key, s.began_at, s.active_at, s.locked, a.account, a.name, a.roles, a.audiences, a.agencies,"
                " a.areas, a.secured, a.ends_at, v.good_until, s.proved_at"
                " FROM sessions s JOIN accounts a USING (account) LEFT JOIN vouched v USING (key)"
                " WHERE s.key = ? AND s.began_at > ? AND a.disabled = '' AND (a.ends_at IS NULL OR a.ends_at > ?)"
                " AND (v.good_until IS NULL OR v.good_until > ?)",
                (key_of(token), now - SESSION_S, now, now),
            ).fetchone()
        if row is None:
            return None
        key, began_at, active_at, locked, account, name, roles, audiences, agencies, areas = row[:10]
        secured, ends_at, good_until, proved_at = row[10:]
        locks_at = None if secured else active_at + self._lock_after_s
        return Session(
            key=key,
            account=account,
            name=name,
            roles=words_of(roles),
            audiences=_some(audiences),
            agencies=_some(agencies),
            areas=_some(areas),
            ends_at=min(began_at + SESSION_S, ends_at or float("inf"), good_until or float("inf")),
            locks_at=locks_at,
            proved_at=proved_at,
            is_vouched=good_until is not None,
            locked=bool(locked) or (locks_at is not None and now >= locks_at),
        )

    def active(self, token: str) -> None:
        """Put off the lock of a session that is not locked."""
        session = self.session(token)
        if session is not None and not session.locked:
            with self.change(told=False) as book:
                book.execute("UPDATE sessions SET active_at = ? WHERE key = ?", (self._now(), session.key))

    def lock(self, token: str) -> None:
        """Lock a session."""
        with self.change() as book:
            book.execute("UPDATE sessions SET locked = 1 WHERE key = ?", (key_of(token),))

    def sign_out(self, token: str) -> None:
        """End a session."""
        with self.change() as book:
            row = book.execute("DELETE FROM sessions WHERE key = ? RETURNING account", (key_of(token),)).fetchone()
            if row is not None:
                record(book, self._now(), "access.signed_out", row[0], row[0])

    def revision(self) -> int:
        """Return a number that every change but a sign of life changes."""
        with self.reading() as book:
            return int(book.execute("SELECT revision FROM book").fetchone()[0])

    # Records

    def records(self, limit: int) -> list[Record]:
        """Return the oldest records that the log has not confirmed."""
        with self.reading() as book:
            rows = book.execute(
                "SELECT (SELECT id FROM book), number, at, name, account, actor, details FROM records"
                " ORDER BY number LIMIT ?",
                (limit,),
            ).fetchall()
        return [
            Record(book=row[0], number=row[1], at=row[2], name=row[3], account=row[4], actor=row[5],
                   details=json.loads(row[6]))
            for row in rows
        ]  # fmt: skip

    def confirmed(self, number: int) -> None:
        """Forget the records up to this one."""
        with self.change(told=False) as book:
            book.execute("DELETE FROM records WHERE number <= ?", (number,))

    def _refuse(self, account: str, now: float, where: str, why: str, *, count: bool) -> None:
        with self.change() as book:
            if count:
                book.execute(
                    "UPDATE accounts SET failures = CASE WHEN failing_since < :old THEN 1 ELSE failures + 1 END,"
                    " failing_since = CASE WHEN failing_since < :old OR failures = 0 THEN :now ELSE failing_since END"
                    " WHERE account = :account",
                    {"old": now - FAILURES_WITHIN_S, "now": now, "account": account},
                )
                locked = book.execute(
                    "UPDATE accounts SET disabled = ? WHERE account = ? AND failures >= ? AND disabled = ''",
                    ("locked after five wrong tries", account, MOST_FAILURES),
                )
                if locked.rowcount:
                    _shut_out(book, account)
                    record(book, now, "access.locked_out", account, account, where=where)
            record(book, now, "access.refused", account, account, where=where, why=why)
        raise SignInRefusedError(WRONG)

    def _keep_an_administrator(self, book: sqlite3.Connection, actor: str) -> None:
        """Refuse to an administrator what leaves nobody to administer. A user of this machine may: he can make one."""
        if not book.execute("SELECT 1 FROM accounts WHERE account = ?", (actor,)).fetchone():
            return
        left = book.execute("SELECT roles, used_at, ends_at FROM accounts WHERE disabled = ''").fetchall()
        if not any(Right.ADMINISTER in rights_of(words_of(row[0])) and not self.unused(row[1], row[2]) for row in left):
            raise AccountError("Nobody could manage accounts any more: give somebody else that role first.")

    # For what keeps its own tables in the same file (vouched.py).

    def unused(self, used_at: float, ends_at: float | None) -> str:
        """Return why an account that is not disabled lets nobody in all the same, or ""."""
        now = self._now()
        if ends_at is not None and ends_at <= now:
            return "it has ended"
        return "unused for 90 days" if used_at < now - UNUSED_S else ""

    def now(self) -> float:
        """Return Unix time, by the clock of the book."""
        return self._now()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give the open file. Raises AccountsUnavailableError."""
        try:
            with self._mutex:
                yield self._opened()
        except (sqlite3.Error, OSError) as error:
            raise AccountsUnavailableError(f"the account book cannot be read: {error}") from error

    @contextlib.contextmanager
    def change(self, *, told: bool = True) -> Iterator[sqlite3.Connection]:
        """Give the file for one transaction. ``told``: it raises the revision. Raises AccountsUnavailableError."""
        with self.reading() as book:
            book.execute("BEGIN IMMEDIATE")
            try:
                yield book
                if told:
                    book.execute("UPDATE book SET revision = revision + 1")
                book.execute("COMMIT")
            except BaseException:
                book.execute("ROLLBACK")
                raise

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._file.touch(mode=0o600)
            self._connection = sqlite3.connect(
                self._file, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
            )
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._connection.executescript(TABLES)
            _give_added(self._connection)
        return self._connection


def _give_added(book: sqlite3.Connection) -> None:
    def missing() -> list[tuple[str, str, str]]:
        return [one for one in ADDED if one[1] not in {row[1] for row in book.execute(f"PRAGMA table_info({one[0]})")}]

    if missing():
        book.execute("BEGIN IMMEDIATE")
        for table, column, kind in missing():  # another process may have been first
            book.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
        book.execute("COMMIT")


def _check_name(account: str) -> None:
    if not account or account != account.casefold() or not account.replace(".", "").replace("-", "").isalnum():
        raise AccountError("An account's name has lower-case letters, digits, dots and hyphens only.")


def _check_roles(roles: Sequence[str]) -> None:
    if unknown := [role for role in roles if role not in ROLES]:
        raise AccountError(f"There is no role {', '.join(unknown)}. There are: {', '.join(ROLES)}.")
    if not roles:
        raise AccountError(f"Give it a role: {', '.join(ROLES)}.")


def _shut_out(book: sqlite3.Connection, account: str) -> None:
    """End its sessions, and tell its devices nothing more."""
    for table in ("sessions", "devices"):
        book.execute(f"DELETE FROM {table} WHERE account = ?", (account,))  # noqa: S608 - constants


def _kept_here(book: sqlite3.Connection, account: str) -> None:
    if book.execute("SELECT 1 FROM people WHERE account = ?", (account,)).fetchone():
        raise AccountError(f"What {account} may do, and how {account} signs in, is said by the identity provider.")


def _one(changed: sqlite3.Cursor, account: str) -> None:
    if not changed.rowcount:
        raise AccountError(f"There is no account {account}.")


def record(book: sqlite3.Connection, at: float, name: str, account: str, actor: str, **details: str) -> None:
    """Keep what was done with an account until the log has it."""
    book.execute(
        "INSERT INTO records (at, name, account, actor, details) VALUES (?, ?, ?, ?, ?)",
        (at, name, account, actor, json.dumps({key: value for key, value in details.items() if value})),
    )


def key_of(token: str) -> str:
    """Return what is kept of a token: who reads the file cannot use it."""
    return hashlib.sha256(token.encode()).hexdigest()


def text_of(words: Sequence[str]) -> str:
    """Return how several words are kept in one column."""
    return json.dumps(sorted(set(words)))


def text_of_some(words: Sequence[str] | None) -> str | None:
    """Return the same where None stands for all."""
    return None if words is None else text_of(words)


def said_of(words: Sequence[str] | None) -> str:
    """Return how a record tells of them."""
    return "all" if words is None else ", ".join(sorted(words)) or "none"


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of such a column."""
    found: list[str] = json.loads(text)
    return tuple(found)


def _some(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else words_of(text)
