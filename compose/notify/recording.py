"""Who was told what, as actions in the log: the ledger of it is the table of actions."""

from __future__ import annotations

from datetime import UTC, datetime

from compose.notify.messages import Record
from compose.notify.outbox import Outbox, OutboxError
from compose.recording import Recorder
from schemas.events.action import Action
from schemas.identity import identity
from schemas.wire.publisher import Publisher


def recorder(outbox: Outbox, publisher: Publisher) -> Recorder[Record]:
    """Return what puts the records of an outbox into the log."""
    return Recorder(outbox, publisher, action_of, OutboxError)


def action_of(record: Record) -> Action:
    """Return the action that tells of a record."""
    return Action(
        event_id=identity("action", "notify", record.box, record.number),
        occurred_at=datetime.fromtimestamp(record.at, UTC),
        observed_at=datetime.fromtimestamp(record.at, UTC),
        source="notify/outbox",
        synthetic=record.synthetic,
        name=record.name,
        subject_id=record.subject_id,
        actor=record.actor,
        details=record.details,
    )
