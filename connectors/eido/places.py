"""The locations of an EIDO: what its PIDF-LO documents say, each with its role, and which of them is the call's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from msgspec import Struct
from msgspec.structs import replace

from connectors.eido.parts import Part
from connectors.pidf_lo.locations import Place, read_locations
from connectors.translation import PayloadError
from schemas.eido import LOCATION_ROLES, folded
from schemas.events.emergency_call import CallLocation

#: Places that a call keeps, and characters of their areas: an event has its bounds.
MAX_PLACES = 50
_MAX_SHAPES = 200_000
_ROLES = {folded(name): role for name, role in LOCATION_ROLES.items()}
#: Which roles say where the call is, the best first. A tower, a route or a unit never is the place of the call.
_OF_THE_CALL = ("incident", "initial_incident", "caller")
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


class Told(Struct, frozen=True):
    """One place with the id of the component that told it, and when that was last changed."""

    component: str
    place: Place
    changed_at: datetime


def told_places(document: Part, zone: tzinfo, problems: list[str]) -> list[Told]:
    """Return the places of a document, newest first. What cannot be used is added to ``problems``, by pointer."""
    found: list[Told] = []
    for part in document.parts("locationComponent"):
        role = _ROLES.get(folded(part.text("locationTypeDescriptionRegistryText")), "other")
        changed_at = part.moment("lastUpdateTimeStamp", zone)
        found += [Told(part.id, place, changed_at or _LONG_AGO) for place in _places(part, role, changed_at, problems)]
    found.sort(key=lambda one: one.place.location.at or one.changed_at, reverse=True)
    if len(found) > MAX_PLACES:
        problems.append(f"{document.pointer('locationComponent')}: more than {MAX_PLACES} places, the oldest left out")
    return found[:MAX_PLACES]


def _places(part: Part, role: str, changed_at: datetime | None, problems: list[str]) -> list[Place]:
    described = part.text("locationDescriptionText", limit=500)
    value = part.value("locationByValue")
    places: list[Place] = []
    if isinstance(value, str) and value.strip():
        pointer = part.pointer("locationByValue")
        try:
            read = read_locations(value, role)
        except PayloadError as error:
            problems.append(f"{pointer}: {error.error}: no location was made of it")
        else:
            problems += [f"{pointer}: {problem}" for problem in read.problems]
            places = list(read.places)
    elif part.value("locationByReferenceUrl") is not None:
        problems.append(f"{part.pointer('locationByReferenceUrl')}: given by reference, which is not fetched")
    if not places and described:
        places = [Place(CallLocation(role=role, address=described))]
    made = []
    for place in places:
        location = place.location
        made.append(
            replace(
                place,
                location=replace(location, address=location.address or described, at=location.at or changed_at),
            )
        )
    return made


def of_the_call(told: Sequence[Told]) -> tuple[Place | None, str]:
    """Return the place of the call, None when no location tells it, and its address; the newest of the best role."""
    place: Place | None = None
    address = ""
    for role in _OF_THE_CALL:
        for one in told:
            if one.place.location.role != role:
                continue
            if place is None and one.place.inside is not None:
                place = one.place
            address = address or one.place.location.address
    return place, address


def kept(told: Sequence[Told]) -> tuple[CallLocation, ...]:
    """Return the locations of a call, newest first; areas that would make the event too large are left out."""
    room = _MAX_SHAPES
    made = []
    for one in told:
        room -= len(one.place.location.shape)
        made.append(one.place.location if room >= 0 else replace(one.place.location, shape=""))
    return tuple(made)
