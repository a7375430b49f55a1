"""CAD events to calls. Pure: the same bytes and map give the same events, ids included.

An event is a call as it stands now. All that are active may be posted at once; the edge ends what is then missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cache
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec.structs import replace

from connectors.cad.word_map import STANDARD, WordMap, built_in, of_copy
from connectors.call_ids import scoped
from connectors.call_kinds import category
from connectors.coordinates import usable
from connectors.lpr import moment_of_epoch_ms, moment_of_iso
from connectors.members import Members
from connectors.note_text import fitting, plain
from connectors.payload import decode, split_parts
from connectors.phone import number
from connectors.plate_origin import origin
from connectors.translation import Context, Ignored, PayloadError, Refused, Snapshot, Translation
from schemas.events.emergency_call import CallLocation, CallNote, CallUnit, CallVehicle, EmergencyCall
from schemas.events.person import Person
from schemas.identity import identity
from schemas.plate import normalise

#: A snapshot cannot be sent in pieces, so it may hold more than other payloads.
MAX_ACTIVE = 10_000
_any = msgspec.json.Decoder(Any)
_NO_ID = identity("emergency_call", "")


def translator(maps: Mapping[str, WordMap]) -> Callable[[bytes, str, Context], Translation]:
    """Return a translator that finds its map by the copy's name; copies without one have the standard map."""

    def run(body: bytes, content_type: str, context: Context) -> Translation:
        words = of_copy(maps, context.instance, STANDARD)
        assert words is not None, "the standard map comes along"
        return _translate(words, body, context)

    return run


def translate(body: bytes, content_type: str, context: Context) -> Translation:
    """Return the calls of one payload by the maps that come along: an event, an array, {"events": [...]}, or
    {"active": [...]} with all that is active now.

    A bad event is refused alone. Raises PayloadError when the body as a whole cannot be read.
    """
    return _with_built_in()(body, content_type, context)


@cache
def _with_built_in() -> Callable[[bytes, str, Context], Translation]:
    return translator(built_in())


def _translate(words: WordMap, body: bytes, context: Context) -> Translation:
    events, is_snapshot, at = _events(body, context)
    done = Translation()
    active: set[str] = set()
    nameless = listed = 0
    for index, value in enumerate(events):
        at_path = f"[{index}]" if len(events) > 1 else ""
        if is_snapshot and isinstance(value, (str, int)) and not isinstance(value, bool) and str(value).strip():
            active.add(scoped(context, str(value).strip()))
            listed += 1
            continue
        members = Members(value, at_path)
        call_number = members.text("externalId", "external_id", limit=200)
        if call_number:
            active.add(scoped(context, call_number.strip()))
            if is_snapshot and set(value) <= {"externalId", "external_id"}:
                listed += 1
                continue
        else:
            nameless += 1
        try:
            if not isinstance(value, dict):
                raise PayloadError(at_path or "body", "expected an object")
            done.events.extend(_call(members, words, context, done.notices))
        except PayloadError as error:
            original = members.as_json() or msgspec.json.encode(str(type(value)))
            done.refused.append(Refused(error.field, error.error, "emergency_call", original, index))
    if listed:
        done.ignored.append(Ignored(f"{listed} listed as active without a state: they stay as they are"))
    if is_snapshot and nameless:
        done.notices.append(f"{nameless} of what is active have no externalId: no call is closed by this snapshot")
    elif is_snapshot:
        done.snapshots.append(Snapshot(frozenset(active), at))
    return done


def _events(body: bytes, context: Context) -> tuple[list[Any], bool, datetime]:
    """The events of a body, whether they are all that are active, and as of when."""
    parts, is_batch = split_parts(body, MAX_ACTIVE if context.is_snapshot else 1000)
    if is_batch:
        return [decode(_any, raw, f"[{index}]") for index, raw in enumerate(parts)], context.is_snapshot, (
            context.observed_at
        )  # fmt: skip
    value = decode(_any, parts[0])
    members = Members(value)
    at = _moment(members, context, "asOf", "as_of") or context.observed_at
    listed, most = (members.value("active"), MAX_ACTIVE) if "active" in members else (members.value("events"), 1000)
    is_snapshot = context.is_snapshot or "active" in members
    if listed is None:
        if context.is_snapshot:
            raise PayloadError("body", "expected an array with all that is active, or an object with it as events")
        return [value], False, at
    if not isinstance(listed, list):
        raise PayloadError("active" if "active" in members else "events", "expected an array")
    most = MAX_ACTIVE if is_snapshot else most
    if len(listed) > most:
        raise PayloadError("body", f"holds {len(listed)} elements; send at most {most} at a time")
    return listed, is_snapshot, at


