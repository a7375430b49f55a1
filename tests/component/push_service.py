"""A push service of our own, over real TLS, that keeps what it is sent; and the room that it is told from."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from compose.accounts.book import AccountBook
from compose.accounts.devices import Devices
from compose.notify.destinations import Destination, Push, Wanted
from compose.notify.outbox import Outbox
from compose.notify.web_push.encryption import b64
from compose.notify.web_push.pushing import Pushing
from compose.notify.web_push.sending import PushSender
from compose.notify.web_push.sight import Sight
from dashboards.server.push_ports import PushAddress
from tests.unit.notify_facts import NOW
from tests.unit.push_facts import Browser

HOST = "push.lan"
PASSWORD = "three blind mice 7"
LOCAL = ("127.0.0.0/8",)

Sent = tuple[str, dict[str, str], bytes]


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for HOST, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False).sign(key, SHA256())
    )  # fmt: skip
    files = folder / "push.pem", folder / "push.key"
    files[0].write_bytes(made.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


class Service:
    """What it was sent: path, headers, body. ``answers``: what it says next, then 201."""

    def __init__(self, folder: Path) -> None:
        self.files = certificate(folder)
        self.answers: list[str] = []
        self.got: list[Sent] = []
        self.port = 0

    async def __aenter__(self) -> Service:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(*self.files)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
        body = await reader.readexactly(int(headers["content-length"]))
        self.got.append((first.split()[1], headers, body))
        answer = self.answers.pop(0) if self.answers else "201 Created"
        writer.write(f"HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    def told(self, path: str, browser: Browser) -> list[dict[str, str]]:
        """What a browser reads of what came for it."""
        return [msgspec.json.decode(browser.read(body)) for where, _, body in self.got if where == path]


class Everywhere:
    """Places that are set. Implements ``compose.notify.web_push.sight.Places``."""

    def __init__(self) -> None:
        self.are_known = True
        self.rows: dict[tuple[str, str], bytes] = {}

    def row(self, channel: str, key: str) -> bytes | None:
        return self.rows.get((channel, key))


class Room:
    """Accounts, their devices, and what tells them, at a time that goes on only when it is told to."""

    def __init__(self, folder: Path, port: int, *, rules: Sequence[Destination] = (), **changes: object) -> None:
        self.at = NOW.timestamp() + 1
        self.hosts = (f"{HOST}:{port}",)
        self.port = port
        self.book = AccountBook(folder / "accounts.sqlite", lock_after_s=1800, now=lambda: self.at)
        self.devices = Devices(self.book, self.hosts)
        self.outbox = Outbox(folder / "notify.sqlite", now=lambda: self.at)
        self.places = Everywhere()
        self.sender = push_sender(folder, self.hosts, **changes)
        sight = Sight(("restricted", "gangs"), self.places)
        self.pushing = Pushing(rules or [rule()], self.devices, sight, self.sender, self.outbox, lambda: self.at)

    def add(self, account: str, *roles: str, **limits: Sequence[str] | None) -> str:
        """An account, which sees all unless limited; returns the secret of its second factor."""
        return self.book.add(
            account, name=account, password=PASSWORD, roles=roles or ["monitor"], secured=False, ends_at=None,
            actor="admin", **{"audiences": None, **limits},
        )  # type: ignore[arg-type]  # fmt: skip

    def turn_on(self, account: str, path: str) -> Browser:
        """A device of an account, made a minute before anything comes up."""
        browser = Browser()
        self.at -= 60
        self.devices.add(account, address(browser, self.port, path), "Chrome on a phone")
        self.at += 60
        return browser

    async def tell(self) -> None:
        """Deliver until nothing is due."""
        while await self.pushing.step():
            pass


def rule(name: str = "team", roles: Sequence[str] = (), **wanted: object) -> Destination:
    return Destination(name=name, wanted=Wanted(**wanted), way=Push(roles=frozenset(roles)))  # type: ignore[arg-type]


def address(browser: Browser, port: int, path: str) -> PushAddress:
    return PushAddress(f"https://{HOST}:{port}{path}", b64(browser.public), b64(browser.auth))


def push_sender(folder: Path, hosts: Sequence[str], **changes: object) -> PushSender:
    """A sender that trusts our own service, and finds it."""
    tls = ssl.create_default_context(cafile=folder / "push.pem")
    return PushSender(hosts, "mailto:watch@city.example", **{"networks": LOCAL, "tls": tls, "resolve": here, **changes})  # type: ignore[arg-type]


async def here(host: str, port: int) -> Sequence[str]:
    assert host == HOST
    return ["127.0.0.1"]


def run(folder: Path, test: Callable[[Service], Awaitable[None]]) -> None:
    """Run a test beside a push service."""

    async def go() -> None:
        async with Service(folder) as service:
            await test(service)

    asyncio.run(go())
