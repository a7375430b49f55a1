"""One row of a hotlist: read cell by cell, every fault named."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import lru_cache, partial
from typing import Protocol, TypeVar

from msgspec import Struct

from connectors.file_reading import CellError, FileError, RowError
from connectors.hotlist_csv.region import region_of
from schemas.audience import EVERYBODY, audience_text
from schemas.events.alert import SEVERITIES
from schemas.events.hotlist_entry import RESTRICTED
from schemas.plate import normalise
from schemas.schedule import parse_schedule

T = TypeVar("T")

MAX_PLATE = 20
#: In a pattern: one character, and any number of them.
WILDCARDS = frozenset("?*")
#: Column names that are understood, by what they hold.
COLUMNS: dict[str, tuple[str, ...]] = {
    "plate": ("plate", "license_plate", "licence_plate", "plate_number", "lic", "lpn", "tag"),
    "region": ("region", "state", "plate_state", "plate_region", "lis", "license_state"),
    "entry_id": ("entry_id", "id", "entry", "record_id", "nic"),
    "kind": ("kind", "type", "category", "alert_type"),
    "severity": ("severity", "priority", "level"),
    "reason": ("reason", "description", "notes", "note", "remarks"),
    "case_number": ("case_number", "case", "case_no", "oca", "item_number"),
    "make": ("make", "vehicle_make", "vma"),
    "model": ("model", "vehicle_model", "vmo"),
    "colour": ("colour", "color", "vehicle_colour", "vehicle_color", "vco"),
    "body": ("body", "vehicle_body", "body_style", "body_type", "vst"),
    "expires_at": ("expires_at", "expires", "expiry", "expiration", "expiration_date"),
    "schedule": ("schedule", "active_hours", "alert_hours"),
    "audience": ("audience", "visibility", "custom_hotlist_audience"),
    "action": ("action", "operation", "change"),
}
#: What an entry must say of itself unless an authority's extract is loaded as it is: what the column is for, by field.
REQUIRED = {
    "reason": "why the plate is listed",
    "case_number": "the case it belongs to",
    "expires_at": "until when it holds",
}
#: What a row of a delta does, as lists write it.
_ACTIONS = {
    **dict.fromkeys(("add", "added", "a", "new", "n", "insert", "i", "change", "changed", "c"), "put"),
    **dict.fromkeys(("update", "updated", "u", "modify", "modified", "m", "put"), "put"),
    **dict.fromkeys(("delete", "deleted", "d", "remove", "removed", "r", "cancel", "cancelled", "x"), "remove"),
}
#: Where a removed entry has no plate to tell: the event must have one.
NO_PLATE = "?"
#: A pattern with fewer fixed characters would match every other car.
MIN_FIXED = 3
#: What may stand between the letters and digits of a plate. Anything else (a * or ? of a partial plate) would be lost
#: by normalising, and another vehicle be stopped.
_SEPARATORS = frozenset(" -.·•_'’/\u00a0")
_FORMATS = ("%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %I:%M:%S %p")


class Listed(Struct, frozen=True, gc=False, omit_defaults=True):
    """A row's content. ``entry_id`` is "" when the list gives none.

    Fields that came later have defaults, which are left out of a version's digest: the same file stays the same
    version.
    """

    plate: str
    region: str | None
    entry_id: str
    kind: str
    severity: str
    reason: str
    case_number: str
    make: str | None
    model: str | None
    colour: str | None
    expires_at: datetime | None
    body: str | None = None
    schedule: str = ""
    audience: str = ""
    is_removed: bool = False


class RowRules(Struct, frozen=True, kw_only=True):
    """What holds for all rows of a file.

    ``kind``, ``severity``, ``expires_at`` and ``audience`` hold for rows that give none; ``audiences`` are those that
    there are; ``zone`` is that of dates without an offset.
    ``complete``: each entry must have what REQUIRED names. ``patterns``: plates may have ``?`` and ``*``. ``delta``:
    rows add, change or remove entries, which they name by their ids.
    """

    kind: str = "other"
    severity: str = "P3"
    zone: tzinfo = UTC
    expires_at: datetime | None = None
    complete: bool = True
    patterns: bool = False
    delta: bool = False
    audience: str = ""
    audiences: frozenset[str] = frozenset({RESTRICTED})


class Cells(Protocol):
    """Where the fields of an entry stand in a row."""

    def has(self, field: str) -> bool:
        """Return whether rows of the file can have this field."""
        ...

    def name(self, field: str) -> str:
        """Return where a field stands, as a person finds it in the file."""
        ...

    def text(self, field: str, cells: Sequence[str]) -> str:
        """Return the text of a field; "" when the row has none. Raises CellError when it cannot be used."""
        ...

    def wants(self, cells: Sequence[str]) -> bool:
        """Return whether a row is an entry at all. Raises CellError for one that may not be there."""
        ...

    def end(self, entries: int) -> None:
        """Say that the file had so many rows of entries. Raises FileError when it says itself that it has others."""
        ...


class RowReader:
    """Reads the rows of one file. Raises FileError when it has no column of what every entry needs."""

    def __init__(self, cells: Cells, file: str, rules: RowRules) -> None:
        self._cells = cells
        self._rules = rules
        self._required = frozenset(self._required_fields(file) if rules.complete else ())
        if rules.delta:
            if not cells.has("entry_id"):
                raise FileError(
                    f"{file} has no column of entry ids; a delta names the entries that it changes by them."
                )
            self._required |= {"entry_id"}
        self._plate = partial(_plate, patterns=rules.patterns)
        self._audience = lru_cache(maxsize=256)(partial(audience_of, known=rules.audiences))
        # Dates are few, and reading one takes longer than all else in a row.
        self._moment = lru_cache(maxsize=4096)(partial(moment_of, zone=rules.zone))

    def _required_fields(self, file: str) -> list[str]:
        """Return the fields that each row must have. Raises FileError when there is no column of one."""
        needed = [field for field in REQUIRED if not (field == "expires_at" and self._rules.expires_at is not None)]
        missing = [field for field in needed if not self._cells.has(field)]
        if missing and not self._rules.delta:  # rows that remove say nothing else; the others are asked one by one
            told = "; ".join(f"{field} ({REQUIRED[field]})" for field in missing)
            raise FileError(
                f"{file} lacks columns that every entry of a list made here must have: {told}. Add them"
                + (", or give one expiry to all with --expires-days" if "expires_at" in missing else "")
                + "; an authority's extract is loaded as it is with --trusted-extract."
            )
        return ["plate", *needed]

    def read(self, line: int, cells: Sequence[str]) -> Listed | list[RowError]:
        """Return the row's content, or everything that is wrong with it."""
        errors: list[RowError] = []

        def cell(field: str, convert: Callable[[str], T], instead: T) -> T:
            try:
                text = self._cells.text(field, cells)
            except CellError as error:
                errors.append(error.at(line))
                return instead
            if not text and field not in self._required and field != "plate":
                return instead
            try:
                if not text:
                    raise ValueError(_MISSING[field])
                return convert(text)
            except ValueError as error:
                errors.append(CellError(self._cells.name(field), text, str(error)).at(line))
                return instead

        # In a whole list such a column may say anything; only that a row removes must not be overlooked.
        removes = cell("action", _action if self._rules.delta else _perhaps_action, "put") == "remove"
        if removes and not self._rules.delta:
            error = "a row that removes an entry belongs to a delta; load the file with --delta"
            return [RowError(line, self._cells.name("action"), "", error)]
        if removes:
            entry_id = cell("entry_id", _up_to_200, "")
            return errors or Listed(NO_PLATE, None, entry_id, "other", "P4", "", "", None, None, None, None,
                                    is_removed=True)  # fmt: skip
        listed = Listed(
            plate=cell("plate", self._plate, ""),
            region=cell("region", region_of, None),
            entry_id=cell("entry_id", _up_to_200, ""),
            kind=cell("kind", kind_of, self._rules.kind),
            severity=cell("severity", severity_of, self._rules.severity),
            reason=cell("reason", _up_to_500, ""),
            case_number=cell("case_number", _up_to_100, ""),
            make=cell("make", _lower, None),
            model=cell("model", _lower, None),
            colour=cell("colour", _lower, None),
            expires_at=cell("expires_at", self._moment, self._rules.expires_at),
            body=cell("body", _lower, None),
            schedule=cell("schedule", _schedule, ""),
            audience=cell("audience", self._audience, self._rules.audience),
        )
        return errors or listed


