"""The road graph in memory: how long units take to a place, by road."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from math import cos, inf, radians
from typing import Any

import numpy as np
import rustworkx as rx
import shapely
from msgspec import Struct
from numpy.typing import NDArray
from rustworkx.visit import DijkstraVisitor, StopSearch

from compose.roads.network import PER_DEGREE, Network, driven
from dashboards.server.ports import ByRoad
from schemas.place import METRES_PER_DEG, distance_m

#: Within so many metres of a node a place counts as on the crossing: who stands there may turn into any of its roads.
CROSSING_M = 10.0
#: So many nodes are looked at one by one, with a stop as soon as enough units are found; hearing of each costs five
#: times as much as the whole search at once, which is what follows.
NEAR_NODES = 5_000
#: Edges and lines made at a time while the graph is built: other threads have their turn in between.
_AT_ONCE = 5_000

LatLon = tuple[float, float]


class Spot(Struct, frozen=True):
    """A place on a segment. ``along_m``: from its tail, metres; ``off_m``: from the place to the road."""

    segment: int
    along_m: float
    off_m: float


class RoadGraph:
    """Answers how long units drive to a place. May be used by several threads; one search runs at a time."""

    def __init__(self, network: Network, reach_m: float) -> None:
        """``reach_m``: a place further from every road has no time by road. Blocks while it builds."""
        self._network = network
        self._reach_m = reach_m
        self._metres = network.metres()
        self._speed = network.kmh.astype(np.float64) / 3.6
        self._fastest = float(self._speed.max())
        self._part = network.part[network.tail]
        lat = network.vertices[:, 1] / PER_DEGREE
        #: Metres east and north of 0/0, true to scale in the middle of the network.
        self._scale = np.array([METRES_PER_DEG * cos(radians(float(lat.min() + lat.max()) / 2)), METRES_PER_DEG])
        self._tree = shapely.STRtree(self._lines())
        #: Every edge turned round: the search goes from the incident outwards, against the way that units drive.
        self._graph: rx.PyDiGraph[None, float] = rx.PyDiGraph()
        self._graph.add_nodes_from([None] * network.nodes)
        seconds = self._metres / self._speed
        along, against = driven(network.tail, network.head, network.direction)
        self._add(network.head[along], network.tail[along], seconds[along])
        self._add(network.tail[against], network.head[against], seconds[against])
        self._lock = threading.Lock()

    def _lines(self) -> NDArray[np.object_]:
        made = self._network
        lines = np.empty(made.segments, object)
        for at in range(0, made.segments, _AT_ONCE):
            first = made.first[at : at + _AT_ONCE + 1]
            places = made.vertices[first[0] : first[-1]] / PER_DEGREE * self._scale
            lines[at : at + _AT_ONCE] = shapely.linestrings(
                places, indices=np.repeat(np.arange(len(first) - 1), np.diff(first))
            )
        return lines

    def _add(self, start: NDArray[Any], end: NDArray[Any], seconds: NDArray[Any]) -> None:
        for at in range(0, len(start), _AT_ONCE):
            part = slice(at, at + _AT_ONCE)
            self._graph.extend_from_weighted_edge_list(
                list(zip(start[part].tolist(), end[part].tolist(), seconds[part].tolist(), strict=True))
            )

    @property
    def segments(self) -> int:
        """How many segments it has."""
        return self._network.segments

    def spots(self, places: Sequence[LatLon]) -> list[Spot | None]:
        """Return where each place (latitude, longitude) is on the nearest road; None where none is within reach."""
        if not places:
            return []
        points = shapely.points(np.asarray(places)[:, ::-1] * self._scale)
        # The scale is true in the middle only, so that a little more is looked at, and measured on the globe.
        index, segment = self._tree.query_nearest(points, max_distance=self._reach_m * 1.2 + 1, all_matches=False)
        lines = self._tree.geometries[segment]
        share = shapely.line_locate_point(lines, points[index], normalized=True)
        on_road = shapely.get_coordinates(shapely.line_interpolate_point(lines, share, normalized=True)) / self._scale
        found: list[Spot | None] = [None] * len(places)
        for place, one, part, (lon, lat) in zip(
            index.tolist(), segment.tolist(), share.tolist(), on_road.tolist(), strict=True
        ):
            off = distance_m(places[place][0], places[place][1], lat, lon)
            if off <= self._reach_m:
                found[place] = Spot(one, part * float(self._metres[one]), off)
        return found

    def times(self, lat: float, lon: float, starts: Sequence[LatLon], most: int) -> list[ByRoad | None]:
        """See ``dashboards.server.ports.Roads.times``."""
        floors = [distance_m(lat, lon, *start) / self._fastest for start in starts]
        found = self.spots([(lat, lon), *starts])
        goal, spots = found[0], found[1:]
        if goal is None:
            why = f"the incident is more than {self._reach_m:g} m from a road"
            return [ByRoad(seconds=None, why=why, at_least_s=floor) for floor in floors]
        part = self._part
        reachable = [
            (number, spot)
            for number, spot in enumerate(spots)
            if spot is not None and part[spot.segment] == part[goal.segment]
        ]
        search = _Search(most, {})
        for number, start in reachable:
            direct = self._direct(start, goal)
            if direct is not None:
                search.better(number, direct)
            for node, seconds in self._ends(start, leaving=True):
                search.ends.setdefault(node, []).append((number, seconds))
        search.waiting = len(search.ends)
        if reachable:
            self._run(search, self._ends(goal, leaving=False))
        answer: list[ByRoad | None] = []
        for number, spot in enumerate(spots):
            if spot is None:
                why = f"the unit is more than {self._reach_m:g} m from a road"
            elif part[spot.segment] != part[goal.segment]:
                why = "no road leads from the unit to the incident"
            elif number in search.best and (search.best[number] <= search.enough or not search.stopped):
                answer.append(ByRoad(seconds=search.best[number], why="", at_least_s=floors[number]))
                continue
            elif search.stopped:
                # What was found for it so far need not be its quickest way.
                answer.append(None)
                continue
            else:
                why = "no road leads from the unit to the incident"
            answer.append(ByRoad(seconds=None, why=why, at_least_s=floors[number]))
        return answer

    def _ends(self, spot: Spot, *, leaving: bool) -> list[tuple[int, float]]:
        """Return the nodes that a car reaches from a spot (leaving), or comes to it from, with the seconds between.

        The way between the place and the road is counted at the road's own speed.
        """
        made, one = self._network, spot.segment
        speed, left = float(self._speed[one]), float(self._metres[one]) - spot.along_m
        direction = int(made.direction[one])
        to_tail, to_head = (direction <= 0, direction >= 0) if leaving else (direction >= 0, direction <= 0)
        ends = []
        if to_tail or spot.along_m <= CROSSING_M:
            ends.append((int(made.tail[one]), (spot.off_m + spot.along_m) / speed))
        if to_head or left <= CROSSING_M:
            ends.append((int(made.head[one]), (spot.off_m + left) / speed))
        return ends

    def _direct(self, start: Spot, goal: Spot) -> float | None:
        """Return the seconds between two spots of one segment; None when it may not be driven that way."""
        if start.segment != goal.segment:
            return None
        direction = int(self._network.direction[start.segment])
        ahead = goal.along_m - start.along_m
        if (ahead > 0 and direction < 0) or (ahead < 0 and direction > 0):
            return None
        return (start.off_m + abs(ahead) + goal.off_m) / float(self._speed[start.segment])

    def _run(self, search: _Search, goals: list[tuple[int, float]]) -> None:
        with self._lock:
            # The incident is a node of its own while it is asked for.
            place = self._graph.add_node(None)
            try:
                for node, seconds in goals:
                    self._graph.add_edge(place, node, seconds)
                rx.digraph_dijkstra_search(self._graph, [place], float, search)
                if search.given_up:
                    reached = rx.digraph_dijkstra_shortest_path_lengths(self._graph, place, _seconds)
                    for node in search.ends:
                        if node in reached:
                            search.arrive(node, reached[node])
            finally:
                self._graph.remove_node(place)


def _seconds(edge: float) -> float:
    # Written in Python so that other threads have their turn while a large graph is searched.
    return edge


class _Search(DijkstraVisitor):
    """Hears of nodes in the order of their time to the incident, and stops when ``most`` units cannot be beaten."""

    def __init__(self, most: int, ends: dict[int, list[tuple[int, float]]]) -> None:
        self.ends = ends
        #: Seconds of each unit found so far.
        self.best: dict[int, float] = {}
        self.waiting = 0
        self.stopped = self.given_up = False
        #: Seconds of the last of the ``most`` quickest: nobody later is asked for.
        self.enough = inf
        self._most = most
        self._seen = 0

    def better(self, number: int, seconds: float) -> None:
        """Note a way of a unit, if it is its quickest yet."""
        if seconds < self.best.get(number, inf):
            self.best[number] = seconds
            if len(self.best) >= self._most:
                self.enough = sorted(self.best.values())[self._most - 1]

    def arrive(self, node: int, score: float) -> None:
        """Note the ways of the units that come through a node, ``score`` seconds from the incident."""
        for number, seconds in self.ends[node]:
            self.better(number, seconds + score)

    def discover_vertex(self, vertex: int, score: float) -> None:
        """Take a node whose time is settled; later ones take longer."""
        if score >= self.enough:
            self.stopped = True
            raise StopSearch
        if vertex in self.ends:
            self.arrive(vertex, score)
            self.waiting -= 1
            if self.waiting == 0:
                raise StopSearch
        self._seen += 1
        if self._seen > NEAR_NODES:
            self.given_up = True
            raise StopSearch
