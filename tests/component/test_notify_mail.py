"""Mail to a real SMTP server: plain text in threads, one for many in a flood, and nothing that ends a header."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from datetime import timedelta
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP
from msgspec.structs import replace

from compose.notify.channel import AWAY, TAKEN, UNWANTED, Outcome, Room
from compose.notify.destinations import Destination, Mail, Wanted
from compose.notify.drafting import drafts_of
from compose.notify.mail import GRAVEST_S, MOST_IN_ONE, MailChannel, mail_of
from compose.notify.messages import Message
from compose.notify.outbox import Outbox
from schemas.events.alert import Alert
from tests.unit.notify_facts import NOW, alert, escalated, withdrawn

WAY = Mail(
    to=(Address(addr_spec="desk@city.example"), Address(addr_spec="chief@city.example")),
    sender=Address(addr_spec="watchfloor@city.example"), host="127.0.0.1", port=0, security="none", user="",
    password="", ca_file=None, digest_over=3, digest_s=60.0,
)  # fmt: skip


class Post:
    """What the server got; ``answers``: what it says instead of taking a mail or a recipient."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.answer = "250 OK"
        self.refuse: set[str] = set()

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refuse:
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.answer == "250 OK":
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return self.answer


@pytest.fixture
def post() -> Post:
    return Post()


def messages(folder: Path, *alerts: Alert) -> list[Message]:
    """What waits for mail of these states."""
    outbox = Outbox(folder / "notify.sqlite", now=lambda: NOW.timestamp())
    outbox.know(["chief"])
    outbox.put(list(drafts_of(alerts, [Destination(name="chief", wanted=Wanted(), way=WAY)])))
    return outbox.due("chief", 999)


def sent(
    post: Post,
    *batches: list[Message],
    at: float = NOW.timestamp(),
    tls: ssl.SSLContext | None = None,
    **changes: object,
) -> list[Outcome]:
    """What came of these mails, one after another, to a server of our own. ``changes``: of the way there."""

    async def go() -> list[Outcome]:
        loop = asyncio.get_running_loop()
        options = (
            {"tls_context": tls, "require_starttls": True} if changes.get("security") == "starttls" and tls else {}
        )
        direct = tls if changes.get("security") == "tls" else None
        server = await loop.create_server(lambda: SMTP(post, **options), "127.0.0.1", 0, ssl=direct)
        way = replace(WAY, **{"port": server.sockets[0].getsockname()[1], **changes})
        try:
            return [await MailChannel(way).send(batch, at) for batch in batches]
        finally:
            server.close()

    return asyncio.run(go())


def test_a_mail_is_plain_says_why_and_how_late_and_no_plate(tmp_path: Path, post: Post) -> None:
    assert sent(post, messages(tmp_path, alert()), at=NOW.timestamp() + 58) == [Outcome(TAKEN, "smtp_250")]
    (mail,) = post.mails
    assert mail.get_content_type() == "text/plain"
    text = mail.get_content()
    assert mail["Subject"].startswith("P2 Possible stolen vehicle [plate]")
    assert "60 s before this was sent" in text
    assert "The list that was matched is 3 h old" in text
    assert "The reader was 97% sure of the plate." in text
    assert not any(plate in mail.as_string() for plate in ("A8C123", "ABC123"))
    assert (mail["Auto-Submitted"], mail["To"]) == ("auto-generated", "desk@city.example, chief@city.example")


def test_what_follows_on_an_alert_is_in_its_thread_and_a_retry_has_the_same_id(tmp_path: Path, post: Post) -> None:
    batch = messages(tmp_path, alert(), escalated(alert(), NOW), withdrawn(alert()))
    sent(post, *([batch[number]] for number in (0, 0, 1, 2)))
    first, again, later, gone = post.mails
    assert first["Message-ID"] == again["Message-ID"]
    assert first["In-Reply-To"] is None
    assert later["In-Reply-To"] == gone["References"] == first["Message-ID"]
    assert len({first["Message-ID"], later["Message-ID"], gone["Message-ID"]}) == 3
    assert "WITHDRAWN" in gone["Subject"]
    assert "Do not act on it." in gone.get_content()


def test_what_stands_in_a_title_cannot_make_a_header_or_rule_a_terminal(tmp_path: Path, post: Post) -> None:
    title = "At the port\r\nBcc: thief@evil.example\r\n\r\n<script>\x1b[2J\u202egnp.exe"
    sent(post, messages(tmp_path, alert(title=title)))
    (mail,) = post.mails
    assert mail["Bcc"] is None
    assert "\n" not in mail["Subject"]
    assert not any(bad in mail.as_string() for bad in ("\x1b", "\u202e"))
    assert mail.get_content_type() == "text/plain"


