"""Who may see what: alerts and hits of restricted list entries reach only those who are named for them, and people of
some agencies are shown what is these agencies'.

Headers say who asks: those that the gate puts on each request when people have accounts (access/gate.py), or those of a
proxy in front that asks who somebody is. Without either all who reach the page are one trusted audience.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request

from schemas.audience import names_of
from schemas.envelope import Event
from schemas.event_type import EventType
from schemas.events.alert import ALERT, Alert
from schemas.events.hotlist import HOTLIST, Hotlist
from schemas.events.hotlist_entry import RESTRICTED
from schemas.events.map_layer import MAP_LAYER
from schemas.events.sighting import SIGHTING, Sighting

#: Types of events of which some, or some in them, are not for everybody.
FOR_SOME = (ALERT, SIGHTING, HOTLIST)


class Audience(Struct, frozen=True):
    """What somebody may see. ``names``: the audiences he is in; None: all lists are shown to him. ``agencies``: whose
    events (their jurisdiction) are shown to him; None: all."""

    names: frozenset[str] | None
    agencies: frozenset[str] | None = None

    @property
    def sees_everything(self) -> bool:
        """Return whether nothing is kept from them."""
        return self.names is None and self.agencies is None

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


#: What is said instead of naming agencies.
ALL_AGENCIES = "*"
#: What anybody may see.
EVERYBODY = Audience(names=frozenset())
#: Nothing is kept from these.
WHOLE = Audience(names=None)


class Audiences:
    """Reads from a request's headers who may see what.

    ``header``: the one in which the proxy names audiences, separated by commas; "": nobody is kept from anything.
    ``known``: the audiences there are. Other names are passed over, so that a proxy may send all groups of a person;
    who is in all that are known sees everything.
    """

    def __init__(self, header: str = "", known: Collection[str] = (RESTRICTED,), agency_header: str = "") -> None:
        """``agency_header``: the one that names the agencies, or says ALL_AGENCIES; "": nobody is limited to some."""
        self._header = header
        self._agency_header = agency_header
        self._known = frozenset(known)

    def of(self, headers: Headers) -> Audience:
        """Return the audience of who asks. A header that is missing, or sent more than once, names none."""
        if not self._header:
            return WHOLE
        said = headers.getlist(self._header)
        names = names_of(said[0]) & self._known if len(said) == 1 else frozenset[str]()
        return Audience(names=None if names and names == self._known else names, agencies=self._agencies(headers))

    def _agencies(self, headers: Headers) -> frozenset[str] | None:
        if not self._agency_header:
            return None
        said = headers.getlist(self._agency_header)
        if said == [ALL_AGENCIES]:
            return None
        return names_of(said[0]) if len(said) == 1 else frozenset()

    def require_all(self, request: Request) -> None:
        """Let only those go on who may see everything. Raises HTTPException 403.

        For what cannot be sorted: answers to any question, refused bytes, whole tables.
        """
        if not self.of(request.headers).sees_everything:
            raise HTTPException(
                403, "This shows restricted lists and all agencies: only those who may see all of them may ask."
            )


def as_seen_by(audience: Audience, kind: EventType[Any], events: Sequence[Event]) -> Sequence[Event]:
    """Return what an audience may see of events of one type: no alert, list or hit that is for others, and nothing that
    is another agency's but the map."""
    if audience.agencies is not None and kind is not MAP_LAYER:
        events = [event for event in events if audience.is_of(event.jurisdiction)]
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
