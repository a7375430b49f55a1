"""The devices on which people are told, and the key by which push services know this server: in the account book.

A device goes with its account: whoever is shut out of it, or has ended, is told nothing more. Who may be told what is
not kept with a device; it is asked of the account each time.
"""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import Sequence

from msgspec import Struct

from compose.accounts.book import UNUSED_S, AccountBook, record, words_of
from compose.notify.web_push.encryption import AUTH_LENGTH, public_key, unb64
from compose.notify.web_push.services import origin_of
from compose.notify.web_push.vapid import new_key, public_text
from dashboards.server.access.rights import Right, rights_of
from dashboards.server.push_ports import Device, PushAddress, PushRefusedError

#: Devices of one account; somebody who has more has forgotten some.
MOST_DEVICES = 8
#: Whoever has not signed in for so long, seconds, is told nothing until he does: an identity provider that does not
#: know him any more is asked while somebody is signed in only.
SIGNED_IN_WITHIN_S = 7 * 86_400.0


class Receiver(Struct, frozen=True, kw_only=True):
    """A device that may be told now, and what its person may see: as of an account (book.py)."""

    device: str
    account: str
    made_at: float
    address: PushAddress
    roles: tuple[str, ...]
    audiences: tuple[str, ...] | None
    agencies: tuple[str, ...] | None
    areas: tuple[str, ...] | None

    @property
    def rights(self) -> frozenset[Right]:
        """What its person may do."""
        return rights_of(self.roles)


class Devices:
    """Their part of the account book. Every method blocks, and may raise AccountsUnavailableError."""

    def __init__(self, book: AccountBook, hosts: Sequence[str] = ()) -> None:
        """``hosts``: the push services whose devices are taken."""
        self._book = book
        self._hosts = hosts

    def key(self) -> str:
        """Return the private key as PEM, made when there is none. Never shown."""
        with self._book.reading() as book:
            found = book.execute("SELECT private FROM push_key").fetchone()
        if found is None:
            with self._book.change(told=False) as book:
                book.execute(
                    "INSERT INTO push_key SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM push_key)",
                    (new_key(), self._book.now()),
                )
                found = book.execute("SELECT private FROM push_key").fetchone()
        return str(found[0])

    def rotate_key(self, actor: str) -> int:
        """Make another key, and forget all devices, which take messages of the old one only; return how many."""
        now = self._book.now()
        with self._book.change(told=False) as book:
            count = book.execute("DELETE FROM devices").rowcount
            book.execute("DELETE FROM push_key")
            book.execute("INSERT INTO push_key VALUES (?, ?)", (new_key(), now))
            record(book, now, "access.push_key_changed", "all", actor, devices=str(count))
        return count

    def of(self, account: str = "") -> list[Device]:
        """Return an account's devices, the newest last; of all accounts unless one is named."""
        with self._book.reading() as book:
            rows = book.execute(
                "SELECT device, account, name, made_at FROM devices WHERE account = :account OR :account = ''"
                " ORDER BY account, made_at, device",
                {"account": account},
            ).fetchall()
        return [Device(device=row[0], account=row[1], name=row[2], made_at=row[3]) for row in rows]

    def add(self, account: str, address: PushAddress, name: str) -> None:
        """Keep a device; it is nobody else's from now on. Raises PushRefusedError."""
        _check(address, self._hosts)
        device, now = device_of(address.endpoint), self._book.now()
        with self._book.change(told=False) as book:
            known = book.execute("SELECT account FROM devices WHERE device = ?", (device,)).fetchone()
            if known != (account,):
                count = book.execute("SELECT count() FROM devices WHERE account = ?", (account,)).fetchone()[0]
                if count >= MOST_DEVICES:
                    raise PushRefusedError(f"You have {count} devices already: remove one first.")
                record(book, now, "access.push_on", account, account, device=device)
            book.execute("DELETE FROM devices WHERE device = ?", (device,))
            book.execute(
                "INSERT INTO devices VALUES (?, ?, ?, ?, ?, ?, ?)",
                (device, account, name, address.endpoint, address.p256dh, address.auth, now),
            )

    def remove(self, account: str, device: str, actor: str, why: str = "") -> bool:
        """Forget a device of an account; False when it has none of this id."""
        with self._book.change(told=False) as book:
            done = book.execute("DELETE FROM devices WHERE account = ? AND device = ?", (account, device)).rowcount > 0
            if done:
                record(book, self._book.now(), "access.push_off", account, actor, device=device, why=why)
        return done

    def forget_ended(self) -> None:
        """Forget the devices of accounts that have ended, or that nobody has used for as long as lets nobody in."""
        now = self._book.now()
        ended = "SELECT account FROM accounts WHERE ends_at <= ? OR used_at < ?"
        with self._book.reading() as book:
            rows = book.execute(
                f"SELECT account, device FROM devices WHERE account IN ({ended})",  # noqa: S608 - constant
                (now, now - UNUSED_S),
            ).fetchall()
        for account, device in rows:
            self.remove(account, device, "notify:push", "the account has ended")

    def receivers(self) -> list[Receiver]:
        """Return the devices that may be told anything now."""
        return self._receivers("")

    def receiver(self, device: str) -> Receiver | None:
        """Return one of them; None when there is none, or it may not be told anything now."""
        return next(iter(self._receivers(device)), None)

    def _receivers(self, device: str) -> list[Receiver]:
        now = self._book.now()
        with self._book.reading() as book:
            rows = book.execute(
                "SELECT d.device, d.account, d.made_at, d.endpoint, d.p256dh, d.auth, a.roles, a.audiences, a.agencies,"
                " a.areas FROM devices d JOIN accounts a USING (account) WHERE a.disabled = ''"
                " AND (a.ends_at IS NULL OR a.ends_at > :now) AND a.used_at > :used"
                " AND (d.device = :device OR :device = '')",
                {"now": now, "used": now - SIGNED_IN_WITHIN_S, "device": device},
            ).fetchall()
        return [_receiver(row) for row in rows]