def _call(event: Members, words: WordMap, context: Context, notices: list[str]) -> Iterator[EmergencyCall | Person]:
    call_number = event.needed_text("externalId", "external_id").strip()
    kind = event.needed_text("eventType", "event_type", "type", limit=2000).strip()[:200]
    priority_raw = event.needed_text("priority", limit=100).strip()
    priority = words.priority_of(priority_raw)
    if priority is None:
        notices.append(f"{event.path('priority')}: the map does not tell what it means: the priority is unknown")
    call_id = scoped(context, call_number)
    received_at = _moment(event, context, "timestamp", "createdAt", "created_at")
    closed_at = _moment(event, context, "closedAt", "closed_at")
    updated_at = _moment(event, context, "updatedAt", "updated_at", "lastUpdated")
    units = tuple(_units(event, context))[:200]
    status = _status(event, words, units, closed_at, notices)
    spot = event.inside("location", "address")
    lat, lon = _position(spot, event)
    address = (_address(spot) or event.text("address", "location", limit=500) or "")[:500]
    caller = event.inside("callerInfo", "caller_info", "caller")
    call = EmergencyCall(
        event_id=_NO_ID,
        occurred_at=received_at or context.observed_at,
        observed_at=context.observed_at,
        source=context.source,
        jurisdiction=context.jurisdiction,
        call_id=call_id,
        number=call_number[:200],
        received_at=received_at or context.observed_at,
        # A state that does not say of when it is, is of now.
        updated_at=updated_at or context.observed_at,
        kind=kind,
        kind_code=(event.text("eventCode", "event_code", limit=100) or "").strip(),
        category=words.category_of(kind) or category("", kind),
        priority=priority,
        priority_raw=priority_raw,
        status=status,
        dispatched_at=min((unit.dispatched_at for unit in units if unit.dispatched_at), default=None),
        arrived_at=min((unit.arrived_at for unit in units if unit.arrived_at), default=None),
        closed_at=(closed_at or updated_at or context.observed_at) if status in ("closed", "cancelled") else None,
        address=address,
        lat=lat,
        lon=lon,
        uncertainty_m=spot.number("uncertainty", "uncertaintyM", least=0, most=1e7),
        beat=(event.text("beat", limit=100) or "").strip(),
        district=(event.text("district", "zone", limit=100) or "").strip(),
        disposition=(event.text("disposition", limit=200) or "").strip(),
        incident_ref=(event.text("incidentId", "incidentNumber", "incident_id", limit=200) or "").strip(),
        callback_number=number(caller.text("phone", "phoneNumber", "callbackNumber", limit=200) or ""),
        locations=(CallLocation(role="incident", lat=lat, lon=lon, address=address),)
        if address or lat is not None
        else (),
        notes=fitting(list(_notes(event, context))),
        units=units,
        vehicles=tuple(_vehicles(event))[:50],
    )
    said = replace(call, observed_at=_EPOCH, jurisdiction="", updated_at=updated_at or _EPOCH,
                   occurred_at=received_at or _EPOCH, received_at=received_at or _EPOCH,
                   closed_at=closed_at)  # fmt: skip
    digest = blake2b(msgspec.json.encode(said), digest_size=16).hexdigest()
    yield replace(call, event_id=identity("emergency_call", context.source, call_id, digest))
    yield from _people(event, call, context)


_EPOCH = moment_of_epoch_ms(946_684_800_000, "")


def _status(
    event: Members, words: WordMap, units: tuple[CallUnit, ...], closed_at: datetime | None, notices: list[str]
) -> str:
    said = (event.text("status", limit=100) or "").strip()
    told = words.status_of(said) if said else None
    if closed_at is not None:
        return "cancelled" if told == "cancelled" else "closed"
    if told is not None:
        return told
    if said:
        notices.append(f"{event.path('status')}: the map does not tell what it means: the status goes by the times")
    if any(unit.arrived_at and not unit.cleared_at for unit in units):
        return "on_scene"
    return "dispatched" if units else "received"


