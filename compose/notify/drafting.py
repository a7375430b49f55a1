"""From what the log says to what is put into the outbox, for each destination that wants it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from compose.notify.destinations import Destination
from compose.notify.messages import Draft
from compose.notify.occasions import WITHDRAWN, Occasion, occasions_of, why_not
from compose.notify.wording import content_of, encode
from schemas.events.alert import SEVERITIES, Alert
from schemas.events.incident import Incident


def drafts_of(events: Iterable[Alert | Incident], destinations: Iterable[Destination]) -> Iterator[Draft]:
    """Yield what each destination is to be told of these states, in their order."""
    for event in events:
        for occasion in occasions_of(event):
            for one in destinations:
                if not why_not(one, occasion):
                    yield draft_of(one.name, occasion, encode(content_of(occasion, one.wanted)))


def draft_of(destination: str, occasion: Occasion, content: bytes) -> Draft:
    """Return what a destination is to be told of an occasion."""
    return Draft(
        destination=destination,
        key=occasion.key,
        kind=occasion.kind,
        subject_id=occasion.subject_id,
        at=occasion.at.timestamp(),
        gravity=_gravity(occasion.event),
        synthetic=occasion.event.synthetic,
        content=content,
        if_told=occasion.kind == WITHDRAWN,
    )


def _gravity(event: Alert | Incident) -> int:
    """Return 1 to 4: the severity of an alert, and an incident's priority on the same scale."""
    if isinstance(event, Incident):
        return max(1, 4 - (event.priority or 0) // 3)
    return SEVERITIES.index(event.severity) + 1 if event.severity in SEVERITIES else len(SEVERITIES)
