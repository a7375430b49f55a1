"""The streets of the demo city: a synthetic net that follows the river's crescent, and the ways through it.

The net is spanned between pairs of points: one near the river, one far from it. Lines across (avenues) join the two,
lines along (streets) follow the river; so blocks fan out round the bend as they do in a river city. Geometry and
names are made up; nothing is taken from a map. It is the same for every seed of the simulator.
"""

from __future__ import annotations

import heapq
from functools import lru_cache
from itertools import pairwise
from math import atan2, degrees, hypot
from random import Random

from msgspec import Struct
from shapely import STRtree, prepare
from shapely.geometry import LineString
from shapely.geometry import Point as ShapelyPoint

from connectors.simulator.geography import Point, from_plane, parks, smooth, to_plane, water

BLOCK_M = 210.0
#: Free-flow speed by class of road, km/h.
SPEED_KMH = {"street": 30.0, "arterial": 46.0, "motorway": 68.0}
_DROPPED_STREETS = 0.07
_GEOMETRY_SEED = 1718

#: (near the river, far from it), from west to east.
_EAST_BANK: tuple[tuple[Point, Point], ...] = (
    ((-90.1445, 29.9640), (-90.140, 30.0150)), ((-90.1325, 29.9545), (-90.128, 30.0165)),
    ((-90.1295, 29.9400), (-90.118, 30.0200)), ((-90.1270, 29.9230), (-90.108, 30.0225)),
    ((-90.1120, 29.9150), (-90.100, 30.0230)), ((-90.0980, 29.9160), (-90.092, 30.0240)),
    ((-90.0830, 29.9210), (-90.084, 30.0260)), ((-90.0720, 29.9275), (-90.077, 30.0280)),
    ((-90.0660, 29.9370), (-90.069, 30.0295)), ((-90.0640, 29.9500), (-90.060, 30.0300)),
    ((-90.0580, 29.9625), (-90.050, 30.0300)), ((-90.0430, 29.9640), (-90.042, 30.0280)),
    ((-90.0290, 29.9600), (-90.035, 30.0255)), ((-90.0180, 29.9540), (-90.018, 30.0350)),
    ((-90.0040, 29.9465), (-90.001, 30.0365)), ((-89.9850, 29.9365), (-89.980, 30.0450)),
    ((-89.9650, 29.9310), (-89.958, 30.0550)), ((-89.9400, 29.9300), (-89.936, 30.0680)),
)  # fmt: skip
_WEST_BANK: tuple[tuple[Point, Point], ...] = (
    ((-90.0740, 29.9125), (-90.070, 29.8930)), ((-90.0590, 29.9220), (-90.056, 29.8930)),
    ((-90.0520, 29.9360), (-90.046, 29.8930)), ((-90.0510, 29.9480), (-90.036, 29.8930)),
    ((-90.0440, 29.9520), (-90.027, 29.8930)), ((-90.0320, 29.9470), (-90.018, 29.8930)),
    ((-90.0170, 29.9400), (-90.008, 29.8930)), ((-89.9980, 29.9285), (-89.995, 29.8930)),
    ((-89.9780, 29.9205), (-89.975, 29.8930)),
)  # fmt: skip


class Bank(Struct, frozen=True):
    """One side of the river: its net of ``columns`` x ``rows`` crossings; row 0 runs along the river."""

    name: str
    columns: int
    rows: int
    #: column -> row -> (longitude, latitude); also where no street is, so that districts can be drawn along it.
    lattice: tuple[tuple[Point, ...], ...]


class Edge(Struct, frozen=True):
    """A block of a road, as left from a crossing."""

    to: int
    metres: float
    seconds: float
    road: int
    heading_deg: float


class Road(Struct, frozen=True):
    """A named road: the crossings it joins, in pieces where it is interrupted."""

    name: str
    kind: str
    pieces: tuple[tuple[int, ...], ...]


class Way(Struct, frozen=True):
    """A drive from crossing to crossing. ``seconds[i]`` is the free-flow time at which ``crossings[i]`` is passed.

    ``edges[i]`` is the block driven just before ``crossings[i + 1]``.
    """

    crossings: tuple[int, ...]
    seconds: tuple[float, ...]
    edges: tuple[Edge, ...]


