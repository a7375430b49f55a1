"""What people's verdicts tell of each camera: which matches of which kind were right, and what was misread when.

A fold of the alerts. From it comes the probability that the plate of a hit is the listed one, and when a camera is to
be looked at. docs/explanation/what-verdicts-teach.md says how it is reckoned and why.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime
from threading import Lock
from uuid import UUID

from msgspec import Struct

from schemas.events.alert import ACTIVE_STATUSES, Alert

#: The rule that tells of a camera whose reads people found wrong (pipeline/rules/camera_misreads.py).
CAMERA_MISREADS = "camera_misreads"
#: Verdicts that say that the characters in the picture are those of the list, whatever else was wrong.
CHARACTERS_RIGHT = frozenset({"correct", "wrong_state", "list_wrong"})
#: As many verdicts as the wider experience counts for beside a camera's own.
PRIOR_STRENGTH = 10.0
#: Verdicts of one camera on one kind of match from which its probability is published. Of 30 the 95 % interval (Wilson)
#: is 34 points wide at most; of fewer a number would pretend to know what it does not.
MIN_VERDICTS = 30
#: So many verdicts are remembered, the newest; some 60 MB.
MAX_VERDICTS = 200_000

#: What a level of experience is about; () is all of it.
_Key = tuple[str | bool, ...]


class Case(Struct, frozen=True, gc=False):
    """What of a hit decides how likely it is right. ``changes``: the characters taken for others, as "B>8" (read B)."""

    camera_id: str
    match: str
    changes: tuple[str, ...]
    synthetic: bool

    def levels(self) -> tuple[_Key, ...]:
        """Return what the case is an instance of, from the widest to the narrowest. What is made up stays apart."""
        kind = (self.synthetic, self.match)
        widest: tuple[_Key, ...] = ((self.synthetic,), kind, (*kind, "", self.camera_id))
        return (*widest, (*kind, "", self.camera_id, *self.changes)) if self.changes else widest

    @property
    def own(self) -> _Key:
        """What the camera's own experience of this kind of match is kept under."""
        return (self.synthetic, self.match, "", self.camera_id)


class Verdict(Struct, frozen=True, gc=False):
    """One verdict on one hit. ``right``: the characters are the listed ones."""

    case: Case
    alert_id: UUID
    read_id: UUID
    at: datetime
    right: bool
    is_misread: bool


class Probability(Struct, frozen=True):
    """How likely the plate in the picture is the listed one, and how many verdicts of this camera say so."""

    value: float
    verdicts: int


class Misread(Struct, frozen=True, gc=False):
    """A read that a person found wrong."""

    at: datetime
    read_id: UUID


class LastTold(Struct, frozen=True):
    """The newest alert about a camera's misreads. ``closed_at``: None while it is open."""

    alert_id: UUID
    raised_at: datetime
    closed_at: datetime | None


_Camera = tuple[str, bool]
_Hit = tuple[UUID, str, str]


