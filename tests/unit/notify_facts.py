"""Alerts and destinations, for tests of notifications."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from compose.notify.destinations import Destination, Wanted, Webhook, read_destinations
from schemas.events.alert import EXAMPLE, Alert, Evidence
from schemas.identity import identity

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY = base64.b64decode(SECRET.removeprefix("whsec_"))
NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


def alert(name: str = "1", **changes: object) -> Alert:
    """An open alert raised now, about a plate with a look-alike."""
    why = (
        Evidence(
            kind="match",
            text="Read ABC123, listed A8C123: 1 look-alike character (position 2: B for 8).",
            facts={"match": "look_alike", "matched_plate": "ABC123", "listed_plate": "A8C123"},
        ),
        Evidence(
            kind="list_entry",
            text="Entry ABC-123 of list stolen, list current as of 3 h ago: taken by J. Doe",
            facts={
                "list_id": "stolen", "entry_id": "ABC-123", "list_as_of": (NOW - timedelta(hours=3)).isoformat(),
            },
        ),
        Evidence(kind="read", text="The reader was 97% sure of the plate.", facts={"confidence": "0.970"}),
    )  # fmt: skip
    base = replace(
        EXAMPLE, alert_id=identity("alert", name), why=why, raised_at=NOW, occurred_at=NOW - timedelta(seconds=2),
        observed_at=NOW - timedelta(seconds=1),
    )  # fmt: skip
    return replace(base, **changes)


def withdrawn(one: Alert, at: datetime = NOW) -> Alert:
    """The same, recalled."""
    return replace(one, rev=one.rev + 1, status="recalled", changed_at=at, note="found")


def escalated(one: Alert, at: datetime = NOW + timedelta(minutes=2)) -> Alert:
    """The same, escalated."""
    return replace(one, rev=one.rev + 1, escalated_at=at, changed_at=at)


def destination(name: str = "dispatch", url: str = "https://cad.example/hook", **wanted: object) -> Destination:
    """A webhook that wants what is said, and else what is the default."""
    way = Webhook(url=url, keys=(KEY,), networks=("127.0.0.0/8",), ca_file=None)
    return Destination(name=name, wanted=Wanted(**wanted), way=way)  # type: ignore[arg-type]


def read(folder: Path, text: str) -> tuple[Destination, ...]:
    """The destinations of a file that says this, beside a file ``key`` with a secret."""
    (folder / "key").write_text(SECRET + "\n")
    file = folder / "notify.toml"
    file.write_text(text)
    return read_destinations(file)