def _units(event: Members, context: Context) -> Iterator[CallUnit]:
    for unit in event.each("dispatchedUnits") if "dispatchedUnits" in event else event.each("units"):
        name = unit.text("id", "unitId", "name", limit=200)
        if name:
            yield CallUnit(
                unit_id=name.strip(),
                status=(unit.text("status", limit=100) or "").strip(),
                dispatched_at=_moment(unit, context, "dispatchTime", "dispatchedAt"),
                en_route_at=_moment(unit, context, "enrouteTime", "enRouteAt"),
                arrived_at=_moment(unit, context, "arrivalTime", "arrivedAt"),
                cleared_at=_moment(unit, context, "clearTime", "clearedAt"),
            )


def _notes(event: Members, context: Context) -> Iterator[CallNote]:
    told = event.value("narratives")
    for one in told if isinstance(told, list) else [told]:
        note = Members(one if isinstance(one, dict) else {"text": one})
        value = note.value("text") or note.value("narrative") or note.value("note")
        if isinstance(value, str) and (text := plain(value)):
            author = (note.text("author", "createdBy", limit=200) or "").strip()
            yield CallNote(text=text, at=_moment(note, context, "timestamp", "createdAt"), author=author)


def _vehicles(event: Members) -> Iterator[CallVehicle]:
    for vehicle in event.each("involvedVehicles"):
        plate = normalise(vehicle.text("plateNumber", "plate", limit=100) or "")
        state = vehicle.text("plateState", "state", limit=100)
        words = [vehicle.text(name, limit=100) for name in ("year", "color", "make", "model", "bodyType")]
        yield CallVehicle(
            relation="involved",
            plate=plate if len(plate) <= 20 else "",
            plate_region=origin(None, state) if state else None,
            description=" ".join(word.strip() for word in words if word)[:300],
        )


def _people(event: Members, call: EmergencyCall, context: Context) -> Iterator[Person]:
    people = [("caller", event.inside("callerInfo", "caller_info", "caller"))]
    people += [("other", one) for one in event.each("involvedPersons")]
    for place, (role, one) in enumerate(people):
        given, family = one.text("firstName", limit=100), one.text("lastName", limit=100)
        full = one.text("name", "fullName", limit=300) or " ".join(filter(None, (given, family)))
        phone = number(one.text("phone", "phoneNumber", limit=200) or "")
        if not full.strip() and not phone:
            continue
        born = one.text("dateOfBirth", "dob", limit=10) or ""
        name = f"{call.number}/{place}"
        person_id = scoped(context, name)
        said = (role, full, given, family, phone, born)
        yield Person(
            event_id=identity("person", context.source, person_id, blake2b(repr(said).encode("utf-8", "replace"),
                                                                          digest_size=16).hexdigest()),
            occurred_at=call.received_at,
            observed_at=context.observed_at,
            source=context.source,
            jurisdiction=context.jurisdiction,
            person_id=person_id,
            updated_at=call.updated_at,
            role=role,
            full_name=full.strip(),
            given_name=(given or "").strip(),
            family_name=(family or "").strip(),
            birth_date=born if len(born) == 10 and born[4] == born[7] == "-" else "",
            phones=(phone,) if phone else (),
            call_id=call.call_id,
        )  # fmt: skip


def _position(spot: Members, event: Members) -> tuple[float | None, float | None]:
    for one in (spot, event):
        lat = one.number("lat", "latitude", least=-90, most=90)
        lon = one.number("lng", "lon", "long", "longitude", least=-180, most=180)
        if lat is not None and lon is not None and (found := usable(lat, lon)):
            return found
    return None, None


def _address(spot: Members) -> str:
    whole = spot.text("address", "fullAddress", "name", limit=500)
    if whole:
        return whole.strip()
    parts = [spot.text(name, limit=200) for name in ("street", "streetAddress", "city", "state", "zip", "postalCode")]
    return ", ".join(part.strip() for part in parts if part)


def _moment(members: Members, context: Context, *names: str) -> datetime | None:
    """A time: ISO 8601, or milliseconds or seconds since 1970. Raises PayloadError when it is told and is none."""
    for name in names:
        value = members.value(name)
        if value in (None, ""):
            continue
        whole = members.whole(name)
        if whole is not None:
            return moment_of_epoch_ms(whole if whole > 100_000_000_000 else whole * 1000, members.path(name))
        return moment_of_iso(members.needed_text(name, limit=64), members.path(name), context.zone)
    return None
