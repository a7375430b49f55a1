"""The AsyncAPI 3.0 document: topics as channels, frames as messages, headers and Kafka bindings."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from schemas.event_type import EventType
from schemas.generate.json_schema import clean_descriptions
from schemas.generate.json_text import json_text
from schemas.wire.frame import MAX_BYTES, MAX_EVENTS
from schemas.wire.topics import topic_config

#: Version of the AsyncAPI bindings specification for Kafka that the binding objects follow.
_KAFKA_BINDING = "0.5.0"
_HEADERS_NAME = "FrameHeaders"


def asyncapi(kinds: Iterable[EventType[Any]]) -> str:
    """Return the text of the AsyncAPI document (https://www.asyncapi.com/docs/reference/specification/v3.0.0)."""
    kinds = list(kinds)
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Watchfloor events",
            "version": "1.0.0",
            "description": (
                "Facts of a real-time crime center. A Kafka message is a frame: a JSON array of events of one type. "
                "A lone JSON object is read as a frame of one."
            ),
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {kind.name: _channel(kind) for kind in kinds},
        "operations": {
            f"{action}_{kind.name}": {
                "action": action,
                "channel": {"$ref": f"#/channels/{kind.name}"},
                "messages": [{"$ref": f"#/channels/{kind.name}/messages/frame"}],
            }
            for kind in kinds
            for action in ("send", "receive")
        },
        "components": {
            "messages": {kind.name: _message(kind) for kind in kinds},
            "schemas": _schemas(kinds),
        },
    }
    return json_text(document)


def _channel(kind: EventType[Any]) -> dict[str, Any]:
    return {
        "address": kind.topic,
        "title": kind.cls.__name__,
        "description": inspect.getdoc(kind.cls) or "",
        "messages": {"frame": {"$ref": f"#/components/messages/{kind.name}"}},
        "bindings": {
            "kafka": {
                "topic": kind.topic,
                "topicConfiguration": _topic_configuration(kind),
                "bindingVersion": _KAFKA_BINDING,
            }
        },
    }


def _topic_configuration(kind: EventType[Any]) -> dict[str, Any]:
    """Return what topics are made with, as far as the Kafka binding knows it: the policy a list, the rest numbers."""
    config = topic_config(kind)
    known: dict[str, Callable[[str], Any]] = {"cleanup.policy": lambda value: value.split(","), "retention.ms": int}
    return {name: known[name](value) for name, value in config.items() if name in known}


def _message(kind: EventType[Any]) -> dict[str, Any]:
    events = msgspec.to_builtins(list(kind.examples))
    return {
        "name": kind.name,
        "title": f"Frame of {kind.cls.__name__}",
        "summary": f"1 to {MAX_EVENTS} events of one partition, at most {MAX_BYTES // 1024} KiB.",
        "contentType": "application/json",
        "headers": {"$ref": f"#/components/schemas/{_HEADERS_NAME}"},
        "payload": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_EVENTS,
            "items": {"$ref": f"#/components/schemas/{kind.cls.__name__}"},
        },
        "bindings": {
            "kafka": {
                "key": {
                    "type": "string",
                    "description": (
                        f"The {kind.key} of an event of the frame. The partition of every event in it is "
                        "murmur2 of its own key, as Kafka's default partitioner has it."
                    ),
                },
                "bindingVersion": _KAFKA_BINDING,
            }
        },
        "examples": [{"name": "one", "payload": [event]} for event in events],
    }


def _schemas(kinds: list[EventType[Any]]) -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components(
        [kind.cls for kind in kinds], ref_template="#/components/schemas/{name}"
    )
    clean_descriptions(schemas)
    return {_HEADERS_NAME: _headers(), **{name: _as_draft_07(schemas[name]) for name in sorted(schemas)}}


def _as_draft_07(schema: Any) -> Any:
    """Rewrite tuples: AsyncAPI's own schema dialect grew from draft-07, which has no ``prefixItems``."""
    if isinstance(schema, list):
        return [_as_draft_07(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    result = {name: _as_draft_07(value) for name, value in schema.items()}
    if "prefixItems" in result:
        result["items"] = result.pop("prefixItems")
        result["additionalItems"] = False
    return result


def _headers() -> dict[str, Any]:
    """Headers of every frame: CloudEvents 1.0, Kafka binding §3.2.3, plus count and W3C trace context."""
    described = {
        "content-type": "Always application/json.",
        "ce_specversion": "Always 1.0.",
        "ce_type": "The topic, which names the type and its version.",
        "ce_id": "event_id of the first event.",
        "ce_source": "source of the first event.",
        "ce_time": "occurred_at of the first event, RFC 3339.",
        "count": "Number of events in the frame, as decimal digits.",
        "traceparent": "W3C trace context of the frame, if it is traced.",
    }
    patterns = {"count": "^[1-9][0-9]{0,2}$", "traceparent": "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"}
    constants = {"content-type": "application/json", "ce_specversion": "1.0"}
    properties: dict[str, dict[str, str]] = {}
    for name, description in described.items():
        properties[name] = {"type": "string", "description": description}
        if name in patterns:
            properties[name]["pattern"] = patterns[name]
        if name in constants:
            properties[name]["const"] = constants[name]
    return {"type": "object", "properties": properties, "required": [n for n in described if n != "traceparent"]}
