"""Plate reads become sightings: what is this plate wanted for, where is it, what goes on around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from pipeline.metrics import STALE_HITS
from pipeline.outcome import Emit, Outcome
from pipeline.rules import hotlist_hit, noise_hit, stale_list, wanted_near_incident
from pipeline.rules.calibration import calibrated
from pipeline.rules.hotlist_match import NOTHING, match_frame
from pipeline.rules.plate_alert import is_late
from pipeline.rules.plate_vote import Looks
from pipeline.rules.stale_list import Lists, overdue
from pipeline.state.clocks import Clocks, is_quarantined
from pipeline.state.recent import Recent
from pipeline.state.reference import Reference
from pipeline.state.vehicle_pass import Seen, VehiclePass
from schemas.audience import widest
from schemas.canary import is_canary
from schemas.envelope import Event
from schemas.event_type import EventType
from schemas.events.alert import ALERT, Alert, Evidence
from schemas.events.camera import Camera
from schemas.events.canary import CANARY, Canary
from schemas.events.image import IMAGE, Image, wanted_id
from schemas.events.plate_noise import noise_id
from schemas.events.plate_read import PLATE_READ, PlateRead
from schemas.events.sighting import SIGHTING, Hit, Sighting, audience_of
from schemas.wire.frame import utc_now

#: Returns where vehicles that pass this camera are seen next; nothing while too little is known.
NextSeen = Callable[[str], tuple[Evidence, ...]]


class Sightings:
    """Turns each read into a sighting, and into alerts where it matches a list."""

    name = "sightings"
    consumes: tuple[EventType[Any], ...] = (PLATE_READ,)
    emits: tuple[EventType[Any], ...] = (
        SIGHTING,
        ALERT,
        CANARY,
        IMAGE,
    )

    def __init__(
        self,
        reference: Reference,
        clock: Callable[[], datetime] = utc_now,
        *,
        block_stale: bool = False,
        next_seen: NextSeen | None = None,
        want_images: bool = False,
    ) -> None:
        """``block_stale``: alerts of a list that is older than it may be are closed as they are raised.

        ``next_seen``: where vehicles that pass a camera are seen next, as a reason beside the others.
        ``want_images``: the pictures of reads that raise an alert are to be fetched.
        """
        self._next_seen = next_seen
        self._reference = reference
        self._block_stale = block_stale
        self._want_images = want_images
        self._clock = clock
        self._clocks = Clocks()
        self._looks = Looks()
        self._passes: Recent[tuple[str, str, str], VehiclePass] = Recent()
        #: The read that a listed text which is noise was told of, by entry, camera and day.
        self._noise_told: Recent[tuple[str, str, str, int], UUID] = Recent()

    def process(self, kind: EventType[Any], events: Sequence[PlateRead], partition: int) -> Sequence[Outcome]:
        """Return a sighting for each read, followed by its alerts."""
        now = self._clock()
        # Taken once: a swap in the middle of a frame must not mix two versions of a list or of the zones.
        cameras, zones, index = self._reference.cameras, self._reference.zones, self._reference.hotlists.index
        incidents = self._reference.incidents
        # Readers that move, or that nobody registered, are where their read says; their zones are looked up at once.
        moved = {
            at: (read.lat, read.lon)
            for at, read in enumerate(events)
            if read.lat is not None and read.lon is not None and _moves(cameras.by_id.get(read.camera_id))
        }
        held = zones.containing([lat for lat, _ in moved.values()], [lon for _, lon in moved.values()])
        zones_of_moved = dict(zip(moved, held, strict=True))
        votes = self._looks.votes(events)
        matches = match_frame(events, index, self._reference.in_force, votes)
        noise = self._reference.noise.texts
        skews = self._clocks.skews(events)
        outcomes: list[Outcome] = []
        for at, read in enumerate(events):
            if is_canary(read):
                outcomes.append(Emit((_canary(read, now),)))
                continue
            camera = cameras.by_id.get(read.camera_id)
            if at in moved or camera is None:
                lat, lon, inside = read.lat, read.lon, zones_of_moved.get(at, ())
            else:
                lat, lon, inside = camera.lat, camera.lon, cameras.zones_of[read.camera_id]
            matched, skew = matches.get(at, NOTHING), skews[at]
            sighting = Sighting(
                event_id=read.event_id,
                occurred_at=read.occurred_at,
                observed_at=read.observed_at,
                source=read.source,
                jurisdiction=read.jurisdiction,
                synthetic=read.synthetic,
                camera_id=read.camera_id,
                plate=read.plate,
                plate_region=read.plate_region,
                confidence=read.confidence,
                lat=lat,
                lon=lon,
                heading_deg=read.heading_deg,
                zones=inside,
                incidents=()
                if lat is None or lon is None or is_quarantined(skew)
                else incidents.near(lat, lon, read.occurred_at),
            )
            # What most reads do not have is added after: CPython passes more than 15 names by a dictionary, which
            # makes the call four times as dear.
            is_noise = bool(noise) and (read.camera_id, read.plate) in noise
            if matched is not NOTHING or skew is not None or is_noise or _has_more(read):
                sighting = replace(
                    sighting,
                    hits=matched.hits,
                    attributes=matched.attributes,
                    is_preview=read.is_preview,
                    track_id=read.track_id,
                    clock_skew_s=skew,
                    is_parked=read.is_parked,
                    is_noise=is_noise,
                    variants=votes[at].readings if matched.hits and at in votes else (),
                    audiences=matched.audiences,
                )
            if sighting.hits and not read.is_preview:
                place = camera.name if camera is not None else f"camera {read.camera_id}"
                raised = self._noise_alerts if sighting.is_noise else self._alerts
                outcomes.append(Emit((sighting, *raised(sighting, read, place, now))))
            else:
                outcomes.append(Emit((sighting,)))
        return outcomes

    def _alerts(self, sighting: Sighting, read: PlateRead, place: str, now: datetime) -> tuple[Event, ...]:
        lists = self._reference.hotlists.in_force
        stale = {hit for hit in sighting.hits if overdue(hit, lists, now) is not None} if _any_limit(lists) else set()
        if stale:
            STALE_HITS.labels("blocked" if self._block_stale else "lowered").inc(len(stale))
        blocked = stale if self._block_stale else set()
        fresh = tuple(hit for hit in sighting.hits if self._begins_pass(hit, sighting, blocked=hit in blocked))
        if not fresh:
            return ()
        due = sighting if len(fresh) == len(sighting.hits) else _with_hits(sighting, fresh)
        alerts: tuple[Alert, ...]
        if blocked:
            kept = tuple(hit for hit in fresh if hit in blocked)
            due = _with_hits(sighting, tuple(hit for hit in fresh if hit not in blocked))
            alerts = tuple(
                stale_list.blocked(alert)
                for alert in hotlist_hit.evaluate(_with_hits(sighting, kept), place, now, lists)
            )
        else:
            alerts = ()
        alerts = (
            *alerts,
            *hotlist_hit.evaluate(due, place, now, lists),
            *wanted_near_incident.evaluate(due, place, now, lists),
        )
        # One that is in the log already was raised by the express lane, or before a crash: raised again it would, in a
        # compacted topic, take the place of what a person has done with it since.
        # The picture, though, is wanted whoever raised the alert: the event is the same each time.
        images = (_image(read, fresh, sighting, now),) if self._want_images and read.image_ref else ()
        said = tuple(
            calibrated(alert, self._reference.confusions)
            for alert in alerts
            if alert.alert_id not in self._reference.alerts
        )
        ahead = self._next_seen(sighting.camera_id) if said and self._next_seen and not is_late(sighting) else ()
        if ahead:
            said = tuple(replace(alert, why=(*alert.why, *ahead)) for alert in said)
        return (*said, *images)

    def _begins_pass(self, hit: Hit, sighting: Sighting, *, blocked: bool) -> bool:
        """Return whether this read is the first of a pass. The first read itself, sent again, is so again.

        A pass whose alert is blocked is another one: when the block ends, the vehicle is told of.
        """
        key = (hit.list_id, f"{hit.entry_id}\0" if blocked else hit.entry_id, sighting.camera_id)
        seen = Seen(sighting.event_id, sighting.occurred_at, sighting.is_parked, sighting.track_id)
        known = self._passes.get(key)
        if known is None:
            self._passes.keep(key, VehiclePass.of(seen))
            return True
        # Kept anew: a car that stands there all day must not be forgotten for those that went by meanwhile.
        self._passes.keep(key, known)
        return known.take(seen)

    def _noise_alerts(self, sighting: Sighting, read: PlateRead, place: str, now: datetime) -> tuple[Event, ...]:
        """A listed text that is noise here is never silenced in silence: it is told once a day."""
        fresh = tuple(hit for hit in sighting.hits if self._is_first_today(hit, sighting))
        if not fresh:
            return ()
        known = self._reference.noise.of(noise_id(sighting.camera_id, sighting.plate))
        alerts = noise_hit.evaluate(_with_hits(sighting, fresh), known, place, now, self._reference.hotlists.in_force)
        return tuple(alert for alert in alerts if alert.alert_id not in self._reference.alerts)

    def _is_first_today(self, hit: Hit, sighting: Sighting) -> bool:
        key = (hit.list_id, hit.entry_id, sighting.camera_id, sighting.occurred_at.toordinal())
        first = self._noise_told.get(key)
        if first is None:
            self._noise_told.keep(key, sighting.event_id)
        return first is None or first == sighting.event_id


def _canary(read: PlateRead, now: datetime) -> Canary:
    return Canary(
        event_id=read.event_id,
        occurred_at=read.occurred_at,
        observed_at=read.observed_at,
        source=read.source,
        jurisdiction=read.jurisdiction,
        synthetic=True,
        plate=read.plate,
        processed_at=now,
    )


def _image(read: PlateRead, hits: tuple[Hit, ...], sighting: Sighting, now: datetime) -> Image:
    # For everybody if any of the alerts is: whoever may see that alert may see what it is about.
    audiences = {audience_of(sighting, hit) for hit in hits}
    return Image(
        event_id=wanted_id(read.event_id),
        occurred_at=read.occurred_at,
        observed_at=now,
        source="processor/sightings",
        jurisdiction=read.jurisdiction,
        synthetic=read.synthetic,
        read_id=read.event_id,
        camera_id=read.camera_id,
        image_ref=read.image_ref or "",
        expires_at=read.image_expires_at,
        audience=widest(audiences),
    )


def _has_more(read: PlateRead) -> bool:
    """Return whether a read says what few do of its vehicle, and a sighting keeps."""
    return read.track_id is not None or read.is_preview or read.is_parked


def _moves(camera: Camera | None) -> bool:
    return camera is None or camera.kind == "mobile_lpr"


def _any_limit(lists: Lists) -> bool:
    return any(manifest.max_age_s is not None for manifest in lists.values())


def _with_hits(sighting: Sighting, hits: tuple[Hit, ...]) -> Sighting:
    audiences = tuple(audience_of(sighting, hit) for hit in hits) if sighting.audiences else ()
    return replace(sighting, hits=hits, audiences=audiences)
