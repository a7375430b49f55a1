"""A PIDF-LO document of its own to a call of which only the place is known. Pure: the same bytes, the same event."""

from __future__ import annotations

from hashlib import sha256

from connectors.call_ids import scoped, short
from connectors.multipart import media_type_of
from connectors.phone import number
from connectors.pidf_lo.locations import read_locations
from connectors.translation import Context, Ignored, PayloadError, Refused, Translation
from schemas.events.emergency_call import EmergencyCall
from schemas.identity import identity

KIND = "Location of a caller"


def translate(body: bytes, content_type: str, context: Context) -> Translation:
    """Return the call of a document: one for the entity that it speaks of, with all its places.

    Raises PayloadError when it is no XML, or says of nobody where they are.
    """
    read = read_locations(body, "caller", media_type_of(content_type)[1])
    done = Translation()
    if not read.places:
        done.refused.append(Refused("location-info", read.problems[0], "emergency_call", body))
        return done
    if not read.entity.strip():
        raise PayloadError("presence/@entity", "is missing: whose place is it?")
    locations = tuple(place.location for place in read.places)
    # All places of a document are of one moment or a coarse and a fine form of one: the first that is a place counts.
    place = next((one for one in read.places if one.inside is not None), None)
    found_at = [one.at for one in locations if one.at is not None]
    call_id = scoped(context, read.entity)
    phone = number(read.entity)
    done.ignored.extend(map(Ignored, read.problems))
    done.events.append(
        EmergencyCall(
            event_id=identity("emergency_call", context.source, call_id, sha256(body).hexdigest()),
            occurred_at=min(found_at, default=context.observed_at),
            observed_at=context.observed_at,
            source=context.source,
            jurisdiction=context.jurisdiction,
            call_id=call_id,
            number=short(read.entity),
            received_at=min(found_at, default=context.observed_at),
            updated_at=max(found_at, default=context.observed_at),
            kind=KIND,
            status="received",
            address=next((one.address for one in locations if one.address), ""),
            lat=place.inside[0] if place and place.inside else None,
            lon=place.inside[1] if place and place.inside else None,
            uncertainty_m=place.reach_m if place else None,
            callback_number=phone if phone.startswith("+") else "",
            locations=locations,
        )
    )
    return done
