"""A list that was not brought up to date for longer than it says: what it raises is less sure, and says so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from schemas.events.alert import SEVERITIES, Alert, Evidence
from schemas.events.hotlist import Hotlist
from schemas.events.sighting import Hit

#: Versions in force by list.
Lists = Mapping[str, Hotlist]
NO_LISTS: Lists = {}


def overdue(hit: Hit, lists: Lists, now: datetime) -> timedelta | None:
    """Return the limit of age of a hit's list when the list is older than it; None when it is not, or has none."""
    manifest = lists.get(hit.list_id)
    if manifest is None or manifest.max_age_s is None or hit.list_as_of is None:
        return None
    limit = timedelta(seconds=manifest.max_age_s)
    return limit if now - hit.list_as_of > limit else None


def lowered(severity: str) -> str:
    """Return the severity one step lower; the lowest stays."""
    step = SEVERITIES.index(severity) + 1 if severity in SEVERITIES else len(SEVERITIES)
    return SEVERITIES[min(step, len(SEVERITIES) - 1)]


def blocked(alert: Alert) -> Alert:
    """Return an alert as it is raised where stale lists are blocked: closed, for history, shown to nobody as new."""
    return replace(
        alert,
        severity=SEVERITIES[-1],
        status="closed",
        changed_by="rule:stale_list",
        changed_at=alert.raised_at,
        note="Its list is older than it may be: blocked by this system's settings.",
    )


def is_stale(manifest: Hotlist, now: datetime) -> bool:
    """Return whether a version is older than it says it may be."""
    return manifest.max_age_s is not None and (now - manifest.as_of).total_seconds() > manifest.max_age_s


def evidence(hit: Hit, limit: timedelta, now: datetime, age_text: str, limit_text: str) -> Evidence:
    """Return what an alert from a stale list must say first."""
    age = now - hit.list_as_of if hit.list_as_of is not None else timedelta()
    return Evidence(
        kind="stale_list",
        text=f"STALE LIST: {hit.list_id} is {age_text} old and may be {limit_text} at most. "
        "Ask whether the record is still active before anything else.",
        facts={
            "list_id": hit.list_id,
            "age_s": str(round(age.total_seconds())),
            "max_age_s": str(round(limit.total_seconds())),
        },
    )