#: What is said of a cell that must not be empty.
_MISSING = {
    "plate": "the plate is missing",
    "reason": "the reason is missing",
    "case_number": "the case number is missing",
    "expires_at": "the expiry is missing; give one to all with --expires-days",
    "entry_id": "the entry id is missing; a delta names the entries that it changes by their ids",
}


def _plate(text: str, *, patterns: bool = False) -> str:
    signs = WILDCARDS if patterns else frozenset[str]()
    if any(not char.isalnum() and char not in _SEPARATORS and char not in signs for char in text):
        raise ValueError(
            "a plate has letters and digits, ? for one character and * for any number of them"
            if patterns
            else "a plate has letters and digits only; partial plates are taken with --allow-patterns only"
        )
    if signs.isdisjoint(text):
        plate = normalise(text)
    else:
        plate = "".join(part if part in signs else normalise(part) for part in re.split(r"([?*])", text))
        plate = re.sub(r"\*+", "*", plate)
        if sum(char not in signs for char in plate) < MIN_FIXED:
            raise ValueError(f"a pattern has at least {MIN_FIXED} fixed characters, or it matches every other car")
    if not plate:
        raise ValueError("the plate has no letter or digit")
    if len(plate) > MAX_PLATE:
        raise ValueError(f"the plate is longer than {MAX_PLATE} characters")
    return plate


