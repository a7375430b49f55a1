"""ALI layouts, declared in TOML: how records are framed and where their fields stand."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct

BUILT_IN = Path(__file__).parent / "templates"
#: Fields that a template may tell of.
FIELDS = (
    "callback", "pani", "date", "time", "house", "house_suffix", "prefix", "street", "suffix", "unit", "community",
    "state", "location", "customer", "esn", "class", "lat", "lon", "uncertainty", "confidence", "carrier", "position",
    "call_number",
)  # fmt: skip


class TemplateError(Exception):
    """A template cannot be used; the text names the file and the key."""


class Framing(Struct, frozen=True, forbid_unknown_fields=True):
    """How a record begins and ends: characters, by default STX and ETX. ``parity``: of the eighth bit of each byte.

    ``check_bytes``: so many bytes after the end belong to the record and are not looked at.
    """

    start: str = "\x02"
    end: str = "\x03"
    parity: Literal["none", "even", "odd", "ignore"] = "none"
    check_bytes: Annotated[int, Meta(ge=0, le=8)] = 0


class Times(Struct, frozen=True, forbid_unknown_fields=True):
    """How date and time are written, as for ``strptime`` (both together, one space between), and in which zone.

    ``zone``: empty: that of the edge's readers. A layout without a year has that of the edge's clock.
    """

    format: str
    zone: str = ""


class Field(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a field stands: ``line`` (from 1) and columns ``begin`` to ``end`` (from 1, both included; 0: to the end),
    or ``pattern``, whose group ``value`` (else the first, else the whole) it is; with ``line`` in that line only.

    ``none``: words that mean nothing. ``factor``: numbers are times this (0.3048 for feet).
    """

    line: Annotated[int, Meta(ge=0, le=200)] = 0
    begin: Annotated[int, Meta(ge=1, le=500)] = 1
    end: Annotated[int, Meta(ge=0, le=500)] = 0
    pattern: str = ""
    none: tuple[str, ...] = ()
    factor: float = 1.0


class Template(Struct, frozen=True, forbid_unknown_fields=True):
    """One layout.

    ``key``: the fields by which a rebid is told to be of the same call, within ``rebid_minutes`` of the last record.
    ``no_record``: words by which the database says that it knows nothing. ``classes``: what a class of service says of
    the coordinates and the address: ``caller`` (coordinates are the caller's, the address is the tower's), ``tower``
    (both are), ``address`` (the address is the caller's; so are coordinates).
    """

    title: str
    fields: dict[str, Field]
    times: Times
    key: Annotated[tuple[str, ...], Meta(min_length=1)] = ("callback",)
    rebid_minutes: Annotated[int, Meta(ge=1, le=1440)] = 30
    framing: Framing = Framing()
    no_record: tuple[str, ...] = ("NO RECORD FOUND",)
    classes: dict[str, Literal["caller", "tower", "address"]] = {}


def read_template(file: Path) -> Template:
    """Return a template. Raises TemplateError."""
    try:
        made = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), Template)
    except OSError as error:
        raise TemplateError(f"{file}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TemplateError(f"{file}: is not TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise TemplateError(f"{file}: {error}") from error
    if problem := _problem(made):
        raise TemplateError(f"{file}: {problem}")
    return made


def read_folder(folder: Path) -> Mapping[str, Template]:
    """Return the templates of a folder by name; none where there is no such folder. Raises TemplateError."""
    return {file.stem: read_template(file) for file in sorted(folder.glob("*.toml"))}


@cache
def built_in() -> Mapping[str, Template]:
    """Return the templates that come along."""
    return read_folder(BUILT_IN)


def _problem(made: Template) -> str:
    for name, field in made.fields.items():
        if name not in FIELDS:
            return f"fields.{name}: there is no such field; there are: {', '.join(FIELDS)}"
        if not field.line and not field.pattern:
            return f"fields.{name}: tell a line or a pattern"
        if field.end and field.end < field.begin:
            return f"fields.{name}: it ends before it begins"
        try:
            re.compile(field.pattern)
        except re.error as error:
            return f"fields.{name}.pattern: {error}"
    for name in made.key:
        if name not in made.fields:
            return f"key: the template has no field {name}"
    if bool("lat" in made.fields) != bool("lon" in made.fields):
        return "fields: lat and lon belong together"
    if len(made.framing.start) != 1 or len(made.framing.end) != 1:
        return "framing: start and end are one character each"
    try:
        ZoneInfo(made.times.zone or "UTC")
    except (KeyError, ValueError, OSError):
        return "times.zone: is no time zone"
    return ""
