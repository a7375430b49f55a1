"""What is gone through at an incident, by its kind (schemas/checklists.toml)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

FILE = Path(__file__).parent / "checklists.toml"


class ChecklistEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing to do. ``source``: which standard, law or manual asks for it."""

    key: str
    text: str
    source: str


class Checklist(Struct, frozen=True, forbid_unknown_fields=True):
    """What is gone through at incidents of some categories; none: at all that have no list of their own."""

    name: str
    title: str
    categories: tuple[str, ...]
    tasks: tuple[ChecklistEntry, ...]


class _File(Struct, forbid_unknown_fields=True):
    checklists: tuple[Checklist, ...]


@cache
def checklists() -> dict[str, Checklist]:
    """Return all by name, in the order in which they are suggested."""
    return {one.name: one for one in msgspec.toml.decode(FILE.read_bytes(), type=_File).checklists}
