"""EIDO documents to calls, people and the documents themselves. Pure: the same bytes give the same events.

A document is the state of one incident now, not a change: what is not in it is not known any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec

from connectors.call_ids import scoped, short
from connectors.call_kinds import category
from connectors.eido.niem import VehicleWords
from connectors.eido.parts import Part, canonical, plain_id
from connectors.eido.people import numbers, people
from connectors.eido.places import Told, kept, of_the_call, told_places
from connectors.eido.required import check
from connectors.note_text import fitting, plain
from connectors.payload import decode, split_parts
from connectors.plate_origin import origin
from connectors.translation import Context, Ignored, PayloadError, Refused, Translation
from schemas.eido import CALL_PRIORITIES, REOPENED, STATUSES, VEHICLE_RELATIONS, folded
from schemas.events.emergency_call import CallLink, CallNote, CallUnit, CallVehicle, EmergencyCall
from schemas.events.source_document import PART_CHARS, SourceDocument
from schemas.identity import identity
from schemas.plate import normalise

#: NENA-STA-021: a note has 16 MB at most.
MAX_NOTE_BYTES = 16_000_000
_MAX_VEHICLES, _MAX_UNITS, _MAX_LINKS = 50, 200, 100
_STATUSES = [(folded(name), status) for name, status in STATUSES]
_RELATIONS = {folded(name): relation for name, relation in VEHICLE_RELATIONS.items()}
_MERGES = {"replacing": "merged_from", "replaced": "merged_into", "split": "split_into"}
_INCIDENT = "urn:emergency:uid:incidentid:"
_any = msgspec.json.Decoder(Any)


def translate(body: bytes, content_type: str, context: Context) -> Translation:
    """Return the events of one document, or of an array of them.

    A document that lacks what it must have is refused alone, by the JSON pointer of the fault. Raises PayloadError
    when the body as a whole cannot be read.
    """
    parts, is_batch = split_parts(body)
    done = Translation()
    for index, raw in enumerate(parts):
        at = f"/{index}" if is_batch else ""
        try:
            values = decode(_any, raw, at or "body")
            if not isinstance(values, dict):
                raise PayloadError(at or "body", "expected an object")
            _take(Part(values, at), canonical(values), context, done)
        except PayloadError as error:
            done.refused.append(Refused(error.field, error.error, "emergency_call", bytes(raw), index))
        except RecursionError:
            done.refused.append(Refused(at or "body", "is nested too deeply", "emergency_call", bytes(raw), index))
    return done


def _take(document: Part, text: str, context: Context, done: Translation) -> None:
    check(document)
    at = document.needed_moment("lastUpdateTimeStamp", context.zone)
    for part in document.parts("notesComponent"):
        note = part.value("notesActionComments")
        if isinstance(note, str) and len(note.encode("utf-8", "surrogatepass")) > MAX_NOTE_BYTES:
            raise PayloadError(part.pointer("notesActionComments"), "is larger than 16 MB, which is the most of a note")
    problems: list[str] = []
    notices: list[str] = []
    document_id = sha256(text.encode()).hexdigest()
    told = told_places(document, context.zone, problems)
    calls = _calls(document, told, at, document_id, context, problems, notices)
    # Whatever goes wrong above goes wrong before anything is taken: a document is taken whole.
    persons = people(document, told, {name: call.call_id for name, call in calls.items()}, at, context)
    first = next(iter(calls.values()))
    done.events.extend(calls.values())
    done.events.extend(persons)
    done.events.extend(_document(text, document_id, first.call_id, at, context))
    done.ignored.extend(map(Ignored, problems))
    done.notices.extend(notices)


def _calls(
    document: Part,
    told: Sequence[Told],
    at: datetime,
    document_id: str,
    context: Context,
    problems: list[str],
    notices: list[str],
) -> dict[str, EmergencyCall]:
    """One state for each call that came in, by its id in the document; of an incident without calls, one."""
    incident = next(iter(document.parts("incidentComponent")), None) or Part({}, document.pointer("incidentComponent"))
    incoming: list[Part] = []
    for part in document.parts("callComponent"):
        if part.text("direction").lower() in ("outgoing", "internal"):
            problems.append(f"{part.at}: an {part.text('direction').lower()} call is no call for service")
        else:
            incoming.append(part)
    shared = _Shared(document, incident, at, document_id, context, notices)
    if not incoming:
        return {"": shared.state(None, told, shared.notes(()))}
    others = {
        part.id: {one for other in incoming if other is not part for one in _refers(other)} - _refers(part)
        for part in incoming
    }
    made = {}
    for part in incoming:
        foreign = others[part.id]
        near = [one for one in told if one.component not in foreign]
        made[part.id] = shared.state(part, near, shared.notes(foreign))
    return made


def _refers(part: Part) -> set[str]:
    return {*part.references("locationReference"), *part.references("notesReference")}


class _Shared:
    """What all calls of a document have in common: the incident."""

    def __init__(
        self, document: Part, incident: Part, at: datetime, document_id: str, context: Context, notices: list[str]
    ) -> None:
        self._document = document
        self._incident = incident
        self._at = at
        self._document_id = document_id
        self._context = context
        self._notices = notices
        self._reference = _incident_reference(document)
        self._callbacks = {part.id: part for part in document.parts("callbackComponent")}
        self._agents = {part.id for part in document.parts("agentComponent")}

    def state(self, call: Part | None, told: Sequence[Told], notes: tuple[CallNote, ...]) -> EmergencyCall:
        """Return the state of a call; None: of the incident, which has none."""
        context, incident, at = self._context, self._incident, self._at
        zone = context.zone
        known = self._reference or self._document.id
        call_id = scoped(context, call.id if call else known)
        received_at = call.needed_moment("callStartTimestamp", zone) if call else at
        code = incident.text("incidentTypeCommonRegistryText", limit=100)
        kind = incident.text("incidentTypeInternalText", limit=200) or code
        if not kind and call:
            kind = call.text("localCallType", "standardPrimaryCallType", limit=200)
        priority, priority_raw = self._priority(call)
        status = self._status()
        place, address = of_the_call(told)
        callback = self._callback(call)
        dispositions = incident.parts("dispositionComponent")
        dispositions.sort(key=lambda part: part.value("dispositionPrimaryIndicator") is not True)
        disposition = dispositions[0] if dispositions else Part({})
        changed_at = incident.moment("lastUpdateTimeStamp", zone)
        return EmergencyCall(
            event_id=identity("emergency_call", context.source, call_id, self._document_id),
            occurred_at=received_at,
            observed_at=context.observed_at,
            source=context.source,
            jurisdiction=context.jurisdiction,
            call_id=call_id,
            number=short(incident.text("internalIncidentId") or (call.id if call else known)),
            received_at=received_at,
            updated_at=at,
            kind=kind,
            kind_code=code,
            category=category(code, kind),
            priority=priority,
            priority_raw=priority_raw,
            status=status,
            closed_at=(changed_at or at) if status in ("closed", "cancelled") else None,
            address=address,
            lat=place.inside[0] if place and place.inside else None,
            lon=place.inside[1] if place and place.inside else None,
            uncertainty_m=place.reach_m if place else None,
            beat=incident.text("beatOrDispatchGroupText", limit=100),
            disposition=disposition.text("dispositionDescriptionText", "dispositionCommonRegistryCode", limit=200),
            contact=_contact(call, self._document),
            incident_ref=short(self._reference),
            callback_number=callback,
            is_number_withheld=callback.lower().startswith(("anonymous", "unavailable", "restricted")),
            presented_at=received_at if call else None,
            answered_at=call.moment("answerDate", zone) if call else None,
            owner=next(iter((call or incident).references("agentReference")), "")[:200],
            locations=kept(told),
            notes=notes,
            units=tuple(_units(self._document))[:_MAX_UNITS],
            vehicles=tuple(_vehicles(self._document, self._notices))[:_MAX_VEHICLES],
            links=tuple(_links(self._document))[:_MAX_LINKS],
            document_id=self._document_id,
        )

    def notes(self, foreign: Iterable[str]) -> tuple[CallNote, ...]:
        """Return the notes, oldest first, without those that only another call refers to."""
        left_out = set(foreign)
        made = []
        for part in self._document.parts("notesComponent"):
            if part.id in left_out:
                continue
            note = part.value("notesActionComments")
            author = next(iter(part.references("agentReference") or part.references("updatedByAgentReference")), "")
            text = plain(note) if isinstance(note, str) else ""
            if text:
                at = part.moment("lastUpdateTimeStamp", self._context.zone)
                made.append(CallNote(text=text, at=at, author=author[:200]))
        made.sort(key=lambda one: one.at or self._at)
        return fitting(made)

    def _priority(self, call: Part | None) -> tuple[int | None, str]:
        incident = self._incident
        said = incident.text("incidentPriorityInternalText", limit=100)
        written = incident.value("incidentCommonPriorityNumber")
        number = incident.text("incidentCommonPriorityNumber", limit=100)
        if written is not None:
            if number.isascii() and number.isdigit() and int(number) <= 10:
                return int(number), said or number
            pointer = incident.pointer("incidentCommonPriorityNumber")
            self._notices.append(f"{pointer}: is no priority from 0 to 10: the priority is unknown")
            return None, said or number
        identifier = call.text("priorityIdentifier", limit=100) if call else ""
        if identifier:
            if (found := CALL_PRIORITIES.get(identifier.lower())) is not None:
                return found, said or identifier
            pointer = call.pointer("priorityIdentifier") if call else ""
            self._notices.append(f"{pointer}: is no priority that is known: the priority is unknown")
        elif said:
            pointer = incident.pointer("incidentPriorityInternalText")
            self._notices.append(f"{pointer}: has no number beside it: the priority is unknown")
        return None, said or identifier

    def _status(self) -> str:
        """The incident's status. Reopened beats closed; words that are not known make it unknown, and are told."""
        incident = self._incident
        said = {folded(text) for text in incident.texts("incidentStatusCommonRegistryText")}
        known = [(name, status) for name, status in _STATUSES if name in said]
        if folded(REOPENED) in said:
            known = [(name, status) for name, status in known if status not in ("closed", "cancelled")]
        if known:
            return known[0][1]
        if said:
            pointer = incident.pointer("incidentStatusCommonRegistryText")
            self._notices.append(f"{pointer}: has no status that is known: the status is unknown")
            return "unknown"
        return "dispatched" if self._document.parts("emergencyResourceComponent") else "received"

    def _callback(self, call: Part | None) -> str:
        parts = [self._callbacks[one] for one in call.references("callBackReference") if one in self._callbacks] if (
            call
        ) else []  # fmt: skip
        if not parts and len(self._callbacks) == 1:
            parts = list(self._callbacks.values())
        return next((number for part in parts for number in numbers(part)), "")


