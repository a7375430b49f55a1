"""The road graph that the server answers by: loaded beside its work, and anew when the file has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from dashboards.server.near_units import NO_ROADS
from dashboards.server.ports import ByRoad

if TYPE_CHECKING:
    from compose.roads.graph import RoadGraph

log = structlog.get_logger(__name__)

#: Seconds between two looks at the file.
LOOK_S = 5.0

NAME = "roads.npz"

#: Of a file: when it was put there, its size, and which it is.
_Mark = tuple[int, int, int]
_NOT_SEEN: _Mark = (-1, -1, -1)


def path_in(data_dir: Path) -> Path:
    """Return where the road graph of a data folder is."""
    return data_dir / NAME


class LoadedRoads:
    """Implements ``dashboards.server.ports.Roads``. ``run`` keeps it in step with the file."""

    def __init__(self, path: Path, reach_m: float) -> None:
        """``reach_m``: see ``RoadGraph``."""
        self._path = path
        self._reach_m = reach_m
        self._graph: RoadGraph | None = None
        #: Why there is no graph, and what is wrong with the file.
        self._why, self._fault = NO_ROADS, ""
        self._mark: _Mark | None = None
        # One search at a time: more would only take turns, and fill the threads that others need.
        self._turn = asyncio.Lock()

    @property
    def segments(self) -> int | None:
        """How many segments the graph has; None without one."""
        return None if self._graph is None else self._graph.segments

    @property
    def fault(self) -> str:
        """What is wrong with the file, or ""."""
        return self._fault

    async def run(self) -> None:
        """Look at the file again and again, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Take the file's graph if the file is another than before. The one in use serves until the new one is whole;
        a file that cannot be read leaves it in use, and is told."""
        try:
            mark = await asyncio.to_thread(_mark, self._path)
        except OSError as error:
            self._mark = _NOT_SEEN
            self._failed(error)
            return
        if mark == self._mark:
            return
        self._mark = mark
        if mark is None:
            self._graph, self._why, self._fault = None, NO_ROADS, ""
            log.info("roads gone")
            return
        self._why = "the road graph is being loaded"
        try:
            self._graph = await asyncio.to_thread(_open, self._path, self._reach_m)
        except Exception as error:  # whatever is wrong with a file, the map and the incidents go on
            self._failed(error)
        else:
            self._fault = ""
            log.info("roads loaded", segments=self._graph.segments)

    def _failed(self, error: Exception) -> None:
        if self._fault != str(error):
            log.error("roads not loaded", error=str(error), kept=self._graph is not None)
        self._fault = str(error)
        self._why = f"the road graph cannot be read: {error}"

    async def times(
        self, lat: float, lon: float, starts: Sequence[tuple[float, float]], most: int
    ) -> Sequence[ByRoad | None]:
        """See ``dashboards.server.ports.Roads.times``."""
        graph = self._graph
        if graph is None:
            return [ByRoad(seconds=None, why=self._why, at_least_s=None)] * len(starts)
        async with self._turn:
            return await asyncio.to_thread(graph.times, lat, lon, starts, most)


def _mark(path: Path) -> _Mark | None:
    try:
        state = path.stat()
    except FileNotFoundError:
        return None
    return state.st_mtime_ns, state.st_size, state.st_ino


def _open(path: Path, reach_m: float) -> RoadGraph:
    # Imported here: who has no roads need not hold the libraries either.
    from compose.roads.graph import RoadGraph
    from compose.roads.network_file import read

    return RoadGraph(read(path)[0], reach_m)
