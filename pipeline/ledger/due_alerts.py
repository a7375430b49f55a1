"""Which alerts are due by what is stored, as far as ids can tell without running a rule again.

Plates: a sighting with hits that is no preview and no noise begins a pass unless one of the same entry at the same
camera is under way (pipeline/state/vehicle_pass.py). Sightings of one entry and camera, none further from the next than
one pass allows, are one chain. Whichever of a chain is processed first begins a pass, since everything before it is
further away: so each chain must have at least one alert. A chain may rightly have more, and how many cannot be told.

Cameras: reports of one stop (camera and beginning) are one chain too; the first that is processed raises the alert.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from msgspec import Struct

from pipeline.ledger.bucket import Bucket
from pipeline.ledger.verdict import Due
from pipeline.rules import hotlist_hit
from pipeline.rules.plate_alert import cause_of
from pipeline.state.vehicle_pass import STEADY_GAPS, Seen, is_steady, longest_gap
from schemas.identity import identity


class HitSeen(Struct, frozen=True):
    """A stored sighting with one of its hits."""

    bucket: Bucket
    event_id: UUID
    occurred_at: datetime
    camera_id: str
    list_id: str
    entry_id: str
    track_id: str | None = None
    is_parked: bool = False

    @property
    def seen(self) -> Seen:
        """What of it decides whether it begins a pass."""
        return Seen(self.event_id, self.occurred_at, self.is_parked, self.track_id)


class Chain(Struct, frozen=True):
    """Events of which at least one must have raised an alert.

    ``bucket`` and ``first`` are those of its first event in time; ``raisers`` are ids of which one must be found.
    """

    bucket: Bucket
    first: UUID
    raisers: frozenset[UUID]


def plate_chains(hits: Iterable[HitSeen]) -> list[Chain]:
    """Return the chains of sightings; ``raisers`` are the ids that their alerts would have."""
    by_key: dict[tuple[str, str, str], list[HitSeen]] = {}
    for hit in hits:
        by_key.setdefault((hit.list_id, hit.entry_id, hit.camera_id), []).append(hit)
    chains = []
    for same in by_key.values():
        same.sort(key=lambda one: (one.occurred_at, one.event_id))
        current = [same[0]]
        gaps: tuple[float, ...] = ()
        for before, after in pairwise(same):
            gap = (after.occurred_at - before.occurred_at).total_seconds()
            if gap <= longest_gap(before.seen, after.seen):
                current.append(after)
                continue
            gaps = (*gaps[1 - STEADY_GAPS :], gap)
            if not is_steady(gaps):
                chains.append(_chain(current))
                current = []
            current.append(after)
        chains.append(_chain(current))
    return chains


def _chain(hits: list[HitSeen]) -> Chain:
    versions = range(1, hotlist_hit.VERSION + 1)
    raisers = frozenset(
        identity(
            "alert",
            hotlist_hit.RULE,
            version,
            *cause_of(one.event_id, one.bucket.source, one.camera_id, one.track_id),
            one.list_id,
            one.entry_id,
        )
        for one in hits
        for version in versions
    )
    return Chain(hits[0].bucket, hits[0].event_id, raisers)


def due_alerts(chains: Iterable[Chain], raised: Set[UUID]) -> dict[Bucket, Due]:
    """Return by bucket how many chains there are, and how many of them have an alert among ``raised``."""
    counts: dict[Bucket, tuple[int, list[UUID]]] = {}
    for chain in chains:
        due, missing = counts.get(chain.bucket, (0, []))
        if not chain.raisers & raised:
            missing.append(chain.first)
        counts[chain.bucket] = (due + 1, missing)
    return {bucket: Due(due, due - len(missing), tuple(missing)) for bucket, (due, missing) in counts.items()}
