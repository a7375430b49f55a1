"""An incident as an EIDO (NENA-STA-021.1b-2022): strict in form, and with nothing that its recipient may not see.

Made of the incident's state. What its source's documents have besides, which we do not understand, is handed on as it
came, if the recipient may see it.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from dashboards.server.pidf_lo import pidf_lo
from dashboards.server.ports import IncidentFacts
from schemas.eido import (
    CATEGORY_CODES,
    LOCATION_TYPES,
    OTHER_CODE,
    RIGHTS,
    SPELLINGS,
    STAGE_STATUSES,
    VEHICLE_TYPES,
    VERSION,
)
from schemas.events.emergency_call import CallLocation, EmergencyCall
from schemas.identity import identity

_UID = "urn:emergency:uid:"
_OF_RIGHT = {component: right for right, components in RIGHTS.items() for component in components}
#: Components that are always made of our own state.
_OWN = frozenset(
    {"incidentComponent", "callComponent", "emergencyResourceComponent", "mergeComponent", "linkComponent",
     "locationComponent", "notesComponent", "callbackComponent"}
)  # fmt: skip
#: Components of the standard that are taken over from a source's document.
_TAKEN_OVER = frozenset(
    {"agencyComponent", "agentComponent", "personComponent", "vehicleComponent", "additionalDataComponent",
     "alarmsSensorsComponent", "cautionComponent", "mediaComponent", "sharedCommunicationResourceComponent",
     "externalInformationSourceComponent", "itemComponent", "organizationComponent"}
)  # fmt: skip
#: Members of a document that say who made it; ours says so itself.
_HEAD = frozenset(
    {"$id", "lastUpdateTimeStamp", "updatedByAgencyReference", "updatedByAgentReference", "eidoVersion",
     "issuingElementIdentification", "@context", "dispatchComponent", "incidentTrackingIdentifier"}
)  # fmt: skip
_SPELT = {spelling.lower(): name for name, spellings in SPELLINGS.items() for spelling in (name, *spellings)}
#: Agencies and agents have names everywhere; components must say whose they are.
_ALWAYS_KNOWN = frozenset({"updatedByAgencyReference", "agencyReference", "agentReference"})
_MERGES = {"merged_into": "REPLACED", "merged_from": "REPLACING", "split_into": "SPLIT", "split_from": "SPLIT"}
_STATUSES = {"received": "", "dispatched": "assigned", "unknown": ""}


def eido_of(facts: IncidentFacts, rights: frozenset[str], element: str, now: datetime) -> dict[str, Any]:
    """Return the document for a recipient who has ``rights`` (schemas/eido.py).

    ``element``: who makes it. Locations that may not be handed on, or not be kept any more, are left out.
    """
    maker = _Maker(facts, element, now)
    made = maker.document()
    for text in facts.documents:
        _take_over(made, text)
    made = {name: value for name, value in made.items() if _may_see(name, rights)}
    if "medical" not in rights:
        made = _without_medical(made)
    known = {one["$id"] for value in made.values() if isinstance(value, list) for one in value if isinstance(one, dict)}
    known |= {made["incidentComponent"]["$id"]}
    return {name: _with_targets(value, known) for name, value in made.items()}


class _Maker:
    """Makes the components of one incident."""

    def __init__(self, facts: IncidentFacts, element: str, now: datetime) -> None:
        self._facts = facts
        self._element = element
        self._now = now
        self._agency = self._id("agency", element)
        self._agent = self._id("agent", element)
        changed = facts.incident.changed_at or facts.incident.occurred_at
        self._at = max([changed, *(call.updated_at for call in facts.calls)])

    def document(self) -> dict[str, Any]:
        incident, calls = self._facts.incident, self._facts.calls
        reference = next((call.incident_ref for call in calls if call.incident_ref.startswith(_UID)), "")
        made: dict[str, Any] = {
            "$id": reference or f"{_UID}incidentid:{incident.incident_id}:{self._element}",
            "lastUpdateTimeStamp": _time(self._at),
            "updatedByAgencyReference": _to(self._agency),
            "eidoVersion": VERSION,
            "issuingElementIdentification": self._element,
            "agencyComponent": [
                self._part(
                    self._agency,
                    agencyRoleDescriptionRegistryText=["Informational"],
                    agencyType=["police"],
                    incidentOwningAgencyIndicator=False,
                )
            ],
            "agentComponent": [
                self._part(self._agent, agentRoleRegistryText=["Dispatching"], agencyReference=_to(self._agency))
            ],
            "incidentComponent": self._incident(),
            "callComponent": [],
            "callbackComponent": [],
            "locationComponent": [],
            "notesComponent": [],
            "vehicleComponent": [],
            "personComponent": [],
            "emergencyResourceComponent": list(self._units()),
            "mergeComponent": list(self._merges()),
            "linkComponent": list(self._links()),
        }
        described = set()
        for call in calls:
            self._call(call, made)
            if not call.document_id:
                described.add(call.call_id)
                made["vehicleComponent"] += self._vehicles(call)
        made["personComponent"] += self._people(described)
        return {name: value for name, value in made.items() if value != []}

    def _id(self, kind: str, *parts: object) -> str:
        made = identity("eido", self._facts.incident.incident_id, kind, *parts)
        return f"{_UID}eidodatacomponent:{made}:{self._element}"

    def _part(self, part_id: str, at: datetime | None = None, **members: Any) -> dict[str, Any]:
        """A component with its prologue; members that say nothing are left out."""
        return {
            "$id": part_id,
            "lastUpdateTimeStamp": _time(at or self._at),
            "updatedByAgencyReference": _to(self._agency),
            **{name: value for name, value in members.items() if value not in (None, "")},
        }

    def _incident(self) -> dict[str, Any]:
        incident, calls = self._facts.incident, self._facts.calls
        call = calls[0] if calls else None
        code = call.kind_code if call and call.document_id else ""
        stage = incident.stage or ("closed" if incident.status == "closed" else self._stage_of_calls())
        return self._part(
            self._id("incident"),
            incidentTypeInternalText=incident.kind,
            incidentTypeInternalCode=call.kind_code if call else "",
            incidentTypeCommonRegistryText=code or CATEGORY_CODES.get(incident.category, OTHER_CODE),
            incidentStatusCommonRegistryText=list(STAGE_STATUSES.get(stage, ("Active",))),
            internalIncidentId=call.number if call else str(incident.incident_id),
            incidentPriorityInternalText=call.priority_raw if call else "",
            incidentCommonPriorityNumber=incident.priority,
            beatOrDispatchGroupText=call.beat if call else "",
        )

    def _stage_of_calls(self) -> str:
        status = self._facts.calls[0].status if self._facts.calls else ""
        return _STATUSES.get(status, status)

    def _call(self, call: EmergencyCall, made: dict[str, Any]) -> None:
        known = call.call_id.partition(":")[2]
        call_id = known if known.startswith(f"{_UID}callid:") else (
            f"{_UID}callid:{identity('eido', 'call', call.call_id)}:{self._element}"
        )  # fmt: skip
        callback = self._id("callback", call.call_id) if call.callback_number else ""
        if callback:
            uri = f"tel:{call.callback_number}" if call.callback_number.startswith("+") else call.callback_number
            made["callbackComponent"].append(self._part(callback, call.updated_at, callBackInformationUri=[uri]))
        places = list(self._locations(call))
        made["locationComponent"] += places
        notes = [
            self._part(
                self._id("note", call.call_id, number),
                note.at,
                notesActionComments=html.escape(note.text),
            )
            for number, note in enumerate(call.notes)
        ]
        made["notesComponent"] += notes
        made["callComponent"].append(
            self._part(
                call_id,
                call.updated_at,
                callStateRegistryText="Terminated" if call.ended_at else "Unknown",
                standardPrimaryCallType="nonEmergency" if call.contact == "online" else "emergency",
                direction="incoming",
                callStartTimestamp=_time(call.received_at),
                answerDate=_time(call.answered_at) if call.answered_at else None,
                callBackReference=_to(callback) if callback else None,
                locationReference=[_to(one["$id"]) for one in places] or None,
                notesReference=[_to(one["$id"]) for one in notes] or None,
            )
        )

    def _locations(self, call: EmergencyCall) -> Iterator[dict[str, Any]]:
        locations: Iterable[CallLocation] = call.locations
        if not call.locations and (call.lat is not None or call.address):
            locations = (
                CallLocation(role="incident", lat=call.lat, lon=call.lon, uncertainty_m=call.uncertainty_m,
                             address=call.address, at=call.updated_at),
            )  # fmt: skip
        for number, location in enumerate(locations):
            expired = location.keep_until is not None and location.keep_until <= self._now
            if not location.may_share or expired:
                continue
            value = pidf_lo(location, f"pres:{identity('eido', 'place', call.call_id)}@{self._element}")
            if value is not None:
                yield self._part(
                    self._id("location", call.call_id, number),
                    location.at,
                    locationTypeDescriptionRegistryText=LOCATION_TYPES.get(location.role, "Other"),
                    locationByValue=value,
                )

    def _units(self) -> Iterator[dict[str, Any]]:
        told: dict[str, list[str]] = {unit: [] for unit in self._facts.incident.units}
        for call in self._facts.calls:
            for unit in call.units:
                told.setdefault(unit.unit_id, []).append(unit.status)
        for unit_id, words in told.items():
            yield self._part(
                self._id("unit", unit_id),
                agentReference=[_to(self._agent)],
                emergencyResourceName=unit_id,
                emergencyResourceTypeCommonRegistryText="Other",
                # A unit at an incident is not free for another; nothing else is known of it here.
                primaryUnitStatusRegistryText="NotAvailable",
                secondaryUnitStatusRegistryText=[],
                unitStatusInternal=[word for word in dict.fromkeys(words) if word] or None,
                resourceAttributeRegistryText=[],
            )

    def _vehicles(self, call: EmergencyCall) -> Iterator[dict[str, Any]]:
        for number, vehicle in enumerate(call.vehicles):
            inside: dict[str, Any] = {}
            if vehicle.plate:
                inside["ncConveyanceRegistrationPlateIdentification"] = {"ncIdentificationID": vehicle.plate}
            if vehicle.description:
                inside["ncItemDescriptionText"] = vehicle.description
            yield self._part(
                self._id("vehicle", call.call_id, number),
                call.updated_at,
                vehicleRelationshipType=[VEHICLE_TYPES.get(vehicle.relation, "InvolvedVehicle")],
                vehicleRelationshipTimeStamp=_time(call.updated_at),
                ncVehicleComponent=inside or None,
            )

    def _people(self, call_ids: set[str]) -> Iterator[dict[str, Any]]:
        """People of calls whose source has no document: else they are in that, with all that was said of them."""
        for person in self._facts.persons:
            if person.call_id not in call_ids:
                continue
            name = {"ncPersonGivenName": person.given_name, "ncPersonMiddleName": person.middle_name,
                    "ncPersonSurName": person.family_name, "ncPersonFullName": person.full_name}  # fmt: skip
            inside: dict[str, Any] = {"ncPersonName": {key: text for key, text in name.items() if text}}
            if person.birth_date:
                inside["ncPersonBirthDate"] = {"ncDate": person.birth_date}
            yield self._part(
                self._id("person", person.person_id),
                person.updated_at,
                personIncidentRoleRegistryText=[person.role.capitalize()],
                ncPersonComponent=inside,
            )

    def _merges(self) -> Iterator[dict[str, Any]]:
        incident = self._facts.incident
        told = [
            (_MERGES[link.relation], link.incident_ref)
            for call in self._facts.calls
            for link in call.links
            if link.relation in _MERGES and link.incident_ref
        ]
        if incident.merged_into is not None:
            told.append(("REPLACED", self._urn(incident.merged_into)))
        if incident.split_from is not None:
            told.append(("SPLIT", self._urn(incident.split_from)))
        for direction, other in dict.fromkeys(told):
            yield self._part(
                self._id("merge", direction, other),
                incidentMergeDirectionCode=direction,
                incidentTrackingIdentifier=other,
            )

    def _links(self) -> Iterator[dict[str, Any]]:
        told = [link.incident_ref for call in self._facts.calls for link in call.links
                if link.relation == "linked" and link.incident_ref]  # fmt: skip
        told += [self._urn(other) for other in self._facts.incident.linked]
        for other in dict.fromkeys(told):
            yield self._part(self._id("link", other), incidentTrackingIdentifier=other, linkDirectionCode="RELATED")

    def _urn(self, other: object) -> str:
        return f"{_UID}incidentid:{other}:{self._element}"


def _take_over(made: dict[str, Any], text: str) -> None:
    """Add what a source's document has and we do not make ourselves. Drafts, which have other members, are left out."""
    try:
        document: Any = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return
    if not isinstance(document, dict) or "LastUpdateTimeStamp" in document:
        return
    for spelt, value in document.items():
        name = str(_SPELT.get(spelt.lower(), spelt))
        if name in _OWN or name in _HEAD:
            continue
        if name in _TAKEN_OVER:
            known = {one["$id"] for one in made.get(name, [])}
            parts = value if isinstance(value, list) else [value]
            fresh = [one for one in parts if isinstance(one, dict) and one.get("$id") and one["$id"] not in known]
            if fresh:
                made[name] = [*made.get(name, []), *fresh]
        else:
            made.setdefault(name, value)


