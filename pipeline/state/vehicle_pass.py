"""When reads of a wanted vehicle at one camera are one pass, which is told once, and when it has come again."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from schemas.views.passes import PARKED_PASS_S, SAME_PASS_S

#: A vehicle read again at the same camera within this time of its last read has not left.
SAME_PASS = timedelta(seconds=SAME_PASS_S)
#: So long it has not, while its reader says that it is parked or goes on calling it the same vehicle: parked cars are
#: hidden by others, and read again when these leave.
PARKED_PASS = timedelta(seconds=PARKED_PASS_S)
#: So many gaps in a row, none longer than ``PARKED_PASS`` and none more than a tenth longer than another, are those of
#: a car that stands in view of a camera which looks now and then. One that drives round comes back less evenly: rather
#: an alert too many than one too few.
STEADY_GAPS, UNEVEN = 4, 1.1


class Seen(Struct, frozen=True, gc=False):
    """What of a read decides whether it begins a pass."""

    event_id: UUID
    at: datetime
    is_parked: bool = False
    track_id: str | None = None


class VehiclePass(Struct):
    """A wanted vehicle at a camera: the reads that began its passes, the latest last, and when it was last read."""

    begun: tuple[UUID, ...]
    last: Seen
    gaps: tuple[float, ...] = ()

    @classmethod
    def of(cls, seen: Seen) -> VehiclePass:
        """Return the pass that a read begins where nothing was known."""
        return cls((seen.event_id,), seen)

    def take(self, seen: Seen) -> bool:
        """Take a read in; return whether it begins a pass. One that did so does so again when it is sent again."""
        if seen.event_id in self.begun:
            return True
        gap = (seen.at - self.last.at).total_seconds()
        if abs(gap) <= longest_gap(self.last, seen):
            # A read that comes late changes nothing of when the vehicle was last here.
            if gap > 0:
                self.last = seen
            return False
        # A gap backwards is that of reads that came late, and says nothing of how steadily it is read.
        self.gaps = (*self.gaps[1 - STEADY_GAPS :], gap) if gap > 0 else ()
        self.last = seen
        if is_steady(self.gaps):
            return False
        self.begun = (*self.begun[-STEADY_GAPS:], seen.event_id)
        return True


def longest_gap(before: Seen, after: Seen) -> float:
    """Return how many seconds may lie between two reads of one pass."""
    stays = before.is_parked or after.is_parked or (before.track_id is not None and before.track_id == after.track_id)
    return (PARKED_PASS if stays else SAME_PASS).total_seconds()


def is_steady(gaps: tuple[float, ...]) -> bool:
    """Return whether gaps of seconds between reads, the latest last, are those of a car that stands there."""
    latest = gaps[-STEADY_GAPS:]
    return (
        len(latest) == STEADY_GAPS
        and max(latest) <= PARKED_PASS.total_seconds()
        and max(latest) <= UNEVEN * min(latest)
    )
