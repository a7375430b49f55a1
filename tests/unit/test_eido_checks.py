"""The acceptance checks of EIDO (reference/standards.md, A1 to A8), at the connector."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from connectors.eido.parts import canonical
from connectors.eido.translate import MAX_NOTE_BYTES, translate
from schemas.events.emergency_call import CallLink, EmergencyCall
from schemas.events.person import Person
from schemas.events.source_document import PART_CHARS, SourceDocument
from schemas.wire.frame import MAX_EVENT_BYTES, encode_event
from tests.unit.eido_documents import call_of, component, context, document, of_type, read


def stored_text(value: Any) -> str:
    parts = sorted(of_type(read(value), SourceDocument), key=lambda part: part.part)
    assert {part.parts for part in parts} == {len(parts)}
    return "".join(part.text for part in parts)


def test_a1_a_whole_document_becomes_its_call_its_people_and_itself() -> None:
    done = read(document())
    (call,) = of_type(done, EmergencyCall)
    (person,) = of_type(done, Person)
    (part,) = of_type(done, SourceDocument)
    assert (call.number, call.kind, call.category, call.priority) == (
        "26-000117",
        "ARMED ROBBERY WITH GUN",
        "robbery",
        9,
    )
    assert (call.lat, call.lon, call.status) == (29.9569, -90.0671, "en_route")
    assert (person.given_name, person.birth_date, person.call_id) == ("Katherine", "1990-02-11", call.call_id)
    assert (part.document_id, part.about) == (call.document_id, call.call_id)


def test_a1_unknown_members_come_out_as_they_went_in() -> None:
    value = document() | {"x-new": {"é": [1.0, 2**60, 1e-7, "a\u2028b", None, {"nested": {"deep": True}}], "A": "a"}}
    value["callComponent"][0]["x-vendor"] = {"z": 1, "a": [[], {}]}
    text = stored_text(value)
    assert json.loads(text) == value
    assert text == json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def test_a1_a_large_document_is_kept_in_parts_that_fit_the_log() -> None:
    value = document()
    value["notesComponent"][0]["notesActionComments"] = '\u0001\U0001f697\\"' * 40_000
    parts = of_type(read(value), SourceDocument)
    assert len(parts) > 3
    assert max(len(encode_event(part)) for part in parts) < MAX_EVENT_BYTES
    assert "".join(part.text for part in parts) == canonical(value)


def test_a1_the_largest_part_there_can_be_fits_the_log() -> None:
    (part,) = of_type(read(document()), SourceDocument)
    for char in ("\\", "\U0001f697", "\u0001", "\u2028"):
        assert len(encode_event(replace(part, text=char * PART_CHARS))) < MAX_EVENT_BYTES


#: Each member that the schema requires: path of the object, and the member.
REQUIRED = [
    ((), name)
    for name in ("$id", "lastUpdateTimeStamp", "updatedByAgencyReference", "eidoVersion",
                 "issuingElementIdentification", "agencyComponent")
] + [
    ((where, 0) if where != "incidentComponent" else (where,), name)
    for where, names in {
        "agencyComponent": ("agencyRoleDescriptionRegistryText", "agencyType"),
        "agentComponent": ("agentRoleRegistryText", "agencyReference"),
        "incidentComponent": ("incidentTypeCommonRegistryText",),
        "callComponent": ("callStateRegistryText", "standardPrimaryCallType", "direction", "callStartTimestamp"),
        "locationComponent": ("locationTypeDescriptionRegistryText", "locationByValue"),
        "personComponent": ("personIncidentRoleRegistryText",),
        "vehicleComponent": ("vehicleRelationshipType", "vehicleRelationshipTimeStamp"),
        "emergencyResourceComponent": ("agentReference", "emergencyResourceTypeCommonRegistryText",
                                       "primaryUnitStatusRegistryText", "secondaryUnitStatusRegistryText",
                                       "resourceAttributeRegistryText"),
        "notesComponent": ("notesActionComments",),
        "mergeComponent": ("incidentMergeDirectionCode", "incidentTrackingIdentifier"),
        "linkComponent": ("incidentTrackingIdentifier", "linkDirectionCode"),
        "cautionComponent": ("cautionTypeInternalText", "cautionTypeCommonRegistryText", "cautionSeverity"),
        "mediaComponent": ("uri", "contentType"),
        "alarmsSensorsComponent": ("csaaAlarmInformation",),
    }.items()
    for name in ("$id", "lastUpdateTimeStamp", "updatedByAgencyReference", *names)
]  # fmt: skip


CAUTION = {"cautionTypeInternalText": "dog", "cautionTypeCommonRegistryText": "Animal", "cautionSeverity": "high"}


def complete() -> dict[str, Any]:
    return document() | {
        "cautionComponent": [component("caution1", **CAUTION)],
        "mediaComponent": [component("media1", uri="https://media.example/1", contentType="image/jpeg")],
        "alarmsSensorsComponent": [component("alarm1", csaaAlarmInformation="<alarm/>")],
    }  # fmt: skip


def test_a2_the_complete_document_is_taken() -> None:
    assert read(complete()).refused == []


@pytest.mark.parametrize(("where", "name"), REQUIRED, ids=lambda value: "/".join(map(str, value)) if value else "top")
def test_a2_a_document_without_a_required_member_is_refused_by_its_pointer_and_others_go_on(
    where: tuple[Any, ...], name: str
) -> None:
    bad, good = complete(), complete()
    inner: Any = bad
    for step in where:
        inner = inner[step]
    del inner[name]
    done = translate(json.dumps([bad, good]).encode(), "application/json", context())
    (refused,) = done.refused
    assert refused.field == "/" + "/".join(map(str, (0, *where, name)))
    assert "missing" in refused.error
    assert json.loads(refused.original) == bad
    assert len(of_type(done, EmergencyCall)) == 1


def test_a2_a_reference_without_its_target_is_named() -> None:
    value = document()
    value["updatedByAgencyReference"] = {}
    (refused,) = read(value).refused
    assert refused.field == "/updatedByAgencyReference/$ref"


def test_a2_a_version_that_breaks_is_refused_and_a_minor_one_is_read() -> None:
    assert read(document() | {"eidoVersion": "2.0"}).refused[0].field == "/eidoVersion"
    assert read(document() | {"eidoVersion": "1.1"}).refused == []


def test_a3_a_document_is_the_state_and_what_it_lacks_is_not_in_the_state() -> None:
    first, second = document(), document()
    second["lastUpdateTimeStamp"] = "2026-01-15T18:31:00Z"
    for name in ("locationComponent", "notesComponent", "vehicleComponent", "emergencyResourceComponent"):
        del second[name]
    before, after = call_of(first), call_of(second)
    assert before.call_id == after.call_id
    assert before.event_id != after.event_id
    assert after.updated_at > before.updated_at
    assert (after.locations, after.notes, after.vehicles, after.units, after.lat) == ((), (), (), (), None)


def test_a3_the_same_document_twice_makes_no_new_row_whatever_the_space_in_it() -> None:
    value = document()
    first = read(value)
    again = translate(json.dumps(value, indent=4, sort_keys=True).encode(), "application/json", context())
    assert [event.event_id for event in again.events] == [event.event_id for event in first.events]


def test_a4_an_older_document_that_comes_late_is_an_older_state_of_the_same_call() -> None:
    newer, older = call_of(document()), call_of(document() | {"lastUpdateTimeStamp": "2026-01-15T18:28:41Z"})
    assert older.call_id == newer.call_id
    assert older.updated_at < newer.updated_at
    assert older.event_id != newer.event_id


@pytest.mark.parametrize(("number", "priority"), [(10, 10), (0, 0), ("7", 7), (5.0, 5)])
def test_a5_the_number_is_the_priority(number: Any, priority: int) -> None:
    value = document()
    value["incidentComponent"]["incidentCommonPriorityNumber"] = number
    assert call_of(value).priority == priority


@pytest.mark.parametrize("number", [11, -1, "high", 3.5, [], {}])
def test_a5_a_number_that_is_none_is_unknown_and_told(number: Any) -> None:
    value = document()
    value["incidentComponent"]["incidentCommonPriorityNumber"] = number
    done = read(value)
    assert of_type(done, EmergencyCall)[0].priority is None
    assert any("/incidentComponent/incidentCommonPriorityNumber" in notice for notice in done.notices)


def test_a5_without_a_number_the_calls_own_word_counts_and_an_unknown_word_is_told() -> None:
    value = document()
    del value["incidentComponent"]["incidentCommonPriorityNumber"]
    del value["incidentComponent"]["incidentPriorityInternalText"]
    assert call_of(value).priority == 8
    value["callComponent"][0]["priorityIdentifier"] = "rather high"
    done = read(value)
    assert of_type(done, EmergencyCall)[0].priority is None
    assert len(done.notices) == 1


@pytest.mark.parametrize(
    ("direction", "relation"), [("REPLACING", "merged_from"), ("REPLACED", "merged_into"), ("SPLIT", "split_into")]
)
def test_a6_merges_and_splits_are_links(direction: str, relation: str) -> None:
    value = document()
    value["linkComponent"] = []
    value["mergeComponent"][0]["incidentMergeDirectionCode"] = direction
    assert call_of(value).links == (
        CallLink(relation=relation, incident_ref="urn:emergency:uid:incidentid:26-000118:psap.example"),
    )


def test_a6_a_link_is_kept_and_an_unlink_takes_it_away() -> None:
    value = document()
    value["mergeComponent"] = []
    assert [link.relation for link in call_of(value).links] == ["linked"]
    value["linkComponent"][0]["linkDirectionCode"] = "UNLINK"
    assert call_of(value).links == ()


def test_a6_a_reopened_incident_is_open_and_keeps_its_times() -> None:
    closed, reopened = document(), document()
    closed["incidentComponent"]["incidentStatusCommonRegistryText"] = ["Closed"]
    reopened["incidentComponent"]["incidentStatusCommonRegistryText"] = ["Closed", "ReOpened"]
    before, after = call_of(closed), call_of(reopened)
    assert (before.status, before.closed_at is not None) == ("closed", True)
    assert (after.status, after.closed_at) == ("received", None)
    assert (after.received_at, after.answered_at) == (before.received_at, before.answered_at)


def test_a6_a_status_that_is_not_known_is_told() -> None:
    value = document()
    value["incidentComponent"]["incidentStatusCommonRegistryText"] = ["Simmering"]
    done = read(value)
    assert of_type(done, EmergencyCall)[0].status == "unknown"
    assert len(done.notices) == 1


def renamed(value: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {names.get(name, name): inner for name, inner in value.items()}


def test_a7_both_spellings_are_read() -> None:
    value = complete()
    del value["callComponent"]
    schema = call_of(value)
    text = call_of(renamed(value, {"alarmsSensorsComponent": "alarmsSensorComponent"}))
    assert (schema.contact, text.contact) == ("alarm", "alarm")
    odd = renamed(value, {"locationComponent": "locationInformationComponent", "vehicleComponent": "VehicleComponent"})
    assert call_of(odd).locations == schema.locations
    assert call_of(odd).vehicles == schema.vehicles


def test_a7_single_objects_bare_ids_and_bare_references_are_read() -> None:
    value = document()
    expected = call_of(value)
    for name in ("callComponent", "personComponent", "vehicleComponent", "notesComponent"):
        value[name] = value[name][0]
    value["incidentComponent"] = [value["incidentComponent"]]
    value["callComponent"]["callBackReference"] = value["callComponent"]["callBackReference"]["$ref"]
    call = call_of(value)
    assert (call.vehicles, call.notes, call.callback_number) == (
        expected.vehicles, expected.notes, expected.callback_number,
    )  # fmt: skip
    bare = document() | {"$id": "7d9d2a0e-1d5c-4a55-9e0c-bb1a5d1b0001"}
    assert call_of(bare).incident_ref == "7d9d2a0e-1d5c-4a55-9e0c-bb1a5d1b0001"


def test_a8_a_note_is_text_and_never_markup() -> None:
    (note,) = call_of(document()).notes
    assert note.text == "Caller sees a man with a gun."


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("a &lt;b&gt; c", "a <b> c"),
        ("2 < 3 and 5 > 4", "2 < 3 and 5 > 4"),
        ("<svg onload=alert(1)><a>x</a></svg>y", "y"),
        ("<style>p{background:url(//evil.example)}</style>seen<br>twice", "seen\ntwice"),
        ("<iframe src='//evil.example'>in</iframe>out", "out"),
        ("plain\r\ntext\x00", "plain\ntext"),
    ],
)
def test_a8_what_is_markup_is_taken_out(html: str, text: str) -> None:
    value = document()
    value["notesComponent"][0]["notesActionComments"] = html
    assert call_of(value).notes[0].text == text


def test_a8_a_note_of_16_mb_is_taken_and_one_byte_more_is_refused_with_the_reason() -> None:
    value = document()
    value["notesComponent"][0]["notesActionComments"] = "x" * MAX_NOTE_BYTES
    call = call_of(value)
    assert len(call.notes[0].text) <= 20_000
    assert call.notes[0].text.endswith("document]")
    assert len(encode_event(call)) < MAX_EVENT_BYTES
    value["notesComponent"][0]["notesActionComments"] += "x"
    (refused,) = read(value).refused
    assert (refused.field, refused.error) == (
        "/notesComponent/0/notesActionComments",
        "is larger than 16 MB, which is the most of a note",
    )


def test_many_long_notes_fit_one_event_and_the_newest_are_kept() -> None:
    value = document()
    value["notesComponent"] = [
        component(f"note{n}", notesActionComments=f"{n} " + "é" * 15_000)
        | {"lastUpdateTimeStamp": f"2026-01-15T18:{n:02}:00Z"}
        for n in range(40)
    ]
    call = call_of(value)
    assert len(encode_event(call)) < MAX_EVENT_BYTES
    assert call.notes[-1].text.startswith("39 ")
    assert "earlier notes" in call.notes[0].text


def test_two_calls_of_one_incident_share_it_and_have_their_own_places() -> None:
    value = document()
    second = json.loads(json.dumps(value["callComponent"][0]))
    second |= {"$id": "urn:emergency:uid:callid:b2:esrp.example", "locationReference": [], "callBackReference": None}
    value["callComponent"].append(second)
    first, other = of_type(read(value), EmergencyCall)
    assert first.incident_ref == other.incident_ref != ""
    assert [place.role for place in first.locations] == ["incident", "caller"]
    assert [place.role for place in other.locations] == ["incident"]


def test_an_outgoing_call_is_no_call_for_service() -> None:
    value = document()
    value["callComponent"].append(value["callComponent"][0] | {"$id": "call:2", "direction": "outgoing"})
    done = read(value)
    assert len(of_type(done, EmergencyCall)) == 1
    assert any("/callComponent/1" in one.reason for one in done.ignored)


def test_an_incident_number_of_zero_is_about_no_incident() -> None:
    value = document() | {"$id": "urn:emergency:uid:incidentid:0:psap.example"}
    assert call_of(value).incident_ref == ""


def test_a_tower_and_a_route_are_never_where_the_call_is() -> None:
    value = document()
    value["locationComponent"] = value["locationComponent"][:1]
    for kind in ("TowerLocation", "RoutingLocation", "UnitLocation", "Staging"):
        value["locationComponent"][0]["locationTypeDescriptionRegistryText"] = kind
        call = call_of(value)
        assert (call.lat, call.lon) == (None, None)
        assert call.locations[0].lat == 29.9576
