"""Units near an incident, by road: over HTTP, with the file that is loaded, changed, spoilt and taken away."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from compose.cli import app
from compose.roads.graph import RoadGraph
from compose.roads.loaded import LoadedRoads, path_in
from compose.roads.network_file import write
from dashboards.server.ports import ByRoad
from schemas.events.emergency_call import EMERGENCY_CALL
from schemas.events.incident import INCIDENT
from schemas.events.unit_position import EXAMPLE as UNIT
from schemas.events.unit_position import UNIT_POSITION
from schemas.identity import identity
from tests.component.server_fixtures import World
from tests.unit.facts import call
from tests.unit.incident_desk import Desk
from tests.unit.road_towns import REPORT, Street, crossing, geojson, grid, line, made, street

PLACE = crossing(0, 0)
CALL = call(1, "shooting", *PLACE, jurisdiction="nola")
#: A river without a bridge near: the east side is 2 blocks away, and 12 by road.
RIVER = [
    street(*((row, 0) for row in range(6))), street(*((row, 2) for row in range(6))), street((5, 0), (5, 1), (5, 2)),
    street((0, 0), (0, -1), (0, -2), (0, -3)),
]  # fmt: skip


def unit(name: str, place: tuple[float, float], **changes: Any) -> Any:
    return replace(
        UNIT, event_id=identity("unit", name), unit_id=name, lat=place[0], lon=place[1],
        occurred_at=datetime.now(UTC), **changes,
    )  # fmt: skip


async def loaded(folder: Path, streets: list[Street] | None = None) -> LoadedRoads:
    if streets is not None:
        write(path_in(folder), made(streets), REPORT)
    roads = LoadedRoads(path_in(folder), 100.0)
    await roads.look()
    return roads


def asked(roads: Any, units: Sequence[Any], **parameters: Any) -> list[dict[str, Any]]:
    desk = Desk()
    desk.take(CALL)
    world = World(roads=roads)
    world.hub.offer(EMERGENCY_CALL, [CALL], 1.0)
    world.hub.offer(INCIDENT, desk.reference.cases(), 1.0)
    world.hub.caught_up()
    world.hub.offer(UNIT_POSITION, units, 1.0)
    answer = world.browser().get(f"/api/incidents/{desk.of(CALL).incident_id}/units", params=parameters)
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()
    return found


def test_the_quickest_by_road_comes_before_the_nearest_by_a_straight_line(tmp_path: Path) -> None:
    roads = asyncio.run(loaded(tmp_path, RIVER))
    over, same = unit("over the river", crossing(0, 2)), unit("same side", crossing(0, -3))
    found = asked(roads, [over, same])
    assert [one["unit_id"] for one in found] == ["same side", "over the river"]
    assert found[0]["distance_m"] > found[1]["distance_m"]
    assert {one["measured"] for one in found} == {"road"}
    assert found[1]["road_s"] == pytest.approx((10 * 222.4 + 2 * 192.7) / 10, rel=0.01)
    assert [one["unit_id"] for one in asked(roads, [over, same], limit=1)] == ["same side"]
    assert [one["unit_id"] for one in asked(None, [over, same])] == ["over the river", "same side"]


def test_a_unit_without_a_way_is_offered_where_it_may_be_and_says_why(tmp_path: Path) -> None:
    roads = asyncio.run(loaded(tmp_path, RIVER))
    units = [
        unit("road", crossing(0, -3)), unit("field near", crossing(0, 1)), unit("field far", crossing(40, 1)),
        unit("perhaps", crossing(0, -1), status="conditionally_available"),
    ]  # fmt: skip
    found = asked(roads, units)
    assert [(one["unit_id"], one["measured"]) for one in found] == [
        ("field near", "straight_line"), ("road", "road"), ("field far", "straight_line"), ("perhaps", "road"),
    ]  # fmt: skip
    for one in found:
        assert (one["road_s"] is None) == (one["measured"] == "straight_line") == bool(one["why_not_by_road"])
    assert found[0]["why_not_by_road"] == "the unit is more than 100 m from a road"


def test_no_roads_and_an_incident_off_the_roads_are_told_with_every_unit(tmp_path: Path) -> None:
    units = [unit("near", crossing(0, 0.5)), unit("far", crossing(0, -3))]
    elsewhere = asyncio.run(loaded(tmp_path, [street((50, 50), (50, 51))]))
    for roads, why in (
        (asyncio.run(loaded(tmp_path / "none")), "no road graph is loaded"),
        (elsewhere, "the incident is more than 100 m from a road"),
    ):
        found = asked(roads, units)
        assert [one["unit_id"] for one in found] == ["near", "far"]
        assert {(one["measured"], one["road_s"], one["why_not_by_road"]) for one in found} == {
            ("straight_line", None, why)
        }


async def way(roads: LoadedRoads) -> ByRoad:
    (found,) = await roads.times(*crossing(0, 0), [crossing(0, 1)], 1)
    assert found is not None
    return found


def test_a_new_file_is_taken_up_and_one_that_is_gone_is_forgotten(tmp_path: Path) -> None:
    async def test() -> None:
        roads = await loaded(tmp_path)
        assert (await way(roads)).why == "no road graph is loaded"
        write(path_in(tmp_path), made(grid(2, 2)), REPORT)
        await roads.look()
        slow = (await way(roads)).seconds
        write(path_in(tmp_path), made(grid(2, 2, lambda _: (72.0, 0))), REPORT)
        await roads.look()
        fast = (await way(roads)).seconds
        assert slow is not None
        assert fast == pytest.approx(slow / 2)
        path_in(tmp_path).unlink()
        await roads.look()
        assert (await way(roads)).why == "no road graph is loaded"
        assert roads.segments is None

    asyncio.run(test())


def test_a_file_that_is_not_changed_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        roads = await loaded(tmp_path, grid(2, 2))

        def never(*_: object) -> RoadGraph:
            raise AssertionError("read again")

        monkeypatch.setattr("compose.roads.loaded._open", never)
        await roads.look()
        assert roads.fault == ""
        assert roads.segments == 4

    asyncio.run(test())


def test_a_spoilt_file_leaves_the_graph_in_use_and_is_told(tmp_path: Path) -> None:
    async def test() -> None:
        roads = await loaded(tmp_path, grid(2, 2))
        path_in(tmp_path).write_bytes(b"garbage")
        await roads.look()
        assert "load the roads again" in roads.fault
        assert (await way(roads)).seconds is not None
        fresh = await loaded(tmp_path)
        assert (await way(fresh)).why.startswith("the road graph cannot be read: ")
        write(path_in(tmp_path), made(grid(2, 2)), REPORT)
        await fresh.look()
        assert (fresh.fault, fresh.segments) == ("", 4)

    asyncio.run(test())


def test_a_folder_that_may_not_be_looked_into_is_told_and_looked_at_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        roads = await loaded(tmp_path, grid(2, 2))

        def refuse(*_: object) -> None:
            raise PermissionError("Permission denied")

        with monkeypatch.context() as patch:
            patch.setattr("compose.roads.loaded._mark", refuse)
            await roads.look()
        assert roads.fault == "Permission denied"
        assert (await way(roads)).seconds is not None
        await roads.look()
        assert roads.fault == ""

    asyncio.run(test())


def test_many_ask_at_once_and_each_has_its_own_answer(tmp_path: Path) -> None:
    async def test() -> None:
        roads = await loaded(tmp_path, grid(8, 8))
        goals = [crossing(row, column) for row in range(8) for column in range(8)]
        alone = [await roads.times(*goal, goals[::5], 3) for goal in goals]
        assert list(await asyncio.gather(*(roads.times(*goal, goals[::5], 3) for goal in goals))) == alone

    asyncio.run(test())


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WATCHFLOOR_DATA_DIR", str(tmp_path / "data"))
    return lambda *words: CliRunner().invoke(app, ["roads", *words])


def test_roads_are_loaded_told_of_and_cleared_by_command(run: Any, tmp_path: Path) -> None:
    pytest.importorskip("pyogrio")
    assert msgspec.json.decode(run("status", "--json").stdout) == {"loaded": False}
    file = geojson(
        tmp_path / "town.geojson", line((0, 0), (0, 1), mph=25, way="FT"), line((0, 1), (1, 1), mph=25),
        line((1, 1), (0, 0), mph=25), line((5, 5), (5, 6), mph=None),
    )  # fmt: skip
    words = ("load", str(file), "--speed-column", "mph", "--speed-unit", "mph", "--oneway-column", "way")
    report = msgspec.json.decode(run(*words, "--json").stdout)
    assert (report["segments"], report["nodes"], report["one_way"], report["parts"]) == (3, 3, 1, 1)
    assert (report["connected_share"], report["left_out"]) == (1.0, {"no usable speed": 1})
    assert {"loaded": True, **report} == msgspec.json.decode(run("status", "--json").stdout)
    told = run("status").stdout
    assert "3 segments, 3 nodes" in told
    assert "1 no usable speed" in told
    assert "no roads are loaded now" in run("clear").stdout.lower()
    assert msgspec.json.decode(run("clear", "--json").stdout) == {"cleared": False}


def test_a_file_that_is_refused_leaves_the_roads_that_are_loaded(run: Any, tmp_path: Path) -> None:
    pytest.importorskip("pyogrio")
    write(path_in(tmp_path / "data"), made(grid(2, 2)), REPORT)
    (tmp_path / "bad.geojson").write_bytes(b"garbage")
    refused = run("load", "bad.geojson", "--default-kmh", "30", "--json")
    assert refused.exit_code == 1
    assert "cannot be read" in msgspec.json.decode(refused.stdout)["error"]
    assert msgspec.json.decode(run("status", "--json").stdout)["loaded"] is True


def test_a_spoilt_graph_is_told_by_status(run: Any, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    path_in(tmp_path / "data").write_bytes(b"garbage")
    told = run("status", "--json")
    assert told.exit_code == 1
    assert "load the roads again" in msgspec.json.decode(told.stdout)["error"]
