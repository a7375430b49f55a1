"""Whether somebody may see what he would be told of: asked of his account as his screens ask it, each time anew."""

from __future__ import annotations

import threading
from collections.abc import Collection
from typing import Protocol

from compose.accounts.devices import Receiver
from compose.notify.web_push.told import Told, is_of_incident
from dashboards.server.access.rights import CHANNEL_RIGHTS
from dashboards.server.areas import ZoneAreas
from dashboards.server.audience import Audience, seen_names

#: It is not known yet where zones and cameras are: nobody of some areas is told until it is.
PLACES_UNKNOWN = "places_unknown"


class Places(Protocol):
    """Where zones and cameras are (places.py). ``are_known``: what there is was read."""

    are_known: bool

    def row(self, channel: str, key: str) -> bytes | None:
        """Return the newest state of a thing, as the hub has it."""
        ...


class Sight:
    """``audiences``: all there are. ``places``: where zones and cameras are."""

    def __init__(self, audiences: Collection[str], places: Places) -> None:
        self._audiences = audiences
        self._places = places
        self._areas = ZoneAreas(places.row)
        self._one_at_a_time = threading.Lock()

    def why_not(self, receiver: Receiver, told: Told) -> str:
        """Return why somebody is not told of this, as a word; "" when he is."""
        if CHANNEL_RIGHTS["incidents" if is_of_incident(told) else "alerts"] not in receiver.rights:
            return "role"
        audience = Audience(
            names=None if receiver.audiences is None else seen_names(receiver.audiences, self._audiences),
            agencies=None if receiver.agencies is None else frozenset(receiver.agencies),
            areas=None if receiver.areas is None else frozenset(receiver.areas),
        )
        if not audience.is_of(told.jurisdiction):
            return "agency"
        if not audience.may_see(told.audience):
            return "audience"
        if audience.areas is None:
            return ""
        if not self._places.are_known:
            return PLACES_UNKNOWN
        with self._one_at_a_time:
            return "" if self._areas.hold_places(audience.areas, [self._place_of(told)])[0] else "area"

    def _place_of(self, told: Told) -> tuple[float, float] | None:
        if told.lat is not None and told.lon is not None:
            return told.lat, told.lon
        return self._areas.camera_place(told.camera_id) if told.camera_id else None
