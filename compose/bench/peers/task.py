"""The work that every engine of the comparison must do with a read, in Python, and the alert it leads to.

Decode, normalise the plate, find it on the list as we do (as read, by look-alikes, by the reader's candidates), find
the zones that hold the place of every read, and make an alert of each match. The parts are the product's own, so that
no peer is given slower ones. One read at a time, and many at once.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import shapely

from compose.bench.peers.order import Order
from pipeline.rules.hotlist_match import match
from pipeline.state.hotlist_index import HotlistIndex, Wanted
from pipeline.state.zones import ZoneIndex
from schemas.events.plate_read import PlateRead
from schemas.events.sighting import Hit
from schemas.events.zone import Position, Zone
from schemas.identity import identity
from schemas.plate import normalise

#: The list is a file's; when it was made does not matter here.
_AS_OF = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


class PeerAlert(msgspec.Struct, frozen=True):
    """What a peer writes to its topic: the least an alert must say."""

    read_id: UUID
    plate: str
    list_id: str
    entry_id: str
    zones: tuple[str, ...]


class ZoneLine(msgspec.Struct, frozen=True):
    """A zone in the file that all engines read."""

    id: str
    ring: tuple[Position, ...]


class Task:
    """The list and the zones of an order, and what is done with a read."""

    def __init__(self, entries: Iterable[Wanted], zones: Sequence[Zone]) -> None:
        self.index = HotlistIndex(entries)
        self.zones = ZoneIndex(zones)
        self._ids = tuple(zone.zone_id for zone in zones)
        self._tree = shapely.STRtree([shapely.Polygon(zone.polygons[0][0]) for zone in zones])
        self._decoder = msgspec.json.Decoder(PlateRead)
        self._frame_decoder = msgspec.json.Decoder(list[PlateRead])
        self._encoder = msgspec.json.Encoder()

    def one(self, value: bytes) -> list[PeerAlert]:
        """Return the alerts of one read, given as JSON. Raises msgspec.DecodeError."""
        return self.of(self._decoder.decode(value))

    def of(self, read: PlateRead) -> list[PeerAlert]:
        """Return the alerts of one read."""
        inside: tuple[str, ...] = ()
        if read.lat is not None and read.lon is not None:
            # Of several ways to ask shapely for one place, the quickest that was found.
            found = self._tree.query(shapely.Point(read.lon, read.lat), predicate="within")
            inside = tuple(self._ids[at] for at in found.tolist())
        return [_alert(read, hit, inside) for hit in self.hits(read)]

    def many(self, values: Sequence[bytes]) -> list[PeerAlert]:
        """Return the alerts of many reads, each given as JSON. Raises msgspec.DecodeError."""
        decode = self._decoder.decode
        return self.of_many([decode(value) for value in values])

    def frame(self, value: bytes) -> tuple[int, list[PeerAlert]]:
        """Return how many reads a frame holds, and their alerts. Raises msgspec.DecodeError."""
        reads = self._frame_decoder.decode(value)
        return len(reads), self.of_many(reads)

    def of_many(self, reads: Sequence[PlateRead]) -> list[PeerAlert]:
        """Return the alerts of many reads."""
        return [
            _alert(read, hit, inside)
            for read, inside in zip(reads, self.zones_of(reads), strict=True)
            for hit in self.hits(read)
        ]

    def hits(self, read: PlateRead) -> tuple[Hit, ...]:
        """Return the matches of a read whose plate is taken as its source sent it."""
        plate = normalise(read.plate_raw)
        return match(read if plate == read.plate else msgspec.structs.replace(read, plate=plate), self.index)

    def zones_of(self, reads: Sequence[PlateRead]) -> list[tuple[str, ...]]:
        """Return for each read the zones that hold its place."""
        placed = [at for at, read in enumerate(reads) if read.lat is not None and read.lon is not None]
        lats: list[Any] = [reads[at].lat for at in placed]
        lons: list[Any] = [reads[at].lon for at in placed]
        found: list[tuple[str, ...]] = [()] * len(reads)
        for at, inside in zip(placed, self.zones.containing(lats, lons), strict=True):
            found[at] = inside
        return found

    def encode(self, alert: PeerAlert) -> bytes:
        """Return an alert as JSON."""
        return self._encoder.encode(alert)


def load(order: Order) -> Task:
    """Return the work of an order. Takes seconds for a million entries; raises OSError, msgspec.DecodeError."""
    zones = [
        Zone(event_id=identity("zone", "bench", line.id), occurred_at=_AS_OF, observed_at=_AS_OF, source="bench/zones",
             zone_id=line.id, name=line.id, polygons=((line.ring,),))
        for line in msgspec.json.decode(Path(order.zones).read_bytes(), type=list[ZoneLine])
    ]  # fmt: skip
    with Path(order.hotlist).open(encoding="utf-8") as lines:
        task = Task((_wanted(line) for line in lines), zones)
    # A million entries never die: keep the collector from looking at them again and again. For every engine alike.
    gc.collect()
    gc.freeze()
    return task


def _wanted(line: str) -> Wanted:
    list_id, entry_id, plate = line.rstrip("\n").split("\t")
    return Wanted(list_id, entry_id, plate, "us-la", "stolen_vehicle", "P2", "", None, None, None, _AS_OF)


def _alert(read: PlateRead, hit: Hit, inside: tuple[str, ...]) -> PeerAlert:
    return PeerAlert(read.event_id, hit.matched_plate, hit.list_id, hit.entry_id, inside)
