"""One row of a table of calls to an emergency call: pure, and the same row always makes the same event."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from functools import lru_cache
from hashlib import blake2b
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from connectors.calls_csv.column_map import CallMap, Columns, names
from connectors.calls_csv.local_time import local_to_utc
from connectors.coordinates import LatLon, lat_lon, point
from connectors.file_reading import CellError, FileError
from connectors.tabular import Table
from connectors.translation import Context
from schemas.events.emergency_call import EmergencyCall
from schemas.identity import identity

_MAX_NAME = 200
_MAX_WORD = 100
_NO_ID = UUID(int=0)
_encode = msgspec.json.encode


class Place(Enum):
    """What a row says of the call's place."""

    GIVEN = "given"
    NONE = "none"  # empty, 0/0, or no coordinates of WGS 84
    OUTSIDE = "outside"  # coordinates, but outside the area the map says the agency covers


class RowTranslator:
    """Translates the rows of one table by one map.

    Raises FileError when the table lacks a column that every call needs.
    """

    def __init__(self, call_map: CallMap, table: Table, context: Context) -> None:
        self._map = call_map
        self._context = context
        self._zone = ZoneInfo(call_map.time.zone)
        self._empty = {text.casefold() for text in call_map.empty}
        self._header = table.header
        self._at = {name: self._indexes(table, name) for name in Columns.__struct_fields__}
        self._status = {text.casefold(): status for text, status in call_map.status.items()}
        self._rules = [
            (rule.category, frozenset(map(_code, rule.codes)), re.compile(rule.text) if rule.text else None)
            for rule in call_map.categories
        ]
        # Kinds and priorities are few and rows are many.
        self._category = lru_cache(maxsize=4096)(self._find_category)
        self._priority = lru_cache(maxsize=1024)(self._find_priority)
        for required in ("number", "received_at", "kind"):
            if not self._at[required]:
                wanted = " or ".join(names(getattr(call_map.columns, required)))
                raise FileError(
                    f"{table.path.name} has no column {wanted} ({required}) as the format {call_map.name} expects; "
                    f"it has: {', '.join(name for name in table.header if name)}. "
                    "Choose another format, or write a map for this file."
                )

    def translate(self, cells: Sequence[str]) -> tuple[EmergencyCall, Place]:
        """Return the call of a row, and what the row says of its place. Raises CellError for a cell it cannot use."""
        number, at = self._cell(cells, "number")
        if not number:
            raise CellError(self._name(at, "number"), "", "the call's number is missing")
        call_id = f"{self._map.prefix}:{number}"
        if len(call_id) > _MAX_NAME:
            raise CellError(
                self._name(at, "number"), number, f"the call's number is longer than {_MAX_NAME} characters"
            )
        received_at = self._time(cells, "received_at", None)
        if received_at is None:
            raise CellError(self._name(-1, "received_at"), "", "the time the call was received is missing")
        later = [self._time(cells, name, received_at) for name in ("dispatched_at", "arrived_at", "closed_at")]
        kind_code = self._text(cells, "kind_code")
        kind = self._text(cells, "kind") or kind_code
        priority_raw = self._text(cells, "priority")
        place, where = self._place(cells)
        call = EmergencyCall(
            event_id=_NO_ID,
            occurred_at=received_at,
            observed_at=self._context.observed_at,
            source=self._context.source,
            jurisdiction=self._context.jurisdiction,
            call_id=call_id,
            number=number,
            received_at=received_at,
            updated_at=max([received_at, *(time for time in later if time is not None)]),
            kind=kind[:200],
            kind_code=kind_code[:_MAX_WORD],
            category=self._category(_code(kind_code), kind.upper()),
            priority=self._priority(priority_raw.upper()),
            priority_raw=priority_raw[:_MAX_WORD],
            status=self._find_status(self._text(cells, "status"), *later),
            dispatched_at=later[0],
            arrived_at=later[1],
            closed_at=later[2],
            address=self._text(cells, "address")[:500],
            lat=where[0] if where else None,
            lon=where[1] if where else None,
            uncertainty_m=self._metres(cells),
            district=self._text(cells, "district")[:_MAX_WORD],
            beat=self._text(cells, "beat")[:_MAX_WORD],
            disposition=self._text(cells, "disposition")[:200],
        )
        return msgspec.structs.replace(call, event_id=state_id(call)), place

    def _indexes(self, table: Table, field: str) -> list[int]:
        found = (table.index([name]) for name in names(getattr(self._map.columns, field)))
        return list(dict.fromkeys(index for index in found if index is not None))

    def _name(self, index: int, field: str) -> str:
        """Return the column's name in the file: the one read, else the first that could have been."""
        index = index if index >= 0 else self._at[field][0]
        return self._header[index]

    def _cell(self, cells: Sequence[str], field: str) -> tuple[str, int]:
        """Return the first filled cell of a field's columns and where it stands; ("", -1) when all are empty."""
        for index in self._at[field]:
            if index < len(cells) and cells[index] and cells[index].casefold() not in self._empty:
                return cells[index], index
        return "", -1

    def _text(self, cells: Sequence[str], field: str) -> str:
        return self._cell(cells, field)[0]

    def _time(self, cells: Sequence[str], field: str, not_before: datetime | None) -> datetime | None:
        text, index = self._cell(cells, field)
        if not text:
            return None
        time = local_to_utc(text, self._map.time.formats, self._zone, not_before)
        if time is None:
            formats = ", ".join(self._map.time.formats)
            raise CellError(self._name(index, field), text, f"not a time in any of the map's formats ({formats})")
        return time

    def _metres(self, cells: Sequence[str]) -> float | None:
        text, index = self._cell(cells, "uncertainty_m")
        if not text:
            return None
        try:
            metres = float(text)
        except ValueError:
            metres = -1.0
        if not 0 <= metres < 1e8:
            raise CellError(self._name(index, "uncertainty_m"), text, "not a distance in metres")
        return metres

    def _place(self, cells: Sequence[str]) -> tuple[Place, LatLon | None]:
        outside = False
        for where in (
            point(self._text(cells, "point")),
            lat_lon(self._text(cells, "lat"), self._text(cells, "lon")),
        ):
            if where is None:
                continue
            if self._map.bounds is None or self._map.bounds.hold(*where):
                return Place.GIVEN, where
            outside = True
        return (Place.OUTSIDE if outside else Place.NONE), None

    def _find_category(self, code: str, text: str) -> str:
        for category, codes, pattern in self._rules:
            if (code and code in codes) or (pattern is not None and pattern.search(text)):
                return category
        return "other"

    def _find_priority(self, raw: str) -> int | None:
        if not raw:
            return None
        table = self._map.priority
        fits = [key for key in table if raw == key.upper() or (key.endswith("*") and raw.startswith(key[:-1].upper()))]
        # An exact key beats any pattern, and the longer pattern the shorter.
        best = max(fits, key=lambda key: (not key.endswith("*"), len(key)), default=None)
        return None if best is None else table[best]

    def _find_status(
        self, text: str, dispatched: datetime | None, arrived: datetime | None, closed: datetime | None
    ) -> str:
        if text and self._status:
            told = self._status.get(text.casefold(), self._status.get("*"))
            if told is not None:
                return told
        if closed is not None:
            return "closed"
        if arrived is not None:
            return "on_scene"
        return "dispatched" if dispatched is not None else "received"


def state_id(call: EmergencyCall) -> UUID:
    """Return the id of one state of a call: from what the source says, so not from when or for whom it was read."""
    said = (
        call.received_at, call.kind, call.kind_code, call.category, call.priority, call.priority_raw, call.status,
        call.dispatched_at, call.arrived_at, call.closed_at, call.address, call.lat, call.lon, call.uncertainty_m,
        call.district, call.beat, call.disposition,
    )  # fmt: skip
    return identity("emergency_call", call.call_id, blake2b(_encode(said), digest_size=16).hexdigest())


def _code(text: str) -> str:
    """Return a kind's code in comparable form: 34-S, 34 s and 34S are one."""
    return "".join(char for char in text.upper() if char.isalnum())
