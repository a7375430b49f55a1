"""What is kept of an occasion for people's devices: no word of it, only how grave it is and who may see it."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from compose.notify.occasions import OPENED, Occasion
from compose.notify.wording import Content
from schemas.events.alert import Alert
from schemas.events.incident import Incident


class Told(Content, frozen=True, kw_only=True, omit_defaults=True):
    """``audience``: whom it is for (schemas/audience.py). ``kind``: of the occasion."""

    kind: str
    audience: str = ""


def told_of(occasion: Occasion) -> Told:
    """Return what is kept of an occasion."""
    event = occasion.event
    told = Told(
        id=occasion.subject_id,
        kind=occasion.kind,
        rev=event.rev,
        at=occasion.at,
        occurred_at=event.occurred_at,
        observed_at=event.observed_at,
        jurisdiction=event.jurisdiction,
        status=event.status,
        lat=event.lat,
        lon=event.lon,
        synthetic=event.synthetic,
    )
    if isinstance(event, Incident):
        return replace(told, priority=event.priority, incident_id=occasion.subject_id)
    return replace(
        told,
        severity=event.severity,
        audience=event.audience,
        camera_id=event.camera_id or "",
        incident_id=str(event.incident_id or ""),
    )


def decode_told(raw: bytes) -> Told:
    """Return what was kept."""
    return msgspec.json.decode(raw, type=Told)


def is_of_incident(told: Told) -> bool:
    """Return whether it is an incident that is told of, and no alert."""
    return told.kind == OPENED


def why_over(event: Alert | Incident) -> str:
    """Return why nobody is to be told any more of what this is a state of, as a word; "" when it goes on."""
    if isinstance(event, Incident):
        return "merged_meanwhile" if event.merged_into is not None else _over(event.status)
    return _over(event.status)


def _over(status: str) -> str:
    return {"closed": "closed_meanwhile", "recalled": "withdrawn_meanwhile"}.get(status, "")
