"""One row of a hotlist: read cell by cell, every fault named."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import lru_cache, partial
from typing import TypeVar

from msgspec import Struct

from connectors.file_reading import CellError, FileError, RowError
from connectors.hotlist_csv.region import region_of
from connectors.tabular import Table
from schemas.events.alert import SEVERITIES
from schemas.plate import normalise

T = TypeVar("T")

MAX_PLATE = 20
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
    "expires_at": ("expires_at", "expires", "expiry", "expiration", "expiration_date"),
}
#: What may stand between the letters and digits of a plate. Anything else (a * or ? of a partial plate) would be lost
#: by normalising, and another vehicle be stopped.
_SEPARATORS = frozenset(" -.·•_'’/\u00a0")
_FORMATS = ("%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %I:%M:%S %p")


class Listed(Struct, frozen=True, gc=False):
    """A row's content. ``entry_id`` is "" when the list gives none."""

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


class RowReader:
    """Reads rows of one table. Raises FileError when it has no column of plates.

    ``kind`` and ``severity`` hold for rows that give none; ``zone`` is that of dates without an offset.
    """

    def __init__(self, table: Table, kind: str, severity: str, zone: tzinfo) -> None:
        self._at = {field: table.index(names) for field, names in COLUMNS.items()}
        self._header = table.header
        if self._at["plate"] is None:
            raise FileError(
                f"{table.path.name} has no column of plates (named plate, license_plate or tag); "
                f"it has: {', '.join(name for name in table.header if name)}. Rename the column."
            )
        self._kind, self._severity = kind, severity
        # Dates are few, and reading one takes longer than all else in a row.
        self._moment = lru_cache(maxsize=4096)(partial(moment_of, zone=zone))

    def read(self, line: int, cells: Sequence[str]) -> Listed | list[RowError]:
        """Return the row's content, or everything that is wrong with it."""
        errors: list[RowError] = []

        def cell(field: str, convert: Callable[[str], T], instead: T) -> T:
            index = self._at[field]
            text = cells[index] if index is not None and index < len(cells) else ""
            if not text and field != "plate":
                return instead
            try:
                return convert(text)
            except ValueError as error:
                name = self._header[index] if index is not None else field
                errors.append(CellError(name, text, str(error)).at(line))
                return instead

        listed = Listed(
            plate=cell("plate", _plate, ""),
            region=cell("region", region_of, None),
            entry_id=cell("entry_id", _up_to_200, ""),
            kind=cell("kind", kind_of, self._kind),
            severity=cell("severity", severity_of, self._severity),
            reason=cell("reason", _up_to_500, ""),
            case_number=cell("case_number", _up_to_100, ""),
            make=cell("make", _lower, None),
            model=cell("model", _lower, None),
            colour=cell("colour", _lower, None),
            expires_at=cell("expires_at", self._moment, None),
        )
        return errors or listed


def _plate(text: str) -> str:
    if not text:
        raise ValueError("the plate is missing")
    if any(not char.isalnum() and char not in _SEPARATORS for char in text):
        raise ValueError("a plate has letters and digits only; partial plates are not taken")
    plate = normalise(text)
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
