"""Who may see what: alerts and hits of restricted list entries reach only those who are named for them, people of some
agencies are shown what is these agencies', and people of some areas what lies in them.

Headers say who asks: those that the gate puts on each request when people have accounts (access/gate.py), or those of a
proxy in front that asks who somebody is. Without either all who reach the page are one trusted audience.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import compress
from typing import Any, Protocol
from urllib.parse import quote, unquote

from msgspec import Struct
from msgspec.structs import replace
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request

from schemas.audience import names_of
from schemas.envelope import Event
from schemas.event_type import EventType
from schemas.events.alert import ALERT, Alert
from schemas.events.canary import CANARY
from schemas.events.hotlist import HOTLIST, Hotlist
from schemas.events.hotlist_entry import RESTRICTED
from schemas.events.map_layer import MAP_LAYER
from schemas.events.sighting import SIGHTING, Sighting

#: Types of events of which some, or some in them, are not for everybody.
FOR_SOME = (ALERT, SIGHTING, HOTLIST)
#: Types of events that are of no place, and that people of some areas are shown all the same: what the map is drawn of,
#: what lists there are and how old, and whether made-up reads come through. What else has no place is kept from them.
OF_NO_PLACE = (HOTLIST, MAP_LAYER, CANARY)


class Audience(Struct, frozen=True):
    """What somebody may see. ``names``: the audiences he is in; None: all lists are shown to him. ``agencies``: whose
    events (their jurisdiction) are shown to him; None: all. ``areas``: ids of the zones that what is shown to him lies
    in; None: it may lie anywhere."""

    names: frozenset[str] | None
    agencies: frozenset[str] | None = None
    areas: frozenset[str] | None = None

    @property
    def sees_everything(self) -> bool:
        """Return whether nothing is kept from them."""
        return self.names is None and not self.is_limited

    @property
    def is_limited(self) -> bool:
        """Return whether whole things are kept from them for whose or where they are."""
        return self.agencies is not None or self.areas is not None

    def sees_all_of(self, kind: EventType[Any]) -> bool:
        """Return whether every event of this type is shown to them as it is."""
        if kind is MAP_LAYER:
            return True
        if self.agencies is not None or (self.areas is not None and kind not in OF_NO_PLACE):
            return False
        return self.names is None or kind not in FOR_SOME

    def is_of(self, jurisdiction: str) -> bool:
        """Return whether what is this agency's is shown to them."""
        return self.agencies is None or jurisdiction in self.agencies

    def may_see(self, audience: str) -> bool:
        """Return whether they may see what is for this audience (schemas/audience.py); "" is for everybody."""
        return not audience or self.names is None or not self.names.isdisjoint(names_of(audience))

    @property
    def seen(self) -> Sequence[str] | None:
        """Return the audiences they may see, with "" for everybody's; None: all there are."""
        return None if self.names is None else ["", *sorted(self.names)]


def seen_names(names: Collection[str], known: Collection[str]) -> frozenset[str] | None:
    """Return which of the audiences that there are somebody is in; None: all, so that nothing is kept from them."""
    seen = frozenset(names) & frozenset(known)
    return None if seen and len(seen) == len(frozenset(known)) else seen


#: What is said instead of naming agencies, or areas.
ALL_AGENCIES = ALL_AREAS = "*"
#: What anybody may see.
EVERYBODY = Audience(names=frozenset())
#: Nothing is kept from these.
WHOLE = Audience(names=None)


class Areas(Protocol):
    """Tells where things are (areas.py)."""

    def hold(self, zones: frozenset[str], events: Sequence[Event]) -> Sequence[bool]:
        """Return for each event whether its place lies in one of these zones."""
        ...

    def hold_places(self, zones: frozenset[str], places: Sequence[tuple[float, float] | None]) -> Sequence[bool]:
        """Return the same for places: latitude and longitude, degrees."""
        ...

    def box(self, zones: frozenset[str]) -> tuple[float, float, float, float] | None:
        """Return west, south, east, north of all these zones together; None when there is nothing of them."""
        ...


class Nowhere:
    """Areas where no zone is known: nothing lies in any."""

    def hold(self, zones: frozenset[str], events: Sequence[Event]) -> Sequence[bool]:
        """As in the protocol."""
        return [False] * len(events)

    def hold_places(self, zones: frozenset[str], places: Sequence[tuple[float, float] | None]) -> Sequence[bool]:
        """As in the protocol."""
        return [False] * len(places)

    def box(self, zones: frozenset[str]) -> None:
        """As in the protocol."""


NOWHERE = Nowhere()


