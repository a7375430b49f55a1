"""What goes out of an alert or an incident: the fields a destination is given, and no plate unless it may have one.

Without plates, what is known to be one is masked in the sentences, and anything else that could be one; sentences whose
whole sense is a plate are said without it. The parts of a plate and the words people typed do not go out either.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from compose.notify.destinations import Wanted
from compose.notify.occasions import ESCALATED, OPENED, RAISED, WITHDRAWN, Occasion
from schemas.events.alert import Alert, Evidence
from schemas.events.incident import Incident
from schemas.plate import normalise

MASK = "[plate]"
#: Words of capitals and digits, as plates are.
_LIKE_A_PLATE = re.compile(r"(?<![\w-])(?=[A-Z0-9-]*[A-Z])(?=[A-Z0-9-]*\d)[A-Z0-9-]{4,}(?![\w-])")
#: Evidence that is about the characters of a plate: how it is told without them, by the fact ``match``.
_ABOUT_A_PLATE = ("match", "company", "look_alike", "noise")
#: Facts that say nothing of a plate, a person or what somebody typed.
_PLAIN_FACTS = frozenset({
    "list_id", "list_as_of", "match", "severity", "late_s", "confidence", "camera_id", "last_camera_id", "zone_id",
    "distance_m", "age_s", "region_relation", "status", "since", "category", "priority", "kind", "probability",
    "clock_skew_s", "known_since", "asked_since", "least_kmh", "gap_s", "share",
})  # fmt: skip
_LEAD = {RAISED: "", ESCALATED: "ESCALATED, nobody took it: ", WITHDRAWN: "WITHDRAWN: ", OPENED: ""}


class Reason(Struct, frozen=True, omit_defaults=True):
    """One reason for an alert, as it goes out."""

    kind: str
    text: str
    facts: dict[str, str] = {}


class Content(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What goes out. ``at``: when the occasion came up. ``list_as_of``: how old the list is that was matched."""

    id: str
    rev: int
    at: datetime
    occurred_at: datetime
    observed_at: datetime
    jurisdiction: str
    status: str
    rule: str = ""
    severity: str = ""
    priority: int | None = None
    title: str = ""
    why: list[Reason] = []
    list_as_of: datetime | None = None
    plate: str = ""
    call_id: str = ""
    camera_id: str = ""
    lat: float | None = None
    lon: float | None = None
    address: str = ""
    zones: list[str] = []
    incident_id: str = ""
    synthetic: bool = False


def content_of(occasion: Occasion, wanted: Wanted) -> Content:
    """Return what a destination is given of an occasion."""
    event = occasion.event
    return _of_alert(event, occasion, wanted) if isinstance(event, Alert) else _of_incident(event, occasion, wanted)


def _of_alert(alert: Alert, occasion: Occasion, wanted: Wanted) -> Content:
    given = set(wanted.fields)
    is_plate = alert.subject_kind == "plate"
    hide = frozenset() if wanted.plates else _plates_of(alert)
    camera_id = alert.camera_id or ""
    # What a camera says of itself holds no plate, and its name may look like one.
    plates = wanted.plates or alert.subject_kind == "camera"
    title = alert.title if plates else masked(alert.title, hide, camera_id)
    why = [_reason(one, hide, camera_id, plates=plates) for one in alert.why] if "why" in given else []
    return Content(
        id=str(alert.alert_id),
        rev=alert.rev,
        at=occasion.at,
        occurred_at=alert.occurred_at,
        observed_at=alert.observed_at,
        jurisdiction=alert.jurisdiction,
        status=alert.status,
        rule=alert.rule,
        severity=alert.severity,
        title=_LEAD[occasion.kind] + (title if "title" in given else alert.rule.replace("_", " ")),
        why=why,
        list_as_of=_list_as_of(alert),
        plate=alert.subject if is_plate and wanted.plates else "",
        call_id=alert.subject if alert.subject_kind == "call" and "incident" in given else "",
        camera_id=camera_id if "camera" in given else "",
        lat=alert.lat if "place" in given else None,
        lon=alert.lon if "place" in given else None,
        zones=list(alert.zones) if "zones" in given else [],
        incident_id=str(alert.incident_id or "") if "incident" in given else "",
        synthetic=alert.synthetic,
    )


def _of_incident(incident: Incident, occasion: Occasion, wanted: Wanted) -> Content:
    given = set(wanted.fields)
    kind = incident.kind if wanted.plates else masked(incident.kind, ())
    address = incident.address if wanted.plates else masked(incident.address, ())
    return Content(
        id=str(incident.incident_id),
        rev=incident.rev,
        at=occasion.at,
        occurred_at=incident.occurred_at,
        observed_at=incident.observed_at,
        jurisdiction=incident.jurisdiction,
        status=incident.status,
        priority=incident.priority,
        title=f"Incident: {kind if 'title' in given else incident.category}",
        address=address if "place" in given else "",
        lat=incident.lat if "place" in given else None,
        lon=incident.lon if "place" in given else None,
        zones=list(incident.zones) if "zones" in given else [],
        synthetic=incident.synthetic,
    )


