"""What the readings of one vehicle say together: character by character, each counting as sure as its reader was.

Only readings that the reader itself says are of one vehicle are put to a vote: two cars that follow each other must
never be mixed into a plate that neither has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from msgspec import Struct

from pipeline.state.recent import Recent
from schemas.events.plate_read import PlateCandidate, PlateRead

#: With fewer readings that differ the vote can only be one of them, which was matched already.
FEWEST = 3
#: Readings of a vehicle that are kept, the latest; a car that stands in view is read without end.
MOST = 16


class Vote(Struct, frozen=True):
    """What readings of one vehicle say together, and the readings."""

    plate: str
    readings: tuple[PlateCandidate, ...]


def consensus(readings: Sequence[PlateCandidate]) -> str | None:
    """Return what readings of one vehicle say together; None when that is one of them, or cannot be told.

    Those of the length that most confidence speaks for vote. Of characters with equal confidence the one in the
    surest reading wins.
    """
    # In one order, so that sums of the same confidences are the same.
    ordered = sorted(readings, key=lambda one: (-one.confidence, one.plate))
    by_length: dict[int, float] = {}
    for one in ordered:
        by_length[len(one.plate)] = by_length.get(len(one.plate), 0.0) + one.confidence
    length = max(by_length, key=lambda size: (by_length[size], size), default=0)
    voting = [one for one in ordered if len(one.plate) == length]
    if len({one.plate for one in voting}) < FEWEST:
        return None
    told = ""
    for at in range(length):
        votes: dict[str, float] = {}
        for one in voting:
            votes[one.plate[at]] = votes.get(one.plate[at], 0.0) + one.confidence
        told += max(votes, key=lambda character: votes[character])  # of equal ones the first: the surest reading's
    return None if any(one.plate == told for one in readings) else told


class Looks:
    """The readings of each vehicle while it is in view.

    A worker sees a share of the reads only: they travel by their plate. So each read brings those before it along, from
    the edge; those that this worker saw itself are known besides.
    """

    def __init__(self) -> None:
        self._looks: Recent[tuple[str, str, str], dict[UUID, tuple[PlateCandidate, ...]]] = Recent()

    def votes(self, reads: Iterable[PlateRead]) -> dict[int, Vote]:
        """Take note of these reads; return what the vehicle of some says together, by their place in the frame."""
        return {at: vote for at, read in enumerate(reads) if read.track_id is not None and (vote := self._take(read))}

    def _take(self, read: PlateRead) -> Vote | None:
        key = (read.source, read.camera_id, read.track_id or "")
        looks = self._looks.get(key)
        if looks is None:
            self._looks.keep(key, looks := {})
        # Under their ids: a reading that comes again, by itself or beside another, has one vote all the same.
        for one in read.earlier:
            if one.event_id not in looks:
                looks[one.event_id] = (PlateCandidate(one.plate, one.confidence),)
        looks[read.event_id] = (PlateCandidate(read.plate, read.confidence), *read.candidates)
        while len(looks) > MOST:
            del looks[next(iter(looks))]
        readings = _distinct_looks(looks)
        told = consensus(readings) if len(readings) >= FEWEST else None
        return None if told is None else Vote(told, readings)


def _distinct_looks(looks: Mapping[UUID, tuple[PlateCandidate, ...]]) -> tuple[PlateCandidate, ...]:
    """Return what was read, with the candidates that no read of its own stands for: connectors keep the earlier
    readings of a vehicle as candidates of the later ones."""
    own = [readings[0] for readings in looks.values()]
    known = {one.plate for one in own}
    rest = {one.plate: one for readings in looks.values() for one in readings[1:] if one.plate not in known}
    return (*own, *list(rest.values())[:MOST])