@lru_cache(maxsize=256)
def severity_of(text: str) -> str:
    """Return P1..P4 from P1..P4 or 1..4, whatever the case. Raises ValueError."""
    severity = text.strip().upper()
    severity = severity if severity.startswith("P") else f"P{severity}"
    if severity not in SEVERITIES:
        raise ValueError(f"not a severity; use one of {', '.join(SEVERITIES)}")
    return severity


@lru_cache(maxsize=1024)
def kind_of(text: str) -> str:
    """Return a kind as a word: "Stolen Vehicle" is stolen_vehicle. Raises ValueError when nothing is left."""
    kind = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    if not 0 < len(kind) <= 100:
        raise ValueError("not a kind; use words like stolen_vehicle")
    return kind


def moment_of(text: str, zone: tzinfo) -> datetime:
    """Return the UTC time of an ISO 8601 or US date, with or without a time of day. Raises ValueError.

    A date alone means its end, as people say "valid until": the moment the next day begins.
    """
    moment = _read_moment(text)
    if moment is None:
        raise ValueError("not a date; write 2026-01-31, 2026-01-31T18:00 or 01/31/2026")
    try:
        utc = (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        raise ValueError("not a date between 1970 and 2200") from None
    if not 1970 <= utc.year < 2200:
        raise ValueError("not a date between 1970 and 2200")
    return utc


def _read_moment(text: str) -> datetime | None:
    for pattern in ("%Y-%m-%d", "%m/%d/%Y"):
        try:
            day = datetime.strptime(text, pattern).date()  # noqa: DTZ007 - a date has no zone
            return datetime.combine(day + timedelta(days=1), time())
        except (ValueError, OverflowError):
            continue
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    for pattern in _FORMATS:
        try:
            return datetime.strptime(text, pattern)  # noqa: DTZ007 - the zone is put on by the caller
        except ValueError:
            continue
    return None


def _schedule(text: str) -> str:
    text = _up_to(" ".join(text.lower().split()), 200)
    parse_schedule(text)
    return text


def _perhaps_action(text: str) -> str:
    return _ACTIONS.get(text.strip().lower(), "put")


def _action(text: str) -> str:
    action = _ACTIONS.get(text.strip().lower())
    if action is None:
        raise ValueError("not an action; write add, change or remove")
    return action


def audience_of(text: str, known: frozenset[str]) -> str:
    """Return who may see an entry's alerts (schemas/audience.py). Raises ValueError for who is not ``known``.

    A name that nobody knows is refused: nobody would ever be told of the entry.
    """
    names = {name for part in re.split(r"[,;|]", text.lower()) if (name := part.strip())}
    if names and names <= EVERYBODY:
        return ""
    if not names or not names <= known:
        raise ValueError(f"not an audience; write all, or one or several of: {', '.join(sorted(known))}")
    return audience_text(names)


def _up_to(text: str, limit: int) -> str:
    if len(text) > limit:
        raise ValueError(f"longer than {limit} characters")
    return text


def _up_to_500(text: str) -> str:
    return _up_to(text, 500)


def _up_to_200(text: str) -> str:
    return _up_to(text, 200)


def _up_to_100(text: str) -> str:
    return _up_to(text, 100)


def _lower(text: str) -> str:
    return _up_to(text, 100).lower()