def test_a_flood_becomes_one_mail(tmp_path: Path, post: Post) -> None:
    batch = messages(tmp_path, *(alert(str(number), severity="P2" if number else "P1") for number in range(9)))
    at, sizes = NOW.timestamp(), []

    async def go() -> Room:
        nonlocal at, batch
        server = await asyncio.get_running_loop().create_server(lambda: SMTP(post), "127.0.0.1", 0)
        channel = MailChannel(replace(WAY, port=server.sockets[0].getsockname()[1]))
        while batch:
            room = channel.room(at)
            if not room.any:
                at += room.wait_s
                continue
            now, batch = batch[: room.any], batch[room.any :]
            sizes.append(len(now))
            assert (await channel.send(now, at)).kind == TAKEN
        server.close()
        return channel.room(at + 1)

    assert asyncio.run(go()) == Room(1)
    assert sizes == [1, 1, 1, 6]
    assert at == NOW.timestamp() + WAY.digest_s
    assert post.mails[-1]["Subject"].startswith("6 alerts, the gravest P2: ")
    assert post.mails[-1].get_content().count("Happened ") == 6


def test_in_a_flood_the_gravest_do_not_wait_for_the_digest_and_do_not_put_it_off(tmp_path: Path, post: Post) -> None:
    batch = messages(tmp_path, *(alert(str(number)) for number in range(4)))
    at = NOW.timestamp()

    async def go() -> list[Room]:
        server = await asyncio.get_running_loop().create_server(lambda: SMTP(post), "127.0.0.1", 0)
        channel = MailChannel(replace(WAY, port=server.sockets[0].getsockname()[1]))
        for one in batch[:3]:
            await channel.send([one], at)
        rooms = [channel.room(at + GRAVEST_S - 1), channel.room(at + GRAVEST_S)]
        await channel.send(batch[3:], at + GRAVEST_S)
        server.close()
        return [*rooms, channel.room(at + GRAVEST_S + 1), channel.room(at + WAY.digest_s)]

    full, for_the_gravest, after_them, digest = asyncio.run(go())
    assert (full.any, full.gravest) == (0, 0)
    assert (for_the_gravest.any, for_the_gravest.gravest) == (0, MOST_IN_ONE)
    assert (after_them.any, after_them.gravest) == (0, 0)
    assert digest.any == MOST_IN_ONE


def test_a_refusal_of_the_server_is_told_from_one_of_the_mail(tmp_path: Path, post: Post) -> None:
    batch = messages(tmp_path, alert())
    post.answer = "451 later"
    assert sent(post, batch) == [Outcome(AWAY, "smtp_451")]
    post.answer = "554 no"
    assert sent(post, batch) == [Outcome(UNWANTED, "smtp_554")]
    post.answer = "250 OK"
    post.refuse = {"chief@city.example"}
    assert sent(post, batch) == [Outcome(TAKEN, "not_taken_for_1")]
    post.refuse |= {"desk@city.example"}
    assert sent(post, batch) == [Outcome(UNWANTED, "recipients_refused")]
    assert sent(post, batch, port=9) == [Outcome(AWAY, "unreachable")]


def test_mail_is_not_sent_in_the_clear_when_tls_was_asked_for(tmp_path: Path, post: Post) -> None:
    assert sent(post, messages(tmp_path, alert()), security="starttls") == [Outcome(AWAY, "unreachable")]
    assert post.mails == []


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes its certificate with openssl")
@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_mail_goes_by_tls_to_a_server_whose_certificate_is_believed(tmp_path: Path, post: Post, security: str) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    batch, believed = messages(tmp_path, alert()), tmp_path / "cert.pem"
    assert sent(post, batch, tls=tls, security=security, ca_file=believed) == [Outcome(TAKEN, "smtp_250")]
    assert sent(post, batch, tls=tls, security=security) == [Outcome(AWAY, "unreachable")]
    assert len(post.mails) == 1


def test_the_time_of_sending_is_the_date(tmp_path: Path) -> None:
    mail = mail_of(messages(tmp_path, alert()), WAY, (NOW + timedelta(hours=5)).timestamp())
    assert mail["Date"].datetime == NOW + timedelta(hours=5)
