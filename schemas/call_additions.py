"""What each caller adds: of several calls about one event, only what nobody said before."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from msgspec import Struct

from schemas.events.emergency_call import EmergencyCall
from schemas.place import distance_m

#: A place that is nearer to one told before than this, or than the uncertainty of either, is no other place; metres.
SAME_PLACE_M = 50.0
_WORDS = re.compile(r"\W+")

Fact = Literal["kind", "place", "number", "vehicle", "note", "priority"]


class Addition(Struct, frozen=True):
    """One thing that a caller told first. ``text``: it, in words."""

    fact: Fact
    text: str


class Additions(Struct, frozen=True):
    """What one call adds to those before it. Empty: it tells nothing new."""

    call_id: str
    received_at: datetime
    told: tuple[Addition, ...]


def added(calls: Iterable[EmergencyCall]) -> list[Additions]:
    """Return for each call, oldest first, what it tells that no call before it told.

    Notes are held against each other without case and punctuation; a note that says what an earlier one contains adds
    nothing.
    """
    told = _Told()
    ordered = sorted(calls, key=lambda call: (call.received_at, call.call_id))
    return [Additions(call.call_id, call.received_at, tuple(told.news(call))) for call in ordered]


class _Told:
    """What was said so far."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, str]] = set()
        self._places: list[tuple[float, float, float]] = []
        self._notes: list[str] = []
        self._highest = -1

    def news(self, call: EmergencyCall) -> list[Addition]:
        """Return what a call adds, and remember it."""
        made: list[Addition] = []
        if self._first("kind", call.kind):
            made.append(Addition("kind", call.kind))
        if call.priority is not None and call.priority > self._highest:
            self._highest = call.priority
            made.append(Addition("priority", f"{call.priority} of 10"))
        if self._is_other_place(call):
            where = call.address or f"{call.lat:.5f}, {call.lon:.5f}"
            made.append(Addition("place", where))
        if call.callback_number and self._first("number", call.callback_number):
            made.append(Addition("number", call.callback_number))
        for vehicle in call.vehicles:
            text = " ".join(part for part in (vehicle.relation, vehicle.plate, vehicle.description) if part)
            if self._first("vehicle", vehicle.plate or vehicle.description):
                made.append(Addition("vehicle", text))
        for note in call.notes:
            plain = _plain(note.text)
            if plain and not any(plain in earlier for earlier in self._notes):
                self._notes.append(plain)
                made.append(Addition("note", note.text))
        return made

    def _first(self, fact: str, text: str) -> bool:
        plain = (fact, _plain(text))
        if not plain[1] or plain in self._seen:
            return False
        self._seen.add(plain)
        return True

    def _is_other_place(self, call: EmergencyCall) -> bool:
        if call.lat is None or call.lon is None:
            return bool(call.address) and self._first("address", call.address)
        here = (call.lat, call.lon, max(SAME_PLACE_M, call.uncertainty_m or 0.0))
        same = any(distance_m(lat, lon, here[0], here[1]) <= max(near, here[2]) for lat, lon, near in self._places)
        if not same:
            self._places.append(here)
        self._first("address", call.address)
        return not same


def _plain(text: str) -> str:
    return " ".join(_WORDS.sub(" ", text.casefold()).split())
