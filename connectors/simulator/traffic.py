"""Vehicles driving through the demo city, read as they pass its plate readers."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from msgspec import Struct

from connectors.simulator.agenda import Agenda, Step
from connectors.simulator.city import City, Pass
from connectors.simulator.config import SimulatorConfig
from connectors.simulator.plates import misread
from connectors.simulator.vehicles import Fleet, Vehicle
from schemas.events.plate_read import PlateCandidate, PlateRead
from schemas.identity import identity

#: An ordinary vehicle is met again after about this time.
_RETURNS_AFTER_S = 45 * 60.0
_SMALLEST_FLEET = 5000


class Trip(Struct):
    """One vehicle on one drive, ``slowness`` times as slow as free flow; ``place`` is the reader it comes to next."""

    vehicle: Vehicle
    drive: tuple[Pass, ...]
    start_s: float
    slowness: float
    place: int = 0

    @property
    def due_s(self) -> float:
        """When it comes to the next reader, seconds after the start."""
        return self.start_s + self.drive[self.place].at_s * self.slowness


class Reader:
    """Makes plate reads: what a camera says of a vehicle that passes it."""

    def __init__(self, config: SimulatorConfig, start: datetime, name: str) -> None:
        self._config = config
        self._start = start
        self._random = Random(f"{config.seed}/{name}")  # noqa: S311 - a made-up city, not secrets
        self._prefix = f"{name}-{config.seed}-{start:%Y%m%dT%H%M%S%f}"
        self._count = 0

    def read(self, at_s: float, vehicle: Vehicle, at: Pass, slowness: float, *, preview: bool = False) -> PlateRead:
        """Return the read of a vehicle at a reader."""
        self._count += 1
        random, config = self._random, self._config
        native_id = f"{self._prefix}-{self._count}"
        plate = vehicle.plate
        candidates: tuple[PlateCandidate, ...] = ()
        confidence = 0.86 + 0.135 * random.random()
        if random.random() < config.misread_rate:
            plate = misread(vehicle.plate, random)
            confidence -= 0.15
        if plate != vehicle.plate:
            candidates = (PlateCandidate(vehicle.plate, round(confidence - 0.1 - 0.2 * random.random(), 3)),)
        elif random.random() < 0.25 and (other := misread(plate, random)) != plate:
            candidates = (PlateCandidate(other, round(confidence - 0.3 - 0.2 * random.random(), 3)),)
        when = self._start + timedelta(seconds=at_s)
        return PlateRead(
            event_id=identity("plate_read", config.source, native_id),
            occurred_at=when,
            observed_at=when,
            source=config.source,
            jurisdiction=config.jurisdiction,
            synthetic=True,
            camera_id=at.site.camera_id,
            plate=plate,
            plate_raw=plate,
            confidence=round(confidence, 3),
            plate_region=vehicle.region if random.random() < 0.93 else None,
            region_confidence=round(0.6 + 0.39 * random.random(), 2),
            candidates=candidates,
            lat=at.site.lat,
            lon=at.site.lon,
            heading_deg=at.heading_deg,
            speed_kmh=round(at.speed_kmh / slowness, 1),
            vehicle_make=vehicle.make,
            vehicle_model=vehicle.model,
            vehicle_colour=vehicle.colour,
            vehicle_body=vehicle.body,
            is_preview=preview,
            native_id=native_id,
        )


class Traffic:
    """Ordinary vehicles: trips begin at random and go on for ever, so many that readers see ``reads_per_s``."""

    def __init__(
        self, config: SimulatorConfig, start: datetime, made: City, wanted: frozenset[str], agenda: Agenda
    ) -> None:
        self._random = Random(f"{config.seed}/traffic")  # noqa: S311 - a made-up city, not secrets
        self._reader = Reader(config, start, "traffic")
        self._drives = made.drives
        self._agenda = agenda
        passes = sum(len(drive) for drive in self._drives) / len(self._drives)
        self._gap_s = passes / config.reads_per_s
        self._fleet = Fleet(config.seed, max(_SMALLEST_FLEET, int(_RETURNS_AFTER_S / self._gap_s)), wanted)
        self._fill()

    def _fill(self) -> None:
        """Have as many vehicles under way at the start as there are later: those that left before it."""
        gap_of_a_drive_s = self._gap_s * len(self._drives)
        for drive in self._drives:
            at_s = -drive[-1].at_s * _SLOWEST
            while (at_s := at_s + self._random.expovariate(1 / gap_of_a_drive_s)) < 0:
                trip = Trip(self._fleet.take(), drive, at_s, slowness(self._random))
                while trip.place < len(drive) and trip.due_s < 0:
                    trip.place += 1
                if trip.place < len(drive):
                    self._agenda.put(trip.due_s, self._pass, trip)
        self._agenda.put(self._random.expovariate(1 / self._gap_s), self._begin)

    def _drive(self) -> tuple[Pass, ...]:
        return self._drives[int(self._random.random() * len(self._drives))]

    def _begin(self, at_s: float, _: None) -> Step | None:
        self._agenda.put(at_s + self._random.expovariate(1 / self._gap_s), self._begin)
        return self._pass(at_s, Trip(self._fleet.take(), self._drive(), at_s, slowness(self._random)))

    def _pass(self, at_s: float, trip: Trip) -> Step:
        read = self._reader.read(at_s, trip.vehicle, trip.drive[trip.place], trip.slowness)
        trip.place += 1
        if trip.place < len(trip.drive):
            self._agenda.put(trip.due_s, self._pass, trip)
        return Step(at_s, (read,))


_FASTEST, _SLOWEST = 0.97, 1.2


def slowness(random: Random) -> float:
    """Return how much slower than free flow a driver goes; with the roads' speeds this makes 25 to 70 km/h."""
    return _FASTEST + (_SLOWEST - _FASTEST) * random.random()
