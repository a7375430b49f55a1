"""A later record of the same call: a newer state of it, which keeps its id and all places that were told before."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from schemas.events.emergency_call import CallLocation, EmergencyCall

#: Places that a call keeps, newest first.
MAX_PLACES = 50


def continued(before: EmergencyCall | None, now: EmergencyCall, within_minutes: int) -> EmergencyCall:
    """Return the newer state of a call that ``before`` is of: with its id and beginning, and all its places.

    ``now`` as it is when there is none before, or it is from more than ``within_minutes`` ago: another call.
    The event's id stays that of the record, so that the same record is the same event.
    """
    if before is None or now.updated_at - before.updated_at > timedelta(minutes=within_minutes):
        return now
    if now.event_id == before.event_id:
        return replace(before, observed_at=now.observed_at)
    told: dict[object, CallLocation] = {}
    for place in (*now.locations, *before.locations):
        told.setdefault((place.role, place.lat, place.lon, place.uncertainty_m, place.address, place.at), place)
    # A rebid that brings no place does not take away the one that was known.
    lost = now.lat is None and before.lat is not None and not any(one.lat is not None for one in now.locations)
    where = before if lost else now
    return replace(
        now,
        call_id=before.call_id,
        number=before.number,
        received_at=before.received_at,
        occurred_at=before.occurred_at,
        updated_at=max(now.updated_at, before.updated_at + timedelta(milliseconds=1)),
        lat=where.lat,
        lon=where.lon,
        uncertainty_m=where.uncertainty_m,
        address=now.address or before.address,
        callback_number=now.callback_number or before.callback_number,
        locations=tuple(told.values())[:MAX_PLACES],
    )
