"""What the readers said of a vehicle before, put beside what they say of it now.

Reads travel by their plate, so the readings of one vehicle that differ, which are those that could vote, reach
different partitions and different workers. The edge is the one place that all reads of a camera pass. It remembers the
last readings of each vehicle while it is in view, and each read takes along those that came before it: so whichever
worker has the read has them all.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from uuid import UUID

from msgspec.structs import replace

from schemas.envelope import Event
from schemas.events.plate_read import MAX_EARLIER, EarlierReading, PlateRead

#: Vehicles that are remembered, those read last.
VEHICLES = 20_000

_Vehicle = tuple[str, str, str]


class EarlierReadings:
    """The last readings of each vehicle that a reader follows, in the memory of one edge.

    ``vehicles``: how many are remembered; a few hundred bytes each for most.
    """

    def __init__(self, vehicles: int = VEHICLES) -> None:
        self._limit = vehicles
        self._readings: OrderedDict[_Vehicle, OrderedDict[UUID, EarlierReading]] = OrderedDict()

    def beside(self, events: Iterable[Event]) -> list[Event]:
        """Return the events, reads of a vehicle in view with its earlier readings, and remember theirs.

        A read that has some already keeps them. Where all readings are alike none are put there: they could not vote,
        and a car that stands in view for hours would make every read long.
        """
        return [
            self._with_earlier(event) if isinstance(event, PlateRead) and event.track_id is not None else event
            for event in events
        ]

    def _with_earlier(self, read: PlateRead) -> PlateRead:
        vehicle = (read.source, read.camera_id, read.track_id or "")
        known = self._readings.get(vehicle)
        if known is None:
            known = self._readings[vehicle] = OrderedDict()
            if len(self._readings) > self._limit:
                self._readings.popitem(last=False)
        else:
            self._readings.move_to_end(vehicle)
        # A read that is sent again is not earlier than itself, and has one vote all the same.
        before = tuple(one for one in known.values() if one.event_id != read.event_id)[-MAX_EARLIER:]
        known[read.event_id] = EarlierReading(read.event_id, read.plate, read.confidence)
        if len(known) > MAX_EARLIER + 1:
            known.popitem(last=False)
        if read.earlier or all(one.plate == read.plate for one in before):
            return read
        return replace(read, earlier=before)
