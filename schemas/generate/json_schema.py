"""JSON Schema (draft 2020-12) of one event of each type."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

import msgspec

from schemas.event_type import EventType
from schemas.generate.json_text import json_text

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schemas(kinds: Iterable[EventType[Any]]) -> dict[str, str]:
    """Return, by event type, the text of its JSON Schema."""
    return {kind.name: json_text(json_schema(kind)) for kind in kinds}


def json_schema(kind: EventType[Any]) -> dict[str, Any]:
    """Return the JSON Schema of one event type, with its examples. A frame is an array of these."""
    schema = msgspec.json.schema(kind.cls)
    definitions = schema["$defs"]
    clean_descriptions(definitions)
    return {
        "$schema": DIALECT,
        "$id": f"https://watchfloor.invalid/schemas/{kind.topic}.json",
        "title": kind.cls.__name__,
        "description": inspect.getdoc(kind.cls) or "",
        "$ref": schema["$ref"],
        "examples": msgspec.to_builtins(list(kind.examples)),
        "$defs": dict(sorted(definitions.items())),
    }


def clean_descriptions(definitions: dict[str, Any]) -> None:
    """Take the source code's indentation out of the descriptions of struct definitions, in place."""
    for definition in definitions.values():
        if "description" in definition:
            definition["description"] = inspect.cleandoc(definition["description"])
