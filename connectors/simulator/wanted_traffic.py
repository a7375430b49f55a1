"""The few wanted vehicles that drive about, and the alerts their reads must raise."""

from __future__ import annotations

from datetime import datetime
from random import Random

from connectors.simulator.agenda import Agenda, Step
from connectors.simulator.city import City, Pass
from connectors.simulator.config import SimulatorConfig
from connectors.simulator.ground_truth import GroundTruth
from connectors.simulator.hotlist import Wanted
from connectors.simulator.traffic import Reader, Trip, slowness

#: Wanted vehicles' trips a minute at intensity 1.
TRIPS_PER_MIN = 0.55
#: A wanted vehicle rests so long between trips, so that no reader sees it twice within the rules' same pass.
REST_S = 200.0
#: The reader's preview comes so long before its final read.
_PREVIEW_S = 0.4


class _WantedTrip(Trip, kw_only=True):
    wanted: Wanted


class WantedTraffic:
    """Trips of wanted vehicles: as planned by the opening, and at random later."""

    def __init__(
        self,
        config: SimulatorConfig,
        start: datetime,
        made: City,
        wanted: tuple[Wanted, ...],
        truth: GroundTruth,
        agenda: Agenda,
    ) -> None:
        self._random = Random(f"{config.seed}/wanted")  # noqa: S311 - a made-up city, not secrets
        self._config = config
        self._reader = Reader(config, start, "wanted")
        self._truth = truth
        self._agenda = agenda
        self._driving = [one for one in wanted if one.driving]
        self._free_from = [0.0 for _ in self._driving]
        self._short = [drive for drive in made.drives if len(drive) == 1]
        self._long = [drive for drive in made.drives if 2 <= len(drive) <= 4]

    def roam(self, from_s: float) -> None:
        """Let trips begin at random from then on."""
        if self._config.intensity > 0:
            self._agenda.put(from_s + self._gap(), self._begin)

    def plan(self, at_s: float, *, short: bool) -> Pass:
        """Have some wanted vehicle whose entry is in force pass its first reader at ``at_s``; return that reader."""
        drive = self._random.choice(self._short if short else self._long)
        trip = self._trip(at_s, drive, in_force=True)
        if trip is None:
            raise RuntimeError("the opening plans more trips than there are wanted vehicles")
        self._await(trip)
        return drive[0]

    def _gap(self) -> float:
        return self._random.expovariate(TRIPS_PER_MIN * self._config.intensity / 60)

    def _begin(self, at_s: float, _: None) -> None:
        self._agenda.put(at_s + self._gap(), self._begin)
        trip = self._trip(at_s + 1, self._random.choice(self._long), in_force=False)
        if trip is not None:
            self._await(trip)

    def _trip(self, at_s: float, drive: tuple[Pass, ...], *, in_force: bool) -> _WantedTrip | None:
        free = [
            place
            for place, since in enumerate(self._free_from)
            if since <= at_s and not (in_force and self._driving[place].expired)
        ]
        if not free:
            return None
        place = self._random.choice(free)
        one = self._driving[place]
        trip = _WantedTrip(vehicle=one.vehicle, drive=drive, start_s=at_s, slowness=slowness(self._random), wanted=one)
        self._free_from[place] = at_s + drive[-1].at_s * trip.slowness + REST_S
        return trip

    def _await(self, trip: _WantedTrip) -> None:
        if self._random.random() < self._config.preview_rate:
            self._agenda.put(trip.due_s - _PREVIEW_S, self._preview, (trip, trip.place))
        self._agenda.put(trip.due_s, self._pass, trip)

    def _preview(self, at_s: float, about: tuple[_WantedTrip, int]) -> Step:
        trip, place = about
        return Step(at_s, (self._reader.read(at_s, trip.vehicle, trip.drive[place], trip.slowness, preview=True),))

    def _pass(self, at_s: float, trip: _WantedTrip) -> Step:
        at, one = trip.drive[trip.place], trip.wanted
        read = self._reader.read(at_s, trip.vehicle, at, trip.slowness)
        trip.place += 1
        if trip.place < len(trip.drive):
            self._await(trip)
        if one.expired:
            return Step(at_s, (read,))
        expected = self._truth.wanted_read(at_s, read.event_id, one.entry_id, one.severity, at.site.lat, at.site.lon)
        return Step(at_s, (read,), expected)
