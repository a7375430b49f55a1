"""A call as search keys: what was known of it under each number, place and address that it is looked for by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

from schemas.events.emergency_call import HISTORY, EmergencyCall
from schemas.phone_number import FEWEST_DIGITS, last_digits
from schemas.place import cell, cells_within, plain_address

_shown = attrgetter(*HISTORY)


def call_rows(calls: Iterable[EmergencyCall]) -> Sequence[tuple[Any, ...]]:
    """Return the rows of ``call_keys`` for some states of calls: the key, then the columns of ``HISTORY``."""
    return [(key, *_shown(call)) for call in calls for key in _keys(call)]


def id_key(call_id: str) -> str:
    """Return the key of a call itself."""
    return f"i{call_id}"


def number_key(number: str) -> str:
    """Return the key of all numbers with the same last ten digits; they need not be one number."""
    return f"n{last_digits(number)}"


def address_key(address: str) -> str:
    """Return the key of an address."""
    return f"a{plain_address(address)}"


def place_keys(lat: float, lon: float, metres: float) -> list[str]:
    """Return the keys of all cells that reach within so many metres of a point."""
    return [f"g{one}" for one in cells_within(lat, lon, metres)]


def _keys(call: EmergencyCall) -> Iterable[str]:
    yield id_key(call.call_id)
    # A caller who hid the number is not joined by it, even where the network told us.
    if not call.is_number_withheld and len(last_digits(call.callback_number)) >= FEWEST_DIGITS:
        yield number_key(call.callback_number)
    if plain_address(call.address):
        yield address_key(call.address)
    if call.lat is not None and call.lon is not None:
        yield f"g{cell(call.lat, call.lon)}"