class Streets:
    """The net as a graph of crossings."""

    def __init__(self, banks: tuple[Bank, ...], crossings: list[Point], roads: list[Road]) -> None:
        self.banks = banks
        self.crossings = crossings
        self.roads = roads
        self.leaving: list[list[Edge]] = [[] for _ in crossings]
        for number, road in enumerate(roads):
            for piece in road.pieces:
                for a, b in pairwise(piece):
                    self._join(number, a, b, SPEED_KMH[road.kind])

    def _join(self, road: int, a: int, b: int, speed_kmh: float) -> None:
        ax, ay = to_plane(self.crossings[a])
        bx, by = to_plane(self.crossings[b])
        metres = hypot(bx - ax, by - ay)
        heading = degrees(atan2(bx - ax, by - ay)) % 360
        seconds = metres / (speed_kmh / 3.6)
        self.leaving[a].append(Edge(b, metres, seconds, road, heading))
        self.leaving[b].append(Edge(a, metres, seconds, road, (heading + 180) % 360))

    def kind_at(self, crossing: int) -> str:
        """Return the greatest class of road that meets at a crossing."""
        kinds = {self.roads[edge.road].kind for edge in self.leaving[crossing]}
        return next(kind for kind in ("motorway", "arterial", "street") if kind in kinds)

    def corner(self, crossing: int) -> str:
        """Return what people call a crossing: the roads that meet there."""
        names = list(dict.fromkeys(self.roads[edge.road].name for edge in self.leaving[crossing]))
        return " / ".join(names[:2])

    def ways_from(self, start: int) -> list[Edge | None]:
        """Return for every crossing the block by which the fastest way from ``start`` reaches it, reversed.

        The block leads from that crossing back towards ``start``; none for ``start`` itself and what cannot be reached.
        """
        best = [float("inf")] * len(self.crossings)
        back: list[Edge | None] = [None] * len(self.crossings)
        best[start] = 0.0
        waiting = [(0.0, start)]
        while waiting:
            seconds, here = heapq.heappop(waiting)
            if seconds > best[here]:
                continue
            for edge in self.leaving[here]:
                arrival = seconds + edge.seconds
                if arrival < best[edge.to]:
                    best[edge.to] = arrival
                    back[edge.to] = Edge(here, edge.metres, edge.seconds, edge.road, edge.heading_deg)
                    heapq.heappush(waiting, (arrival, edge.to))
        return back

    def way(self, back: list[Edge | None], end: int) -> Way:
        """Return the way to ``end`` from the start that ``back`` was made for."""
        crossings, edges = [end], []
        while (edge := back[crossings[-1]]) is not None:
            edges.append(Edge(crossings[-1], edge.metres, edge.seconds, edge.road, edge.heading_deg))
            crossings.append(edge.to)
        crossings.reverse()
        edges.reverse()
        seconds = [0.0]
        for edge in edges:
            seconds.append(seconds[-1] + edge.seconds)
        return Way(tuple(crossings), tuple(seconds), tuple(edges))


@lru_cache(maxsize=1)
def streets() -> Streets:
    """Return the demo city's streets (always the same)."""
    return _Builder().build()


