"""Which list entries a plate read matches, and on what grounds.

Order of trust: the plate as read, then look-alike characters (at most two substitutions), then the reader's own
other candidates above a confidence. Edit distance is for analysts' search: against a million plates it matches a
third of all reads.
"""

from __future__ import annotations

from pipeline.state.hotlists import HotlistIndex, Wanted
from pipeline.state.withdrawals import NONE_WITHDRAWN, Withdrawals
from schemas.events.plate_read import PlateRead
from schemas.events.sighting import Hit, Substitution

#: More look-alike substitutions than this and false matches explode (vendor practice: Genetec "OCR equivalence").
MAX_SUBSTITUTIONS = 2
#: A candidate the reader itself trusts less than this is no ground for stopping a car.
MIN_CANDIDATE_CONFIDENCE = 0.5


def match(read: PlateRead, index: HotlistIndex, withdrawals: Withdrawals = NONE_WITHDRAWN) -> tuple[Hit, ...]:
    """Return the hits of a read, best first: exact, then look-alike by substitutions, then candidates by rank."""
    listed = index.look_alikes(read.plate)
    candidates = [one for one in read.candidates if one.confidence >= MIN_CANDIDATE_CONFIDENCE]
    if not listed and not candidates:
        return ()
    hits: list[Hit] = []
    matched: set[tuple[str, str]] = set()
    for entry in listed:
        hit = _hit(read, entry, read.plate, 0)
        if hit is not None:
            hits.append(hit)
            matched.add((entry.list_id, entry.entry_id))
    for rank, candidate in enumerate(candidates, start=1):
        for entry in index.look_alikes(candidate.plate):
            # A candidate is a guess already: it must be listed exactly, not guessed at once more.
            if entry.plate == candidate.plate and (entry.list_id, entry.entry_id) not in matched:
                hit = _hit(read, entry, candidate.plate, rank)
                if hit is not None:
                    hits.append(hit)
                    matched.add((entry.list_id, entry.entry_id))
    hits = [hit for hit in hits if not withdrawals.is_withdrawn(hit.list_id, hit.entry_id)]
    hits.sort(key=lambda hit: (hit.candidate_rank, len(hit.substitutions), hit.list_id, hit.entry_id))
    return tuple(hits)


def _hit(read: PlateRead, entry: Wanted, text: str, rank: int) -> Hit | None:
    if entry.expires_at is not None and entry.expires_at <= read.observed_at:
        return None
    substitutions = tuple(
        Substitution(position, seen, listed)
        for position, (seen, listed) in enumerate(zip(text, entry.plate, strict=True))
        if seen != listed
    )
    if len(substitutions) > MAX_SUBSTITUTIONS:
        return None
    return Hit(
        list_id=entry.list_id,
        entry_id=entry.entry_id,
        listed_plate=entry.plate,
        match="candidate" if rank else "look_alike" if substitutions else "exact",
        matched_plate=text,
        candidate_rank=rank,
        substitutions=substitutions,
        region_relation=_region_relation(read.plate_region, entry.region),
        attributes=_attributes(read, entry),
        kind=entry.kind,
        reason=entry.reason,
        severity=entry.severity,
        list_as_of=entry.as_of,
    )


def _region_relation(read: str | None, listed: str | None) -> str:
    """same, other or unknown. A country alone ("us") neither confirms nor contradicts one of its states."""
    if read is None or listed is None:
        return "unknown"
    if read == listed:
        return "same"
    if read.startswith(f"{listed}-") or listed.startswith(f"{read}-"):
        return "unknown"
    return "other"


def _attributes(read: PlateRead, entry: Wanted) -> str:
    pairs = [(read.vehicle_make, entry.make), (read.vehicle_colour, entry.colour)]
    known = [(seen, listed) for seen, listed in pairs if seen and listed]
    if not known:
        return "unknown"
    return "agree" if all(seen == listed for seen, listed in known) else "differ"