def _may_see(name: str, rights: frozenset[str]) -> bool:
    if name in _OF_RIGHT:
        return _OF_RIGHT[name] in rights
    return name in _OWN or name in _TAKEN_OVER or name in _HEAD or "extension" in rights


def _without_medical(value: Any) -> Any:
    """The value without members that speak of medicine, which NIEM puts inside of people too."""
    if isinstance(value, dict):
        return {
            name: _without_medical(inner)
            for name, inner in value.items()
            if not any(word in name.lower() for word in ("medical", "injury", "health", "disability", "patient"))
        }
    return [_without_medical(inner) for inner in value] if isinstance(value, list) else value


def _with_targets(value: Any, known: set[str]) -> Any:
    """The value without references to components that are not in the document."""
    if isinstance(value, list):
        return [_with_targets(inner, known) for inner in value]
    if not isinstance(value, dict):
        return value
    made = {}
    for name, inner in value.items():
        if name in _ALWAYS_KNOWN:
            made[name] = inner
        elif name.endswith(("Reference", "References")):
            kept = [one for one in (inner if isinstance(inner, list) else [inner]) if _target(one) in known]
            if kept:
                made[name] = kept if isinstance(inner, list) else kept[0]
        else:
            made[name] = _with_targets(inner, known)
    return made


def _target(reference: Any) -> Any:
    return reference.get("$ref") if isinstance(reference, dict) else reference


def _to(part_id: str) -> dict[str, str]:
    return {"$ref": part_id}


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
