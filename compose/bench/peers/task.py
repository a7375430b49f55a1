"""The work that every engine of the comparison must do with a read, in Python, and the alert it leads to.

Decode, normalise the plate, find it on the list as we do (as read, by look-alikes, by the reader's candidates), find
the zones that hold the place of every read, and make an alert of each match. The parts are the product's own, so that
no peer is given slower ones. One read at a time, and many at once.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import shapely

from compose.bench.peers.one_by_one import ListOneByOne
from compose.bench.peers.order import Order
from pipeline.rules.hotlist_match import NOTHING, match_frame
from pipeline.state.hotlist_index import HotlistIndex, Wanted
from pipeline.state.zones import ZoneIndex
from schemas.events.plate_read import PlateRead
from schemas.events.sighting import Hit
from schemas.events.zone import Position, Zone
from schemas.identity import identity
from schemas.plate import normalise

#: Engines that work on many reads at once; the others have the list as it is quickest for one.
MANY = ("watchfloor", "bytewax-batches", "bytewax-frames")
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

    def __init__(self, entries: Callable[[], Iterable[Wanted]], zones: Sequence[Zone]) -> None:
        """``entries``: called once for each way of looking the list up that is used."""
        self._entries = entries
        self.zones = ZoneIndex(zones)
        self._ids = tuple(zone.zone_id for zone in zones)
        self._tree = shapely.STRtree([shapely.Polygon(zone.polygons[0][0]) for zone in zones])
        self._decoder = msgspec.json.Decoder(PlateRead)
        self._frame_decoder = msgspec.json.Decoder(list[PlateRead])
        self._encoder = msgspec.json.Encoder()

    @cached_property
    def by_frame(self) -> HotlistIndex:
        """The list for many reads at once."""
        return HotlistIndex(self._entries())

    @cached_property
    def one_by_one(self) -> ListOneByOne:
        """The list for one read."""
        return ListOneByOne(self._entries())

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
        hits = self.one_by_one.hits(_as_sent(read))
        return [PeerAlert(read.event_id, plate, entry.list_id, entry.entry_id, inside) for entry, plate in hits]

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
            for read, inside, hits in zip(reads, self.zones_of(reads), self.hits_of(reads), strict=True)
            for hit in hits
        ]

    def hits_of(self, reads: Sequence[PlateRead]) -> list[tuple[Hit, ...]]:
        """Return the matches of each of many reads, whose plates are taken as their source sent them."""
        found = match_frame([_as_sent(read) for read in reads], self.by_frame)
        return [found.get(at, NOTHING).hits for at in range(len(reads))]

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

    def entries() -> Iterator[Wanted]:
        with Path(order.hotlist).open(encoding="utf-8") as lines:
            yield from map(_wanted, lines)

    task = Task(entries, zones)
    _ = task.by_frame if order.engine in MANY else task.one_by_one
    # A million entries never die: keep the collector from looking at them again and again. For every engine alike.
    gc.collect()
    gc.freeze()
    return task


def _as_sent(read: PlateRead) -> PlateRead:
    plate = normalise(read.plate_raw)
    return read if plate == read.plate else msgspec.structs.replace(read, plate=plate)


def _wanted(line: str) -> Wanted:
    list_id, entry_id, plate = line.rstrip("\n").split("\t")
    return Wanted(list_id, entry_id, plate, "us-la", "stolen_vehicle", "P2", "", None, None, None, _AS_OF)


def _alert(read: PlateRead, hit: Hit, inside: tuple[str, ...]) -> PeerAlert:
    return PeerAlert(read.event_id, hit.matched_plate, hit.list_id, hit.entry_id, inside)
