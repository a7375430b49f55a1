"""Map files: TOML that tells where in a vendor's payload the fields of a plate read stand.

A map that cannot work is refused when it is loaded, with the file and the key.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from connectors.payload import field_and_reason
from connectors.webhook_map.selecting import BadPathError, selector

BUILT_IN = Path(__file__).parent / "maps"
#: A map's name stands in the webhook's path, before a dot and the name of a copy.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
#: km/h in one of each.
SPEEDS = {"km/h": 1.0, "mph": 1.609344, "m/s": 3.6, "kn": 1.852}
_CLOCKS = ("iso", "epoch_s", "epoch_ms", "epoch_us", "epoch_ns")

TEXTS = ("plate", "camera_id", "image_ref", "native_id", "track_id")
WORDS = ("vehicle_make", "vehicle_model", "vehicle_colour", "vehicle_body")
FRACTIONS = ("confidence", "region_confidence")
NUMBERS = ("lat", "lon", "heading_deg", "speed_kmh")
TIMES = ("occurred_at", "image_expires_at")
FLAGS = ("is_preview", "is_parked")
WHOLES = ("device_sequence",)
REGIONS = ("plate_region", "plate_country")
FIELDS = (*TEXTS, *WORDS, *FRACTIONS, *NUMBERS, *TIMES, *FLAGS, *WHOLES, *REGIONS)
#: What a plate read cannot do without.
NEEDED = ("plate", "occurred_at")


class MapError(Exception):
    """A map cannot be used; the text names the file and the key."""


class Source(Struct, forbid_unknown_fields=True):
    """Where one field comes from and how it is written there.

    ``path``: a path, or several of which the first with a value counts, or with ``join`` all, put together with it.
    ``value``: a constant instead. ``default``: where no path has a value. ``required``: refuse the read without it.
    ``values``: a table from what is written to what is meant; what is not in it counts as not told.
    ``none``: words that mean "not told". ``format``: of times. ``zone``: of times without an offset.
    ``full``: what full confidence is written as (1 or 100). ``unit``: of speeds. ``factor``: numbers are times this.
    """

    path: str | list[str] = []
    value: str | int | float | bool | None = None
    default: str | int | float | bool | None = None
    required: bool = False
    join: str | None = None
    values: dict[str, str | int | float | bool] | None = None
    none: list[str] = []
    format: str | list[str] = "iso"
    zone: str = ""
    full: float = 1.0
    unit: str = "km/h"
    factor: float = 1.0

    @property
    def paths(self) -> list[str]:
        """The paths as a list."""
        return [self.path] if isinstance(self.path, str) else self.path


class Candidates(Struct, forbid_unknown_fields=True):
    """Other readings. ``each``: path to them; ``plate`` and ``confidence``: paths inside one."""

    each: str
    plate: str
    confidence: str = ""
    full: float = 1.0


class Skip(Struct, forbid_unknown_fields=True):
    """What makes no event: where ``path`` has one of ``equals``; without ``equals``, where it has any value.

    ``absent``: where it has none. ``reason`` is told in the answer.
    """

    path: str
    reason: str
    equals: list[str] = []
    absent: bool = False


class MapFile(Struct, forbid_unknown_fields=True):
    """A map as its file has it.

    ``format``: json, xml or form. ``json_field``: of a form, the field that holds JSON. ``reads``: path to the reads,
    each of which becomes an event; empty: the payload is one. ``zone``: of times without an offset. ``identity``: paths
    to what tells one read from another at its source; the camera, the time and the plate are always in it.
    """

    format: Literal["json", "xml", "form"]
    fields: dict[str, Source]
    title: str = ""
    vendor: str = ""
    json_field: str = ""
    reads: str = ""
    zone: str = ""
    identity: list[str] = []
    candidates: Candidates | None = None
    ignore: list[Skip] = []


class PayloadMap(Struct, frozen=True):
    """A map that can work: its name, its file and what stands in it."""

    name: str
    file: Path
    content: MapFile


def read_map(file: Path) -> PayloadMap:
    """Return a map. Raises MapError with the file and the key."""
    if not NAME.fullmatch(file.stem):
        raise MapError(f"{file}: name it with up to 40 letters, digits, dashes or underscores, and .toml")
    try:
        written = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise MapError(f"{file}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MapError(f"{file}: is not TOML: {error}") from None
    try:
        content = msgspec.convert(written, MapFile)
    except msgspec.ValidationError as error:
        key, reason = field_and_reason(str(error))
        raise MapError(f"{file}: {_key_of(key, str(error), written)}: {reason}") from None
    for key, reason in _faults(content):
        raise MapError(f"{file}: {key}: {reason}")
    return PayloadMap(file.stem, file, content)


def read_folder(folder: Path) -> Mapping[str, PayloadMap]:
    """Return the maps of a folder by name. Raises MapError, also when there is no such folder."""
    if not folder.is_dir():
        raise MapError(f"{folder}: is no folder")
    return {file.stem: read_map(file) for file in sorted(folder.glob("*.toml"))}


@cache
def built_in() -> Mapping[str, PayloadMap]:
    """Return the maps that come along."""
    return read_folder(BUILT_IN)


def _key_of(key: str, message: str, written: Mapping[str, Any]) -> str:
    """msgspec writes ``fields[...]`` for any key of a table; say which, where it can be told."""
    if "[...]" not in key or not isinstance(written.get("fields"), dict):
        return key
    for name, source in written["fields"].items():
        try:
            msgspec.convert(source, Source)
        except msgspec.ValidationError as error:
            if str(error).split(" - at ")[0] == message.split(" - at ")[0]:
                return key.replace("[...]", f".{name}", 1)
    return key


def _faults(content: MapFile) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []

    def path(key: str, text: str) -> None:
        try:
            selector(text, content.format)
        except BadPathError as error:
            found.append((key, str(error)))

    def zone(key: str, text: str) -> None:
        try:
            ZoneInfo(text or "UTC")
        except (KeyError, ValueError, OSError):
            found.append((key, "is no time zone; write it as America/Chicago or UTC"))

    found += [(f"fields.{name}", "is missing") for name in NEEDED if name not in content.fields]
    zone("zone", content.zone)
    if content.reads:
        path("reads", content.reads)
    if content.json_field and content.format != "form":
        found.append(("json_field", "is for format = form"))
    for place, text in enumerate(content.identity):
        path(f"identity[{place}]", text)
    for place, skip in enumerate(content.ignore):
        path(f"ignore[{place}].path", skip.path)
    if content.candidates is not None:
        for key in ("each", "plate", "confidence"):
            if text := getattr(content.candidates, key):
                path(f"candidates.{key}", text)
        if content.candidates.full <= 0:
            found.append(("candidates.full", "must be above 0"))
    for name, source in content.fields.items():
        key = f"fields.{name}"
        if name not in FIELDS:
            found.append((key, f"is no field of a plate read; they are: {', '.join(FIELDS)}"))
            continue
        if not source.paths and source.value is None:
            found.append((f"{key}.path", "is missing; or give a value"))
        for text in source.paths:
            path(f"{key}.path", text)
        zone(f"{key}.zone", source.zone)
        if name in TIMES:
            formats = [source.format] if isinstance(source.format, str) else source.format
            found += [
                (f"{key}.format", f"is none of {', '.join(_CLOCKS)} and no format of strptime")
                for one in formats
                if one not in _CLOCKS and "%" not in one
            ]
        if source.full <= 0:
            found.append((f"{key}.full", "must be above 0"))
        if source.unit not in SPEEDS:
            found.append((f"{key}.unit", f"is none of {', '.join(SPEEDS)}"))
    return found
