"""How long calls, incidents and alerts may wait, by the settings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from compose.settings import Settings
from pipeline.rules.call_watches import Limits


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
