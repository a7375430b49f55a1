"""Sightings are held against where their plate was before: rules on a plate's path.

A processor of its own, behind the sightings, so that the matching of wanted plates never waits for it. It raises
nothing about a vehicle that is on no list unless a zone or a setting asks for it (docs/explanation/plate-paths.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from msgspec import Struct

from pipeline.outcome import Drop, Emit, Outcome
from pipeline.rules import (
    did_not_arrive,
    first_in_zone,
    heading_to_zone,
    impossible_travel,
    loitering,
    travelling_together,
)
from pipeline.rules.expected_next import name_of
from pipeline.rules.impossible_travel import Place
from pipeline.rules.path_alert import History
from pipeline.rules.plate_alert import LATE_AFTER
from pipeline.rules.travelling_together import LEAST_SHARED
from pipeline.state.cameras import CameraIndex
from pipeline.state.clocks import QUARANTINED_S, is_quarantined
from pipeline.state.paths import MOST_PLATES, WINDOW_S, Path, Paths, Seen, seen
from pipeline.state.recent import Recent
from pipeline.state.reference import Reference
from pipeline.state.transitions import Expected, Transitions
from pipeline.state.zones import ZoneIndex
from schemas.event_type import EventType
from schemas.events.alert import ALERT, Alert
from schemas.events.sighting import PASSING, Sighting
from schemas.events.zone import Zone
from schemas.look_alikes import LookAlikes, default_look_alikes
from schemas.wire.frame import utc_now

#: A rule does not speak of the same plate (and zone) again within this time of its last alert.
QUIET = timedelta(minutes=30)
#: Wanted plates of one partition that are waited for at most.
MOST_AWAITED = 5_000
#: A read that says it was made later than it reached us, by more than this, has no time to go by, seconds.
AHEAD_S = QUARANTINED_S

_PREVIEW, _PARKED, _NOISE, _CLOCK, _LATE, _NOTHING = (
    Drop("preview"),
    Drop("parked"),
    Drop("noise"),
    Drop("clock_off"),
    Drop("older_than_paths"),
    Drop("nothing_to_say"),
)


class Questions(Protocol):
    """What the store is asked. Never waits; what it finds is raised later. Questions beyond its room are let go."""

    def is_stranger(self, sighting: Sighting, zone: Zone) -> None:
        """Ask whether a plate was read in a zone before; if not, ``first_in_zone`` is raised."""
        ...

    def has_company(self, sighting: Sighting) -> None:
        """Ask who drives with a wanted plate; whoever does, ``travelling_together`` is raised."""
        ...


class _Awaited(Struct, frozen=True):
    """A wanted plate that should be seen at a camera by ``due_at``, epoch seconds."""

    sighting: Sighting
    expected: Expected
    due_at: float


class _Partition:
    """What is known of the plates of one partition. ``now_s``: as far as its sightings have come, epoch seconds."""

    def __init__(self) -> None:
        self.paths = Paths()
        self.awaited: dict[str, _Awaited] = {}
        self.next_due = float("inf")
        self.now_s = float("-inf")


class PlatePaths:
    """Raises alerts about plates' paths."""

    name = "paths"
    consumes: tuple[EventType[Any], ...] = (PASSING,)
    emits: tuple[EventType[Any], ...] = (ALERT,)

    def __init__(
        self,
        reference: Reference,
        *,
        everywhere: frozenset[str] = frozenset(),
        transitions: Transitions | None = None,
        questions: Questions | None = None,
        look_alikes: LookAlikes | None = None,
        most_plates: int = MOST_PLATES,
        clock: Callable[[], datetime] = utc_now,
        noted: Callable[[Sighting], None] | None = None,
    ) -> None:
        """``everywhere``: names of rules that speak of any plate. ``most_plates``: kept by this worker.
        ``noted``: is told of each sighting with a hit, those read back too.
        """
        self._most_plates = most_plates
        self._noted = noted
        self.transitions = transitions if transitions is not None else Transitions()
        self._reference = reference
        self._clones = impossible_travel.RULE in everywhere
        self._arrivals = did_not_arrive.RULE in everywhere
        self._questions = questions
        self._company = questions is not None and travelling_together.RULE in everywhere
        self._look_alikes = look_alikes or default_look_alikes()
        self._clock = clock
        self._partitions: dict[int, _Partition] = {}
        self._said: Recent[tuple[str, str, str], tuple[UUID, datetime]] = Recent()
        self._asking: tuple[ZoneIndex | None, dict[str, Zone]] = (None, {})
        self._ahead_of: tuple[CameraIndex | None, list[tuple[Zone, frozenset[str]]]] = (None, [])

    # --- history -------------------------------------------------------------------------------------------------

    def begin(self, partition: int) -> None:
        """Forget a partition: it was another worker's, or nobody's, and what is known of it has a hole."""
        self._partitions[partition] = _Partition()
        self._share_out()

    def forget_all_but(self, partitions: Sequence[int] | frozenset[int]) -> None:
        """Let go of the partitions that are no longer ours."""
        for gone in [one for one in self._partitions if one not in partitions]:
            del self._partitions[gone]
            self._share_out()

    def judge_again(self, partition: int, past: Sequence[Sighting], known_since: float) -> list[Alert]:
        """Take in sightings that were judged already, perhaps by another worker; return alerts not in the log yet.

        ``past`` follows what this was called with before, ``known_since`` is where that began, epoch seconds: so what
        is judged here is judged by all that was before it. Late sightings (``LATE_AFTER``) are taken in only.
        """
        here = self._partition(partition)
        zones, fresh = self._zones_that_ask(), self._clock() - LATE_AFTER
        history = History(known_since)
        found: list[Alert] = []
        for sighting in past:
            taken = self._take(sighting, here)
            if isinstance(taken, Drop):
                continue
            path, one = taken
            if sighting.observed_at > fresh and self._asks(sighting, path, zones):
                found += self._judge(sighting, one, path, here, zones, history, again=True)
            else:
                self._await(sighting, one, here)
        return found

    def known_since(self, partition: int, at: float) -> None:
        """Say how far back the history of a partition goes, epoch seconds."""
        self._partition(partition).paths.know_since(at)

    # --- the stream ----------------------------------------------------------------------------------------------

    def process(self, kind: EventType[Any], events: Sequence[Sighting], partition: int) -> Sequence[Outcome]:
        """Return the alerts that each sighting leads to; those that are due by time come with the last."""
        here = self._partition(partition)
        zones = self._zones_that_ask()
        outcomes: list[Outcome] = []
        for sighting in events:
            taken = self._take(sighting, here)
            if isinstance(taken, Drop):
                outcomes.append(taken)
                continue
            path, one = taken
            if not self._asks(sighting, path, zones):
                outcomes.append(_NOTHING)
                continue
            alerts = self._judge(sighting, one, path, here, zones, History(here.paths.known_since))
            outcomes.append(Emit(tuple(alerts)) if alerts else _NOTHING)
        if events and here.now_s >= here.next_due:
            due = self._overdue(here)
            last = outcomes[-1]
            if due:
                outcomes[-1] = Emit((*last.events, *due)) if isinstance(last, Emit) else Emit(tuple(due))
        return outcomes

    def _partition(self, partition: int) -> _Partition:
        known = self._partitions.get(partition)
        if known is None:
            known = self._partitions[partition] = _Partition()
            self._share_out()
        return known

    def _share_out(self) -> None:
        """Give each partition its share of the plates that a worker may keep."""
        for one in self._partitions.values():
            one.paths.allow(self._most_plates // len(self._partitions))

    def _take(self, sighting: Sighting, here: _Partition) -> Drop | tuple[Path, Seen]:
        """Take a sighting into its plate's path, unless it says nothing of where the vehicle was, and when."""
        if sighting.hits and self._noted is not None:
            self._noted(sighting)
        if sighting.is_preview:
            return _PREVIEW
        if sighting.is_parked:
            return _PARKED
        if sighting.is_noise:
            return _NOISE
        if sighting.clock_skew_s is not None and is_quarantined(sighting.clock_skew_s):
            return _CLOCK
        one = seen(sighting)
        now_s = sighting.observed_at.timestamp()
        if one.at > now_s + AHEAD_S:
            return _CLOCK
        if one.at < now_s - WINDOW_S:
            return _LATE
        if now_s > here.now_s:
            here.now_s = now_s
        path = here.paths.add(sighting.plate, one, now_s)
        if path[-1] is one:
            self.transitions.note(path)
        return path, one

    def _asks(self, sighting: Sighting, path: Path, zones: Mapping[str, Zone]) -> bool:
        """Return whether any rule has something to say of a sighting; of most none has."""
        if sighting.hits or (self._clones and len(path) > 1):
            return True
        return not zones.keys().isdisjoint(sighting.zones)

    def _judge(
        self,
        sighting: Sighting,
        one: Seen,
        path: Path,
        here: _Partition,
        zones: Mapping[str, Zone],
        history: History,
        *,
        again: bool = False,
    ) -> list[Alert]:
        now = self._clock()
        alerts: list[Alert] = []
        if self._clones and len(path) > 1:
            alerts += self._impossible(sighting, one, path, history, now)
        if zones:
            for zone_id in sighting.zones:
                if zone := zones.get(zone_id):
                    alerts += self._in_zone(sighting, one, path, zone, history, now)
        if sighting.hits:
            alerts += self._ahead(sighting, zones, history, now)
            self._await(sighting, one, here)
            if self._company and self._questions is not None and len({seen.camera_id for seen in path}) >= LEAST_SHARED:
                self._questions.has_company(sighting)
        return [alert for alert in alerts if self.is_new(alert, sighting.event_id, again=again)]

    def _impossible(self, sighting: Sighting, one: Seen, path: Path, history: History, now: datetime) -> list[Alert]:
        at = next((place for place, known in enumerate(path) if known.event_id == one.event_id), None)
        if at is None:
            return []  # it is older than all that is kept of a plate with many sightings
        cameras = self._reference.cameras.by_id

        def place(seen_at: Seen) -> Place:
            camera = cameras.get(seen_at.camera_id)
            return Place(name_of(seen_at.camera_id, cameras), camera is None or camera.kind == "mobile_lpr")

        found: list[Alert] = []
        for other in (*path[max(at - 1, 0) : at], *path[at + 1 : at + 2]):
            found += impossible_travel.evaluate(
                sighting, one, other, (place(one), place(other)), self._look_alikes, history, now
            )
        return found

    def _in_zone(
        self, sighting: Sighting, one: Seen, path: Path, zone: Zone, history: History, now: datetime
    ) -> tuple[Alert, ...]:
        self._ask_of_stranger(sighting, one, path, zone)
        if loitering.RULE in zone.rules:
            return loitering.evaluate(sighting, one, path, zone, history, now)
        return ()

    def _ask_of_stranger(self, sighting: Sighting, one: Seen, path: Path, zone: Zone) -> None:
        """Ask the store whether a plate was in a zone before, where its path does not say so."""
        if first_in_zone.RULE not in zone.rules or self._questions is None:
            return
        if not any(zone.zone_id in known.zones for known in path if known.at < one.at):
            self._questions.is_stranger(sighting, zone)

    def _ahead(self, sighting: Sighting, zones: Mapping[str, Zone], history: History, now: datetime) -> list[Alert]:
        """Return alerts about zones that a wanted plate is likely to come to."""
        found: list[Alert] = []
        if not zones:
            return found
        ahead = self.transitions.ahead(sighting.camera_id)
        for zone, inside in self._zones_ahead(zones):
            if zone.zone_id in sighting.zones or ahead.cameras.isdisjoint(inside):
                continue
            share, via = ahead.towards(inside)
            if share >= heading_to_zone.LEAST_SHARE:
                found += heading_to_zone.evaluate(
                    sighting,
                    zone,
                    share,
                    via,
                    self._reference.cameras.by_id,
                    history,
                    now,
                    self._reference.hotlists.in_force,
                )
        return found

    def _await(self, sighting: Sighting, one: Seen, here: _Partition) -> None:
        """Note where a wanted plate should be seen next. Whatever is read of it later takes the place of this."""
        if not self._arrivals or not sighting.hits:
            return
        known = here.awaited.get(sighting.plate)
        if known is not None and known.sighting.occurred_at > sighting.occurred_at:
            return
        here.awaited.pop(sighting.plate, None)
        expected = self.transitions.expected(sighting.camera_id, most=1)
        if not expected or not did_not_arrive.is_due(expected[0]) or len(here.awaited) >= MOST_AWAITED:
            return
        due = did_not_arrive.due_at(one.at, expected[0])
        here.awaited[sighting.plate] = _Awaited(sighting, expected[0], due)
        here.next_due = min(here.next_due, due)

    def _overdue(self, here: _Partition) -> list[Alert]:
        """Return alerts about wanted plates that did not arrive, now that the stream has come so far."""
        over = [plate for plate, one in here.awaited.items() if one.due_at <= here.now_s]
        found: list[Alert] = []
        for plate in over:
            one = here.awaited.pop(plate)
            path = here.paths.get(plate)
            left_at = one.sighting.occurred_at.timestamp()
            # A camera that has seen nobody since may be broken: its silence says nothing of this vehicle.
            if (path and path[-1].at > left_at) or self.transitions.last_seen(one.expected.camera_id) <= left_at:
                continue
            found += did_not_arrive.evaluate(
                one.sighting,
                one.expected,
                self._reference.cameras.by_id,
                History(here.paths.known_since),
                self._clock(),
                self._reference.hotlists.in_force,
            )
        here.next_due = min((one.due_at for one in here.awaited.values()), default=float("inf"))
        return [alert for alert in found if self.is_new(alert, alert.triggers[0])]

    def is_new(self, alert: Alert, cause: UUID, *, again: bool = False) -> bool:
        """Return whether an alert is to be raised: not in the log yet, and not said of this plate and zone lately.

        The event that raised it raises it again until it is in the log, as its frame may be judged again before it was
        sent. ``again``: it is judged again after that, so what this worker said of it is durable.
        """
        if alert.alert_id in self._reference.alerts:
            return False
        key = (alert.rule, alert.subject, _about(alert))
        said = self._said.get(key)
        if said is not None and (again or said[0] != cause) and abs(alert.occurred_at - said[1]) < QUIET:
            return False
        for other_id in self._reference.open_alerts_about(alert.subject, alert.rule):
            other = self._reference.alerts.get(other_id)
            if other is not None and _about(other) == key[2] and abs(alert.occurred_at - other.occurred_at) < QUIET:
                return False
        self._said.keep(key, (cause, alert.occurred_at))
        return True

    def _zones_ahead(self, zones: Mapping[str, Zone]) -> list[tuple[Zone, frozenset[str]]]:
        """Return the zones that ask who is coming, with the cameras in them. The zones of cameras change with both."""
        cameras = self._reference.cameras
        if self._ahead_of[0] is not cameras:
            asking = [zone for zone in zones.values() if heading_to_zone.RULE in zone.rules]
            within: dict[str, set[str]] = {zone.zone_id: set() for zone in asking}
            for camera_id, zone_ids in cameras.zones_of.items():
                for zone_id in zone_ids:
                    if zone_id in within:
                        within[zone_id].add(camera_id)
            self._ahead_of = (cameras, [(zone, frozenset(within[zone.zone_id])) for zone in asking])
        return self._ahead_of[1]

    def _zones_that_ask(self) -> Mapping[str, Zone]:
        index = self._reference.zones
        if self._asking[0] is not index:
            self._asking = (index, {zone.zone_id: zone for zone in index.zones if zone.rules})
        return self._asking[1]


def _about(alert: Alert) -> str:
    """Return what an alert is about besides its plate: the zone, or who keeps it company."""
    facts = (reason.facts.get(name) for reason in alert.why for name in ("zone_id", "companion"))
    return next((fact for fact in facts if fact), "")
