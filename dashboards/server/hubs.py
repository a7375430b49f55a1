"""One hub for each view of the log: the whole of it, and one for each set of audiences, agencies and areas of somebody
here.

What may not be seen never enters the hub of those who may not see it. So no snapshot, delta, count or resume of theirs
can tell of it, and rows are still encoded once for all who share a view. A view is made of the whole when the first
page with its set of audiences comes, and let go when nobody has looked at it for a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import structlog
from msgspec import Struct

from dashboards.server.areas import MOBILE, ZoneAreas
from dashboards.server.audience import Audience, Sight
from dashboards.server.hub import BATCH_S, Hub, HubFullError
from dashboards.server.presence import Presence
from schemas import tracing
from schemas.envelope import Event
from schemas.event_type import EventType
from schemas.events.camera import CAMERA
from schemas.events.zone import ZONE

#: Views besides the whole. Each folds the log once more.
MOST_VIEWS = 16
#: A view that nobody looks at is kept so long, seconds: a page that comes again goes on where it was.
KEPT_S = 120.0
#: When zones or cameras change, views by area are made anew this often at most, seconds: each screen begins anew.
ANEW_EVERY_S = 1.0
#: Pages are told who else is there so often, seconds.
PRESENCE_S = 1.0

_log = structlog.get_logger(__name__)


class _View(Struct):
    audience: Audience
    hub: Hub
    wanted_at: float
    made_at: float
    is_outdated: bool = False


class Hubs:
    """Tells each hub what it may know. ``most``: views at once besides the whole."""

    def __init__(self, whole: Hub, *, most: int = MOST_VIEWS) -> None:
        self.whole = whole
        self._most = most
        self._views: dict[Audience, _View] = {}
        self.areas = ZoneAreas(whole.row)
        #: Who has which incident open, over all views.
        self.presence = Presence()
        self._presence_at = float("-inf")

    def of(self, audience: Audience) -> Hub:
        """Return the hub for this audience, made now if there is none.

        Raises HubFullError when as many pages are connected as one hub takes, or as many views are looked at as may be.
        """
        if sum(hub.clients for hub in self.all) >= self.whole.max_clients:
            raise HubFullError
        if audience.sees_everything:
            return self.whole
        now = self.whole.mono()
        view = self._views.get(audience)
        if view is None:
            self._make_room()
            hub = self.whole.seen_by(Sight(audience, self.areas))
            view = self._views[audience] = _View(audience, hub, wanted_at=now, made_at=now)
        view.wanted_at = now
        return view.hub

    def offer(
        self,
        kind: EventType[Any],
        events: Sequence[Event],
        at: float,
        *,
        logged_at: float | None = None,
        span: tracing.Span | None = None,
    ) -> None:
        """As ``Hub.offer``. How long things take is measured once, at the whole."""
        outdated = self._outdated_by(kind, events)
        self.whole.offer(kind, events, at, logged_at=logged_at, span=span)
        for view in self._views.values():
            view.is_outdated |= view.audience in outdated
            view.hub.offer(kind, events, at)

    def pass_over(self, kind: EventType[Any], count: int) -> None:
        """As ``Hub.pass_over``."""
        for hub in self.all:
            hub.pass_over(kind, count)

    def caught_up(self) -> None:
        """As ``Hub.caught_up``."""
        self.whole.caught_up()
        for view in self._views.values():
            if view.audience.areas is not None:
                # Its zones may have come after what lies in them.
                self._make_anew(view)
            view.hub.caught_up()

    def delayed(self, behind: Mapping[str, float]) -> None:
        """As ``Hub.delayed``."""
        for hub in self.all:
            hub.delayed(behind)

    @property
    def all(self) -> Sequence[Hub]:
        """All hubs there are."""
        return [self.whole, *(view.hub for view in self._views.values())]

    def tick(self) -> None:
        """Do one round of every hub, and let go of views that nobody has looked at for KEPT_S."""
        now = self.whole.mono()
        for hub in self.all:
            try:
                hub.tick()
            except Exception:
                # One bad round must not leave every screen silent; the next one starts from state that is whole.
                _log.exception("hub_round_failed")
        if now - self._presence_at >= PRESENCE_S:
            self._presence_at = now
            try:
                self.presence.tell()
            except Exception:
                _log.exception("telling_presence_failed")  # of all that is told it matters least
        for audience, view in list(self._views.items()):
            if view.is_outdated and self.whole.is_caught_up and now - view.made_at >= ANEW_EVERY_S:
                self._make_anew(view)
            if view.hub.clients:
                view.wanted_at = now
            elif now - view.wanted_at > KEPT_S:
                del self._views[audience]

    async def run(self) -> None:
        """Do the rounds until cancelled."""
        while True:
            self.tick()
            await asyncio.sleep(BATCH_S)

    def _outdated_by(self, kind: EventType[Any], events: Sequence[Event]) -> Collection[Audience]:
        """Return whose views by area do not hold any more after these events: a zone of theirs has changed, or a camera
        is elsewhere now, so that what is known of it is."""
        limited = {audience: audience.areas for audience in self._views if audience.areas is not None}
        if not limited:
            return ()
        if kind is ZONE:
            changed = {kind.key_of(event) for event in events}
            return {audience for audience, areas in limited.items() if not areas.isdisjoint(changed)}
        if kind is CAMERA and any(self._has_moved(event) for event in events):
            return limited.keys()
        return ()

    def _has_moved(self, event: Any) -> bool:
        place = self.areas.camera_place(event.camera_id)
        return event.kind != MOBILE and place != (None if event.removed else (event.lat, event.lon))

    def _make_anew(self, view: _View) -> None:
        view.is_outdated, view.made_at = False, self.whole.mono()
        view.hub.look_anew(self.whole)

    def _make_room(self) -> None:
        if len(self._views) < self._most:
            return
        idle = [(view.wanted_at, audience) for audience, view in self._views.items() if not view.hub.clients]
        if not idle:
            raise HubFullError
        del self._views[min(idle, key=lambda one: one[0])[1]]
