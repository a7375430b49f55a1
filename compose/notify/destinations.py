"""Destinations: who is told what, where and when, as a TOML file says it.

What cannot work is refused when the file is read, with the destination and the key. Secrets are not in the file: it
names the files or variables that hold them.
"""

from __future__ import annotations

import ipaddress
import os
import re
import tomllib
from email.headerregistry import Address
from pathlib import Path
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

import httpx2
import msgspec
from msgspec import Struct, field

from connectors.edge.signature import read_secrets
from connectors.payload import field_and_reason
from dashboards.server.access.rights import ROLES
from schemas.audience import names_of
from schemas.events.alert import SEVERITIES
from schemas.schedule import Schedule, parse_schedule

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
#: What all devices together are called (web_push/), so no destination is.
DEVICES = "devices"
#: What can be told. Whoever was told of an alert is told of its withdrawal too, whatever stands here.
Told = Literal["alert", "escalated", "incident"]
#: What may go out of an alert besides its kind, times, severity, rule and id.
Field = Literal["title", "why", "place", "camera", "zones", "incident"]
FIELDS: tuple[Field, ...] = get_args(Field)


class DestinationsError(Exception):
    """The file of destinations cannot be used; the text names the destination and the key."""


class Wanted(Struct, forbid_unknown_fields=True, kw_only=True):
    """What every kind of destination may say: what is told there, and when.

    ``severity``: the least that is told. ``rules``, ``zones``, ``jurisdictions``: only these; none: all.
    ``priority``: the least of an incident. ``audiences``: whose restricted alerts may go there. ``schedule``: when, by
    the clock of ``time_zone``. ``fields``: what goes out. ``plates``: a plate may. ``synthetic``: made-up alerts too.
    """

    tell: list[Told] = field(default_factory=lambda: ["alert", "escalated"])
    severity: Literal["P1", "P2", "P3", "P4"] = "P2"
    priority: int = 0
    rules: list[str] = []
    zones: list[str] = []
    jurisdictions: list[str] = []
    audiences: list[str] = []
    schedule: str = ""
    time_zone: str = "UTC"
    fields: list[Field] = field(default_factory=lambda: list(FIELDS))
    plates: bool = False
    synthetic: bool = False


class WebhookPart(Wanted):
    """A webhook as the file has it. ``networks``: those inside that it may be in. ``ca_file``: who signed its TLS."""

    url: str
    secret_file: str = ""
    secret_env: str = ""
    networks: list[str] = []
    ca_file: str = ""


class MailPart(Wanted):
    """Mail as the file has it. More than ``digest_over`` mails within ``digest_s`` seconds become one."""

    to: list[str]
    digest_over: int = 5
    digest_s: float = 60.0


class PushPart(Wanted):
    """Web Push as the file has it: to the devices of people with one of these ``roles``; none: whoever may see it."""

    roles: list[str] = []


class SmtpPart(Struct, forbid_unknown_fields=True, kw_only=True):
    """The server that takes the mail."""

    host: str
    sender: str = field(name="from")
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password_file: str = ""
    password_env: str = ""
    ca_file: str = ""


class _File(Struct, forbid_unknown_fields=True):
    webhook: dict[str, WebhookPart] = {}
    mail: dict[str, MailPart] = {}
    push: dict[str, PushPart] = {}
    smtp: SmtpPart | None = None


class Webhook(Struct, frozen=True, kw_only=True):
    """Where a webhook goes and how it is signed. ``keys``: never shown."""

    url: str
    keys: tuple[bytes, ...]
    networks: tuple[str, ...]
    ca_file: Path | None


class Mail(Struct, frozen=True, kw_only=True):
    """To whom mail goes, and by which server. ``password``: never shown."""

    to: tuple[Address, ...]
    sender: Address
    host: str
    port: int
    security: str
    user: str
    password: str
    ca_file: Path | None
    digest_over: int
    digest_s: float


class Push(Struct, frozen=True, kw_only=True):
    """On whose devices people are told, by their roles; none: of any."""

    roles: frozenset[str]


class Destination(Struct, frozen=True, kw_only=True):
    """One that can work: its name, what it wants, and the way there."""

    name: str
    wanted: Wanted
    way: Webhook | Mail | Push

    @property
    def kind(self) -> str:
        """webhook, mail or push."""
        return type(self.way).__name__.lower()

    @property
    def where(self) -> str:
        """Where it goes, without what may be a secret: the path of an address often is."""
        if isinstance(self.way, Mail):
            return ", ".join(one.addr_spec for one in self.way.to)
        if isinstance(self.way, Push):
            return f"devices of {', '.join(sorted(self.way.roles)) or 'whoever may see it'}"
        url = httpx2.URL(self.way.url)
        return f"{url.scheme}://{url.netloc.decode()}"

    @property
    def times(self) -> Schedule:
        """When it is told."""
        return parse_schedule(self.wanted.schedule)