class Audiences:
    """Reads from a request's headers who may see what.

    ``header``: the one in which the proxy names audiences, separated by commas; "": nobody is kept from anything.
    ``known``: the audiences there are. Other names are passed over, so that a proxy may send all groups of a person;
    who is in all that are known sees everything.
    """

    def __init__(
        self,
        header: str = "",
        known: Collection[str] = (RESTRICTED,),
        agency_header: str = "",
        area_header: str = "",
        areas: Areas = NOWHERE,
    ) -> None:
        """``agency_header``: the one that names the agencies, or says ALL_AGENCIES; "": nobody is limited to some.
        ``area_header``: likewise for areas (``area_line``), which ``areas`` knows."""
        self._header = header
        self._agency_header = agency_header
        self._area_header = area_header
        self.areas = areas
        self._known = frozenset(known)

    def of(self, headers: Headers) -> Audience:
        """Return the audience of who asks. A header that is missing, or sent more than once, names none."""
        if not self._header:
            return WHOLE
        said = headers.getlist(self._header)
        areas = _limits(headers, self._area_header)
        return Audience(
            names=seen_names(names_of(said[0]) if len(said) == 1 else (), self._known),
            agencies=_limits(headers, self._agency_header),
            areas=None if areas is None else frozenset(map(unquote, areas)),
        )

    def shows(self, audience: Audience, event: Event) -> bool:
        """Return whether an event is shown to an audience by whose it is and where."""
        if not audience.is_of(event.jurisdiction):
            return False
        return audience.areas is None or self.areas.hold(audience.areas, [event])[0]

    def require_all(self, request: Request) -> None:
        """Let only those go on who may see everything. Raises HTTPException 403.

        For what cannot be sorted: answers to any question, refused bytes, whole tables.
        """
        if not self.of(request.headers).sees_everything:
            raise HTTPException(
                403,
                "This shows restricted lists, all agencies and all areas: only those who may see all of them may ask.",
            )


def area_line(zones: Collection[str]) -> str:
    """Return how a header names zones: their ids may have any character."""
    return ",".join(sorted(quote(zone, safe="") for zone in zones))


def _limits(headers: Headers, name: str) -> frozenset[str] | None:
    if not name:
        return None
    said = headers.getlist(name)
    if said == [ALL_AGENCIES]:
        return None
    return names_of(said[0]) if len(said) == 1 else frozenset()


class Sight(Struct, frozen=True):
    """What an audience sees of the estate."""

    audience: Audience
    areas: Areas = NOWHERE

    def of(self, kind: EventType[Any], events: Sequence[Event]) -> Sequence[Event]:
        """Return what it may see of events of one type."""
        return as_seen_by(self.audience, kind, events, self.areas)

    def is_whole(self, kind: EventType[Any]) -> bool:
        """Return whether nothing of this type is kept from it."""
        return self.audience.sees_all_of(kind)


def as_seen_by(
    audience: Audience, kind: EventType[Any], events: Sequence[Event], areas: Areas = NOWHERE
) -> Sequence[Event]:
    """Return what an audience may see of events of one type: no alert, list or hit that is for others, nothing that is
    another agency's but the map, and nothing that lies outside of its areas."""
    if audience.sees_all_of(kind):
        return events
    if audience.agencies is not None:
        events = [event for event in events if audience.is_of(event.jurisdiction)]
    if audience.areas is not None and kind not in OF_NO_PLACE:
        events = list(compress(events, areas.hold(audience.areas, events)))
    if kind not in FOR_SOME or audience.names is None:
        return events
    return list(_seen(audience, events))


def _seen(audience: Audience, events: Sequence[Event]) -> Iterator[Event]:
    for event in events:
        match event:
            case Alert() | Hotlist() if not audience.may_see(event.audience):
                continue
            case Sighting() if event.audiences:
                yield _sighting_seen(audience, event)
            case _:
                yield event


def _sighting_seen(audience: Audience, sighting: Sighting) -> Sighting:
    """Return a sighting as if the entries that others only may see were on no list."""
    pairs = list(zip(sighting.hits, sighting.audiences, strict=True))
    seen = [(hit, named) for hit, named in pairs if audience.may_see(named)]
    if len(seen) == len(pairs):
        return sighting
    kept = {(hit.list_id, hit.entry_id) for hit, _ in seen}
    attributes = tuple(one for one in sighting.attributes if (one.list_id, one.entry_id) in kept)
    audiences = tuple(named for _, named in seen)
    return replace(
        sighting,
        hits=tuple(hit for hit, _ in seen),
        attributes=attributes,
        audiences=audiences if any(audiences) else (),
        # Readings are kept of what led to a hit: without one they would tell that there was one.
        variants=sighting.variants if seen else (),
    )