def _incident_reference(document: Part) -> str:
    """The incident's id; "" when the document says that it is about none (its unique part is 0)."""
    found = document.text("incidentTrackingIdentifier") or document.text("$id")
    name = plain_id(found)
    prefix = next((one for one in (_INCIDENT, "incidentid:") if name.lower().startswith(one)), None)
    if prefix is None:
        return name
    rest = name[len(prefix) :]
    return "" if rest.partition(":")[0] in ("", "0") else _INCIDENT + rest


def _contact(call: Part | None, document: Part) -> str:
    if call is None:
        return "alarm" if document.parts("alarmsSensorsComponent") else ""
    said = " ".join(
        call.text(name).lower()
        for name in ("standardPrimaryCallType", "standardSecondaryCallType", "localCallType", "callStateRegistryText")
    )
    for word, contact in (("abandon", "abandoned"), ("test", "test"), ("text", "text"), ("sms", "text"),
                          ("msrp", "text"), ("alarm", "alarm"), ("aacn", "alarm"), ("csaa", "alarm"),
                          ("noninteractive", "alarm")):  # fmt: skip
        if word in said:
            return contact
    return "silent" if "silent" in said.replace("silentmonitoring", "") else "voice"


def _units(document: Part) -> Iterable[CallUnit]:
    for part in document.parts("emergencyResourceComponent"):
        words = [*part.texts("primaryUnitStatusRegistryText"), *part.texts("secondaryUnitStatusRegistryText")]
        name = part.text("emergencyResourceName", limit=200) or part.id[:200]
        if name:
            yield CallUnit(unit_id=name, status=", ".join(dict.fromkeys(words))[:100])


