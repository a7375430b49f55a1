"""Moments that people write as options."""

from __future__ import annotations

from datetime import UTC, datetime

from compose.commands.output import fail


def moment_of(text: str, option: str, as_json: bool) -> datetime:
    """Return a moment written in ISO 8601; UTC unless it says. Ends the command with 2 when it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{option} is a moment as in 2026-01-15T18:30 (UTC) or 2026-01-15T12:30-06:00.", 2, as_json=as_json)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
