"""What an EIDO must have (openapi.yaml 1.0.0): the first member that is missing is named by its JSON pointer."""

from __future__ import annotations

from typing import Any

from connectors.eido.parts import Part, text_of
from connectors.translation import PayloadError
from schemas.eido import VERSION

_PROLOGUE = ("$id", "lastUpdateTimeStamp", "updatedByAgencyReference")
_TOP = (*_PROLOGUE, "eidoVersion", "issuingElementIdentification", "agencyComponent")
_COMPONENTS: dict[str, tuple[str, ...]] = {
    "agencyComponent": ("agencyRoleDescriptionRegistryText", "agencyType"),
    "agentComponent": ("agentRoleRegistryText", "agencyReference"),
    "incidentComponent": ("incidentTypeCommonRegistryText",),
    "callComponent": ("callStateRegistryText", "standardPrimaryCallType", "direction", "callStartTimestamp"),
    "callbackComponent": (),
    "dispatchComponent": (),
    "locationComponent": ("locationTypeDescriptionRegistryText",),
    "personComponent": ("personIncidentRoleRegistryText",),
    "vehicleComponent": ("vehicleRelationshipType", "vehicleRelationshipTimeStamp"),
    "emergencyResourceComponent": (
        "agentReference", "emergencyResourceTypeCommonRegistryText", "primaryUnitStatusRegistryText",
        "resourceAttributeRegistryText", "secondaryUnitStatusRegistryText",
    ),
    "notesComponent": ("notesActionComments",),
    "mergeComponent": ("incidentMergeDirectionCode", "incidentTrackingIdentifier"),
    "linkComponent": ("incidentTrackingIdentifier", "linkDirectionCode"),
    "cautionComponent": ("cautionTypeInternalText", "cautionTypeCommonRegistryText", "cautionSeverity"),
    "mediaComponent": ("uri", "contentType"),
    "alarmsSensorsComponent": (),
    "additionalDataComponent": (),
    "sharedCommunicationResourceComponent": ("sharedCommunicationResourceType",),
    "externalInformationSourceComponent": ("externalSourceRegistryText",),
}  # fmt: skip
#: Of these exactly one is asked for; who sends both has said where it is.
_ONE_OF = {
    "locationComponent": (
        "locationByValue", "locationByReferenceUrl",
        # A crossing and a place in words say where it is, too.
        "crossStreetByValue", "crossStreetByReferenceUrl", "intersectingStreetByValue",
        "intersectingStreetByReferenceUrl", "locationDescriptionText",
    ),
    "alarmsSensorsComponent": ("csaaAlarmInformation", "alarmUrl"),
}  # fmt: skip
#: What the drafts before version 1 did not have.
_NOT_IN_DRAFTS = frozenset({"agencyReference"})
_NOT_EMPTY = frozenset({"agencyComponent", "agencyType", "vehicleRelationshipType", "agentRoleRegistryText"})
_MAX_COMPONENTS = 5000


def check(document: Part) -> None:
    """Raise PayloadError with the pointer of the first fault; do nothing when all that is required is there."""
    draft = any(name in ("LastUpdateTimeStamp", "EIDOVersion") for name, _ in document.members())
    _has(document, _TOP, draft=False)
    version = document.text("eidoVersion")
    if version.partition(".")[0] != VERSION.partition(".")[0]:
        raise PayloadError(document.pointer("eidoVersion"), f"is not a version of {VERSION.partition('.')[0]}")
    count = 0
    for name, required in _COMPONENTS.items():
        value = document.value(name)
        if value is None:
            continue
        if not isinstance(value, (dict, list)):
            raise PayloadError(document.pointer(name), "expected an array of objects")
        if name == "incidentComponent" and isinstance(value, list) and len(value) > 1:
            raise PayloadError(f"{document.pointer(name)}/1", "a document is about one incident")
        _all_objects(value, document.pointer(name))
        parts = document.parts(name)
        count += len(parts)
        if count > _MAX_COMPONENTS:
            raise PayloadError(document.pointer(name), f"the document has more than {_MAX_COMPONENTS} components")
        for part in parts:
            _has(part, (*_PROLOGUE, *required), draft=draft)
            one_of = _ONE_OF.get(name)
            if one_of and not any(_is_there(part.value(member), member) for member in one_of):
                raise PayloadError(part.pointer(one_of[0]), f"is missing, and {one_of[1]} too")
            for inner in part.parts("dispositionComponent") if name == "incidentComponent" else ():
                _has(inner, (*_PROLOGUE, "dispositionCommonRegistryCode"), draft=draft)


def _all_objects(value: Any, pointer: str) -> None:
    for place, one in enumerate(value if isinstance(value, list) else ()):
        if not isinstance(one, dict):
            raise PayloadError(f"{pointer}/{place}", "expected an object")


def _has(part: Part, names: tuple[str, ...], *, draft: bool) -> None:
    for name in names:
        if draft and name in _NOT_IN_DRAFTS:
            continue
        value = part.value(name)
        if not _is_there(value, name):
            raise PayloadError(part.pointer(name), "is missing" if value is None else "is empty")
        if name.endswith("Reference"):
            for place, one in enumerate(value if isinstance(value, list) else [value]):
                at = f"{part.pointer(name)}/{place}" if isinstance(value, list) else part.pointer(name)
                if isinstance(one, dict) and not text_of(one.get("$ref")):
                    raise PayloadError(f"{at}/$ref", "is missing")


def _is_there(value: Any, name: str) -> bool:
    if value is None:
        return False
    if name in ("$id", "eidoVersion", "incidentTrackingIdentifier"):
        return bool(text_of(value))
    return bool(value) if name in _NOT_EMPTY else True
