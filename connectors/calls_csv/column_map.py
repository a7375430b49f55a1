"""The column map: how one agency's table of calls is read, declared in TOML and checked when it is loaded."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta, Struct, field

from schemas.envelope import Latitude, Longitude, Priority
from schemas.events.emergency_call import CATEGORIES, STATUSES

#: One column name, or several of which the first that has a value in a row is taken.
Names = str | list[str]
_Slug = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


class MapError(Exception):
    """A column map cannot be used. The text names the file and the place in it."""


class Columns(Struct, frozen=True, forbid_unknown_fields=True):
    """Which columns hold what. Names match whatever their case, spaces and underscores."""

    number: Names
    received_at: Names
    kind: Names
    kind_code: Names = ""
    priority: Names = ""
    dispatched_at: Names = ""
    arrived_at: Names = ""
    closed_at: Names = ""
    address: Names = ""
    point: Names = ""
    lat: Names = ""
    lon: Names = ""
    uncertainty_m: Names = ""
    district: Names = ""
    beat: Names = ""
    disposition: Names = ""
    status: Names = ""


class TimeRules(Struct, frozen=True, forbid_unknown_fields=True):
    """The IANA zone of local times, and the formats tried in turn.

    A format is as for ``datetime.strptime``, or ``iso`` (ISO 8601), ``epoch_s`` or ``epoch_ms``.
    """

    zone: str
    formats: Annotated[list[str], Meta(min_length=1)]


class Bounds(Struct, frozen=True, forbid_unknown_fields=True):
    """The area an agency covers, degrees; a place outside it is a geocoding error, not a place."""

    south: Latitude
    west: Longitude
    north: Latitude
    east: Longitude

    def hold(self, lat: float, lon: float) -> bool:
        """Tell whether a place lies inside."""
        return self.south <= lat <= self.north and self.west <= lon <= self.east


class CategoryRule(Struct, frozen=True, forbid_unknown_fields=True):
    """One step from the source's kind to ours: taken when a code is equal, or a pattern is found in the text."""

    category: str
    codes: list[str] = field(default_factory=list)
    text: str = ""


class CallMap(Struct, frozen=True, forbid_unknown_fields=True):
    """One agency's column map.

    ``name`` names the format and is the instance in ``source``; ``prefix`` begins each ``call_id``.
    ``priority``: the source's priorities to 0..10 (10 highest); "2*" stands for all that begin with 2, the longest
    match wins, and what is not listed has no priority (it is never guessed).
    ``status``: values of the status column to a call's status; "*" for all others.
    ``empty``: cell texts that mean "nothing", besides "".
    """

    name: _Slug
    title: str
    prefix: _Slug
    columns: Columns
    time: TimeRules
    documentation: str = ""
    priority: dict[str, Priority] = field(default_factory=dict)
    status: dict[str, str] = field(default_factory=dict)
    categories: list[CategoryRule] = field(default_factory=list)
    bounds: Bounds | None = None
    empty: list[str] = field(default_factory=list)


def shipped_maps() -> list[str]:
    """Return the names of the maps that come with Watchfloor."""
    folder = files(__package__) / "maps"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load_map(name_or_path: str | Path) -> CallMap:
    """Return a shipped map by name, or a map of your own by path (it ends in .toml). Raises MapError."""
    given = str(name_or_path)
    if given in shipped_maps():
        return _read(given, (files(__package__) / "maps" / f"{given}.toml").read_bytes())
    path = Path(name_or_path)
    if path.suffix != ".toml":
        raise MapError(
            f"There is no format {given!r}. Shipped formats: {', '.join(shipped_maps())}; "
            "or give the path of a map of your own, ending in .toml."
        )
    try:
        return _read(path.name, path.read_bytes())
    except OSError as error:
        raise MapError(f"The map {path} cannot be read: {error.strerror}.") from error


def _read(where: str, text: bytes) -> CallMap:
    try:
        call_map = msgspec.convert(tomllib.loads(text.decode("utf-8-sig")), CallMap)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MapError(f"{where} is not TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise MapError(f"{where}: {error}") from error
    problem = _problem(call_map)
    if problem:
        raise MapError(f"{where}: {problem}")
    return call_map


def _problem(call_map: CallMap) -> str:
    """Return what is wrong with a map beyond its shape, or ""."""
    columns = call_map.columns
    for required in ("number", "received_at", "kind"):
        if not names(getattr(columns, required)):
            return f"columns.{required} names no column"
    if bool(names(columns.lat)) != bool(names(columns.lon)):
        return "columns.lat and columns.lon belong together; one of them is missing"
    try:
        ZoneInfo(call_map.time.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return f"time.zone {call_map.time.zone!r} is not an IANA time zone (like America/Chicago)"
    for pattern in call_map.time.formats:
        if pattern not in ("iso", "epoch_s", "epoch_ms") and "%" not in pattern:
            return f"time.formats: {pattern!r} is neither a strptime format nor iso, epoch_s, epoch_ms"
    for value, status in call_map.status.items():
        if status not in STATUSES:
            return f"status.{value!r}: {status!r} is not one of {', '.join(STATUSES)}"
    if call_map.status and not names(columns.status):
        return "status has values, but columns.status names no column"
    for number, rule in enumerate(call_map.categories, 1):
        if rule.category not in CATEGORIES:
            return f"categories, rule {number}: {rule.category!r} is not one of {', '.join(CATEGORIES)}"
        if not rule.codes and not rule.text:
            return f"categories, rule {number}: has neither codes nor text"
        try:
            re.compile(rule.text)
        except re.error as error:
            return f"categories, rule {number}: text is not a regular expression: {error}"
    bounds = call_map.bounds
    if bounds is not None and (bounds.south >= bounds.north or bounds.west >= bounds.east):
        return "bounds: south must be below north, and west below east"
    return ""


def names(value: Names) -> list[str]:
    """Return the column names of a setting as a list, without empty ones."""
    return [name for name in ([value] if isinstance(value, str) else value) if name.strip()]
