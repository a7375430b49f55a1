"""What the server needs of the store to count events over time and over the map (see ports.py)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

from msgspec import Struct

#: What can be counted; hits are sightings that met a hotlist entry.
Counted = Literal["plate_reads", "hits", "alerts", "calls", "incidents"]


class CountQuestion(Struct, frozen=True, kw_only=True):
    """What is counted, from ``begin`` until before ``end``; what is empty is not asked for.

    ``kinds``: of the names that ``Counts.kinds`` tells (cameras of reads, kinds of entries, rules, categories of calls
    and incidents); ``area``: west, south, east, north in WGS 84 degrees; ``step_s``: length of a bin, seconds;
    ``resolution``: of the H3 cells (h3geo.org), 0 (continents) to 15; ``simulated``: what is made up, too.
    """

    of: Counted
    begin: datetime
    end: datetime
    step_s: int
    resolution: int
    kinds: tuple[str, ...] = ()
    area: tuple[float, float, float, float] | None = None
    simulated: bool = False


class Bin(Struct, frozen=True):
    """How many there were in one step of time, by its beginning. Steps without any are left out."""

    at: datetime
    count: int


class Cell(Struct, frozen=True):
    """How many there were in one H3 cell; ``ring``: its corners, longitude and latitude, degrees."""

    cell: str
    count: int
    ring: tuple[tuple[float, float], ...]


class Kind(Struct, frozen=True):
    """How many there were of one kind."""

    name: str
    count: int


class Counts(Struct, frozen=True, kw_only=True):
    """What was counted. ``unplaced``: how many of ``total`` are on no map; ``cells``: those with the most first, and
    ``kinds`` likewise; ``cells_cut``, ``kinds_cut``: there are more. ``oldest``, ``newest``: of all there is to count,
    whatever was asked for; None where there is nothing."""

    total: int
    unplaced: int
    bins: Sequence[Bin]
    cells: Sequence[Cell]
    kinds: Sequence[Kind]
    cells_cut: bool
    kinds_cut: bool
    oldest: datetime | None
    newest: datetime | None


class Counting(Protocol):
    """Counts events of the store."""

    async def count(self, asked: CountQuestion) -> Counts:
        """Return what was asked for. Raises TooSlowError or StoreUnavailableError."""
        ...

    async def bins(self, asked: CountQuestion) -> Sequence[Bin]:
        """Return the steps of time alone. Raises as ``count``."""
        ...
