"""The record that somebody looked for a plate or a person: an action, published before or beside the search itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID, uuid4

from schemas.events.action import Action
from schemas.purpose import Purpose
from schemas.wire.publisher import Publisher


async def record_search(
    publisher: Publisher, name: str, *, actor: str, purpose: Purpose | None, asked: Mapping[str, str], subject: str = ""
) -> UUID:
    """Publish that ``actor`` looks for what was ``asked`` and why; empty values are left out. Return the record's id.

    ``subject``: what it was done to; the search itself unless told. Raises
    schemas.wire.publisher.BrokerUnavailableError when the log did not confirm.
    """
    why = {} if purpose is None else {"purpose_code": purpose.code, "reference": purpose.reference}
    return await record_deed(
        publisher,
        name,
        actor=actor,
        subject=subject,
        note="" if purpose is None else purpose.text,
        details={**asked, **why},
    )


async def record_deed(
    publisher: Publisher, name: str, *, actor: str, subject: str, note: str, details: Mapping[str, str]
) -> UUID:
    """Publish a record; return its id. Empty details are left out; an empty subject is the deed itself.

    Raises schemas.wire.publisher.BrokerUnavailableError when the log did not confirm.
    """
    now = datetime.now(UTC)
    event_id = uuid4()  # each is its own deed, also when the same is asked again
    action = Action(
        event_id=event_id,
        occurred_at=now,
        observed_at=now,
        source="server/web",
        name=name,
        subject_id=subject or f"search:{event_id}",
        actor=actor,
        note=note,
        details={key: value for key, value in details.items() if value},
    )
    await publisher.publish([action])
    return event_id
