"""Online reports to calls. Pure: the same bytes give the same events; the same submission is the same call.

Words of emergencies give a report the highest priority, so that a rule raises an alert at once: nobody must wait in a
queue of forms because they could not speak.
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.call_ids import scoped
from connectors.call_kinds import category
from connectors.lpr import moment_of_iso
from connectors.members import Members
from connectors.note_text import plain
from connectors.objects import Outcome, translate_json
from connectors.online_report import attachments
from connectors.online_report.emergency_words import emergency
from connectors.phone import number
from connectors.translation import Context, Ignored, Translation
from schemas.events.emergency_call import CallLocation, CallNote, EmergencyCall
from schemas.events.person import Person
from schemas.identity import identity
from schemas.online_report import EMERGENCY, ROUTINE

#: Characters of a report; a longer one is refused, as it must not be cut silently.
MAX_DESCRIPTION = 20_000


def translate(body: bytes, content_type: str, context: Context) -> Translation:
    """Return the call of one report, or of an array of them, and the person who made it.

    Raises PayloadError when the body as a whole cannot be read. A bad report of an array is refused alone.
    """
    return translate_json(body, lambda members: _read(members, context), "emergency_call")


def _read(report: Members, context: Context) -> Iterator[Outcome]:
    submission = report.needed_text("submission_id", "submissionId", limit=150).strip()
    description = plain(report.needed_text("description", limit=MAX_DESCRIPTION))
    kind = (report.text("kind", "type", "category", limit=200) or "Online report").strip()
    told = report.text("submitted_at", "submittedAt", limit=64)
    at = moment_of_iso(told, report.path("submitted_at"), context.zone) if told else context.observed_at
    found = emergency(f"{kind}\n{description}")
    spot = report.inside("location")
    lat = spot.number("lat", "latitude", least=-90, most=90)
    lon = spot.number("lon", "lng", "longitude", least=-180, most=180)
    if lat is None or lon is None or (lat == 0 and lon == 0):
        lat = lon = None
    accuracy = spot.number("accuracy_m", "accuracy", least=0, most=1e7) if lat is not None else None
    address = (spot.text("address", limit=500) or report.text("location", "address", limit=500) or "").strip()
    who = report.inside("reporter", "contact")
    phone = number(who.text("phone", "phoneNumber", limit=100) or "")
    call_id = scoped(context, submission)
    files = list(attachments.told(report))
    call = EmergencyCall(
        # Of the submission alone: sent again, even with other words, it is the same contact.
        event_id=identity("emergency_call", context.source, call_id),
        occurred_at=at,
        observed_at=context.observed_at,
        source=context.source,
        jurisdiction=context.jurisdiction,
        call_id=call_id,
        number=submission,
        received_at=at,
        updated_at=at,
        kind=kind,
        category=found.category if found else category("", kind),
        priority=EMERGENCY.priority if found else ROUTINE.priority,
        priority_raw=EMERGENCY.word if found else ROUTINE.word,
        status="received",
        address=address,
        lat=lat,
        lon=lon,
        uncertainty_m=accuracy,
        contact="online",
        callback_number=phone,
        locations=(CallLocation(role="incident", lat=lat, lon=lon, uncertainty_m=accuracy, address=address, at=at),)
        if address or lat is not None
        else (),
        notes=(
            CallNote(text=description, at=at, author="reporter"),
            *(CallNote(text=one, at=at, author="form") for one in files if isinstance(one, str)),
        ),
    )
    yield call
    name = (who.text("name", "fullName", limit=300) or "").strip()
    if name or phone:
        yield Person(
            event_id=identity("person", context.source, call_id),
            occurred_at=at,
            observed_at=context.observed_at,
            source=context.source,
            jurisdiction=context.jurisdiction,
            person_id=scoped(context, f"{submission}/reporter"),
            updated_at=at,
            role="reporter",
            full_name=name,
            phones=(phone,) if phone else (),
            address=(who.text("address", limit=500) or "").strip(),
            call_id=call_id,
        )
    yield from (one for one in files if isinstance(one, Ignored))
