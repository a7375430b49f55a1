"""A9 and what is handed on: an incident as an EIDO, strict in form and filtered to what its recipient may see."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from msgspec.structs import replace

from connectors.eido.parts import Part
from connectors.eido.required import check
from connectors.pidf_lo.locations import read_locations
from dashboards.server.eido_document import eido_of
from dashboards.server.pidf_lo import pidf_lo
from dashboards.server.ports import IncidentFacts
from schemas.eido import RIGHTS
from schemas.events.emergency_call import EXAMPLE as CALL
from schemas.events.emergency_call import CallLink, CallLocation, CallNote, CallUnit, CallVehicle, EmergencyCall
from schemas.events.incident import EXAMPLE as INCIDENT
from schemas.events.person import EXAMPLE as PERSON
from schemas.events.person import Person
from schemas.events.source_document import SourceDocument
from tests.unit.eido_documents import component, document, of_type, read

NOW = datetime(2026, 1, 15, 19, 0, tzinfo=UTC)
ALL = frozenset(RIGHTS)
OPENAPI = Path("/work/shared/data/cad/eido/eido_openapi.yaml")
WHOLE = replace(
    CALL,
    callback_number="+15045550123",
    answered_at=NOW,
    notes=(CallNote(text="<script>alert(1)</script> & more", at=NOW, author="ct12"),),
    units=(CallUnit(unit_id="801A", status="EnRoute"),),
    vehicles=(CallVehicle(relation="suspect", plate="ABC123", description="red Ford"),),
    links=(
        CallLink(relation="linked", incident_ref="urn:emergency:uid:incidentid:7:psap.example"),
        CallLink(relation="merged_from", incident_ref="urn:emergency:uid:incidentid:8:psap.example"),
    ),
    locations=(
        CallLocation(
            role="caller", lat=29.9576, lon=-90.067, uncertainty_m=25.0, confidence=0.9, at=NOW, address="5 B St"
        ),
        CallLocation(role="tower", lat=29.9, lon=-90.1, may_share=False),
        CallLocation(role="other", lat=29.8, lon=-90.2, keep_until=NOW - timedelta(hours=1)),
        CallLocation(role="routing", shape='{"type":"Polygon","coordinates":[[[-90,30],[-89,30],[-89,31],[-90,30]]]}'),
    ),
)
FACTS = IncidentFacts(incident=replace(INCIDENT, stage="en_route"), calls=(WHOLE,), persons=(PERSON,))


def from_document(value: dict[str, Any]) -> IncidentFacts:
    """What the store has of an incident that came as an EIDO."""
    done = read(value)
    return IncidentFacts(
        incident=INCIDENT,
        calls=tuple(of_type(done, EmergencyCall)),
        persons=tuple(of_type(done, Person)),
        documents=("".join(part.text for part in of_type(done, SourceDocument)),),
    )


def made(facts: IncidentFacts = FACTS, rights: frozenset[str] = ALL) -> dict[str, Any]:
    value = eido_of(facts, rights, "demo.watchfloor.invalid", NOW)
    assert json.loads(json.dumps(value)) == value
    return value


def with_everything() -> dict[str, Any]:
    value = document() | {
        "additionalDataComponent": [component("data1", additionalDataByValue="blood group 0")],
        "cautionComponent": [
            component("c1", cautionTypeInternalText="x", cautionTypeCommonRegistryText="y", cautionSeverity="high")
        ],
        "mediaComponent": [component("m1", uri="https://media.example/1", contentType="image/jpeg")],
    }
    value["callComponent"][0]["additionalDataReference"] = [{"$ref": value["additionalDataComponent"][0]["$id"]}]
    value["personComponent"][0]["additionalDataReference"] = [{"$ref": value["additionalDataComponent"][0]["$id"]}]
    value["personComponent"][0]["ncPersonComponent"]["ncPersonMedicalDescriptionText"] = "diabetic"
    return value


def stubbed() -> jsonschema_rs.Validator:
    """NENA's schema; the NIEM types that are not beside it take any object."""
    schema = yaml.safe_load(OPENAPI.read_text())

    def walked(node: Any) -> Any:
        if isinstance(node, dict):
            target = node.get("$ref")
            if isinstance(target, str):
                inner = target.partition("#/components/schemas/")[2]
                return {"type": "object"} if "NIEM" in target else {"$ref": f"#/components/schemas/{inner}"}
            # One place of the file has a comma behind a number.
            return {key: int(str(one).rstrip(",")) if key == "minItems" else walked(one) for key, one in node.items()}
        return [walked(one) for one in node] if isinstance(node, list) else node

    components = walked(schema["components"])
    # A property called $ref is no reference; the walk above cannot tell.
    components["schemas"]["ReferenceType"] = {
        "type": "object", "required": ["$ref"], "properties": {"$ref": {"type": "string"}},
    }  # fmt: skip
    whole = {"components": components, "$ref": "#/components/schemas/EmergencyIncidentDataObjectType"}
    return jsonschema_rs.Draft4Validator(whole)


@pytest.mark.skipif(not OPENAPI.exists(), reason="the schema is not on this machine")
def test_the_schema_that_is_judged_by_refuses_what_lacks_something() -> None:
    for where in ((), ("callComponent", 0), ("locationComponent", 0), ("incidentComponent",)):
        value = made()
        inner: Any = value
        for step in where:
            inner = inner[step]
        del inner["lastUpdateTimeStamp"]
        assert not stubbed().is_valid(value)