def _vehicles(document: Part, notices: list[str]) -> Iterable[CallVehicle]:
    for part in document.parts("vehicleComponent"):
        words = VehicleWords(part.value("ncVehicleComponent"))
        relations = [_RELATIONS.get(folded(text)) for text in part.texts("vehicleRelationshipType")]
        plate = normalise(words.plate)
        if len(plate) > 20:
            notices.append(f"{part.pointer('ncVehicleComponent')}: has a plate of more than 20 letters and digits")
        yield CallVehicle(
            relation=next(filter(None, relations), "other"),
            plate=plate if len(plate) <= 20 else "",
            plate_region=origin(None, words.region) if words.region else None,
            description=words.description,
        )


def _links(document: Part) -> Iterable[CallLink]:
    """Merges and links. Documents name the other incident, not its calls."""
    for part in document.parts("mergeComponent"):
        relation = _MERGES.get(part.text("incidentMergeDirectionCode").lower())
        if relation and (other := part.text("incidentTrackingIdentifier")):
            yield CallLink(relation=relation, incident_ref=short(plain_id(other)))
    for part in document.parts("linkComponent"):
        if part.text("linkDirectionCode").lower() != "unlink" and (other := part.text("incidentTrackingIdentifier")):
            yield CallLink(relation="linked", incident_ref=short(plain_id(other)))


def _document(text: str, document_id: str, about: str, at: datetime, context: Context) -> Iterable[SourceDocument]:
    parts = max(1, -(-len(text) // PART_CHARS))
    for part in range(parts):
        yield SourceDocument(
            event_id=identity("source_document", context.source, document_id, part),
            occurred_at=at,
            observed_at=context.observed_at,
            source=context.source,
            jurisdiction=context.jurisdiction,
            document_id=document_id,
            part=part,
            parts=parts,
            media_type="application/json",
            about=about,
            text=text[part * PART_CHARS : (part + 1) * PART_CHARS],
        )
