"""docs/reference/events.md: every event type and its fields, for people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.inspect import (
    BoolType,
    BytesType,
    CollectionType,
    DateTimeType,
    DictType,
    FloatType,
    IntType,
    Metadata,
    NoneType,
    StrType,
    StructType,
    TupleType,
    Type,
    UnionType,
    UUIDType,
)

from schemas.envelope import Event
from schemas.event_type import EventType, Push
from schemas.generate.description import FieldDescription, StructDescription, describe, structs_of
from schemas.wire.frame import MAX_EVENTS

_INTRODUCTION = f"""\
<!-- Generated from schemas/ by `python -m schemas.generate`. Do not edit. -->
# Events

An event is an immutable fact. Events travel in frames: one Kafka message holds a JSON array of 1 to {MAX_EVENTS}
events of one type. Every field is always written; what is not known is `null` or empty.

Units: angles are degrees, lengths metres, speeds km/h, confidences 0 to 1, coordinates WGS 84 degrees.
A *time* is RFC 3339 in UTC, an *id* a UUID, *bytes* are base64; *text ≤ 100* has at most 100 characters.
"""

_PUSH = {
    Push.LOSSLESS: "every one, in order",
    Push.LATEST: "the newest of each key",
    Push.FLOW: "best effort",
    Push.NONE: "no",
}


def reference_docs(kinds: Iterable[EventType[Any]]) -> str:
    """Return the text of the reference page."""
    kinds = list(kinds)
    events = {kind.cls for kind in kinds}
    parts = [struct for struct in structs_of(kinds) if struct.cls not in events]
    sections = [
        _INTRODUCTION,
        _overview(kinds),
        f"## Envelope\n\nWhat every event carries besides its own fields.\n\n{_field_table(describe(Event).fields)}",
        *(_event_section(kind) for kind in kinds),
        "## Parts\n\nWhat some fields are made of.\n",
        *(f"### {struct.name}\n\n{_prose(struct)}\n\n{_field_table(struct.fields)}" for struct in parts),
    ]
    return "\n".join(sections)


def _overview(kinds: list[EventType[Any]]) -> str:
    rows = ["| event | topic | key | kept in Kafka | table | pushed live |", "|---|---|---|---|---|---|"]
    for kind in kinds:
        table = f"`{kind.table.name}`" if kind.table else "none"
        rows.append(
            f"| [{kind.name}](#{kind.name}) | `{kind.topic}` | `{kind.key}` | {_kept(kind)} | {table} "
            f"| {_PUSH[kind.push]} |"
        )
    return "\n".join(rows) + "\n"


def _kept(kind: EventType[Any]) -> str:
    return "newest of each key" if kind.compacted else f"{kind.retention_days} days"


def _event_section(kind: EventType[Any]) -> str:
    struct = describe(kind.cls)
    facts = [f"Topic `{kind.topic}`, keyed by `{kind.key}`, kept in Kafka: {_kept(kind)}."]
    if kind.version_field:
        facts.append(f"A state: the greatest `{kind.version_field}` is the newest.")
    if kind.table:
        order = ", ".join(kind.table.order_by)
        facts.append(f"Table `{kind.table.name}`, ordered by ({order}), split by month of `{kind.table.month_of}`.")
        if kind.table.projection:
            facts.append(f"Second order: ({', '.join(kind.table.projection)}).")
        if kind.table.current:
            facts.append(f"`{kind.table.current}` shows the newest state of each {kind.key}.")
    facts.append(f"Pushed live: {_PUSH[kind.push]}.")
    return f"## {kind.name}\n\n{_prose(struct)}\n\n{' '.join(facts)}\n\n{_field_table(struct.own_fields)}"


def _prose(struct: StructDescription) -> str:
    return struct.doc.replace("``", "`")


def _field_table(fields: Iterable[FieldDescription]) -> str:
    rows = ["| field | type | default | meaning |", "|---|---|---|---|"]
    for field in fields:
        default = "required" if field.default is None else f"`{field.default}`"
        rows.append(f"| `{field.name}` | {type_in_words(field.type)} | {default} | {_cell(field.description)} |")
    return "\n".join(rows) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def type_in_words(kind: Type) -> str:
    """Return what a reader of the JSON needs to know of a field's type. Raises TypeError for one without a rule."""
    while isinstance(kind, Metadata):
        kind = kind.type
    match kind:
        case StrType():
            return "text" if kind.max_length is None else f"text ≤ {kind.max_length}"
        case UUIDType():
            return "id"
        case DateTimeType():
            return "time"
        case BytesType():
            return "bytes"
        case BoolType():
            return "true or false"
        case IntType():
            return f"whole number{_bounds(kind)}"
        case FloatType():
            return f"number{_bounds(kind)}"
        case NoneType():
            return "null"
        case StructType():
            return f"[{kind.cls.__name__}](#{kind.cls.__name__.lower()})"
        case UnionType():
            return " or ".join(type_in_words(member) for member in kind.types)
        case TupleType():
            return f"[{', '.join(type_in_words(member) for member in kind.item_types)}]"
        case CollectionType():
            return f"list of {type_in_words(kind.item_type)}"
        case DictType():
            return f"object of {type_in_words(kind.value_type)}"
        case _:
            raise TypeError(f"no words are known for {kind!r}")


def _bounds(kind: IntType | FloatType) -> str:
    if kind.ge is not None and kind.le is not None:
        return f" {kind.ge:g}..{kind.le:g}"
    bounds = (("≥", kind.ge), (">", kind.gt), ("≤", kind.le), ("<", kind.lt))
    return "".join(f" {sign} {value:g}" for sign, value in bounds if value is not None)
