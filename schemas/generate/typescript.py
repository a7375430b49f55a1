"""TypeScript types of the events as they travel: every field is present, what is absent is null."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import msgspec
from msgspec.inspect import (
    BoolType,
    BytesType,
    CollectionType,
    DateTimeType,
    DictType,
    FloatType,
    IntType,
    NoneType,
    StrType,
    StructType,
    TupleType,
    Type,
    UnionType,
    UUIDType,
)

from schemas import noting, owning, purpose, undoing
from schemas.checklists import checklists
from schemas.envelope import Event
from schemas.event_type import EventType
from schemas.events import action, alert, camera_health, drawing, emergency_call
from schemas.generate.description import FieldDescription, StructDescription, bare, describe, structs_of

_HEADER = """\
// Generated from schemas/ by `python -m schemas.generate`. Do not edit.
// Times are RFC 3339 strings in UTC, ids are UUID strings, bytes are base64 strings.
"""

#: Vocabularies of the schemas that the page needs as values.
VOCABULARIES: Mapping[str, object] = {
    "ALERT_SEVERITIES": alert.SEVERITIES,
    "ALERT_STATUSES": alert.STATUSES,
    "ACTIVE_ALERT_STATUSES": alert.ACTIVE_STATUSES,
    "ALERT_ACTIONS": action.ALERT_ACTIONS,
    "ALERT_CHECKS": action.CHECKS,
    "ALERT_VERDICTS": action.VERDICTS,
    "ALERT_OUTCOMES": action.OUTCOMES,
    "ALERT_TAKING": sorted(owning.TAKING),
    "ALERT_UNDOABLE": sorted(undoing.UNDOABLE),
    "ALERT_UNDO_MS": undoing.UNDO_WITHIN // timedelta(milliseconds=1),
    "ALERT_NOTE_LENGTH": noting.LONGEST_NOTE,
    "CALL_CATEGORIES": emergency_call.CATEGORIES,
    "GRAVE_CATEGORIES": sorted(emergency_call.GRAVE),
    "CALL_STATUSES": emergency_call.STATUSES,
    "CAMERA_STATUSES": camera_health.STATUSES,
    "STOPPED_CAMERA_STATUSES": sorted(camera_health.STOPPED),
    "DRAWING_SHAPES": drawing.DRAWING_SHAPES,
    "PURPOSES": dict(purpose.PURPOSES),
    "MIN_PURPOSE_TEXT": purpose.MIN_TEXT,
    "CHECKLISTS": msgspec.to_builtins(tuple(checklists().values())),
}


def typescript(kinds: Iterable[EventType[Any]]) -> str:
    """Return the text of events.ts: an interface for every struct, and constants of the registry."""
    kinds = list(kinds)
    blocks = [_HEADER, _envelope()]
    blocks += [_interface(struct) for struct in structs_of(kinds)]
    blocks.append(_events_by_type(kinds))
    blocks.append(_event_types(kinds))
    blocks += [f"export const {name} = {json.dumps(value)} as const;\n" for name, value in VOCABULARIES.items()]
    return "\n".join(blocks)


def type_of(kind: Type) -> str:
    """Return the TypeScript type of a field. Raises TypeError for one that has no rule here."""
    kind = bare(kind)
    match kind:
        case StrType() | UUIDType() | DateTimeType() | BytesType():
            return "string"
        case IntType() | FloatType():
            return "number"
        case BoolType():
            return "boolean"
        case NoneType():
            return "null"
        case StructType():
            return kind.cls.__name__
        case UnionType():
            return " | ".join(type_of(member) for member in kind.types)
        case TupleType():
            return f"readonly [{', '.join(type_of(member) for member in kind.item_types)}]"
        case CollectionType():
            item = type_of(kind.item_type)
            return f"readonly ({item})[]" if " " in item else f"readonly {item}[]"
        case DictType():
            return f"Readonly<Record<string, {type_of(kind.value_type)}>>"
        case _:
            raise TypeError(f"no TypeScript type is known for {kind!r}")


def _envelope() -> str:
    # Named Envelope, because Event is a type of the DOM.
    lines = [*_doc(describe(Event).doc, ""), "export interface Envelope {", *_fields(describe(Event).fields), "}\n"]
    return "\n".join(lines)


def _interface(struct: StructDescription) -> str:
    base = " extends Envelope" if issubclass(struct.cls, Event) else ""
    lines = [*_doc(struct.doc, ""), f"export interface {struct.name}{base} {{", *_fields(struct.own_fields), "}\n"]
    return "\n".join(lines)


def _fields(fields: Iterable[FieldDescription]) -> list[str]:
    lines = []
    for field in fields:
        lines += _doc(field.description, "  ")
        lines.append(f"  readonly {field.name}: {type_of(field.type)};")
    return lines


def _doc(text: str, indent: str) -> list[str]:
    safe = text.replace("*/", "*\u200b/").replace("``", "`").splitlines()
    if not safe:
        return []
    if len(safe) == 1:
        return [f"{indent}/** {safe[0]} */"]
    return [f"{indent}/**", *(f"{indent} * {line}".rstrip() for line in safe), f"{indent} */"]


def _events_by_type(kinds: list[EventType[Any]]) -> str:
    lines = ["/** The interface of each event type, by its name. */", "export interface EventByType {"]
    lines += [f"  readonly {kind.name}: {kind.cls.__name__};" for kind in kinds]
    lines.append("}\n\nexport type EventTypeName = keyof EventByType;\n")
    return "\n".join(lines)


def _event_types(kinds: list[EventType[Any]]) -> str:
    lines = [
        "/** What the registry knows of each event type: its topic, the field that keys it, how the hub sends it",
        " *  (lossless, latest, flow or none) and, for states, the field whose greatest value is newest. */",
        "export const EVENT_TYPES = {",
    ]
    for kind in kinds:
        value = {"topic": kind.topic, "key": kind.key, "push": kind.push.value, "version": kind.version_field}
        inside = ", ".join(f"{name}: {json.dumps(each)}" for name, each in value.items())
        lines.append(f"  {kind.name}: {{ {inside} }},")
    lines.append("} as const satisfies Record<EventTypeName, object>;\n")
    return "\n".join(lines)