class OwnDevices:
    """``dashboards.server.push_ports.PushDevices`` by an account book, in threads."""

    def __init__(self, devices: Devices) -> None:
        self._devices = devices

    async def key(self) -> str:
        """As in the protocol."""
        return public_text(await asyncio.to_thread(self._devices.key))

    async def of(self, account: str) -> Sequence[Device]:
        """As in the protocol."""
        return await asyncio.to_thread(self._devices.of, account)

    async def add(self, account: str, address: PushAddress, name: str) -> None:
        """As in the protocol."""
        await asyncio.to_thread(self._devices.add, account, address, name)

    async def remove(self, account: str, device: str) -> bool:
        """As in the protocol."""
        return await asyncio.to_thread(self._devices.remove, account, device, account)


def device_of(endpoint: str) -> str:
    """Return the id of a device: who knows it does not know the address. The page makes the same (push.svelte.ts)."""
    return hashlib.sha256(endpoint.encode()).hexdigest()[:32]


def _check(address: PushAddress, hosts: Sequence[str]) -> None:
    if not origin_of(address.endpoint, hosts):
        raise PushRefusedError("This browser's push service is not one that this server may write to.")
    try:
        public_key(unb64(address.p256dh))
        if len(unb64(address.auth)) != AUTH_LENGTH:
            raise ValueError
    except ValueError:
        raise PushRefusedError("The browser gave keys that no message can be encrypted for.") from None


def _receiver(row: sqlite3.Row) -> Receiver:
    audiences, agencies, areas = (None if text is None else words_of(text) for text in row[7:])
    return Receiver(
        device=row[0], account=row[1], made_at=row[2], address=PushAddress(row[3], row[4], row[5]),
        roles=words_of(row[6]), audiences=audiences, agencies=agencies, areas=areas,
    )  # fmt: skip
