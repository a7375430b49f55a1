"""Which list entries the reads of a frame match, and on what grounds.

Order of trust: the plate as read, then look-alike characters (at most two substitutions), then the reader's own other
candidates above a confidence, then patterns, then what the readings of one vehicle say together, and last a character
lost, added or taken for any other, for short lists that ask for it. Against a million plates an edit would match a
third of all reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from pipeline.rules.plate_vote import Vote
from pipeline.rules.vehicle_agreement import agreement, verdict
from pipeline.state.hotlist_index import HotlistIndex, Wanted
from schemas.events.plate_read import PlateCandidate, PlateRead
from schemas.events.sighting import AttributeCheck, Hit, Substitution
from schemas.look_alikes import LookAlikes

#: More look-alike substitutions than this and false matches explode (vendor practice: Genetec "OCR equivalence").
MAX_SUBSTITUTIONS = 2
#: A candidate the reader itself trusts less than this is no ground for stopping a car.
MIN_CANDIDATE_CONFIDENCE = 0.5
#: Cost of a character that no font makes alike, of one lost and of one added; within a class it is 1.
EDIT_COST = 2.0
#: Best first.
_ORDER = {"exact": 0, "look_alike": 1, "candidate": 2, "pattern": 3, "vote": 4, "edit": 5}

#: Whether an entry alerts at this moment: not withdrawn, within its schedule. Expiry is looked at here.
InForce = Callable[[Wanted, datetime], bool]


class Match(Struct, frozen=True):
    """What a read matches: hits, best first, and what was seen of the vehicle against each entry.

    ``audiences``: who may see each hit; none of them: everybody may see all.
    """

    hits: tuple[Hit, ...] = ()
    attributes: tuple[AttributeCheck, ...] = ()
    audiences: tuple[str, ...] = ()


NOTHING = Match()
_NO_VOTES: Mapping[int, Vote] = {}
_Found = tuple[Hit, tuple[AttributeCheck, ...], str]


def match_frame(
    reads: Sequence[PlateRead],
    index: HotlistIndex,
    in_force: InForce | None = None,
    votes: Mapping[int, Vote] = _NO_VOTES,
) -> dict[int, Match]:
    """Return what reads match, by their place in the frame; most match nothing and are not in it.

    ``votes``: by the same places, what the vehicle's readings say together.
    """
    plates = [read.plate for read in reads]
    found: dict[int, dict[tuple[str, str], _Found]] = {}

    def keep(at: int, entry: Wanted, hit: _Found | None) -> None:
        if hit is None:
            return
        if entry.expires_at is not None and entry.expires_at <= reads[at].observed_at:
            return
        if in_force is not None and not in_force(entry, reads[at].observed_at):
            return
        found.setdefault(at, {}).setdefault((entry.list_id, entry.entry_id), hit)

    for at, entry in index.find(plates):
        keep(at, entry, _look_alike(reads[at], entry, index.look_alikes))
    guesses = [
        (at, rank, guess.plate)
        for at, read in enumerate(reads)
        if read.candidates
        for rank, guess in enumerate(_trusted(read), start=1)
    ]
    for place, entry in index.find([plate for _, _, plate in guesses]):
        at, rank, plate = guesses[place]
        # A candidate is a guess already: it must be listed exactly, not guessed at once more.
        if entry.plate == plate:
            keep(at, entry, _hit(reads[at], entry, "candidate", plate, rank))
    for at, entry in index.find_patterns(plates):
        keep(at, entry, _hit(reads[at], entry, "pattern", plates[at]))
    if votes:
        voted = list(votes.items())
        for place, entry in index.find([vote.plate for _, vote in voted]):
            at, vote = voted[place]
            # A guess, as a candidate is; and a list that wants plates as they were read wants no guess.
            if entry.plate == vote.plate and entry.tolerance != "exact":
                keep(at, entry, _hit(reads[at], entry, "vote", vote.plate))
    for at, entry in index.find_edits(plates):
        changes = edit(plates[at], entry.plate, index.look_alikes, entry.region or reads[at].plate_region)
        if changes:
            keep(at, entry, _hit(reads[at], entry, "edit", plates[at], 0, changes))
    return {at: _ranked(hits.values()) for at, hits in found.items()}


def match(read: PlateRead, index: HotlistIndex, in_force: InForce | None = None) -> tuple[Hit, ...]:
    """Return the hits of one read, best first."""
    return match_frame([read], index, in_force).get(0, NOTHING).hits


def edit(read: str, listed: str, look_alikes: LookAlikes, region: str | None) -> tuple[Substitution, ...]:
    """Return the one change that makes the plate read of the listed one: a character lost, added or another.

    Look-alikes count as equal and are named beside it; empty when more than one edit, or more look-alikes than
    ``MAX_SUBSTITUTIONS``, stand between the two, or none. Positions are of the plate read.
    """

    def pairs(ours: str, theirs: str, shift: int, at: int) -> list[Substitution] | None:
        changes = []
        for place, (seen, wanted) in enumerate(zip(ours, theirs, strict=True)):
            if seen != wanted:
                if not look_alikes.alike(seen, wanted, region):
                    return None
                changes.append(Substitution(place + (shift if place >= at else 0), seen, wanted))
        return changes if len(changes) <= MAX_SUBSTITUTIONS else None

    best: tuple[Substitution, ...] = ()
    if len(read) == len(listed):
        for at in range(len(read)):
            if read[at] == listed[at]:
                continue
            rest = pairs(read[:at] + read[at + 1 :], listed[:at] + listed[at + 1 :], 1, at)
            if rest is not None and not look_alikes.alike(read[at], listed[at], region):
                best = (Substitution(at, read[at], listed[at], EDIT_COST), *rest)
        return best
    longer, shorter = (read, listed) if len(read) > len(listed) else (listed, read)
    if len(longer) != len(shorter) + 1:
        return ()
    for at in range(len(longer) - 1, -1, -1):
        cut = longer[:at] + longer[at + 1 :]
        ours, theirs = (cut, listed) if longer is read else (read, cut)
        rest = pairs(ours, theirs, 1 if longer is read else 0, at)
        if rest is not None and (not best or len(rest) + 1 < len(best)):
            change = (
                Substitution(at, longer[at], "", EDIT_COST)
                if longer is read
                else Substitution(at, "", longer[at], EDIT_COST)
            )
            best = (change, *rest)
    return best


def _trusted(read: PlateRead) -> list[PlateCandidate]:
    return [one for one in read.candidates if one.confidence >= MIN_CANDIDATE_CONFIDENCE]


def _look_alike(read: PlateRead, entry: Wanted, look_alikes: LookAlikes) -> _Found | None:
    if read.plate == entry.plate:
        return _hit(read, entry, "exact", read.plate)
    if entry.tolerance == "exact":
        return None
    region = entry.region or read.plate_region
    changes = tuple(
        Substitution(position, seen, listed)
        for position, (seen, listed) in enumerate(zip(read.plate, entry.plate, strict=True))
        if seen != listed
    )
    if len(changes) > MAX_SUBSTITUTIONS or not all(look_alikes.alike(one.read, one.listed, region) for one in changes):
        return None
    return _hit(read, entry, "look_alike", read.plate, 0, changes)


def _hit(
    read: PlateRead, entry: Wanted, kind: str, text: str, rank: int = 0, changes: tuple[Substitution, ...] = ()
) -> _Found:
    checks = agreement(read, entry)
    hit = Hit(
        list_id=entry.list_id,
        entry_id=entry.entry_id,
        listed_plate=entry.plate,
        match=kind,
        matched_plate=text,
        candidate_rank=rank,
        substitutions=changes,
        region_relation=_region_relation(read.plate_region, entry.region),
        attributes=verdict(checks),
        kind=entry.kind,
        reason=entry.reason,
        severity=entry.severity,
        list_as_of=entry.as_of,
    )
    return hit, checks, entry.audience


def _ranked(hits: Iterable[_Found]) -> Match:
    ordered = sorted(hits, key=lambda found: _trust(found[0]))
    audiences = tuple(audience for _, _, audience in ordered)
    return Match(
        tuple(hit for hit, _, _ in ordered),
        tuple(check for _, checks, _ in ordered for check in checks),
        audiences if any(audiences) else (),
    )


def _trust(hit: Hit) -> tuple[int, int, float, str, str]:
    cost = sum(one.cost for one in hit.substitutions)
    return (_ORDER[hit.match], hit.candidate_rank, cost, hit.list_id, hit.entry_id)


def _region_relation(read: str | None, listed: str | None) -> str:
    """same, other or unknown. A country alone ("us") neither confirms nor contradicts one of its states."""
    if read is None or listed is None:
        return "unknown"
    if read == listed:
        return "same"
    if read.startswith(f"{listed}-") or listed.startswith(f"{read}-"):
        return "unknown"
    return "other"
