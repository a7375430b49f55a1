"""The reference facts every worker holds whole: cameras, zones, hotlists, withdrawals, noise, open incidents with
what was drawn for them, camera health, alerts.

A thread reads their topics from the beginning outside any group and follows them. Indexes are rebuilt there, off the
event loop, and swapped in whole.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog

from pipeline.state.cameras import CameraIndex
from pipeline.state.cases import is_forgotten
from pipeline.state.changed_cases import ChangedCases
from pipeline.state.confusions import Confusions
from pipeline.state.drawings import Drawings
from pipeline.state.hotlists import Hotlists
from pipeline.state.in_force import InForce
from pipeline.state.incidents import OpenIncidents
from pipeline.state.noise import Noise
from pipeline.state.recalls import Recalls
from pipeline.state.unanswered import Unanswered
from pipeline.state.withdrawals import Withdrawals
from pipeline.state.zones import ZoneIndex
from schemas.envelope import Event
from schemas.event_type import EventType
from schemas.events.alert import ACTIVE_STATUSES, ALERT, Alert
from schemas.events.camera import CAMERA, Camera
from schemas.events.camera_health import CAMERA_HEALTH, CameraHealth
from schemas.events.drawing import DRAWING, Drawing
from schemas.events.hotlist import HOTLIST, Hotlist
from schemas.events.hotlist_entry import HOTLIST_ENTRY, HotlistEntry
from schemas.events.hotlist_withdrawal import HOTLIST_WITHDRAWAL, HotlistWithdrawal
from schemas.events.incident import INCIDENT, Incident
from schemas.events.plate_noise import PLATE_NOISE, PlateNoise
from schemas.events.zone import ZONE, Zone
from schemas.look_alikes import LookAlikes
from schemas.metrics import CONNECTIONS
from schemas.wire.frame import FrameDecoder, utc_now
from schemas.wire.log_ends import LogEnds
from schemas.wire.publisher import BrokerUnavailableError
from schemas.wire.reader import LogReader, Record

log = structlog.get_logger(__name__)

KINDS: tuple[EventType[Any], ...] = (
    CAMERA,
    ZONE,
    HOTLIST_ENTRY,
    HOTLIST,
    HOTLIST_WITHDRAWAL,
    PLATE_NOISE,
    INCIDENT,
    DRAWING,
    CAMERA_HEALTH,
    ALERT,
)

#: How often it is asked how far the facts go, seconds.
ASK_EVERY_S = 1.0
#: Closed alerts are kept this long for late actions, then let go.
KEEP_CLOSED = timedelta(hours=24)


class Reference:
    """The folds. ``apply`` is for one thread (of withdrawals for any); the attributes may be read from another."""

    def __init__(self, look_alikes: LookAlikes | None = None) -> None:
        #: Another number whenever hotlists, withdrawals, noise, zones or cameras in force changed.
        self.generation = 0
        self.zones = ZoneIndex()
        self.cameras = CameraIndex()
        self.hotlists = Hotlists(look_alikes)
        #: In force as soon as they are folded in: they need no ``rebuild``.
        self.withdrawals = Withdrawals()
        self.noise = Noise()
        self.recalls = Recalls(self.withdrawals, self.hotlists.in_force, self.hotlists.listed)
        #: What the matching asks of each entry that a read would match.
        self.in_force = InForce(self.withdrawals)
        self.incidents = OpenIncidents()
        self.unanswered = Unanswered()
        self.health: dict[str, CameraHealth] = {}
        self.alerts: dict[UUID, Alert] = {}
        #: What people found of plate alerts; kept when the alert itself is let go.
        self.confusions = Confusions()
        self._open_about: dict[tuple[str, str], tuple[UUID, ...]] = {}
        self.changed_cases = ChangedCases()
        self._cases: dict[UUID, Incident] = {}
        self._drawings = Drawings()
        self._cameras: dict[str, Camera] = {}
        self._zones: dict[str, Zone] = {}
        self._stale: set[str] = set()
        self._versions: dict[str, str] = {}

    def apply(self, kind: EventType[Any], events: Iterable[Event]) -> None:
        """Fold events in. Indexes change at the next ``rebuild``."""
        if kind is HOTLIST_ENTRY:
            self.hotlists.add_entries(event for event in events if isinstance(event, HotlistEntry))
            return
        for event in events:
            match event:
                case Camera():
                    if _newer(self._cameras.get(event.camera_id), event):
                        self._cameras[event.camera_id] = event
                        self._stale.add("cameras")
                case Zone():
                    if _newer(self._zones.get(event.zone_id), event):
                        self._zones[event.zone_id] = event
                        self._stale |= {"zones", "cameras"}
                case Hotlist():
                    self.hotlists.add_manifest(event)
                case HotlistWithdrawal():
                    if self.withdrawals.apply(event):
                        self.generation += 1
                        self.recalls.note_withdrawal(event)
                case PlateNoise():
                    if self.noise.apply(event):
                        self.generation += 1
                case Incident():
                    self.incidents.apply(event)
                    known_case = self._cases.get(event.incident_id)
                    if known_case is None or known_case.rev < event.rev:
                        self._cases[event.incident_id] = event
                        self.changed_cases.note(event)
                case Drawing():
                    self._drawings.put(event)
                case CameraHealth():
                    known = self.health.get(event.camera_id)
                    if known is None or known.occurred_at <= event.occurred_at:
                        self.health[event.camera_id] = event
                case Alert():
                    self.apply_alert(event)
                case _:
                    raise TypeError(f"{type(event).__name__} is no reference fact")

    def apply_alert(self, alert: Alert) -> None:
        """Fold one alert state in; the highest revision wins."""
        known = self.alerts.get(alert.alert_id)
        if known is not None and known.rev >= alert.rev:
            return
        self.alerts[alert.alert_id] = alert
        self.recalls.note_alert(alert)
        self.confusions.note(alert)
        self.unanswered.note(alert)
        about = (alert.rule, alert.subject)
        others = tuple(one for one in self._open_about.get(about, ()) if one != alert.alert_id)
        if alert.status in ACTIVE_STATUSES:
            self._open_about[about] = (*others, alert.alert_id)
        elif others:
            self._open_about[about] = others
        else:
            self._open_about.pop(about, None)

    def cases(self) -> list[Incident]:
        """Return every incident as the log has it: those that are over for a day, the others for a week."""
        return list(self._cases.values())

    def drawings(self) -> list[Drawing]:
        """Return what was drawn for incidents, as the log has it."""
        return self._drawings.all()

    def case(self, incident_id: UUID) -> Incident | None:
        """Return one of them."""
        return self._cases.get(incident_id)

    def open_alerts_about(self, subject: str, rule: str) -> tuple[UUID, ...]:
        """Return the ids of the alerts of a rule about a subject that are not closed."""
        return self._open_about.get((rule, subject), ())

    def rebuild(self) -> None:
        """Build anew what changed."""
        stale, self._stale = self._stale, set()
        index = self.hotlists.index
        if "zones" in stale:
            self.zones = ZoneIndex(self._zones.values())
        if "cameras" in stale:
            self.cameras = CameraIndex(self._cameras.values(), self.zones)
        self.hotlists.rebuild()
        self._note_lists()
        if stale or self.hotlists.index is not index:
            self.generation += 1

    def _note_lists(self) -> None:
        """Look for alerts whose entry the versions in force no longer have."""
        versions = {list_id: manifest.version for list_id, manifest in self.hotlists.in_force.items()}
        self.recalls.note_lists(
            list_id for list_id, version in versions.items() if self._versions.get(list_id) != version
        )
        self._versions = versions
        self.recalls.look()

    def forget_old(self) -> None:
        """Let go of what no rule can ask for any more, so that memory stays bounded."""
        now = utc_now()
        self.incidents.forget_before(now - timedelta(days=7))
        for incident in self.cases():
            if is_forgotten(incident, now) and (
                incident.merged_into is None or incident.merged_into not in self._cases
            ):
                del self._cases[incident.incident_id]
                self._drawings.forget(incident.incident_id)
        for alert in list(self.alerts.values()):
            if alert.status in ("closed", "recalled") and (alert.changed_at or alert.raised_at) < now - KEEP_CLOSED:
                del self.alerts[alert.alert_id]


def _newer(known: Event | None, event: Event) -> bool:
    return known is None or known.observed_at <= event.observed_at


class Follower:
    """Keeps a ``Reference`` up to date from the log in a thread of its own.

    ``builds``: it builds the indexes as well, which takes a minute for a list of millions. Whoever follows withdrawals
    does not, so that they take effect meanwhile.

    When the log cannot be read it keeps trying; ``behind_s`` says how long ago the log was last seen, so that nobody
    takes old facts for fresh ones. With ``ends``, ``fresh_as_of`` says more: a leader that hangs holds up its partition
    only, and all others go on being read as if nothing were.
    """

    def __init__(
        self,
        connect: Callable[[], LogReader],
        reference: Reference,
        ends: Callable[[], LogEnds] | None = None,
        *,
        builds: bool = True,
    ) -> None:
        self.reference = reference
        self.ready = threading.Event()
        self._connect = connect
        self._ends = ends
        self._builds = builds
        #: When the ends of the log were asked for, and what they were.
        self._asked: tuple[float, Mapping[tuple[str, int], int]] | None = None
        self._fresh_as_of: float | None = None
        self._stop = threading.Event()
        self._decoders = {kind.topic: FrameDecoder(kind) for kind in KINDS}
        self._last_answer: float | None = None
        self._failure = ""
        self._thread = threading.Thread(target=self._run, name="reference", daemon=True)
        self._asking = threading.Thread(target=self._ask, name="reference-ends", daemon=True)

    @property
    def behind_s(self) -> float | None:
        """Seconds since a broker last answered; None before the first time."""
        return None if self._last_answer is None else time.monotonic() - self._last_answer

    @property
    def fresh_as_of(self) -> float | None:
        """A moment of the monotonic clock; all that was in the log then is in the folds. None before the first time."""
        return self._fresh_as_of

    @property
    def generation(self) -> int:
        """Another number whenever hotlists, zones or cameras in force changed."""
        return self.reference.generation

    @property
    def failure(self) -> str:
        """What ended the thread against our will; empty while it runs. Whoever started it must then end too."""
        return self._failure

    def start(self) -> None:
        """Begin reading; ``ready`` is set once everything in the log has been folded in."""
        self._thread.start()
        if self._ends is not None:
            self._asking.start()

    def stop(self) -> None:
        """Stop reading."""
        self._stop.set()
        self._thread.join(5.0)
        if self._ends is not None:
            self._asking.join(5.0)

    def _run(self) -> None:
        try:
            self._follow()
        except Exception as error:
            # Kind and place are enough to find the bug; its text might hold a plate or a name.
            place = traceback.extract_tb(error.__traceback__)[-1]
            self._failure = f"{type(error).__name__} at {place.filename}:{place.lineno}"
            log.critical("the reader of reference facts failed", error=self._failure)

    def _follow(self) -> None:
        forget_at = time.monotonic() + 60.0
        while not self._stop.is_set():
            reader = None
            try:
                reader = self._connect()
                CONNECTIONS.labels("reference").inc()
                while not self._stop.is_set():
                    self._apply(reader.poll(0.5))
                    self._last_answer = reader.answered_at
                    # Taken before: it may be replaced by newer ends at any time.
                    asked = self._asked
                    if reader.caught_up:
                        if self._builds:
                            self.reference.rebuild()
                        self.ready.set()
                        if asked is not None and reader.has_read(asked[1]):
                            self._fresh_as_of = asked[0]
                    if self._builds and time.monotonic() > forget_at:
                        self.reference.forget_old()
                        forget_at = time.monotonic() + 60.0
            except BrokerUnavailableError as error:
                log.warning("reference facts cannot be read, trying again", why=str(error))
                self._stop.wait(1.0)
            finally:
                if reader is not None:
                    reader.close()

    def _ask(self) -> None:
        """Ask for the ends of the log again and again, in a thread of its own: a leader that hangs holds this up."""
        assert self._ends is not None
        ends: LogEnds | None = None
        while not self._stop.is_set():
            at = time.monotonic()
            try:
                ends = self._ends() if ends is None else ends
                self._asked = (at, ends.ask())
            except BrokerUnavailableError as error:
                log.warning("the ends of the reference facts are not known", why=str(error))
            except Exception as error:
                # Whatever it is: without these ends no fact counts as fresh, and nobody else would ask.
                log.error("the ends of the reference facts cannot be asked", error=type(error).__name__)
                if ends is not None:
                    ends.close()
                ends = None
            self._stop.wait(ASK_EVERY_S)
        if ends is not None:
            ends.close()

    def _apply(self, records: list[Record]) -> None:
        for record in records:
            frame = self._decoders[record.kind.topic].decode(record.value)
            if frame.rejected:
                # The store's reader dead-letters it; here it can only be told.
                log.error("reference fact cannot be read", topic=record.kind.topic, offset=record.offset)
            try:
                self.reference.apply(record.kind, frame.events)
            except Exception as error:
                # One fact that cannot be folded in must not keep all that follow from the rules.
                log.error("reference fact cannot be used", topic=record.kind.topic, partition=record.partition,
                          offset=record.offset, error=type(error).__name__)  # fmt: skip
