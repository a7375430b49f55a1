"""911 calls of the demo city, by kind and hour of day, from received to closed."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from msgspec import Struct

from connectors.simulator.agenda import Agenda, Step
from connectors.simulator.city import City
from connectors.simulator.config import SimulatorConfig
from connectors.simulator.geography import METRES_PER_DEGREE_LAT, METRES_PER_DEGREE_LON
from connectors.simulator.ground_truth import ExpectedAlert, GroundTruth, KnownCall, metres_to_ring
from schemas.events.emergency_call import GRAVE, EmergencyCall
from schemas.identity import identity


class Kind(Struct, frozen=True):
    """A kind of call: words, code, category, priority 0..10, share of calls, typical minutes until closed."""

    words: str
    code: str
    category: str
    priority: int
    share: float
    minutes: float


KINDS: tuple[Kind, ...] = (
    Kind("Disturbance", "D10", "disturbance", 3, 16, 12), Kind("Traffic crash", "T20", "traffic", 4, 14, 16),
    Kind("Suspicious person", "S10", "suspicious", 3, 11, 9), Kind("Alarm, business", "A10", "alarm", 2, 10, 7),
    Kind("Medical aid", "M10", "medical", 6, 10, 14), Kind("Theft report", "T10", "theft", 2, 8, 14),
    Kind("Domestic dispute", "D20", "domestic", 5, 7, 15), Kind("Vehicle theft", "T30", "vehicle_theft", 3, 5, 12),
    Kind("Welfare check", "W10", "welfare", 3, 4, 10), Kind("Burglary", "B10", "burglary", 5, 3, 15),
    Kind("Fire, smoke seen", "F10", "fire", 7, 2, 18), Kind("Assault", "A20", "assault", 6, 2, 15),
    Kind("Shots heard", "G10", "shooting", 9, 1.6, 18), Kind("Armed robbery", "R10", "robbery", 8, 1.4, 18),
    Kind("Person with a weapon", "G20", "weapon", 8, 1.2, 15), Kind("Stabbing", "K10", "stabbing", 9, 0.4, 20),
    Kind("Carjacking", "R20", "carjacking", 9, 0.4, 18),
)  # fmt: skip
GRAVE_KINDS = tuple(kind for kind in KINDS if kind.category in GRAVE)
#: Calls in each hour of the day against the day's mean: quiet before dawn, busiest in the evening.
HOURS = (
    0.95, 0.80, 0.65, 0.50, 0.42, 0.45, 0.58, 0.78, 0.92, 1.00, 1.05, 1.10,
    1.15, 1.15, 1.18, 1.25, 1.32, 1.38, 1.36, 1.30, 1.25, 1.20, 1.15, 1.11,
)  # fmt: skip
_LOCAL = ZoneInfo("America/Chicago")
#: Calls whose place is not known, and grave ones that sounded harmless at first.
_WITHOUT_PLACE, _GRAVE_LATER = 0.06, 0.1
_FIRST_WORDS = Kind("Disturbance", "D10", "disturbance", 3, 0, 0)
#: Planned grave calls near watched zones, a minute, at intensity 1.
GRAVE_PER_MIN = 0.45


class _Call(Struct):
    """A call's plan: the moments of its states, seconds after the start, and what it is taken for at first."""

    number: str
    kind: Kind
    first_kind: Kind
    place: tuple[float, float] | None
    address: str
    district: str
    at_s: tuple[float, float, float, float]
    state: int = 0


_STATES = ("received", "dispatched", "on_scene", "closed")