class Confusions:
    """The fold. For any thread; a verdict counts once for each read and list entry, the newest."""

    def __init__(self, limit: int = MAX_VERDICTS) -> None:
        self._lock = Lock()
        self._limit = limit
        self._verdicts: OrderedDict[_Hit, Verdict] = OrderedDict()
        self._counts: dict[_Key, tuple[int, int]] = {}
        self._misreads: dict[_Camera, dict[_Hit, Misread]] = {}
        self._told: dict[_Camera, LastTold] = {}

    def note(self, alert: Alert) -> None:
        """Take note of an alert's newest state."""
        with self._lock:
            if alert.rule == CAMERA_MISREADS:
                self._note_told(alert)
                return
            hit = _hit_of(alert)
            if hit is None:
                return
            known = self._verdicts.get(hit)
            verdict = verdict_of(alert)
            if verdict is None:
                # Taken back. What another alert about the same hit was told stays.
                if known is not None and known.alert_id == alert.alert_id:
                    self._forget(hit)
                return
            if known is not None:
                if known.alert_id != alert.alert_id and known.at >= verdict.at:
                    return
                self._forget(hit)
            self._keep(hit, verdict)
            if len(self._verdicts) > self._limit:
                self._forget(next(iter(self._verdicts)))

    def probability(self, alert: Alert) -> Probability | None:
        """Return how likely an alert's hit is right; None where too little is known of this kind of it here."""
        case = case_of(alert)
        if case is None:
            return None
        verdicts = self._counts.get(case.own, (0, 0))[1]
        return Probability(self.estimate(case), verdicts) if verdicts >= MIN_VERDICTS else None

    def estimate(self, case: Case) -> float:
        """Return the share that is expected to be right, each level's experience weighed against that of the wider."""
        # Nobody knows anything yet: as good right as wrong, worth two verdicts (Laplace).
        right, verdicts = self._counts.get((case.synthetic,), (0, 0))
        value = (right + 1.0) / (verdicts + 2.0)
        for level in case.levels()[1:]:
            right, verdicts = self._counts.get(level, (0, 0))
            value = (right + PRIOR_STRENGTH * value) / (verdicts + PRIOR_STRENGTH)
        return value

    def judged(self, camera_id: str, synthetic: bool, since: datetime) -> int:
        """Return how many verdicts of a camera there are since a time."""
        with self._lock:
            return sum(
                one.at > since and (one.case.camera_id, one.case.synthetic) == (camera_id, synthetic)
                for one in self._verdicts.values()
            )

    def misread_cameras(self, at_least: int) -> Iterator[tuple[str, bool, tuple[Misread, ...], LastTold | None]]:
        """Yield cameras with so many misreads: id, whether made up, misreads by time, and what was told last."""
        with self._lock:
            many = {camera: tuple(ones.values()) for camera, ones in self._misreads.items() if len(ones) >= at_least}
            told = dict(self._told)
        for (camera_id, synthetic), ones in many.items():
            yield (
                camera_id,
                synthetic,
                tuple(sorted(ones, key=lambda one: (one.at, one.read_id))),
                told.get((camera_id, synthetic)),
            )

    def _note_told(self, alert: Alert) -> None:
        camera = (alert.subject, alert.synthetic)
        known = self._told.get(camera)
        if known is not None and known.alert_id != alert.alert_id and known.raised_at > alert.raised_at:
            return
        closed = None if alert.status in ACTIVE_STATUSES else alert.changed_at or alert.raised_at
        self._told[camera] = LastTold(alert.alert_id, alert.raised_at, closed)

    def _keep(self, hit: _Hit, verdict: Verdict) -> None:
        self._verdicts[hit] = verdict
        self._count(verdict, 1)
        if verdict.is_misread:
            camera = (verdict.case.camera_id, verdict.case.synthetic)
            self._misreads.setdefault(camera, {})[hit] = Misread(verdict.at, verdict.read_id)

    def _forget(self, hit: _Hit) -> None:
        verdict = self._verdicts.pop(hit)
        self._count(verdict, -1)
        if verdict.is_misread:
            camera = (verdict.case.camera_id, verdict.case.synthetic)
            del self._misreads[camera][hit]
            if not self._misreads[camera]:
                del self._misreads[camera]

    def _count(self, verdict: Verdict, by: int) -> None:
        for level in verdict.case.levels():
            right, verdicts = self._counts.get(level, (0, 0))
            if verdicts + by:
                self._counts[level] = (right + by * verdict.right, verdicts + by)
            else:
                del self._counts[level]


def case_of(alert: Alert) -> Case | None:
    """Return what decides how likely an alert's hit is right; None for an alert about anything but a listed plate."""
    facts = _match_facts(alert)
    if facts is None or alert.camera_id is None:
        return None
    changes = sorted(one.partition(":")[2] for one in facts.get("substitutions", "").split("; ") if one)
    return Case(alert.camera_id, facts["match"], tuple(changes), alert.synthetic)


def verdict_of(alert: Alert) -> Verdict | None:
    """Return what a person said of an alert's hit; None while nobody did, or "other", which says nothing of it."""
    case = case_of(alert)
    if case is None or not alert.triggers or alert.verdict not in (*CHARACTERS_RIGHT, "misread"):
        return None
    # Where the picture shows what the camera read, the match erred and not the camera.
    erred = alert.verdict == "misread" and alert.true_plate != alert.subject
    return Verdict(
        case=case,
        alert_id=alert.alert_id,
        read_id=alert.triggers[0],
        at=alert.verdict_at or alert.changed_at or alert.raised_at,
        right=alert.verdict in CHARACTERS_RIGHT,
        is_misread=erred,
    )


def _hit_of(alert: Alert) -> _Hit | None:
    facts = _match_facts(alert)
    if facts is None or not alert.triggers:
        return None
    return alert.triggers[0], facts["list_id"], facts["entry_id"]


def _match_facts(alert: Alert) -> dict[str, str] | None:
    if alert.subject_kind != "plate":
        return None
    for one in alert.why:
        if one.kind == "match" and {"match", "list_id", "entry_id"} <= one.facts.keys():
            return one.facts
    return None