RIGHT_SETS = [frozenset(), ALL, *(frozenset({right}) for right in RIGHTS)]


@pytest.mark.parametrize("rights", RIGHT_SETS, ids=lambda rights: "+".join(sorted(rights)) or "none")
@pytest.mark.parametrize("source", ["own", "eido"])
def test_what_goes_out_has_all_that_the_standard_requires_whatever_is_left_out(
    rights: frozenset[str], source: str
) -> None:
    value = made(FACTS if source == "own" else from_document(with_everything()), rights)
    check(Part(value))
    if OPENAPI.exists():
        assert [error.message for error in stubbed().iter_errors(value)] == []


@pytest.mark.parametrize("right", [right for right in RIGHTS if right != "extension"])
def test_a9_without_a_right_its_components_are_not_there_and_nothing_refers_to_them(right: str) -> None:
    facts = from_document(with_everything())
    value = made(facts, ALL - {right})
    text = json.dumps(value)
    whole = made(facts)
    for name in RIGHTS[right]:
        assert name not in value
        for part in whole.get(name, []):
            assert part["$id"] not in text


def test_a9_the_least_rights_give_no_person_note_place_or_medicine() -> None:
    text = json.dumps(made(from_document(with_everything()), frozenset()))
    for secret in ("Katherine", "555", "29.95", "gun.", "ABC", "abc 123", "blood", "diabetic", "vendor"):
        assert secret not in text, secret


def test_a9_medicine_inside_of_a_person_goes_with_the_right_to_medicine() -> None:
    facts = from_document(with_everything())
    assert "diabetic" in json.dumps(made(facts, frozenset({"person", "medical"})))
    person = json.dumps(made(facts, frozenset({"person"})))
    assert "Katherine" in person
    assert "diabetic" not in person


def test_a9_what_was_left_out_does_not_come_back_when_it_is_handed_on_again() -> None:
    first = made(from_document(with_everything()), ALL - {"medical", "person"})
    second = json.dumps(made(from_document(first), ALL))
    assert "Katherine" not in second
    assert "blood" not in second


def test_a1_unknown_members_and_niem_go_out_as_they_came_in() -> None:
    value = with_everything()
    out = made(from_document(value))
    assert out["x-vendorExtension"] == value["x-vendorExtension"]
    assert out["vehicleComponent"] == value["vehicleComponent"]
    assert [one["ncPersonComponent"] for one in out["personComponent"]] == [
        one["ncPersonComponent"] for one in value["personComponent"]
    ]


def test_a7_what_goes_out_is_spelt_as_the_schema_has_it() -> None:
    value = document() | {"alarmsSensorComponent": [component("a1", alarmUrl="https://alarm.example/1")]}
    out = made(from_document(value))
    assert "alarmsSensorComponent" not in out
    assert len(out["alarmsSensorsComponent"]) == 1


def test_locations_that_may_not_be_shared_or_kept_are_left_out() -> None:
    kinds = [one["locationTypeDescriptionRegistryText"] for one in made()["locationComponent"]]
    assert kinds == ["Caller", "RoutingLocation"]


def test_a_location_comes_back_as_it_went_out() -> None:
    text = pidf_lo(WHOLE.locations[0], "pres:x@example.invalid")
    assert text is not None
    (place,) = read_locations(text, "caller").places
    assert replace(place.location, shape="") == WHOLE.locations[0]
    area = pidf_lo(WHOLE.locations[3], "pres:x@example.invalid")
    assert area is not None
    (place,) = read_locations(area, "routing").places
    assert json.loads(place.location.shape) == json.loads(WHOLE.locations[3].shape)
    assert pidf_lo(CallLocation(role="other"), "pres:x@example.invalid") is None


def test_a_note_goes_out_as_html_that_does_nothing() -> None:
    (note,) = made()["notesComponent"]
    assert note["notesActionComments"] == "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more"


def test_what_goes_out_is_read_back_as_the_same_call() -> None:
    (call,) = of_type(read(made()), EmergencyCall)
    assert (call.kind, call.category, call.priority) == (WHOLE.kind, WHOLE.category, WHOLE.priority)
    assert call.status == "en_route"
    assert (call.number, call.received_at, call.answered_at) == (WHOLE.number, WHOLE.received_at, WHOLE.answered_at)
    assert call.notes[0].text == WHOLE.notes[0].text
    assert [(one.relation, one.plate) for one in call.vehicles] == [("suspect", "ABC123")]
    assert sorted(link.relation for link in call.links) == ["linked", "merged_from"]
    assert [(one.role, one.lat) for one in call.locations] == [("caller", 29.9576), ("routing", None)]


@pytest.mark.parametrize(
    ("stage", "words"),
    [("opened", ["Active"]), ("closed", ["Closed"]), ("reopened", ["ReOpened"]), ("merged", ["Closed"])],
)
def test_a_stage_goes_out_in_the_registrys_words(stage: str, words: list[str]) -> None:
    out = made(IncidentFacts(incident=replace(INCIDENT, stage=stage), calls=(WHOLE,)))
    assert out["incidentComponent"]["incidentStatusCommonRegistryText"] == words