def _list_as_of(alert: Alert) -> datetime | None:
    """Return as of when the oldest list is that was matched; None when none was, or it did not say."""
    said: list[datetime] = []
    for one in alert.why:
        with contextlib.suppress(ValueError):  # a fact is a text, and a rule may write it as it likes
            said.append(datetime.fromisoformat(one.facts.get("list_as_of", "")))
    return min((one for one in said if one.tzinfo is not None), default=None)


def _plates_of(alert: Alert) -> frozenset[str]:
    """Return what an alert says is a plate, or a part of one: the subject, and every fact that holds one."""
    said = [alert.true_plate, alert.subject if alert.subject_kind == "plate" else ""]
    for reason in alert.why:
        said += [value for name, value in reason.facts.items() if "plate" in name or name == "companion"]
        said += re.split(r"[ ;,]+", reason.facts.get("readings", ""))
    return frozenset(text for text in said if len(text) >= 2)


def masked(text: str, plates: Iterable[str], keep: str = "") -> str:
    """Return a sentence without these plates, however they are spaced, and without what looks like one.

    ``keep``: a word that may look so, and is none.
    """
    return _LIKE_A_PLATE.sub(lambda found: keep if found[0] == keep else MASK, _without(text, plates))


def _without(text: str, plates: Iterable[str]) -> str:
    for plate in sorted(plates, key=len, reverse=True):
        # As it stands (a partial one has ? and * in it), and its letters and digits however they are spaced.
        spaced = r"[\s.·-]*".join(map(re.escape, normalise(plate)))
        ways = "|".join(one for one in (re.escape(plate), spaced) if one)
        text = re.sub(rf"(?<!\w)(?:{ways})(?!\w)", MASK, text, flags=re.IGNORECASE)
    return text


def _reason(one: Evidence, hide: frozenset[str], camera_id: str, *, plates: bool) -> Reason:
    if plates:
        return Reason(one.kind, one.text, one.facts)
    facts = {name: _without(value, hide) for name, value in one.facts.items() if name in _PLAIN_FACTS}
    if one.kind in _ABOUT_A_PLATE:
        how = one.facts.get("match", one.kind).replace("_", " ")
        return Reason(one.kind, f"How the plate was matched or read: {how}. Open the alert to see it.", facts)
    if one.kind == "list_entry":
        # An entry's id may be its plate, and its reason is what somebody typed.
        return Reason(one.kind, f"Entry of list {facts.get('list_id', '')}.", facts)
    return Reason(one.kind, masked(one.text, hide, camera_id), facts)


def late_s(content: Content, now: float) -> int:
    """Return how many seconds ago it happened, by the source's clock."""
    return max(0, round(now - content.occurred_at.timestamp()))


def span(seconds: float) -> str:
    """Return a length of time in a few words."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, round(seconds))} s"


def age_of_list(content: Content, now: float) -> str:
    """Return how old the list is by now, in words; "" when no list was matched."""
    return "" if content.list_as_of is None else span(now - content.list_as_of.timestamp())


def subject_line(content: Content) -> str:
    """Return one line: how grave, and what."""
    grade = content.severity or (f"priority {content.priority}" if content.priority is not None else "")
    return " ".join(f"{'[made up] ' if content.synthetic else ''}{grade} {content.title}".split())


def paragraph(content: Content, now: float) -> str:
    """Return what a mail says of one occasion: what, why, where, how old, how late."""
    lines = [subject_line(content), ""]
    if content.status == "recalled":
        lines += ["This alert was withdrawn. Do not act on it.", ""]
    late = late_s(content, now)
    lines.append(f"Happened {content.occurred_at:%Y-%m-%d %H:%M:%S} UTC, {span(late)} before this was sent.")
    if age := age_of_list(content, now):
        lines.append(f"The list that was matched is {age} old: verify the record before anybody acts.")
    lines += [f"- {one.text}" for one in content.why]
    for name, text in (
        ("Plate", content.plate), ("Address", content.address), ("Camera", content.camera_id),
        ("Zones", ", ".join(content.zones)), ("Call", content.call_id), ("Incident", content.incident_id),
    ):  # fmt: skip
        if text:
            lines.append(f"{name}: {text}")
    if content.lat is not None and content.lon is not None:
        lines.append(f"Place: {content.lat:.5f}, {content.lon:.5f} (WGS 84)")
    lines.append(f"Id: {content.id}, revision {content.rev}" + (f", rule {content.rule}" if content.rule else ""))
    return "\n".join(lines)


def encode(content: Content) -> bytes:
    """Return content as it is kept."""
    return msgspec.json.encode(content)


def decode(raw: bytes) -> Content:
    """Return content that was kept."""
    return msgspec.json.decode(raw, type=Content)


def data_of(content: Content, now: float) -> dict[str, Any]:
    """Return what a webhook's ``data`` holds: the content, how late it is by now, and the age of the list."""
    data: dict[str, Any] = msgspec.to_builtins(content)
    data["late_s"] = late_s(content, now)
    if content.list_as_of:
        data["list_age_s"] = round(now - content.list_as_of.timestamp())
    return data
