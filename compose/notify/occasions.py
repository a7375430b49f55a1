"""What of the log is an occasion to tell somebody, and whether a destination wants to hear of it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from compose.notify.destinations import Destination
from schemas.audience import names_of
from schemas.escalation import is_escalated
from schemas.events.alert import Alert
from schemas.events.incident import Incident
from schemas.shelving import is_shelved

RAISED, ESCALATED, WITHDRAWN, OPENED = "alert.raised", "alert.escalated", "alert.withdrawn", "incident.opened"
#: By what ``tell`` of a destination names them; a withdrawal goes to whoever was told.
NAMED = {RAISED: "alert", ESCALATED: "escalated", OPENED: "incident"}


class Occasion(Struct, frozen=True):
    """Something to tell. ``key``: the same however many states of the same thing follow. ``at``: when it came up."""

    kind: str
    key: str
    subject_id: str
    at: datetime
    event: Alert | Incident


def occasions_of(event: Alert | Incident) -> list[Occasion]:
    """Return what a state of an alert or an incident is an occasion for.

    Whoever reads a log that was compacted sees later states only, so any open state says that the alert was raised: by
    its key it is told once.
    """
    if isinstance(event, Incident):
        if event.status != "open" or event.merged_into is not None:
            return []
        return [Occasion(OPENED, f"{event.incident_id}:opened", str(event.incident_id), event.opened_at, event)]
    alert_id = str(event.alert_id)
    if event.status == "recalled":
        return [Occasion(WITHDRAWN, f"{alert_id}:withdrawn", alert_id, event.changed_at or event.raised_at, event)]
    found = []
    if event.status == "open":
        found.append(Occasion(RAISED, f"{alert_id}:raised", alert_id, event.raised_at, event))
    if is_escalated(event) and event.escalated_at is not None:
        key = f"{alert_id}:escalated:{event.escalated_at.isoformat()}"
        found.append(Occasion(ESCALATED, key, alert_id, event.escalated_at, event))
    return found


def why_not(destination: Destination, occasion: Occasion) -> str:
    """Return why a destination is not told of something, as a word; "" when it is.

    Judged by the time it came up, not by the clock: a replay and a restart come to the same answer. Of a withdrawal
    only the audience is asked here: it goes to whoever was told of the alert.
    """
    wanted, event = destination.wanted, occasion.event
    if event.synthetic and not wanted.synthetic:
        return "synthetic"
    if isinstance(event, Alert) and event.audience and not names_of(event.audience) & set(wanted.audiences):
        return "audience"
    if occasion.kind == WITHDRAWN:
        return ""
    if NAMED[occasion.kind] not in wanted.tell:
        return "occasion"
    if wanted.jurisdictions and event.jurisdiction not in wanted.jurisdictions:
        return "jurisdiction"
    if wanted.zones and not set(event.zones) & set(wanted.zones):
        return "zone"
    if isinstance(event, Incident):
        if (event.priority or 0) < wanted.priority:
            return "priority"
    elif event.severity > wanted.severity:  # P1 is the gravest and the first by its letters
        return "severity"
    elif wanted.rules and event.rule not in wanted.rules:
        return "rule"
    elif is_shelved(event, occasion.at):
        return "shelved"
    if not destination.times.covers(occasion.at, ZoneInfo(wanted.time_zone)):
        return "schedule"
    return ""