def read_destinations(file: Path) -> tuple[Destination, ...]:
    """Return the destinations of a file, by name. Raises DestinationsError."""
    try:
        written = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise DestinationsError(f"{file}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DestinationsError(f"{file}: is not TOML: {error}") from None
    try:
        content = msgspec.convert(written, _File)
    except msgspec.ValidationError as error:
        key, reason = field_and_reason(str(error))
        raise DestinationsError(f"{file}: {key}: {reason}") from None
    found: list[Destination] = []
    for kind, parts in (("webhook", content.webhook), ("mail", content.mail), ("push", content.push)):
        for name, part in parts.items():
            try:
                _check(name, part)
                found.append(Destination(name=name, wanted=part, way=_way(part, content.smtp, file.parent)))
            except ValueError as error:
                raise DestinationsError(f"{file}: {kind}.{name}: {error}") from None
    if len({one.name for one in found}) < len(found):
        raise DestinationsError(f"{file}: two destinations have the same name; each needs one of its own")
    return tuple(sorted(found, key=lambda one: one.name))


def _check(name: str, part: Wanted) -> None:
    if not NAME.fullmatch(name):
        raise ValueError("name it with up to 40 lower-case letters, digits and hyphens")
    if name == DEVICES:
        raise ValueError("this is what all devices together are called; name it otherwise")
    try:
        ZoneInfo(part.time_zone)
    except (KeyError, ValueError, OSError):
        raise ValueError("time_zone: it is no time zone; write it as America/Chicago or UTC") from None
    try:
        parse_schedule(part.schedule)
    except ValueError as error:
        raise ValueError(f"schedule: {error}") from None
    if not 0 <= part.priority <= 10:
        raise ValueError("priority: it is 0 to 10")
    if not part.tell:
        raise ValueError(f"tell: say at least one of {', '.join(get_args(Told))}, or remove the destination")
    if "" in part.audiences or any(names_of(one) != {one} for one in part.audiences):
        raise ValueError("audiences: name one audience in each text")
    assert part.severity in SEVERITIES


def _way(part: Wanted, smtp: SmtpPart | None, folder: Path) -> Webhook | Mail | Push:
    match part:
        case WebhookPart():
            return _webhook(part, folder)
        case MailPart():
            return _mail(part, smtp, folder)
        case PushPart():
            return _push(part)
    raise TypeError(part)


def _push(part: PushPart) -> Push:
    if unknown := sorted(set(part.roles) - set(ROLES)):
        raise ValueError(f"roles: there is no role {', '.join(unknown)}; there are {', '.join(ROLES)}")
    if part.plates or part.fields != list(FIELDS):
        raise ValueError("plates and fields say nothing here: a device is told how grave it is, and to open the page")
    return Push(roles=frozenset(part.roles))


def _webhook(part: WebhookPart, folder: Path) -> Webhook:
    for one in part.networks:
        try:
            ipaddress.ip_network(one)
        except ValueError as error:
            raise ValueError(f"networks: {error}") from None
    try:
        url = httpx2.URL(part.url)
    except (httpx2.InvalidURL, ValueError, TypeError):
        raise ValueError("url: it is no address") from None
    if url.scheme not in ("https", "http") or not url.host or url.userinfo or url.fragment:
        raise ValueError("url: write it as https://host/path, without a user or password in it")
    if url.scheme == "http" and not _is_loopback(url.host):
        raise ValueError("url: only https leaves this machine; http is for a receiver on 127.0.0.1")
    text = _secret(part.secret_file, part.secret_env, folder, "secret")
    keys = read_secrets(text)
    if not keys:
        raise ValueError("secret_file or secret_env: it holds no secret; write whsec_... there")
    return Webhook(url=part.url, keys=keys, networks=tuple(part.networks), ca_file=_path(part.ca_file, folder))


def _mail(part: MailPart, smtp: SmtpPart | None, folder: Path) -> Mail:
    if smtp is None:
        raise ValueError("a table [smtp] must say which server takes the mail")
    if smtp.security == "none" and not _is_loopback(smtp.host):
        raise ValueError("smtp: security = none is for a server on 127.0.0.1; elsewhere use starttls or tls")
    if not part.to:
        raise ValueError("to: name at least one address")
    if part.digest_over < 1 or not 1 <= part.digest_s <= 3600:
        raise ValueError("digest_over is 1 or more, digest_s 1 to 3600")
    password = _secret(smtp.password_file, smtp.password_env, folder, "smtp: password") if smtp.user else ""
    if smtp.user and not password:
        raise ValueError("smtp: user is set, so password_file or password_env must be set too")
    if smtp.user and smtp.security == "none":
        raise ValueError("smtp: a password is not sent without TLS")
    return Mail(
        to=tuple(_address(one, "to") for one in part.to),
        sender=_address(smtp.sender, "smtp: from"),
        host=smtp.host,
        port=smtp.port,
        security=smtp.security,
        user=smtp.user,
        password=password,
        ca_file=_path(smtp.ca_file, folder),
        digest_over=part.digest_over,
        digest_s=part.digest_s,
    )


def _address(text: str, key: str) -> Address:
    try:
        if not text.isprintable():
            raise ValueError
        address = Address(addr_spec=text)
    except Exception as error:  # the parser of the library raises errors of many kinds
        raise ValueError(f"{key}: {text!r} is no mail address") from error
    if not address.username or ("." not in address.domain and address.domain != "localhost"):
        raise ValueError(f"{key}: {text!r} is no mail address")
    return address


def _secret(file: str, variable: str, folder: Path, what: str) -> str:
    if bool(file) == bool(variable):
        raise ValueError(f"{what}_file or {what}_env must be set, one of them")
    if variable:
        found = os.environ.get(variable, "")
        if not found.strip():
            raise ValueError(f"{what}_env: the variable {variable} is not set")
        return found.strip()
    try:
        return (folder / file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{what}_file: {file} cannot be read ({type(error).__name__})") from None


def _path(text: str, folder: Path) -> Path | None:
    if not text:
        return None
    path = folder / text
    if not path.is_file():
        raise ValueError(f"ca_file: {text} is not there")
    return path


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def told_of(one: Destination) -> dict[str, Any]:
    """Return a destination as commands show it: no secret, no password, no path of an address."""
    wanted = {name: getattr(one.wanted, name) for name in Wanted.__struct_fields__}
    return {"name": one.name, "kind": one.kind, "where": one.where, **wanted}
