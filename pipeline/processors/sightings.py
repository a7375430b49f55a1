"""Plate reads become sightings: what is this plate wanted for, where is it, what goes on around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from pipeline.metrics import STALE_HITS
from pipeline.outcome import Emit, Outcome
from pipeline.rules import hotlist_hit, stale_list, wanted_near_incident
from pipeline.rules.hotlist_match import NOTHING, match_frame
from pipeline.rules.stale_list import Lists, overdue
from pipeline.state.clocks import Clocks, is_quarantined
from pipeline.state.recent import Recent
from pipeline.state.reference import Reference
from schemas.canary import is_canary
from schemas.envelope import Event
from schemas.event_type import EventType
from schemas.events.alert import ALERT, Alert
from schemas.events.camera import Camera
from schemas.events.canary import CANARY, Canary
from schemas.events.plate_read import PLATE_READ, PlateRead
from schemas.events.sighting import SIGHTING, Hit, Sighting
from schemas.wire.frame import utc_now

#: A wanted plate read again at the same camera within this time of its last read is the same pass.
SAME_PASS = timedelta(seconds=60)


class _Pass(Struct):
    """A wanted vehicle at a camera: the read that raised the alert, and when it was last read."""

    first_read: UUID
    last_seen: datetime


class Sightings:
    """Turns each read into a sighting, and into alerts where it matches a list."""

    name = "sightings"
    consumes: tuple[EventType[Any], ...] = (PLATE_READ,)
    emits: tuple[EventType[Any], ...] = (
        SIGHTING,
        ALERT,
        CANARY,
    )

    def __init__(
        self, reference: Reference, clock: Callable[[], datetime] = utc_now, *, block_stale: bool = False
    ) -> None:
        """``block_stale``: alerts of a list that is older than it may be are closed as they are raised."""
        self._reference = reference
        self._block_stale = block_stale
        self._clock = clock
        self._clocks = Clocks()
        self._passes: Recent[tuple[str, str, str], _Pass] = Recent()

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
        matches = match_frame(events, index, self._reference.in_force)
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
            matched = matches.get(at, NOTHING)
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
                hits=matched.hits,
                attributes=matched.attributes,
                incidents=()
                if lat is None or lon is None or is_quarantined(skews[at])
                else incidents.near(lat, lon, read.occurred_at),
                is_preview=read.is_preview,
                track_id=read.track_id,
                clock_skew_s=skews[at],
            )
            if sighting.hits and not read.is_preview:
                place = camera.name if camera is not None else f"camera {read.camera_id}"
                outcomes.append(Emit((sighting, *self._alerts(sighting, place, now))))
            else:
                outcomes.append(Emit((sighting,)))
        return outcomes

    def _alerts(self, sighting: Sighting, place: str, now: datetime) -> tuple[Event, ...]:
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
        return tuple(alert for alert in alerts if alert.alert_id not in self._reference.alerts)

    def _begins_pass(self, hit: Hit, sighting: Sighting, *, blocked: bool) -> bool:
        """Return whether this read is the first of a pass. The first read itself, sent again, is so again.

        A pass whose alert is blocked is another one: when the block ends, the vehicle is told of.
        """
        key = (hit.list_id, f"{hit.entry_id}\0" if blocked else hit.entry_id, sighting.camera_id)
        known = self._passes.get(key)
        if known is None or abs(sighting.occurred_at - known.last_seen) > SAME_PASS:
            self._passes.keep(key, _Pass(sighting.event_id, sighting.occurred_at))
            return True
        known.last_seen = max(known.last_seen, sighting.occurred_at)
        return known.first_read == sighting.event_id


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


def _moves(camera: Camera | None) -> bool:
    return camera is None or camera.kind == "mobile_lpr"


def _any_limit(lists: Lists) -> bool:
    return any(manifest.max_age_s is not None for manifest in lists.values())


def _with_hits(sighting: Sighting, hits: tuple[Hit, ...]) -> Sighting:
    return replace(sighting, hits=hits)
