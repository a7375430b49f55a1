"""The generated files are those the registry gives, they are valid, and the check notices when they are not."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any

import jsonschema_rs
import msgspec
import pytest
from msgspec import Meta

from schemas.event_type import EventType
from schemas.events.camera import CAMERA, Camera
from schemas.generate.__main__ import main
from schemas.generate.artefacts import ROOT, artefacts, drifted, write
from schemas.generate.description import describe, structs_of
from schemas.generate.json_schema import json_schema
from schemas.generate.typescript import typescript
from schemas.registry import EVENT_TYPES
from schemas.wire.frame import MAX_EVENTS, frame_headers

each_kind = pytest.mark.parametrize("kind", EVENT_TYPES, ids=lambda kind: kind.name)


class CameraWithPrice(Camera, frozen=True, kw_only=True, gc=False):
    """A camera with one more field, as a developer would add it."""

    price: Annotated[float | None, Meta(description="What it cost.")] = None


def changed_registry() -> tuple[EventType[Any], ...]:
    changed = msgspec.structs.replace(CAMERA, cls=CameraWithPrice)
    return tuple(changed if kind is CAMERA else kind for kind in EVENT_TYPES)


def test_nothing_generated_has_drifted_from_the_registry() -> None:
    assert drifted(artefacts()) == [], "run: python -m schemas.generate"


def test_generating_twice_gives_the_same_bytes() -> None:
    assert artefacts() == artefacts()


def test_an_added_field_is_noticed_in_every_file_that_speaks_of_fields() -> None:
    changed = set(drifted(artefacts(changed_registry())))
    assert {
        "docs/reference/events.md",
        "schemas/generated/asyncapi.json",
        "schemas/generated/clickhouse.sql",
        "schemas/generated/events.ts",
        "schemas/generated/json-schema/camera.json",
    } <= changed
    assert "schemas/generated/json-schema/zone.json" not in changed


def test_a_file_edited_missing_or_left_over_is_noticed_and_put_right(tmp_path: Path) -> None:
    texts = artefacts()
    assert write(texts, tmp_path) == sorted(texts)
    assert drifted(texts, tmp_path) == []
    (tmp_path / "schemas/generated/events.ts").write_text("edited by hand")
    (tmp_path / "schemas/generated/topics.json").unlink()
    (tmp_path / "schemas/generated/json-schema/unicorn.json").write_text("{}")
    expected = [
        "schemas/generated/events.ts",
        "schemas/generated/json-schema/unicorn.json",
        "schemas/generated/topics.json",
    ]
    assert drifted(texts, tmp_path) == expected
    assert write(texts, tmp_path) == expected
    assert drifted(texts, tmp_path) == []


def test_the_command_says_what_drifted_and_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--check"]) == 0
    monkeypatch.setattr("schemas.generate.__main__.artefacts", lambda: artefacts(changed_registry()))
    assert main(["--check"]) == 1
    assert "drifted: schemas/generated/json-schema/camera.json" in capsys.readouterr().err


def test_every_field_of_every_struct_is_described() -> None:
    undescribed = [
        f"{struct.name}.{field.name}"
        for struct in structs_of(EVENT_TYPES)
        for field in struct.fields
        if not field.description
    ]
    assert undescribed == []


@each_kind
def test_every_event_type_has_an_example(kind: EventType[Any]) -> None:
    assert kind.examples


@each_kind
def test_every_example_validates_against_its_generated_schema(kind: EventType[Any]) -> None:
    schema = json.loads((ROOT / f"schemas/generated/json-schema/{kind.name}.json").read_text())
    jsonschema_rs.meta.validate(schema)
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True, offline=True)
    for example in kind.examples:
        validator.validate(msgspec.to_builtins(example))


@each_kind
def test_a_schema_refuses_an_event_without_its_key_and_one_with_a_wrong_time(kind: EventType[Any]) -> None:
    validator = jsonschema_rs.Draft202012Validator(json_schema(kind), validate_formats=True, offline=True)
    event = msgspec.to_builtins(kind.examples[0])
    assert not validator.is_valid({name: value for name, value in event.items() if name != kind.key})
    assert not validator.is_valid({**event, "occurred_at": "yesterday"})
    assert not validator.is_valid([event])


def test_a_schema_keeps_the_bounds_of_the_struct() -> None:
    validator = jsonschema_rs.Draft202012Validator(json_schema(CAMERA), offline=True)
    event = msgspec.to_builtins(CAMERA.examples[0])
    assert validator.is_valid(event)
    assert not validator.is_valid({**event, "lat": 90.1})


# AsyncAPI 3.0.0. Its own validator is a Node program of some hundred packages; what follows checks the structure
# that the specification asks for: required fields, references that resolve, messages of operations in their channels.


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return json.loads((ROOT / "schemas/generated/asyncapi.json").read_text())


def resolve(document: Any, reference: str) -> Any:
    assert reference.startswith("#/")
    for step in reference[2:].split("/"):
        document = document[step]
    return document


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [each for value in node.values() for each in references(value)]
    return [each for value in node for each in references(value)] if isinstance(node, list) else []


def test_asyncapi_has_what_its_specification_requires(document: dict[str, Any]) -> None:
    assert document["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= set(document["info"])
    assert set(document) <= {
        "asyncapi",
        "id",
        "info",
        "servers",
        "defaultContentType",
        "channels",
        "operations",
        "components",
    }
    for name in [*document["channels"], *document["operations"], *document["components"]["schemas"]]:
        assert re.fullmatch(r"[A-Za-z0-9._-]+", name)
    for operation in document["operations"].values():
        assert operation["action"] in {"send", "receive"}
        channel = operation["channel"]["$ref"]
        assert all(message["$ref"].startswith(f"{channel}/messages/") for message in operation["messages"])


def test_every_reference_in_asyncapi_resolves(document: dict[str, Any]) -> None:
    found = references(document)
    assert len(found) > len(EVENT_TYPES)
    for reference in found:
        assert resolve(document, reference)


@each_kind
def test_asyncapi_tells_topic_key_and_frame_of_each_event_type(kind: EventType[Any], document: dict[str, Any]) -> None:
    channel = document["channels"][kind.name]
    assert channel["address"] == channel["bindings"]["kafka"]["topic"] == kind.topic
    policy = channel["bindings"]["kafka"]["topicConfiguration"]["cleanup.policy"]
    assert policy == (["compact"] if kind.compacted else ["delete"])
    message = resolve(document, channel["messages"]["frame"]["$ref"])
    assert kind.key in message["bindings"]["kafka"]["key"]["description"]
    assert (message["payload"]["minItems"], message["payload"]["maxItems"]) == (1, MAX_EVENTS)


@each_kind
def test_examples_and_headers_validate_against_asyncapis_schemas(
    kind: EventType[Any], document: dict[str, Any]
) -> None:
    def validator(schema: dict[str, Any]) -> jsonschema_rs.Draft7Validator:
        # AsyncAPI's schema dialect is a superset of draft-07.
        return jsonschema_rs.Draft7Validator({**schema, "components": document["components"]}, validate_formats=True)

    message = document["components"]["messages"][kind.name]
    frames = validator(message["payload"])
    for example in message["examples"]:
        frames.validate(example["payload"])
    assert not frames.is_valid([])
    assert not frames.is_valid([{}])
    headers = {name: value.decode() for name, value in frame_headers(kind, kind.examples[0], 1)}
    named = validator({"allOf": [message["headers"]]})
    named.validate(headers)
    assert not named.is_valid({**headers, "count": "0"})


@each_kind
def test_typescript_has_every_field_of_each_event_type(kind: EventType[Any]) -> None:
    text = (ROOT / "schemas/generated/events.ts").read_text()
    [body] = re.findall(rf"export interface {kind.cls.__name__} extends Envelope {{\n(.*?)\n}}", text, re.S)
    written = re.findall(r"^  readonly (\w+): ", body, re.M)
    assert written == [field.name for field in describe(kind.cls).own_fields]


def test_typescript_types_follow_the_wire() -> None:
    text = typescript(EVENT_TYPES)
    for line in (
        "readonly event_id: string;",
        "readonly occurred_at: string;",
        "readonly lat: number | null;",
        "readonly candidates: readonly PlateCandidate[];",
        "readonly facts: Readonly<Record<string, string>>;",
        "readonly original: string;",
        "readonly polygons: readonly (readonly (readonly (readonly [number, number])[])[])[];",
    ):
        assert f"  {line}\n" in text


def test_reference_docs_have_a_row_for_every_field() -> None:
    text = (ROOT / "docs/reference/events.md").read_text()
    for kind in EVENT_TYPES:
        section = text.split(f"\n## {kind.name}\n")[1].split("\n## ")[0]
        assert f"`{kind.topic}`" in section
        rows = re.findall(r"^\| `(\w+)` \|", section, re.M)
        assert rows == [field.name for field in describe(kind.cls).own_fields]


def test_topics_are_listed_in_the_registrys_order() -> None:
    listed = json.loads((ROOT / "schemas/generated/topics.json").read_text())
    assert [each["topic"] for each in listed] == [kind.topic for kind in EVENT_TYPES]
    assert listed[0] == {
        "event_type": "plate_read",
        "topic": "rtcc.lpr.plate-read.v1",
        "key": "plate",
        "compacted": False,
        "retention_days": 7,
        "push": "none",
    }