class Calls:
    """Calls come at random, and each goes its way; told where, they come there."""

    def __init__(
        self, config: SimulatorConfig, start: datetime, made: City, truth: GroundTruth, agenda: Agenda
    ) -> None:
        self._random = Random(f"{config.seed}/calls")  # noqa: S311 - a made-up city, not secrets
        self._config = config
        self._start = start
        self._city = made
        self._truth = truth
        self._agenda = agenda
        self._watched = [area for area in made.areas if area.watched]
        self._count = 0

    def begin(self) -> None:
        """Let calls come at random from the start on."""
        if self._config.calls_per_min > 0:
            self._agenda.put(self._gap(0.0), self._arrive)

    def threaten(self, from_s: float) -> None:
        """Let grave calls come near watched zones now and then from ``from_s`` on."""
        if self._config.intensity > 0:
            self._agenda.put(from_s + self._grave_gap(), self._arrive_grave)

    def plan(self, at_s: float, kind: Kind, place: tuple[float, float] | None, address: str) -> None:
        """Have a call of this kind received at ``at_s`` from ``place`` (latitude, longitude)."""
        self._agenda.put(at_s, self._change, self._make(at_s, kind, kind, place, address))

    def _gap(self, at_s: float) -> float:
        hour = (self._start + timedelta(seconds=at_s)).astimezone(_LOCAL).hour
        return self._random.expovariate(self._config.calls_per_min * HOURS[hour] / 60)

    def _grave_gap(self) -> float:
        return self._random.expovariate(GRAVE_PER_MIN * self._config.intensity / 60)

    def _arrive(self, at_s: float, _: None) -> Step:
        self._agenda.put(at_s + self._gap(at_s), self._arrive)
        kind = self._random.choices(KINDS, [kind.share for kind in KINDS])[0]
        crossing = self._random.randrange(len(self._city.net.crossings))
        lon, lat = self._city.net.crossings[crossing]
        address = self._city.net.corner(crossing)
        place = None if self._random.random() < _WITHOUT_PLACE else self._moved(lat, lon, 60.0)
        first = _FIRST_WORDS if kind.category in GRAVE and self._random.random() < _GRAVE_LATER else kind
        return self._change(at_s, self._make(at_s, kind, first, place, address))

    def _arrive_grave(self, at_s: float, _: None) -> Step:
        self._agenda.put(at_s + self._grave_gap(), self._arrive_grave)
        area = self._random.choice(self._watched)
        kind = self._random.choice(GRAVE_KINDS)
        lon, lat = self._random.choice(area.ring)
        return self._change(at_s, self._make(at_s, kind, kind, self._moved(lat, lon, 110.0), f"near {area.name}"))

    def _moved(self, lat: float, lon: float, by_m: float) -> tuple[float, float]:
        north, east = self._random.uniform(-by_m, by_m), self._random.uniform(-by_m, by_m)
        return round(lat + north / METRES_PER_DEGREE_LAT, 6), round(lon + east / METRES_PER_DEGREE_LON, 6)

    def _make(self, at_s: float, kind: Kind, first: Kind, place: tuple[float, float] | None, address: str) -> _Call:
        self._count += 1
        random = self._random
        dispatched = at_s + random.uniform(20, 90)
        on_scene = dispatched + random.uniform(100, 330)
        closed = on_scene + kind.minutes * 60 * random.uniform(0.4, 1.3)
        district = ""
        if place is not None:
            district = next((one.number for one in self._city.districts if metres_to_ring(*place, one.ring) == 0), "")
        number = f"{self._start:%y%m%d%H%M%S}-{self._count:05d}"
        return _Call(number, kind, first, place, address, district, (at_s, dispatched, on_scene, closed))

    def _change(self, at_s: float, call: _Call) -> Step:
        """Bring a call into its next state."""
        status = _STATES[call.state]
        event = self._event(call, status)
        expected: tuple[ExpectedAlert, ...] = ()
        if call.place is not None:
            lat, lon = call.place
            if call.state == 0:
                self._truth.call_received(KnownCall(event.call_id, lat, lon, call.at_s[0], call.at_s[3]))
            expected = self._truth.call_state(at_s, event.call_id, event.category, status, lat, lon)
        if status == "closed":
            self._truth.call_closed(event.call_id)
        else:
            call.state += 1
            self._agenda.put(call.at_s[call.state], self._change, call)
        return Step(at_s, (event,), expected)

    def _event(self, call: _Call, status: str) -> EmergencyCall:
        kind = call.first_kind if call.state == 0 else call.kind
        moments = [self._start + timedelta(seconds=at_s) for at_s in call.at_s]
        now = moments[call.state]
        lat, lon = call.place or (None, None)
        source = self._config.source
        return EmergencyCall(
            event_id=identity("emergency_call", source, self._config.seed, call.number, status),
            occurred_at=now,
            observed_at=now,
            source=source,
            jurisdiction=self._config.jurisdiction,
            synthetic=True,
            call_id=f"sim:{call.number}",
            number=call.number,
            received_at=moments[0],
            updated_at=now,
            kind=kind.words,
            kind_code=kind.code,
            category=kind.category,
            priority=kind.priority,
            priority_raw=str(kind.priority),
            status=status,
            dispatched_at=moments[1] if call.state >= 1 else None,
            arrived_at=moments[2] if call.state >= 2 else None,
            closed_at=moments[3] if call.state >= 3 else None,
            address=call.address,
            lat=lat,
            lon=lon,
            district=call.district,
            disposition="Handled (simulated)" if status == "closed" else "",
        )
