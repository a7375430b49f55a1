"""Spooled events that this version cannot read: written by another version, they must neither block nor be lost."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from connectors.edge.dead_letters import code_version
from connectors.edge.spool_file import SpoolRow
from schemas.events.dead_letter import DeadLetter
from schemas.identity import identity
from schemas.registry import BY_NAME


def undecodable(row: SpoolRow, error: Exception) -> DeadLetter:
    """Return the dead letter of a row: the same row gives the same id. ``error`` names the field, never content."""
    taken = datetime.fromtimestamp(row.taken_ms / 1000, UTC)
    kind = BY_NAME.get(row.event_type)
    return DeadLetter(
        event_id=identity("dead_letter", "spool", row.event_type, sha256(row.body).hexdigest()),
        occurred_at=taken,
        observed_at=taken,
        source="edge/spool",
        reason="invalid_field",
        step="decode",
        error=f"{type(error).__name__} in the spool: {error}"[:2000],
        topic=kind.topic if kind is not None else row.event_type,
        key=row.key.encode(),
        # At most 900,000 bytes of an event are spooled, and base64 makes them a third larger than a frame may be.
        original=row.body[: 512 * 1024],
        headers={"cut-from-bytes": str(len(row.body))} if len(row.body) > 512 * 1024 else {},
        code_version=code_version(),
    )
