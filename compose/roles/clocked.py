"""What time alone makes due in a worker, and how long calls, incidents and alerts may wait, by the settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from compose.settings import Settings
from pipeline.ownership import Ownership
from pipeline.processors.escalating import Escalating
from pipeline.processors.expiring import Expiring
from pipeline.processors.misreads import Misreads
from pipeline.processors.recalling import Recalling
from pipeline.processors.watches import Watches
from pipeline.rules.call_watches import Limits
from pipeline.state.reference import Reference
from schemas.envelope import Event


class Clocked(Protocol):
    """A rule that time alone makes true."""

    def tick(self, now: datetime) -> Sequence[Event]:
        """Return what is due. Asked every second."""
        ...


def clocked(settings: Settings, reference: Reference, ours: Ownership) -> tuple[Clocked, ...]:
    """Return what is asked every second and takes no events."""
    return (
        Recalling(reference, ours),
        Misreads(reference, ours),
        Watches(reference, watch_limits(settings), ours),
        Escalating(reference, escalation_limits(settings), ours),
        Expiring(reference, alert_limit(settings), ours),
    )


def watch_limits(settings: Settings) -> Limits:
    """Return the limits of the watches."""
    return Limits(
        owner=timedelta(seconds=settings.call_owner_s),
        record_warning=timedelta(hours=settings.crime_record_warn_h),
        record=timedelta(hours=settings.crime_record_h),
        missing=timedelta(minutes=settings.missing_entry_min),
    )


def alert_limit(settings: Settings) -> timedelta | None:
    """Return after how long an alert that nobody does anything about is closed; None: never."""
    return timedelta(hours=settings.alert_expires_h) if settings.alert_expires_h else None


def escalation_limits(settings: Settings) -> Mapping[str, timedelta]:
    """Return how long an alert of a severity may wait for somebody to take it; others are not escalated."""
    return {"P1": timedelta(seconds=settings.escalate_p1_s), "P2": timedelta(seconds=settings.escalate_p2_s)}
