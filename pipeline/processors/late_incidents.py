"""A wanted plate was read near an incident that this worker came to know of only afterwards.

A call takes one hop more than a read (docs/adr/0014-one-writer-of-incidents.md), and any call may be held up. So wanted
vehicles just read are looked at again when incidents change: the alert is the one that the read would have raised.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from pipeline.rules import wanted_near_incident
from pipeline.rules.calibration import calibrated
from pipeline.rules.plate_alert import LATE_AFTER, is_late
from pipeline.rules.stale_list import overdue
from pipeline.state.clocks import is_quarantined
from pipeline.state.recent import Recent, SaidLately
from pipeline.state.reference import Reference
from pipeline.state.vehicle_pass import Seen, VehiclePass
from schemas.events.alert import Alert
from schemas.events.sighting import Hit, Sighting

#: Wanted vehicles that are looked at again, at most: the newest.
MOST_WAITING = 5_000


class LateIncidents:
    """Keeps the first sighting of each pass of a wanted vehicle that no incident was near, for ``LATE_AFTER``.

    ``block_stale``: as for the sightings; what is blocked there raises nothing here either.
    """

    def __init__(
        self, reference: Reference, *, block_stale: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._reference = reference
        self._block_stale = block_stale
        self._clock = clock
        self._passes: Recent[tuple[str, str, str], VehiclePass] = Recent()
        self._waiting: OrderedDict[tuple[str, str, str], tuple[Sighting, Hit]] = OrderedDict()
        self._said: SaidLately[UUID] = SaidLately()
        self._changes = -1

    def note(self, sighting: Sighting) -> None:
        """Take a sighting in, in the order of its plate; also one that was judged by another worker."""
        if not sighting.hits or sighting.is_preview or sighting.is_noise or is_late(sighting):
            return
        if sighting.clock_skew_s is not None and is_quarantined(sighting.clock_skew_s):
            return
        seen = Seen(sighting.event_id, sighting.occurred_at, sighting.is_parked, sighting.track_id)
        for hit in sighting.hits:
            key = (hit.list_id, hit.entry_id, sighting.camera_id)
            known = self._passes.get(key)
            begins = known is None or known.take(seen)
            self._passes.keep(key, VehiclePass.of(seen) if known is None else known)
            if begins and not sighting.incidents:
                self._waiting[key] = (sighting, hit)
                self._changes = -1
        while len(self._waiting) > MOST_WAITING:
            self._waiting.popitem(last=False)

    def tick(self, now: datetime) -> list[Alert]:
        """Return the alerts that are due since incidents changed. Asked every second."""
        for key in [key for key, (one, _) in self._waiting.items() if now - one.observed_at > LATE_AFTER]:
            del self._waiting[key]
        incidents = self._reference.incidents
        changes = incidents.changes
        if changes == self._changes:
            return []
        due = []
        for sighting, hit in list(self._waiting.values()):
            if sighting.lat is not None and sighting.lon is not None:
                near = incidents.near(sighting.lat, sighting.lon, sighting.occurred_at)
                due += self._alerts(replace(sighting, incidents=near), hit, now) if near else []
        # What the log does not show yet is looked at again: whoever took it may have been killed.
        self._changes = changes if not due else -1
        return [alert for alert in due if self._said.may_say(alert.alert_id, self._clock())]

    def _alerts(self, sighting: Sighting, hit: Hit, now: datetime) -> list[Alert]:
        lists = self._reference.hotlists.in_force
        if self._block_stale and overdue(hit, lists, now) is not None:
            return []
        camera = self._reference.cameras.by_id.get(sighting.camera_id)
        place = camera.name if camera is not None else f"camera {sighting.camera_id}"
        at = sighting.hits.index(hit)
        one = replace(sighting, hits=(hit,), audiences=sighting.audiences[at : at + 1])
        return [
            calibrated(alert, self._reference.confusions)
            for alert in wanted_near_incident.evaluate(one, place, now, lists)
            if alert.alert_id not in self._reference.alerts
        ]
