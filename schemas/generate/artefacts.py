"""Everything that is generated from the registry, by path below the project's folder; writing it and checking it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from schemas.event_type import EventType
from schemas.generate.asyncapi import asyncapi
from schemas.generate.clickhouse import intended_ddl
from schemas.generate.json_schema import json_schemas
from schemas.generate.reference_docs import reference_docs
from schemas.generate.topics import topics_json
from schemas.generate.typescript import typescript
from schemas.registry import EVENT_TYPES

#: The project's folder, which the paths of artefacts start from.
ROOT = Path(__file__).resolve().parents[2]
#: Folders that hold nothing but generated files; a file in them that is no longer generated has drifted too.
OWNED = ("schemas/generated",)


def artefacts(kinds: Iterable[EventType[Any]] = EVENT_TYPES) -> dict[str, str]:
    """Return the text of every generated file by its path. The same event types give the same bytes."""
    kinds = tuple(kinds)
    texts = {f"schemas/generated/json-schema/{name}.json": text for name, text in json_schemas(kinds).items()}
    texts["schemas/generated/asyncapi.json"] = asyncapi(kinds)
    texts["schemas/generated/events.ts"] = typescript(kinds)
    texts["schemas/generated/topics.json"] = topics_json(kinds)
    texts["schemas/generated/clickhouse.sql"] = _sql(kinds)
    texts["docs/reference/events.md"] = reference_docs(kinds)
    return texts


def _sql(kinds: Iterable[EventType[Any]]) -> str:
    head = "-- Generated from schemas/ by `python -m schemas.generate`. Do not edit. Numbered migrations reach this.\n"
    return head + "".join(f"\n{statement};\n" for statement in intended_ddl(kinds))


def drifted(texts: Mapping[str, str], root: Path = ROOT) -> list[str]:
    """Return the paths whose files are missing, differ from what would be generated, or are no longer generated."""
    changed = {path for path, text in texts.items() if _read(root / path) != text}
    return sorted(changed | set(_left_over(texts, root)))


def write(texts: Mapping[str, str], root: Path = ROOT) -> list[str]:
    """Write every file that has drifted, delete those no longer generated, and return the paths of both."""
    changed = drifted(texts, root)
    for path in changed:
        file = root / path
        if path in texts:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(texts[path], encoding="utf-8", newline="\n")
        else:
            file.unlink()
    return changed


def _read(file: Path) -> str | None:
    try:
        return file.read_bytes().decode()
    except FileNotFoundError:
        return None


def _left_over(texts: Mapping[str, str], root: Path) -> Iterable[str]:
    for folder in OWNED:
        for file in (root / folder).rglob("*"):
            path = file.relative_to(root).as_posix()
            if file.is_file() and path not in texts:
                yield path
