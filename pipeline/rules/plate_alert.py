"""What every alert about a wanted plate says: the list, the match, the state, the vehicle, the age."""

from __future__ import annotations

from datetime import datetime, timedelta

from pipeline.rules import stale_list
from pipeline.rules.stale_list import NO_LISTS, Lists, overdue
from schemas.events.alert import Evidence
from schemas.events.sighting import Hit, Sighting

#: A read that reached us later than this after it was made is history, not now (standards B20).
LATE_AFTER = timedelta(minutes=5)


def is_late(sighting: Sighting) -> bool:
    """Return whether the read reached us too late to act on at once."""
    return sighting.observed_at - sighting.occurred_at > LATE_AFTER


def wording(hit: Hit) -> str:
    """Return the entry's kind in words: "Stolen vehicle", or "Possible ..." unless plate, state and car all fit."""
    words = "listed plate" if hit.kind == "other" else hit.kind.replace("_", " ")
    certain = hit.match == "exact" and hit.region_relation == "same" and hit.attributes != "differ"
    return words.capitalize() if certain else f"Possible {words}"


def evidence(sighting: Sighting, hit: Hit, now: datetime, lists: Lists = NO_LISTS) -> tuple[Evidence, ...]:
    """Return the reasons that every alert about this hit must show, most important first."""
    reasons = [_match(hit, sighting), _entry(hit, now), _region(hit, sighting), _read(sighting)]
    if hit.attributes != "unknown":
        agree = hit.attributes == "agree"
        reasons.insert(
            2,
            Evidence(
                kind="vehicle",
                text="Make and colour agree with the entry."
                if agree
                else "Make or colour differ from the entry: verify the plate first.",
                facts={"attributes": hit.attributes},
            ),
        )
    if is_late(sighting):
        age = sighting.observed_at - sighting.occurred_at
        reasons.insert(
            0,
            Evidence(
                kind="late",
                text=f"The read reached us {duration(age)} after it was made: history, not now.",
                facts={"late_s": str(round(age.total_seconds()))},
            ),
        )
    limit = overdue(hit, lists, now)
    if limit is not None and hit.list_as_of is not None:
        reasons.insert(0, stale_list.evidence(hit, limit, now, duration(now - hit.list_as_of), duration(limit)))
    return tuple(reasons)


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
        facts["substitutions"] = "; ".join(f"{one.position}:{one.read}>{one.listed}" for one in hit.substitutions)
    else:
        text = f"The reader's candidate {hit.candidate_rank} is {hit.listed_plate}; it chose {sighting.plate}."
    return Evidence(kind="match", text=text, facts=facts)


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
