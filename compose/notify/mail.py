"""One try of a mail: plain text, one for each alert, or one for many when many come at once."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import aiosmtplib

from compose.notify.channel import AWAY, TAKEN, UNWANTED, Outcome, Room
from compose.notify.destinations import Mail
from compose.notify.messages import Message, message_id
from compose.notify.wording import decode, paragraph, subject_line
from schemas.identity import identity

#: The server must have taken a mail within this time, seconds.
MAX_S = 30.0
#: So many alerts are in one mail at most.
MOST_IN_ONE = 100
#: In a flood the gravest wait no longer than this for the mail before them, seconds; all others for the digest.
GRAVEST_S = 5.0
_MOST_SUBJECT = 150
#: A header that is folded right after its name is read with a blank before it by many: a subject fits in one line.
_POLICY = SMTP.clone(max_line_length=2 * _MOST_SUBJECT)
#: Whatever could end a header or rule a terminal: control characters, and those of lines and directions.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


class MailChannel:
    """Implements ``compose.notify.channel.Channel``."""

    def __init__(self, way: Mail, *, max_s: float = MAX_S) -> None:
        self._way = way
        self._max_s = max_s
        self._tls = ssl.create_default_context(cafile=way.ca_file)
        self._sent: deque[float] = deque()
        self._digest_at: float | None = None

    def room(self, now: float) -> Room:
        """One, until too many went out within the time of a digest; then none until that has passed, then all. The
        gravest that come meanwhile do not wait for it: they are told together, a few seconds after the last mail."""
        if self._digest_at is None:
            return Room(1)
        if now >= self._digest_at:
            return Room(MOST_IN_ONE)
        gravest = MOST_IN_ONE if now >= self._sent[-1] + GRAVEST_S else 0
        return Room(0, gravest=gravest, wait_s=self._digest_at - now)

    async def send(self, messages: Sequence[Message], now: float) -> Outcome:
        """As in the protocol."""
        way = self._way
        try:
            async with asyncio.timeout(self._max_s):
                refused, _ = await aiosmtplib.send(
                    bytes(mail_of(messages, way, now)),
                    sender=way.sender.addr_spec,
                    recipients=[one.addr_spec for one in way.to],
                    hostname=way.host,
                    port=way.port,
                    username=way.user or None,
                    password=way.password or None,
                    use_tls=way.security == "tls",
                    start_tls=way.security == "starttls",
                    tls_context=None if way.security == "none" else self._tls,
                    timeout=self._max_s,
                )
        except TimeoutError:  # aiosmtplib's own is one too
            return Outcome(AWAY, "too_slow")
        except aiosmtplib.SMTPRecipientsRefused as error:
            final = all(500 <= one.code < 600 for one in error.recipients)
            return Outcome(UNWANTED if final else AWAY, "recipients_refused")
        except aiosmtplib.SMTPDataError as error:
            return Outcome(UNWANTED if 500 <= error.code < 600 else AWAY, f"smtp_{error.code}")
        except aiosmtplib.SMTPResponseException as error:
            return Outcome(AWAY, f"smtp_{error.code}")
        except (aiosmtplib.SMTPException, OSError):
            return Outcome(AWAY, "unreachable")
        self._note(now)
        return Outcome(TAKEN, f"not_taken_for_{len(refused)}" if refused else "smtp_250")

    async def close(self) -> None:
        """Nothing stays open."""

    def _note(self, now: float) -> None:
        self._sent.append(now)
        while self._sent and self._sent[0] <= now - self._way.digest_s:
            self._sent.popleft()
        full = len(self._sent) >= self._way.digest_over
        if not full:
            self._digest_at = None
        elif self._digest_at is None or now >= self._digest_at:
            # The gravest in between do not put off the digest of the others.
            self._digest_at = now + self._way.digest_s


def mail_of(messages: Sequence[Message], way: Mail, now: float) -> EmailMessage:
    """Return the mail that tells these. Mails about one alert have it in ``References``, so that they form a thread."""
    contents = [decode(one.content) for one in messages]
    domain = way.sender.domain
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = str(way.sender)
    mail["To"] = ", ".join(map(str, way.to))
    mail["Date"] = format_datetime(datetime.fromtimestamp(now, UTC))
    first = messages[0]
    if len(messages) == 1:
        subject, name = subject_line(contents[0]), first.message_id
        thread = message_id(first.destination, f"{first.subject_id}:raised")
        if thread != name:
            mail["In-Reply-To"] = mail["References"] = f"<{thread}@{domain}>"
    else:
        gravest = min(one.severity or "P9" for one in contents)
        subject = f"{len(messages)} alerts, the gravest {gravest}: {subject_line(contents[0])}"
        name = f"digest_{identity('digest', *(one.message_id for one in messages)).hex}"
    mail["Message-ID"] = f"<{name}@{domain}>"
    mail["Subject"] = one_line(subject)
    # RFC 3834: no answering machine is to answer.
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    parts = ["\n".join(map(_printable, paragraph(one, now).split("\n"))) for one in contents]
    mail.set_content("\n\n----\n\n".join(parts) + "\n\n-- \nSent by Watchfloor. Do not answer.\n")
    return mail


def one_line(text: str) -> str:
    """Return text as it may stand in a header: one line, without characters that rule what reads it."""
    return " ".join(_printable(text).split())[:_MOST_SUBJECT]


def _printable(text: str) -> str:
    return _CONTROL.sub(" ", text)
