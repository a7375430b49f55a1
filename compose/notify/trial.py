"""A made-up message, to see whether a destination can be told."""

from __future__ import annotations

from datetime import UTC, datetime

from compose.notify.messages import Message, message_id
from compose.notify.wording import Content, encode
from schemas.identity import identity


def trial_message(destination: str, now: float) -> Message:
    """Return a message that says that it is a test; each has an id of its own."""
    at = datetime.fromtimestamp(now, UTC)
    number = str(identity("notification_test", destination, now))
    content = Content(
        id=number,
        rev=1,
        at=at,
        occurred_at=at,
        observed_at=at,
        jurisdiction="",
        status="test",
        title="Test: nothing happened, and nothing is to be done",
        synthetic=True,
    )
    return Message(
        number=0,
        destination=destination,
        key=f"{number}:raised",
        message_id=message_id(destination, f"{number}:raised"),
        kind="test",
        subject_id=number,
        at=now,
        queued_at=now,
        due_at=now,
        tries=0,
        synthetic=True,
        content=encode(content),
    )
