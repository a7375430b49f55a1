"""What a struct says of itself: name, doc, and its fields with type, default and description.

The generators that write for people and for TypeScript read this instead of the classes.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import NODEFAULT, Struct
from msgspec.inspect import (
    CollectionType,
    DictType,
    Metadata,
    StructType,
    TupleType,
    Type,
    UnionType,
    type_info,
)

from schemas.envelope import Event
from schemas.event_type import EventType


class FieldDescription(Struct, frozen=True):
    """One field. ``default`` is the JSON text of its default, or None when the field is required."""

    name: str
    type: Type
    description: str
    default: str | None


class StructDescription(Struct, frozen=True):
    """One struct. ``doc`` is its docstring without indentation."""

    cls: type
    name: str
    doc: str
    fields: tuple[FieldDescription, ...]

    @property
    def own_fields(self) -> tuple[FieldDescription, ...]:
        """The fields without those of the envelope, for an event; all fields for a part."""
        if not issubclass(self.cls, Event):
            return self.fields
        return tuple(field for field in self.fields if field.name not in Event.__struct_fields__)


def bare(kind: Type) -> Type:
    """Return a type without its annotations."""
    while isinstance(kind, Metadata):
        kind = kind.type
    return kind


def describe(cls: type) -> StructDescription:
    """Return the description of a struct class. Raises TypeError when it is no struct."""
    info = bare(type_info(cls))
    if not isinstance(info, StructType):
        raise TypeError(f"{cls!r} is not a struct")
    return StructDescription(
        cls=cls,
        name=cls.__name__,
        doc=inspect.getdoc(cls) or "",
        fields=tuple(
            FieldDescription(
                name=field.encode_name,
                type=field.type,
                description=_description(field.type),
                default=_default(field),
            )
            for field in info.fields
        ),
    )


def structs_of(kinds: Iterable[EventType[Any]]) -> list[StructDescription]:
    """Return every struct that these event types are made of, parts before the wholes that use them, each once."""
    found: dict[type, StructDescription] = {}
    for kind in kinds:
        _collect(kind.cls, found)
    return list(found.values())


def parts_of(kind: Type) -> Iterator[type]:
    """Return the struct classes that a type mentions directly."""
    kind = bare(kind)
    if isinstance(kind, StructType):
        yield kind.cls
    elif isinstance(kind, UnionType):
        for member in kind.types:
            yield from parts_of(member)
    elif isinstance(kind, TupleType):
        for member in kind.item_types:
            yield from parts_of(member)
    elif isinstance(kind, CollectionType):
        yield from parts_of(kind.item_type)
    elif isinstance(kind, DictType):
        yield from parts_of(kind.value_type)


def _collect(cls: type, found: dict[type, StructDescription]) -> None:
    if cls in found:
        return
    description = describe(cls)
    for field in description.fields:
        for part in parts_of(field.type):
            _collect(part, found)
    found[cls] = description


def _description(kind: Type) -> str:
    while isinstance(kind, Metadata):
        text = (kind.extra_json_schema or {}).get("description")
        if text:
            return str(text)
        kind = kind.type
    return ""


def _default(field: msgspec.inspect.Field) -> str | None:
    if field.default is not NODEFAULT:
        return msgspec.json.encode(field.default).decode()
    if field.default_factory is not NODEFAULT:
        return msgspec.json.encode(field.default_factory()).decode()
    return None
