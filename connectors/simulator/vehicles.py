"""Vehicles of the demo city: made from their number alone, so that any number of them needs no memory."""

from __future__ import annotations

from msgspec import Struct

from connectors.simulator.plates import plate_of
from schemas.plate import fold

_MAKES: tuple[tuple[str, str, str], ...] = (
    ("toyota", "camry", "sedan"), ("ford", "f-150", "pickup"), ("chevrolet", "silverado", "pickup"),
    ("honda", "accord", "sedan"), ("nissan", "altima", "sedan"), ("toyota", "rav4", "suv"), ("honda", "cr-v", "suv"),
    ("jeep", "wrangler", "suv"), ("hyundai", "elantra", "sedan"), ("kia", "sorento", "suv"), ("dodge", "ram", "pickup"),
    ("ford", "explorer", "suv"), ("gmc", "sierra", "pickup"), ("subaru", "outback", "wagon"),
    ("ford", "transit", "van"), ("volkswagen", "jetta", "sedan"), ("bmw", "x3", "suv"),
)  # fmt: skip
_COLOURS = ("white", "black", "grey", "silver", "blue", "red", "white", "black", "silver", "green", "brown", "gold")
#: Wanted vehicles are numbered from here, so that they never meet ordinary ones.
FIRST_WANTED = 9_000_000
#: An ordinary vehicle whose plate could be taken for a wanted one is replaced by the one so many numbers on.
_REPLACEMENT = 5_000_000


class Vehicle(Struct, frozen=True, gc=False):
    """A vehicle and its plate."""

    plate: str
    region: str
    make: str
    model: str
    body: str
    colour: str


def vehicle(number: int, seed: int) -> Vehicle:
    """Return the vehicle of this number."""
    plate, region = plate_of(number, seed)
    mixed = (number * 2_654_435_761 + seed) & 0xFFFFFFFF  # Knuth's multiplicative hash
    make, model, body = _MAKES[(mixed >> 8) % len(_MAKES)]
    return Vehicle(plate, region, make, model, body, _COLOURS[(mixed >> 20) % len(_COLOURS)])


class Fleet:
    """The ordinary vehicles: ``size`` of them, taken in turn, none of which can be taken for a wanted one."""

    def __init__(self, seed: int, size: int, wanted_plates: frozenset[str]) -> None:
        self._seed = seed
        self._size = size
        self._wanted = frozenset(fold(plate) for plate in wanted_plates)
        self._next = 0

    def take(self) -> Vehicle:
        """Return the next vehicle to drive off. It is met again after ``size`` others."""
        number = self._next
        self._next = (self._next + 1) % self._size
        found = vehicle(number, self._seed)
        while fold(found.plate) in self._wanted:
            number += _REPLACEMENT
            found = vehicle(number, self._seed)
        return found
