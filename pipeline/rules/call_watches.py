"""Rules that time makes true of calls and incidents: nobody has a call in hand, a crime has no record, a missing person
is not entered. Pure: an incident, the time and the limits in; what is due, or that it is settled, out.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct

from pipeline.rules.plate_alert import duration
from schemas.events.alert import Alert, Evidence
from schemas.events.emergency_call import CALL_OVER
from schemas.events.incident import Incident
from schemas.identity import identity

CALL_WITHOUT_OWNER = "call_without_owner"
CRIME_WITHOUT_RECORD = "crime_without_record"
MISSING_NOT_ENTERED = "missing_not_entered"
VERSION = 1
#: Categories that are signs of a crime against somebody or something.
CRIMES = frozenset(
    {
        "shooting", "stabbing", "homicide", "robbery", "carjacking", "sexual_assault", "kidnapping", "assault",
        "weapon", "domestic", "burglary", "theft", "vehicle_theft", "drugs", "property_damage",
    }
)  # fmt: skip
#: A call that reached us so long after it was received comes from an archive: its clocks ran out long ago.
ARCHIVE_AFTER = timedelta(hours=1)
#: An entry of a missing person must be looked at again after so long (34 USC 41308).
REVIEW_AFTER = timedelta(days=60)


class Limits(Struct, frozen=True, kw_only=True):
    """How long each may take. There is none that makes a missing person wait: the clock runs from the call."""

    owner: timedelta
    record_warning: timedelta
    record: timedelta
    missing: timedelta


def call_without_owner(incident: Incident, whole: Incident, now: datetime, limits: Limits) -> Alert | None:
    """Return an alert when a call was handed over and nobody has it. ``whole``: what its incident is part of."""
    call = incident.calls[0] if incident.calls else None
    if call is None or call.handed_over_at is None or _has_owner(incident, whole):
        return None
    since = now - call.handed_over_at
    if since <= limits.owner or _is_archive(incident):
        return None
    text = f"Handed over {duration(since)} ago at {call.handed_over_at:%H:%M:%S} UTC, and nobody has taken it."
    return _alert(CALL_WITHOUT_OWNER, (call.call_id, call.handed_over_at.isoformat()), "P1", incident,
                  f"Nobody has this call in hand: {call.kind}", text, now)  # fmt: skip


def crime_without_record(incident: Incident, whole: Incident, now: datetime, limits: Limits) -> Alert | None:
    """Return a warning, then the breach, when an incident with signs of a crime has no record in time."""
    if not _is_crime(incident) or _is_recorded(incident) or _is_archive(incident):
        return None
    since = now - incident.opened_at
    if since <= limits.record_warning:
        return None
    breached = since > limits.record
    left = limits.record - since
    text = (
        f"Reported {duration(since)} ago as {incident.category.replace('_', ' ')}; it has no record number and no "
        + (
            f"disposition. A record is due within {duration(limits.record)}."
            if breached
            else f"disposition. {duration(left)} are left."
        )
    )
    title = ("Crime not recorded in time" if breached else "Crime not recorded yet") + f": {incident.kind}"
    return _alert(CRIME_WITHOUT_RECORD, (incident.incident_id, "breach" if breached else "warning"),
                  "P2" if breached else "P3", incident, title, text, now)  # fmt: skip


def missing_not_entered(incident: Incident, whole: Incident, now: datetime, limits: Limits) -> Alert | None:
    """Return an alert when a missing person is not entered in time. Raised at once, it says when that is.

    For every missing person, whatever age is told: an age that was told wrongly must not stop the clock.
    """
    if not _is_missing(incident) or incident.record_number or _is_archive(incident):
        return None
    due = incident.opened_at + limits.missing
    breached = now >= due
    text = f"Reported at {incident.opened_at:%H:%M:%S} UTC; the entry (NCIC, NamUs) is due by {due:%H:%M:%S} UTC: " + (
        f"{duration(now - due)} ago." if breached else f"in {duration(due - now)}."
    )
    review = Evidence(
        kind="review",
        text=f"The entry must be looked at again by {incident.opened_at + REVIEW_AFTER:%Y-%m-%d}.",
        facts={"review_at": (incident.opened_at + REVIEW_AFTER).isoformat()},
    )
    title = "Missing person not entered in time" if breached else f"Missing person: enter by {due:%H:%M} UTC"
    return _alert(MISSING_NOT_ENTERED, (incident.incident_id, "breach" if breached else "clock"),
                  "P1" if breached else "P2", incident, title, text, now, review)  # fmt: skip


Watch = Callable[[Incident, Incident, datetime, Limits], Alert | None]
WATCHES: dict[str, Watch] = {
    CALL_WITHOUT_OWNER: call_without_owner,
    CRIME_WITHOUT_RECORD: crime_without_record,
    MISSING_NOT_ENTERED: missing_not_entered,
}


def next_look(incident: Incident, now: datetime, limits: Limits) -> datetime | None:
    """Return the first moment from ``now`` on at which time alone may make one of these rules true; None: never.

    What people and calls change, of it or of what it is part of, is no matter of time.
    """
    moments = []
    call = incident.calls[0] if incident.calls else None
    if call is not None and call.handed_over_at is not None:
        moments.append(call.handed_over_at + limits.owner)
    if _is_crime(incident) and not _is_recorded(incident) and not _is_archive(incident):
        moments += [incident.opened_at + limits.record_warning, incident.opened_at + limits.record]
    if _is_missing(incident) and not incident.record_number:
        moments.append(incident.opened_at + limits.missing)
    return min((moment for moment in moments if moment >= now), default=None)


def is_settled(alert: Alert, incident: Incident, whole: Incident) -> bool:
    """Return whether what an alert of these rules asks for is done."""
    if alert.rule == CALL_WITHOUT_OWNER:
        return _has_owner(incident, whole)
    if alert.rule == CRIME_WITHOUT_RECORD:
        return _is_recorded(incident) or not _is_crime(incident)
    return bool(incident.record_number) or not _is_missing(incident)


def _has_owner(incident: Incident, whole: Incident) -> bool:
    call = incident.calls[0]
    return bool(call.owner or whole.owner) or call.status in CALL_OVER or whole.status != "open"


def _is_whole(incident: Incident) -> bool:
    return incident.merged_into is None and incident.stage != "cancelled"


def _is_crime(incident: Incident) -> bool:
    return _is_whole(incident) and any(call.category in CRIMES for call in incident.calls)


def _is_missing(incident: Incident) -> bool:
    return _is_whole(incident) and any(call.category == "missing_person" for call in incident.calls)


def _is_recorded(incident: Incident) -> bool:
    return bool(incident.record_number) or any(call.disposition for call in incident.calls)


def _is_archive(incident: Incident) -> bool:
    return not incident.calls or incident.calls[0].observed_at - incident.opened_at > ARCHIVE_AFTER


def _alert(
    rule: str, about: tuple[object, ...], severity: str, incident: Incident, title: str, text: str, now: datetime,
    *more: Evidence,
) -> Alert:  # fmt: skip
    call = incident.calls[0]
    alert_id = identity("alert", rule, VERSION, *about)
    facts = {"call_id": call.call_id, "opened_at": incident.opened_at.isoformat(), "category": incident.category}
    return Alert(
        event_id=identity("alert_state", alert_id, 1),
        occurred_at=incident.opened_at,
        observed_at=call.observed_at,
        source=f"rule/{rule}",
        jurisdiction=incident.jurisdiction,
        synthetic=incident.synthetic,
        alert_id=alert_id,
        rule=rule,
        rule_version=VERSION,
        severity=severity,
        title=title[:300],
        subject_kind="call",
        subject=call.call_id,
        incident_id=incident.incident_id,
        lat=incident.lat,
        lon=incident.lon,
        zones=incident.zones,
        raised_at=now,
        why=(Evidence(kind="call", text=text, facts=facts), *more),
        triggers=(call.state_id,),
    )
