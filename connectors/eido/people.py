"""The people of an EIDO, each an event of its own: machines never merge them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import blake2b

import msgspec

from connectors.call_ids import scoped
from connectors.eido.niem import PersonWords
from connectors.eido.parts import Part
from connectors.eido.places import Told
from connectors.phone import number
from connectors.translation import Context
from schemas.eido import folded
from schemas.events.person import ROLES, Person
from schemas.identity import identity

_ROLES = {folded(role): role for role in ROLES} | {"reportingparty": "reporter", "complainant": "reporter"}


def people(
    document: Part, told: Sequence[Told], calls: Mapping[str, str], at: datetime, context: Context
) -> list[Person]:
    """Return the people. ``calls``: call_id by the ids that a document has for its calls; ``at``: its time."""
    callbacks = {part.id: part for part in document.parts("callbackComponent")}
    return [_person(part, told, calls, callbacks, at, context) for part in document.parts("personComponent")]


def _person(
    part: Part,
    told: Sequence[Told],
    calls: Mapping[str, str],
    callbacks: Mapping[str, Part],
    at: datetime,
    context: Context,
) -> Person:
    words = PersonWords(part.value("ncPersonComponent"))
    roles = [role for text in part.texts("personIncidentRoleRegistryText") if (role := _ROLES.get(folded(text)))]
    references = part.references("locationReference")
    places = [one.place for one in told if one.component in references]
    place = next((one for one in places if one.inside is not None), None)
    person_id = scoped(context, part.id)
    named = next((calls[one] for one in part.references("callIdentifier") if one in calls), "")
    person = Person(
        event_id=identity("person", ""),
        occurred_at=part.moment("lastUpdateTimeStamp", context.zone) or at,
        observed_at=context.observed_at,
        source=context.source,
        jurisdiction=context.jurisdiction,
        person_id=person_id,
        updated_at=part.moment("lastUpdateTimeStamp", context.zone) or at,
        role=roles[0] if roles else "other",
        full_name=words.full,
        given_name=words.given,
        middle_name=words.middle,
        family_name=words.family,
        aliases=words.aliases,
        birth_date=words.birth_date,
        sex=words.sex,
        phones=tuple(
            dict.fromkeys(
                phone
                for reference in part.references("callBackReference")
                if reference in callbacks
                for phone in numbers(callbacks[reference])
            )
        )[:20],
        address=next((one.location.address for one in places if one.location.address), ""),
        lat=place.inside[0] if place and place.inside else None,
        lon=place.inside[1] if place and place.inside else None,
        call_id=named or next(iter(calls.values()), ""),
    )
    said = {
        name: getattr(person, name)
        for name in person.__struct_fields__
        if name not in ("event_id", "observed_at", "jurisdiction", "synthetic")
    }
    digest = blake2b(msgspec.json.encode(said), digest_size=16).hexdigest()
    return msgspec.structs.replace(person, event_id=identity("person", context.source, person_id, digest))


def numbers(callback: Part) -> list[str]:
    """Return the numbers of a callback component, the corrected one first."""
    found = [one.text("updatedCbnIdentifierUri") for one in callback.parts("updatedCbn")]
    found += callback.texts("callBackInformationUri")
    return [number(text) for text in found if text]
