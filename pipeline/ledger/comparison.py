"""Two hops compared id by id, once their counts differ. Pure: sets in, differences out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from uuid import UUID

from msgspec import Struct

from pipeline.ledger.verdict import Exact


class Place(Struct, frozen=True):
    """Where an event stands in its topic. ``index``: its place in the frame; None where it is not known."""

    partition: int
    offset: int
    index: int | None = None


class DeadPlaces(Struct, frozen=True):
    """What the dead letters of one topic name: places (with index -1 for a whole frame), and ids in their bytes."""

    places: frozenset[Place] = frozenset()
    event_ids: frozenset[UUID] = frozenset()

    def has(self, event_id: UUID, places: Collection[Place]) -> bool:
        """Return whether a dead letter is about this event, at one of these places."""
        return event_id in self.event_ids or any(
            Place(place.partition, place.offset, -1) in self.places or place in self.places for place in places
        )


def not_in_bucket(upstream: Mapping[UUID, Collection[Place]], downstream: Set[UUID]) -> list[UUID]:
    """Return the events that downstream does not have in the same bucket, in order of their ids."""
    return sorted(upstream.keys() - downstream)


def compared(
    upstream: Mapping[UUID, Collection[Place]],
    downstream: Set[UUID],
    *,
    elsewhere: Set[UUID] = frozenset(),
    dead: DeadPlaces | None = None,
    reached: Mapping[int, int] | None = None,
) -> Exact:
    """Return how two hops of a bucket differ.

    ``elsewhere``: events that downstream has in another bucket, as one that was sent again in a later minute and is
    stored in its first. ``dead``: the dead letters. ``reached``: by partition, an offset up to which downstream has
    come for sure; when all that is missing is further on, downstream is only behind. None: not known.
    """
    letters = behind = 0
    missing = []
    for event_id in not_in_bucket(upstream, downstream):
        if event_id in elsewhere:
            continue
        if dead is not None and dead.has(event_id, upstream[event_id]):
            letters += 1
        elif reached is not None and all(one.offset > reached.get(one.partition, -1) for one in upstream[event_id]):
            behind += 1
        else:
            missing.append(event_id)
    return Exact(
        unique=len(upstream),
        missing=tuple(missing),
        letters=letters,
        extra=len(downstream - upstream.keys()),
        behind=behind,
    )
