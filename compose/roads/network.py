"""Lines become segments that meet at nodes: a network, as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import rustworkx as rx
from msgspec import Struct
from numpy.typing import NDArray

from compose.roads.errors import RoadsRefusedError
from compose.roads.lines import Lines
from schemas.place import EARTH_RADIUS_M

#: Places are kept as whole numbers of 1e-7 degrees (a centimetre), OpenStreetMap's own resolution. Lines meet where
#: they have the same one.
PER_DEGREE = 10_000_000


#: A part that no road joins to the rest, and that is less than this of the length, is an aisle of a car park or wrongly
#: drawn: who stands there counts as on the next road that leads somewhere.
FRAGMENT_SHARE = 0.005


class Network(Struct, frozen=True, kw_only=True):
    """Segments between nodes. Segment ``i`` runs from node ``tail[i]`` to ``head[i]`` through the vertices
    ``first[i]`` to ``first[i + 1]`` (longitude, latitude, 1e-7 degrees); ``direction``: see compose.roads.oneway.
    ``part`` of a node: nodes of different parts have no road between them."""

    vertices: NDArray[np.int32]
    first: NDArray[np.int64]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    kmh: NDArray[np.float32]
    direction: NDArray[np.int8]
    part: NDArray[np.int32]

    @property
    def segments(self) -> int:
        """How many segments there are."""
        return len(self.tail)

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return len(self.part)

    def metres(self) -> NDArray[np.float64]:
        """Return the length of every segment, metres, by great circles between its vertices."""
        radians = np.radians(self.vertices / PER_DEGREE)
        step = np.zeros(len(radians))
        lon, lat = radians[:, 0], radians[:, 1]
        a = np.sin(np.diff(lat) / 2) ** 2 + np.cos(lat[1:]) * np.cos(lat[:-1]) * np.sin(np.diff(lon) / 2) ** 2
        step[1:] = 2 * EARTH_RADIUS_M * np.arcsin(np.minimum(1.0, np.sqrt(a)))
        # The step from one segment's last vertex to the next one's first is none.
        step[self.first[:-1]] = 0.0
        return np.asarray(np.add.reduceat(step, self.first[:-1]), np.float64)


class Report(Struct, frozen=True, kw_only=True):
    """What became of a file. ``connected_share``: of the length, how much lies between nodes of which each can be
    reached from each. ``left_out``: features by reason; ``fragments``: segments left out, see without_fragments.
    ``loaded_at``: RFC 3339."""

    file: str
    layer: str
    crs: str
    loaded_at: str
    features: int
    left_out: dict[str, int]
    speeds_from: dict[str, int]
    segments: int
    nodes: int
    km: float
    one_way: int
    parts: int
    fragments: int
    connected_share: float
    most_kmh: float


def network(lines: Lines) -> Network:
    """Split lines where they meet: at their ends, and at vertices that two of them have.

    Roads that cross without a vertex in common do not meet, as a bridge does not meet what it crosses.
    Raises RoadsRefusedError when all lines are points.
    """
    places = np.rint(lines.lon_lat * PER_DEGREE).astype(np.int64)
    line = lines.line
    # The same place twice in a row is one vertex.
    again = np.zeros(len(line), bool)
    again[1:] = (line[1:] == line[:-1]) & (places[1:] == places[:-1]).all(axis=1)
    places, line = places[~again], line[~again]

    key = (places[:, 0] << 32) + places[:, 1]
    _, inverse, count = np.unique(key, return_inverse=True, return_counts=True)
    is_first = np.r_[True, line[1:] != line[:-1]]
    is_last = np.r_[is_first[1:], True]
    at = np.flatnonzero((count[inverse] > 1) | is_first | is_last)
    begin, end = at[:-1], at[1:]
    whole = line[begin] == line[end]
    begin, end = begin[whole], end[whole]
    if len(begin) == 0:
        raise RoadsRefusedError("Every line is a point: there is no road.")

    size = end - begin + 1
    first = np.r_[0, np.cumsum(size)]
    vertex = np.repeat(begin - first[:-1], size) + np.arange(first[-1])
    named, node = np.unique(np.concatenate((inverse[begin], inverse[end])), return_inverse=True)
    tail, head = node[: len(begin)], node[len(begin) :]
    return Network(
        vertices=places[vertex].astype(np.int32),
        first=first.astype(np.int64),
        tail=tail.astype(np.int32),
        head=head.astype(np.int32),
        kmh=lines.kmh[line[begin]],
        direction=lines.direction[line[begin]],
        part=_parts(tail, head, len(named)),
    )


def without_fragments(made: Network) -> tuple[Network, int]:
    """Leave out the parts that are less than FRAGMENT_SHARE of the length; return the rest, and how many segments went.

    The longest part stays, however small it is.
    """
    part = made.part[made.tail]
    metres = np.bincount(part, weights=made.metres())
    kept = (metres >= min(FRAGMENT_SHARE * metres.sum(), metres.max()))[part]
    size = np.diff(made.first)
    nodes, node = np.unique(np.concatenate((made.tail[kept], made.head[kept])), return_inverse=True)
    rest = Network(
        vertices=made.vertices[np.repeat(kept, size)],
        first=np.r_[0, np.cumsum(size[kept])].astype(np.int64),
        tail=node[: kept.sum()].astype(np.int32),
        head=node[kept.sum() :].astype(np.int32),
        kmh=made.kmh[kept],
        direction=made.direction[kept],
        part=np.unique(made.part[nodes], return_inverse=True)[1].astype(np.int32),
    )
    return rest, made.segments - rest.segments


def driven(tail: NDArray[Any], head: NDArray[Any], direction: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the segments that may be driven from tail to head, and those from head to tail, as indices."""
    return np.flatnonzero(direction >= 0), np.flatnonzero(direction <= 0)


def connected_share(made: Network) -> float:
    """Return how much of the length lies in the largest part in which each node can be reached from each, 0 to 1."""
    graph = _graph(made.nodes)
    along, against = driven(made.tail, made.head, made.direction)
    graph.extend_from_edge_list(list(zip(made.tail[along].tolist(), made.head[along].tolist(), strict=True)))
    graph.extend_from_edge_list(list(zip(made.head[against].tolist(), made.tail[against].tolist(), strict=True)))
    strong = np.empty(made.nodes, np.int64)
    for number, nodes in enumerate(rx.strongly_connected_components(graph)):
        strong[list(nodes)] = number
    metres, inside = made.metres(), strong[made.tail] == strong[made.head]
    by_part = np.bincount(strong[made.tail[inside]], weights=metres[inside], minlength=1)
    return float(by_part.max() / metres.sum())


def _parts(tail: NDArray[Any], head: NDArray[Any], nodes: int) -> NDArray[np.int32]:
    graph = _graph(nodes)
    graph.extend_from_edge_list(list(zip(tail.tolist(), head.tolist(), strict=True)))
    part = np.empty(nodes, np.int32)
    for number, members in enumerate(rx.weakly_connected_components(graph)):
        part[list(members)] = number
    return part


def _graph(nodes: int) -> rx.PyDiGraph[None, Any]:
    graph: rx.PyDiGraph[None, Any] = rx.PyDiGraph()
    graph.add_nodes_from([None] * nodes)
    return graph
