"""Whether this version and the released ones understand each other's events: ``python -m schemas.compatibility``.

During an upgrade two neighbouring releases run side by side, and the log keeps events of older ones. So this version
must read what every recorded release wrote (backward), and the newest recorded release must read what this one writes
(forward). A release is recorded as the shape of its event types in ``schemas/history/VERSION.json``.

Fields are removed in two steps: a release marks one ``deprecated`` and lets it have a default, the next may go without.
A change that is wanted although it breaks a rule stands in ``schemas/history/on_purpose.json`` with its reason.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from schemas.event_type import EventType
from schemas.registry import EVENT_TYPES
from schemas.wire.partition import partition_of

HISTORY = Path(__file__).parent / "history"
ON_PURPOSE = "on_purpose.json"
_VERSION = re.compile(r"\d+\.\d+\.\d+")
#: What may bound a value; each is part of the shape where it is set.
_LIMITS = ("gt", "ge", "lt", "le", "multiple_of", "pattern", "min_length", "max_length", "tz")
#: Keys whose partitions are recorded: a function that puts them elsewhere breaks the order of every key.
_KEYS = ("", "LA|ABC123", "camera-1", "Ωmega")
_PARTITIONS = 1024

Shape = dict[str, Any]


def shapes(kinds: Sequence[EventType[Any]] = EVENT_TYPES) -> Shape:
    """Return the shape of event types: what must stay alike for two versions to work on one log."""
    return {
        "partitions": {key: partition_of(key, _PARTITIONS) for key in _KEYS},
        "events": {kind.name: _event(kind) for kind in kinds},
    }


def problems(history: Mapping[str, Shape], now: Shape) -> list[str]:
    """Return a sentence for each way in which ``now`` does not fit the recorded releases, oldest release first."""
    releases = sorted(history, key=_order)
    found: list[str] = []
    for release in releases:
        found += _release_problems(release, history[release], now, newest=release == releases[-1])
    return list(dict.fromkeys(found))


def unresolved(found: Sequence[str], on_purpose: Mapping[str, str]) -> list[str]:
    """Return the problems that nobody gave a reason for, and the reasons that fit no problem any more."""
    left = [sentence for sentence in found if sentence not in on_purpose]
    return left + [f"{ON_PURPOSE}: this does not happen any more, remove it: {one}" for one in on_purpose
                   if one not in found]  # fmt: skip


def recorded(folder: Path = HISTORY) -> dict[str, Shape]:
    """Return the shapes of the recorded releases by version."""
    return {
        path.stem: msgspec.json.decode(path.read_bytes())
        for path in folder.glob("*.json")
        if _VERSION.fullmatch(path.stem)
    }


def check(folder: Path = HISTORY, now: Shape | None = None) -> list[str]:
    """Return what is wrong with this version against a folder of recorded releases."""
    path = folder / ON_PURPOSE
    on_purpose: dict[str, str] = msgspec.json.decode(path.read_bytes()) if path.exists() else {}
    return unresolved(problems(recorded(folder), shapes() if now is None else now), on_purpose)


def record(version: str, folder: Path = HISTORY) -> Path:
    """Write the shapes of this version as a release. Raises ValueError for a version that is none or is recorded."""
    if not _VERSION.fullmatch(version):
        raise ValueError("a version is written as 1.2.3")
    path = folder / f"{version}.json"
    if path.exists():
        raise ValueError(f"{version} is recorded already; a release does not change")
    folder.mkdir(exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(shapes(), order="deterministic")) + b"\n")
    return path


def _event(kind: EventType[Any]) -> Shape:
    return {
        "topic": kind.topic,
        "key": kind.key,
        "version_field": kind.version_field,
        "compacted": kind.compacted,
        "table": None if kind.table is None else kind.table.name,
        "body": _type(inspect.type_info(kind.cls)),
    }


def _type(kind: inspect.Type) -> Shape:
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    match kind:
        case inspect.UnionType():
            members = [_type(one) for one in kind.types if not isinstance(one, inspect.NoneType)]
            null = len(members) < len(kind.types)
            one = members[0] if len(members) == 1 else {"kind": "one of", "members": members}
            return {**one, "null": True} if null else one
        case inspect.StructType():
            fields = {field.encode_name: _field(field) for field in kind.fields}
            shape: Shape = {"kind": "object", "fields": fields}
            if kind.forbid_unknown_fields:
                shape["closed"] = True
            if kind.tag_field is not None:
                shape["tag"] = [kind.tag_field, kind.tag]
            return shape
        case inspect.LiteralType():
            return {"kind": "word", "values": sorted(kind.values, key=str)}
        case inspect.EnumType():
            return {"kind": "word", "values": sorted((one.value for one in kind.cls), key=str)}
        case inspect.VarTupleType() | inspect.ListType() | inspect.SetType() | inspect.FrozenSetType():
            return {"kind": "list", "item": _type(kind.item_type), **_limits(kind)}
        case inspect.TupleType():
            return {"kind": "tuple", "items": [_type(one) for one in kind.item_types]}
        case inspect.DictType():
            return {"kind": "map", "name": _type(kind.key_type), "item": _type(kind.value_type), **_limits(kind)}
    return {"kind": type(kind).__name__.removesuffix("Type").lower(), **_limits(kind)}


def _field(field: inspect.Field) -> Shape:
    shape = {"type": _type(field.type), "required": field.required}
    return {**shape, "deprecated": True} if _deprecated(field.type) else shape


def _deprecated(kind: inspect.Type) -> bool:
    while isinstance(kind, inspect.Metadata):
        if (kind.extra_json_schema or {}).get("deprecated"):
            return True
        kind = kind.type
    return False


def _limits(kind: inspect.Type) -> Shape:
    limits = {name: getattr(kind, name, None) for name in _LIMITS}
    return {"limits": {name: value for name, value in limits.items() if value is not None}}


def _release_problems(release: str, old: Shape, now: Shape, *, newest: bool) -> Iterator[str]:
    if old["partitions"] != now["partitions"]:
        yield f"keys go to other partitions than in {release}: events of one key would lose their order"
    for name, before in old["events"].items():
        after = now["events"].get(name)
        if after is None:
            if newest:
                yield (
                    f"{name}: the event type of {release} is gone; keep it until no version that runs and no log that "
                    "is kept has it"
                )
            continue
        for what in ("topic", "key", "version_field", "compacted", "table"):
            if before[what] != after[what]:
                yield (
                    f"{name}: its {what.replace('_', ' ')} was {before[what]!r} in {release} and is {after[what]!r}; "
                    "make a new event type (or a v2 topic) beside it instead"
                )
        yield from _type_problems(release, name, before["body"], after["body"], newest=newest)


def _type_problems(release: str, where: str, old: Shape, now: Shape, *, newest: bool) -> Iterator[str]:
    if old.get("null") and not now.get("null"):
        yield f"{where}: null is refused, and {release} wrote it"
    if newest and now.get("null") and not old.get("null"):
        yield f"{where}: it may be null, and {release} refuses null; give it a default of its own type instead"
    if old["kind"] != now["kind"]:
        yield f"{where}: its type was {old['kind']} in {release} and is {now['kind']}; add a field instead"
        return
    if old.get("tag") != now.get("tag"):
        yield f"{where}: its tag is not that of {release}"
    if now.get("closed"):
        yield f"{where}: it refuses fields it does not know, so a newer version could add none"
    if old.get("limits", {}) != now.get("limits", {}):
        yield f"{where}: its limits were {_words(old['limits'])} in {release} and are {_words(now['limits'])}"
    match now["kind"]:
        case "object":
            yield from _field_problems(release, where, old["fields"], now["fields"], newest=newest)
        case "word":
            if gone := [one for one in old["values"] if one not in now["values"]]:
                yield f"{where}: {_listed(gone)} is refused, and {release} wrote it"
            if newest and (new := [one for one in now["values"] if one not in old["values"]]):
                yield (
                    f"{where}: {_listed(new)} is new, and {release} refuses it; release readers that know it first, "
                    "and write it a release later"
                )
        case "list":
            yield from _type_problems(release, f"{where}[]", old["item"], now["item"], newest=newest)
        case "map":
            yield from _type_problems(release, f"{where}{{}}", old["item"], now["item"], newest=newest)
        case "tuple" | "one of":
            parts = "items" if now["kind"] == "tuple" else "members"
            if len(old[parts]) != len(now[parts]):
                yield f"{where}: it had {len(old[parts])} parts in {release} and has {len(now[parts])}"
                return
            for number, (before, after) in enumerate(zip(old[parts], now[parts], strict=True)):
                yield from _type_problems(release, f"{where}[{number}]", before, after, newest=newest)


def _field_problems(release: str, where: str, old: Shape, now: Shape, *, newest: bool) -> Iterator[str]:
    for name, before in old.items():
        path = f"{where}.{name}"
        if name in now:
            if now[name]["required"] and not before["required"]:
                yield f"{path}: it is required, and a writer of {release} may leave it out"
            yield from _type_problems(release, path, before["type"], now[name]["type"], newest=newest)
        elif newest and before["required"]:
            yield (
                f"{path}: it was removed or renamed, and {release} requires it; keep it, give it a default and mark it "
                "deprecated for a release"
            )
        elif newest and not before.get("deprecated"):
            yield f"{path}: it was removed or renamed without having been deprecated in {release}"
    for name, after in now.items():
        if name not in old and after["required"]:
            yield f"{where}.{name}: it is new and required, and {release} does not write it; give it a default"


def _words(limits: Shape) -> str:
    return ", ".join(f"{name} {value}" for name, value in limits.items()) or "none"


def _listed(values: Sequence[object]) -> str:
    return ", ".join(repr(one) for one in values)


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def main(arguments: Sequence[str] | None = None) -> int:
    """Check, or record a release; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m schemas.compatibility", description=__doc__)
    parser.add_argument("--record", metavar="VERSION", help="write this version's shapes as a release")
    version = parser.parse_args(arguments).record
    if version is not None:
        try:
            sys.stdout.write(f"written: {record(version)}\n")
        except ValueError as error:
            sys.stderr.write(f"{error}\n")
            return 1
        return 0
    found = check()
    for sentence in found:
        sys.stderr.write(f"incompatible: {sentence}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