def _lattice(name: str, stations: tuple[tuple[Point, Point], ...]) -> Bank:
    near = smooth(tuple(pair[0] for pair in stations), 24)
    far = smooth(tuple(pair[1] for pair in stations), 24)
    middle = [to_plane(((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)) for a, b in zip(near, far, strict=True)]
    columns: list[tuple[Point, Point]] = [(near[0], far[0])]
    gone = 0.0
    for place in range(1, len(middle)):
        gone += hypot(middle[place][0] - middle[place - 1][0], middle[place][1] - middle[place - 1][1])
        if gone >= BLOCK_M:
            columns.append((near[place], far[place]))
            gone = 0.0
    depth = sum(hypot(*(p - q for p, q in zip(to_plane(a), to_plane(b), strict=True))) for a, b in columns)
    rows = round(depth / len(columns) / BLOCK_M) + 1
    lattice = tuple(
        tuple((a[0] + (b[0] - a[0]) * row / (rows - 1), a[1] + (b[1] - a[1]) * row / (rows - 1)) for row in range(rows))
        for a, b in columns
    )
    return Bank(name, len(columns), rows, lattice)


class _Builder:
    """Builds the net: lays the lattice, takes away what lies in water and parks, names the rest."""

    def __init__(self) -> None:
        self._random = Random(_GEOMETRY_SEED)  # noqa: S311 - geometry, not secrets
        self._crossings: list[Point] = []
        self._roads: list[Road] = []
        self._water = water()
        prepare(self._water)
        self._parks = STRtree([shape for _, shape in parks()])
        self._avenues = 0
        self._along = 0

    def build(self) -> Streets:
        banks = (_lattice("east", _EAST_BANK), _lattice("west", _WEST_BANK))
        ids = [self._lay(bank) for bank in banks]
        self._bridge(ids[0], ids[1])
        return _largest_part(Streets(banks, self._crossings, self._roads))

    def _lay(self, bank: Bank) -> dict[tuple[int, int], int]:
        ids: dict[tuple[int, int], int] = {}
        for column in range(bank.columns):
            for row in range(bank.rows):
                x, y = to_plane(bank.lattice[column][row])
                point = from_plane((x + self._random.uniform(-14, 14), y + self._random.uniform(-14, 14)))
                if not self._water.contains(ShapelyPoint(point)):
                    ids[column, row] = len(self._crossings)
                    self._crossings.append(point)
        for column in range(bank.columns):
            self._avenues += 1
            kind = "arterial" if column % 8 == 4 else "street"
            name = f"Demo {'Blvd' if kind == 'arterial' else 'Ave'} {self._avenues}"
            self._add(name, kind, [ids.get((column, row)) for row in range(bank.rows)])
        fast = round(bank.rows * 0.46)
        for row in range(bank.rows):
            self._along += 1
            kind = "motorway" if row == fast else "arterial" if row % 7 == 1 else "street"
            suffix = {"motorway": "Expressway", "arterial": "Parkway", "street": "St"}[kind]
            self._add(f"Demo {suffix} {self._along}", kind, [ids.get((column, row)) for column in range(bank.columns)])
        return ids

    def _add(self, name: str, kind: str, line: list[int | None]) -> None:
        """Add a road along these crossings, interrupted where there is none or where the block may not be built."""
        pieces: list[tuple[int, ...]] = []
        piece: list[int] = []
        for here in line:
            if here is None:
                # Greater roads bridge a narrow channel: the next crossing is looked for beyond it.
                if kind == "street":
                    self._close(pieces, piece)
                    piece = []
                continue
            if piece and not self._may_build(kind, piece[-1], here):
                self._close(pieces, piece)
                piece = []
            piece.append(here)
        self._close(pieces, piece)
        if pieces:
            self._roads.append(Road(name, kind, tuple(pieces)))

    @staticmethod
    def _close(pieces: list[tuple[int, ...]], piece: list[int]) -> None:
        if len(piece) > 1:
            pieces.append(tuple(piece))

    def _may_build(self, kind: str, a: int, b: int) -> bool:
        block = LineString([self._crossings[a], self._crossings[b]])
        if kind == "motorway":
            return True
        in_water = self._water.intersects(block)
        if kind == "arterial":
            return not in_water or block.length < 0.008
        in_park = len(self._parks.query(block, predicate="intersects")) > 0
        return not in_water and not in_park and self._random.random() >= _DROPPED_STREETS

    def _bridge(self, east: dict[tuple[int, int], int], west: dict[tuple[int, int], int]) -> None:
        """Join the two sides by one bridge, where their expressways come nearest, the way down to them included."""
        fast_east = max(row for _, row in east) + 1
        fast_west = max(row for _, row in west) + 1
        row_east, row_west = round(fast_east * 0.46), round(fast_west * 0.46)
        a, b = min(
            ((column, other) for column, row in east if row == 0 for other, row2 in west if row2 == 0),
            key=lambda pair: _gap(self._crossings[east[pair[0], 0]], self._crossings[west[pair[1], 0]]),
        )
        line = [east[a, row] for row in range(row_east, -1, -1) if (a, row) in east]
        line += [west[b, row] for row in range(row_west + 1) if (b, row) in west]
        self._roads.append(Road("Demo Bridge", "motorway", (tuple(line),)))


def _gap(a: Point, b: Point) -> float:
    (ax, ay), (bx, by) = to_plane(a), to_plane(b)
    return hypot(ax - bx, ay - by)


def _largest_part(net: Streets) -> Streets:
    """Return the net without crossings that cannot be reached from most others."""
    part = [-1] * len(net.crossings)
    sizes: list[int] = []
    for start in range(len(net.crossings)):
        if part[start] >= 0:
            continue
        number, waiting = len(sizes), [start]
        sizes.append(0)
        part[start] = number
        while waiting:
            here = waiting.pop()
            sizes[number] += 1
            for edge in net.leaving[here]:
                if part[edge.to] < 0:
                    part[edge.to] = number
                    waiting.append(edge.to)
    main = sizes.index(max(sizes))
    new_id: dict[int, int] = {}
    for crossing, number in enumerate(part):
        if number == main:
            new_id[crossing] = len(new_id)
    roads = []
    for road in net.roads:
        pieces = tuple(tuple(new_id[c] for c in piece) for piece in road.pieces if piece[0] in new_id)
        if pieces:
            roads.append(Road(road.name, road.kind, pieces))
    return Streets(net.banks, [net.crossings[crossing] for crossing in new_id], roads)
