"""What every alert about a wanted plate says: the list, the match, the state, the vehicle, the age."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from pipeline.rules import stale_list
from pipeline.rules.stale_list import NO_LISTS, Lists, lowered, overdue
from pipeline.state.clocks import is_quarantined
from schemas.events.alert import SEVERITIES, Alert, Evidence
from schemas.events.sighting import AttributeCheck, Hit, Sighting, audience_of
from schemas.identity import identity

#: A read that reached us later than this after it was made is history, not now (standards B20).
LATE_AFTER = timedelta(minutes=5)


def is_late(sighting: Sighting) -> bool:
    """Return whether the read reached us too late to act on at once."""
    return sighting.observed_at - sighting.occurred_at > LATE_AFTER


def wording(hit: Hit) -> str:
    """Return what an alert says of a hit: "Stolen vehicle ABC123", or how far it is from that.

    "Possible ..." unless plate, state and car all fit; "state mismatch" or "state unconfirmed" where the state does not
    say the same (standards B12); "Verify plate first" where make, colour or body contradict the entry.
    """
    words = "listed plate" if hit.kind == "other" else hit.kind.replace("_", " ")
    certain = hit.match == "exact" and hit.region_relation == "same" and hit.attributes != "differ"
    told = f"{words} {hit.listed_plate}" if certain else f"possible {words} {hit.listed_plate}"
    if hit.attributes == "differ":
        told = f"verify plate first: {told}"
    told += {"other": ", state mismatch", "unknown": ", state unconfirmed"}.get(hit.region_relation, "")
    return told[0].upper() + told[1:]


def severity_of(hit: Hit, sighting: Sighting, lists: Lists, now: datetime) -> str:
    """Return how grave an alert of a hit is: as its entry asks, and a step less for each reason to doubt it.

    A plate of another state, and a read that reached us late, are only to know (P4).
    """
    if hit.region_relation == "other" or is_late(sighting):
        return SEVERITIES[-1]
    severity = hit.severity
    doubts = (
        overdue(hit, lists, now) is not None,
        hit.match in ("edit", "pattern", "vote"),
        hit.attributes == "differ",
    )
    for _ in range(sum(doubts)):
        severity = lowered(severity)
    return severity


def cause(sighting: Sighting) -> tuple[str, ...]:
    """Return what an alert's id is made of: the vehicle where its reader tracks it, else the read.

    Readings of one car in view may differ and come by different partitions; they are one alert for each entry.
    """
    return cause_of(sighting.event_id, sighting.source, sighting.camera_id, sighting.track_id)


def cause_of(event_id: UUID, source: str, camera_id: str, track_id: str | None) -> tuple[str, ...]:
    """Return as ``cause`` of a sighting of which only this is known."""
    return (str(event_id),) if track_id is None else ("track", source, camera_id, track_id)


def evidence(sighting: Sighting, hit: Hit, now: datetime, lists: Lists = NO_LISTS) -> tuple[Evidence, ...]:
    """Return the reasons that every alert about this hit must show, most important first."""
    reasons = [_match(hit, sighting), _entry(hit, now), _region(hit, sighting), _read(sighting)]
    checks = [one for one in sighting.attributes if (one.list_id, one.entry_id) == (hit.list_id, hit.entry_id)]
    if checks:
        reasons.insert(0 if hit.attributes == "differ" else 2, _vehicle(hit, checks))
    if is_late(sighting):
        reasons.insert(0, lateness(sighting))
    if sighting.clock_skew_s is not None:
        reasons.append(_clock(sighting.clock_skew_s))
    limit = overdue(hit, lists, now)
    if limit is not None and hit.list_as_of is not None:
        reasons.insert(0, stale_list.evidence(hit, limit, now, duration(now - hit.list_as_of), duration(limit)))
    return tuple(reasons)


def lateness(sighting: Sighting) -> Evidence:
    """Return what an alert says first of a read that reached us too late."""
    age = sighting.observed_at - sighting.occurred_at
    return Evidence(
        kind="late",
        text=f"The read reached us {duration(age)} after it was made: history, not now.",
        facts={"late_s": str(round(age.total_seconds()))},
    )


def alert_of(
    rule: str,
    version: int,
    alert_id: UUID,
    sighting: Sighting,
    *,
    severity: str,
    title: str,
    why: Sequence[Evidence],
    now: datetime,
    triggers: Sequence[UUID] = (),
    hit: Hit | None = None,
    incident_id: UUID | None = None,
) -> Alert:
    """Return an alert about the plate of a sighting. ``triggers``: the sighting unless others are told. ``hit``: the
    entry that makes the plate a wanted one; who may see that may see the alert."""
    return Alert(
        event_id=identity("alert_state", alert_id, 1),
        occurred_at=sighting.occurred_at,
        observed_at=sighting.observed_at,
        source=f"rule/{rule}",
        jurisdiction=sighting.jurisdiction,
        synthetic=sighting.synthetic,
        alert_id=alert_id,
        rule=rule,
        rule_version=version,
        severity=severity,
        title=title[:300],
        subject_kind="plate",
        subject=sighting.plate,
        camera_id=sighting.camera_id,
        incident_id=incident_id,
        lat=sighting.lat,
        lon=sighting.lon,
        zones=sighting.zones,
        raised_at=now,
        why=tuple(why),
        triggers=tuple(triggers) or (sighting.event_id,),
        audience="" if hit is None else audience_of(sighting, hit),
    )


def _clock(skew_s: float) -> Evidence:
    span = duration(timedelta(seconds=abs(skew_s)))
    if skew_s > 0:
        text = f"The camera's clock is about {span} ahead of ours; its times are told as it says them."
    else:
        text = f"The camera's clock is about {span} behind ours, or its reads come that late."
    if is_quarantined(skew_s):
        text += " Its reads are not held against incidents."
    return Evidence(kind="clock", text=text, facts={"clock_skew_s": str(skew_s)})


def _vehicle(hit: Hit, checks: Sequence[AttributeCheck]) -> Evidence:
    against = [f"{one.attribute} read {one.read}, listed {one.listed}" for one in checks if not one.agrees]
    named = " and ".join(one.attribute for one in checks)
    facts = {"attributes": hit.attributes}
    for one in checks:
        facts |= {f"{one.attribute}_read": one.read, f"{one.attribute}_listed": one.listed}
    text = f"Verify the plate first: {'; '.join(against)}." if against else f"The entry's {named} agree with the read."
    return Evidence(kind="vehicle", text=text, facts=facts)


def _match(hit: Hit, sighting: Sighting) -> Evidence:
    facts = {
        "list_id": hit.list_id,
        "entry_id": hit.entry_id,
        "match": hit.match,
        "listed_plate": hit.listed_plate,
        "matched_plate": hit.matched_plate,
        "candidate_rank": str(hit.candidate_rank),
        "cost": str(sum(one.cost for one in hit.substitutions)),
    }
    if hit.match == "exact":
        text = f"Plate {hit.listed_plate} read exactly as listed."
    elif hit.match == "look_alike":
        changes = ", ".join(f"position {one.position + 1}: {one.read} for {one.listed}" for one in hit.substitutions)
        count = len(hit.substitutions)
        text = (
            f"Read {hit.matched_plate}, listed {hit.listed_plate}: "
            f"{count} look-alike character{'s' if count > 1 else ''} ({changes})."
        )
        facts["substitutions"] = _changes(hit)
    elif hit.match == "edit":
        facts["substitutions"] = _changes(hit)
        text = f"Read {hit.matched_plate}, listed {hit.listed_plate}: {_edit_words(hit)}. Such a match is a guess."
    elif hit.match == "pattern":
        text = f"Read {hit.matched_plate}, which fits the partial plate {hit.listed_plate} (? one character, * any)."
    elif hit.match == "vote":
        told = "; ".join(f"{one.plate} {one.confidence:.2f}" for one in sighting.variants)
        text = (
            f"Nobody read {hit.listed_plate}: the readings of this vehicle differ ({told}), and say it together, "
            "character by character."
        )
        facts["readings"] = told
    else:
        text = f"The reader's candidate {hit.candidate_rank} is {hit.listed_plate}; it chose {sighting.plate}."
    return Evidence(kind="match", text=text, facts=facts)


def _changes(hit: Hit) -> str:
    return "; ".join(f"{one.position}:{one.read}>{one.listed}" for one in hit.substitutions)


def _edit_words(hit: Hit) -> str:
    words = []
    for one in hit.substitutions:
        if not one.read:
            words.append(f"{one.listed} of the list not read")
        elif not one.listed:
            words.append(f"{one.read} at position {one.position + 1} not on the list")
        else:
            words.append(f"position {one.position + 1}: {one.read} for {one.listed}")
    return ", ".join(words)


def _entry(hit: Hit, now: datetime) -> Evidence:
    age = "" if hit.list_as_of is None else f", list current as of {duration(now - hit.list_as_of)} ago"
    reason = f": {hit.reason}" if hit.reason else ""
    facts = {"list_id": hit.list_id, "entry_id": hit.entry_id, "severity": hit.severity}
    if hit.list_as_of is not None:
        facts["list_as_of"] = hit.list_as_of.isoformat()
    return Evidence(kind="list_entry", text=f"Entry {hit.entry_id} of list {hit.list_id}{age}{reason}", facts=facts)


def _region(hit: Hit, sighting: Sighting) -> Evidence:
    text = {
        "same": "The state of the plate is the entry's.",
        "other": "The state of the plate is NOT the entry's: probably another car.",
        "unknown": "The state of the plate is not confirmed.",
    }[hit.region_relation]
    return Evidence(
        kind="region",
        text=text,
        facts={"region_relation": hit.region_relation, "region_read": sighting.plate_region or ""},
    )


def _read(sighting: Sighting) -> Evidence:
    return Evidence(
        kind="read",
        text=f"The reader was {sighting.confidence:.0%} sure of the plate.",
        facts={"confidence": f"{sighting.confidence:.3f}", "camera_id": sighting.camera_id},
    )


def duration(span: timedelta) -> str:
    """Return a length of time in words a person takes in at once: "8 s", "12 min", "3 h", "5 d"."""
    seconds = max(0, round(span.total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
