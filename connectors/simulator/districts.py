"""The police districts of the demo city: pieces of the street net, made up like the streets."""

from __future__ import annotations

from msgspec import Struct

from connectors.simulator.geography import Point
from connectors.simulator.streets import Bank, Streets


class District(Struct, frozen=True):
    """A district: its number as text, its closed ring, and a place in its middle for a label."""

    number: str
    name: str
    ring: tuple[Point, ...]
    middle: Point


#: Number, made-up name, bank, first and last share of its columns, first and last share of its rows.
_PIECES: tuple[tuple[str, str, int, float, float, float, float], ...] = (
    ("1", "Canal Side", 0, 0.36, 0.60, 0.34, 0.66),
    ("2", "Upper Bend", 0, 0.0, 0.36, 0.0, 0.34),
    ("3", "Lake Side", 0, 0.0, 0.60, 0.66, 1.0),
    ("4", "South Bank", 1, 0.0, 1.0, 0.0, 1.0),
    ("5", "Lower Bend", 0, 0.60, 1.0, 0.0, 0.46),
    ("6", "Bend", 0, 0.36, 0.60, 0.0, 0.34),
    ("7", "East Shore", 0, 0.60, 1.0, 0.46, 1.0),
    ("8", "Midtown", 0, 0.0, 0.36, 0.34, 0.66),
)


def districts(net: Streets) -> tuple[District, ...]:
    """Return the eight districts, which cover the street net without overlap."""
    return tuple(
        _district(number, name, net.banks[bank], left, right, low, high)
        for number, name, bank, left, right, low, high in _PIECES
    )


def _district(number: str, name: str, bank: Bank, left: float, right: float, low: float, high: float) -> District:
    first, last = round(left * (bank.columns - 1)), round(right * (bank.columns - 1))
    bottom, top = round(low * (bank.rows - 1)), round(high * (bank.rows - 1))
    ring = [bank.lattice[column][bottom] for column in range(first, last + 1)]
    ring += [bank.lattice[last][row] for row in range(bottom + 1, top + 1)]
    ring += [bank.lattice[column][top] for column in range(last - 1, first - 1, -1)]
    ring += [bank.lattice[first][row] for row in range(top - 1, bottom - 1, -1)]
    middle = bank.lattice[(first + last) // 2][(bottom + top) // 2]
    return District(number, name, tuple((round(lon, 6), round(lat, 6)) for lon, lat in ring), middle)
