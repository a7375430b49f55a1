"""People whom an identity provider vouches for: their accounts and sessions, in the account book.

An account belongs to one person of one provider (issuer and subject), whatever he is called. Its roles and audiences
are those of his groups, as of the last time that the provider was asked; an administrator can shut it here all the
same.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Sequence

from msgspec import Struct

from compose.accounts.book import SESSION_S, AccountBook, key_of, record, said_of, text_of, text_of_some
from dashboards.server.access.session import Session

#: A session is not asked about more often than this, seconds.
LEAST_S = 5.0


class Person(Struct, frozen=True, kw_only=True):
    """Somebody as a provider knows him, and what he may do here. ``audiences``, ``agencies``, ``areas``: None for
    all."""

    issuer: str
    subject: str
    account: str
    name: str
    roles: tuple[str, ...]
    audiences: tuple[str, ...] | None
    agencies: tuple[str, ...] | None
    areas: tuple[str, ...] | None
    secured: bool


class Voucher(Struct, frozen=True, kw_only=True):
    """What the provider gave for a session. ``good_until``: it says nothing of later; ``asked_at``: when it
    last asked the person who he is (auth_time, Core §2), 0: it does not say. Unix time."""

    access_token: str
    refresh_token: str
    good_until: float
    asked_at: float = 0.0


class Due(Struct, frozen=True, kw_only=True):
    """A session that the provider is to be asked about."""

    key: str
    account: str
    subject: str
    voucher: Voucher


class AccountShutError(Exception):
    """The account lets nobody in; the text says why."""


class AccountTakenError(Exception):
    """The account's name is somebody else's."""


class VouchedPeople:
    """Their part of the account book. Every method blocks, and may raise AccountsUnavailableError."""

    def __init__(self, book: AccountBook) -> None:
        self._book = book

    def sign_in(self, person: Person, voucher: Voucher, where: str) -> tuple[str, Session]:
        """Return a token and its session. Raises AccountShutError, AccountTakenError."""
        token, now = secrets.token_urlsafe(32), self._book.now()
        taken, shut, account = False, "", person.account
        with self._book.change() as book:
            row = book.execute(
                "SELECT a.account, a.disabled, a.used_at, a.ends_at FROM people p JOIN accounts a USING (account)"
                " WHERE p.issuer = ? AND p.subject = ?",
                (person.issuer, person.subject),
            ).fetchone()
            if row is None:
                taken = book.execute("SELECT 1 FROM accounts WHERE account = ?", (account,)).fetchone() is not None
                if not taken:
                    _make(book, person, now)
            else:
                # Known by another name since: his account goes on, so that what he did before is his.
                account = row[0]
                shut = row[1] or self._book.unused(row[2], row[3])
            if taken or shut:
                record(book, now, "access.refused", account, account, where=where, why=shut or "name taken")
            else:
                _grant(book, account, person, now)
                book.execute("UPDATE accounts SET used_at = ? WHERE account = ?", (now, account))
                book.execute(
                    "INSERT INTO sessions (key, account, began_at, active_at, proved_at) VALUES (?, ?, ?, ?, ?)",
                    (key_of(token), account, now, now, min(voucher.asked_at, now)),
                )
                book.execute(
                    "INSERT INTO vouched VALUES (?, ?, ?, ?, ?)",
                    (key_of(token), voucher.access_token, voucher.refresh_token, voucher.good_until, now),
                )
                book.execute("DELETE FROM sessions WHERE began_at < ?", (now - SESSION_S,))
                record(book, now, "access.signed_in", account, account, where=where, by=person.issuer)
        if taken:
            raise AccountTakenError
        session = None if shut else self._book.session(token)
        if session is None:
            raise AccountShutError(shut or "it was shut just now")
        return token, session

    def refused(self, issuer: str, subject: str, where: str, why: str) -> None:
        """Record that somebody was not let in. ``subject``: "" when it is not known who."""
        with self._book.change(told=False) as book:
            row = book.execute(
                "SELECT account FROM people WHERE issuer = ? AND subject = ?", (issuer, subject)
            ).fetchone()
            account = row[0] if row else "unknown"
            record(book, self._book.now(), "access.refused", account, account, where=where, why=why, by=issuer)

    def due(self, issuer: str, every_s: float) -> Sequence[Due]:
        """Return the sessions about which the provider was not asked for so long, the longest ago first.

        One that can be made to last, and would end before, is due at half of its time.
        """
        now = self._book.now()
        with self._book.reading() as book:
            rows = book.execute(
                "SELECT v.key, s.account, p.subject, v.access_token, v.refresh_token, v.good_until FROM vouched v"
                " JOIN sessions s USING (key) JOIN people p USING (account)"
                " WHERE p.issuer = :issuer AND v.good_until > :now AND s.began_at > :began"
                " AND v.checked_at + CASE WHEN v.refresh_token = '' THEN :every"
                " ELSE min(:every, max(:least, (v.good_until - v.checked_at) / 2)) END <= :now"
                " ORDER BY v.checked_at",
                {"issuer": issuer, "now": now, "began": now - SESSION_S, "every": every_s, "least": LEAST_S},
            ).fetchall()
        return [
            Due(
                key=row[0],
                account=row[1],
                subject=row[2],
                voucher=Voucher(access_token=row[3], refresh_token=row[4], good_until=row[5]),
            )
            for row in rows
        ]

    def confirmed(self, due: Due, person: Person, voucher: Voucher) -> None:
        """Go on with a session: the provider still vouches for him, as ``person``."""
        now = self._book.now()
        with self._book.change(told=False) as book:
            if _grant(book, due.account, person, now):
                book.execute("UPDATE book SET revision = revision + 1")
            book.execute(
                "UPDATE vouched SET access_token = ?, refresh_token = ?, good_until = ?, checked_at = ? WHERE key = ?",
                (voucher.access_token, voucher.refresh_token, voucher.good_until, now, due.key),
            )

    def asked(self, due: Due) -> None:
        """Note that the provider was asked and gave no answer: it is asked again after the next period."""
        with self._book.change(told=False) as book:
            book.execute("UPDATE vouched SET checked_at = ? WHERE key = ?", (self._book.now(), due.key))

    def withdrawn(self, due: Due, why: str) -> None:
        """End a session: the provider vouches for it no more. Screens close at the next look."""
        with self._book.change() as book:
            if book.execute("DELETE FROM sessions WHERE key = ?", (due.key,)).rowcount:
                record(book, self._book.now(), "access.session_ended", due.account, "identity provider", why=why)


def _make(book: sqlite3.Connection, person: Person, now: float) -> None:
    book.execute(
        "INSERT INTO accounts (account, name, password, otp_secret, roles, audiences, agencies, areas, made_at,"
        " used_at) VALUES (?, ?, '', '', '[]', '[]', '[]', '[]', ?, ?)",
        (person.account, person.name, now, now),
    )
    book.execute("INSERT INTO people VALUES (?, ?, ?)", (person.account, person.issuer, person.subject))
    record(book, now, "access.account_made", person.account, person.account, by=person.issuer)


def _grant(book: sqlite3.Connection, account: str, person: Person, now: float) -> bool:
    """Give an account what its person may do now; return whether that is something else than before."""
    audiences, agencies, areas = map(text_of_some, (person.audiences, person.agencies, person.areas))
    changed = book.execute(
        "UPDATE accounts SET roles = :roles, audiences = :audiences, agencies = :agencies, areas = :areas,"
        " secured = :secured, name = :name"
        " WHERE account = :account AND (roles, audiences, agencies, areas, secured, name)"
        " IS NOT (:roles, :audiences, :agencies, :areas, :secured, :name)",
        {"account": account, "name": person.name, "roles": text_of(person.roles), "audiences": audiences,
         "agencies": agencies, "areas": areas, "secured": int(person.secured)},
    ).rowcount  # fmt: skip
    if changed:
        record(
            book, now, "access.account_changed", account, "identity provider", roles=", ".join(person.roles),
            audiences=said_of(person.audiences), agencies=said_of(person.agencies),
            areas=said_of(person.areas),
        )  # fmt: skip
    return bool(changed)
