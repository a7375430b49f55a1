"""`watchfloor map add`, `list` and `remove`: what they put in the log and in the folder, and what is served of it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

pytest.importorskip("pyogrio")
pytest.importorskip("pmtiles")

from compose.cli import app
from compose.commands import map_layers
from compose.map_layers.folder import alone
from dashboards.server.channel import CHANNELS
from dashboards.server.fold import Fold
from schemas.envelope import Event
from schemas.events.action import Action
from schemas.events.map_layer import MapLayer
from schemas.wire.publisher import BrokerUnavailableError
from tests.component.server_fixtures import World
from tests.unit.map_files import TOWN, mbtiles, points, vector_tile

Run = Callable[..., Any]


class Log:
    """The log, as the commands see it. ``away``: it takes nothing."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.away = False

    def publish_sync(self, events: Sequence[Event]) -> None:
        if self.away:
            raise BrokerUnavailableError("away")
        self.events += events

    @property
    def layers(self) -> list[MapLayer]:
        return [one for one in self.events if isinstance(one, MapLayer)]

    @property
    def actions(self) -> list[tuple[str, str, str]]:
        return [(one.name, one.subject_id, one.actor) for one in self.events if isinstance(one, Action)]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    log = Log()

    @contextlib.contextmanager
    def publisher(*args: object, as_json: bool, **more: object) -> Iterator[Log]:
        try:
            yield log
        except BrokerUnavailableError:
            map_layers.fail("The broker did not confirm.", as_json=as_json)

    def newest(settings: object, kind: object, name: str) -> MapLayer | None:
        return next((one for one in reversed(log.layers) if one.name == name), None)

    def each(settings: object, kind: object) -> list[MapLayer]:
        return list({one.name: one for one in log.layers}.values())

    monkeypatch.setattr(map_layers, "publisher", publisher)
    monkeypatch.setattr(map_layers, "newest_of", newest)
    monkeypatch.setattr(map_layers, "newest_of_each", each)
    return log


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WATCHFLOOR_DATA_DIR", str(tmp_path / "data"))
    return lambda *words: CliRunner().invoke(app, ["map", *words])


def files(tmp_path: Path) -> list[str]:
    folder = tmp_path / "data" / "map-layers"
    return sorted(one.name for one in folder.iterdir() if one.name != ".lock") if folder.exists() else []


def test_check_16_a_layer_is_told_to_the_log_and_its_file_is_served_in_ranges(
    run: Run, log: Log, tmp_path: Path
) -> None:
    file = points(tmp_path / "hydrants.gpkg", crs="EPSG:6479")
    words = ("--label", "name", "--color", "#D98CFF", "--min-zoom", "9", "--title", "Hydrants", "--by", "r.diaz")
    done = run("add", str(file), *words, "--json")
    told = msgspec.json.decode(done.stdout)
    (layer,) = log.layers
    assert (layer.name, layer.kind, layer.title, layer.label) == ("hydrants", "overlay", "Hydrants", "label")
    assert (layer.colour, layer.min_zoom, layer.source_layers) == ("#d98cff", 9, ("hydrants",))
    assert (layer.west, layer.south, layer.east, layer.north) == pytest.approx((-90.12, 29.93, -90.0, 30.02), abs=1e-5)
    assert told["layers"] == [{"name": "hydrants", "features": 4, "kept": 4, "mended": 0, "dropped": {}}]
    assert (told["sha256"], told["bytes"], told["file"]) == (layer.sha256, layer.bytes, layer.archive)
    assert log.actions == [("map.add", "hydrants", "r.diaz")]
    assert files(tmp_path) == [layer.archive]
    world = World(maps_dir=tmp_path, layers_dir=tmp_path / "data" / "map-layers")
    with world.browser() as browser:
        part = browser.get(f"/maps/{layer.archive}?v={layer.sha256[:12]}", headers={"range": "bytes=0-6"})
        assert (part.status_code, part.content) == (206, b"PMTiles")


def test_a_layer_that_is_being_made_and_what_else_lies_there_is_not_served(tmp_path: Path) -> None:
    folder = tmp_path / "map-layers"
    (folder / ".adding-1").mkdir(parents=True)
    (folder / ".adding-1" / "layer.pmtiles").write_bytes(b"PMTiles")
    (folder / "notes.txt").write_text("x")
    with World(maps_dir=tmp_path, layers_dir=folder).browser() as browser:
        for path in (".adding-1/layer.pmtiles", "notes.txt", "..%2f..%2fetc%2fpasswd.pmtiles", "none.pmtiles"):
            assert browser.get(f"/maps/{path}").status_code == 404, path


def test_the_same_name_again_replaces_the_layer_and_its_file(run: Run, log: Log, tmp_path: Path) -> None:
    run("add", str(points(tmp_path / "hydrants.geojson")))
    run("add", str(points(tmp_path / "more.geojson", TOWN[:2])), "--name", "hydrants")
    old, new = log.layers
    assert (old.name, new.name, new.changed_at > old.changed_at) == ("hydrants", "hydrants", True)
    assert files(tmp_path) == [new.archive]
    assert old.archive != new.archive


def test_a_layer_is_listed_removed_and_removed_again_without_harm(run: Run, log: Log, tmp_path: Path) -> None:
    run("add", str(points(tmp_path / "hydrants.geojson")), "--by", "r.diaz")
    (row,) = msgspec.json.decode(run("list", "--json").stdout)["layers"]
    assert (row["name"], row["is_here"], row["changed_by"]) == ("hydrants", True, "r.diaz")
    assert msgspec.json.decode(run("remove", "hydrants", "--by", "k.lee", "--json").stdout)["changed"] is True
    assert (log.layers[-1].removed, log.layers[-1].sha256) == (True, log.layers[0].sha256)
    assert log.actions[-1] == ("map.remove", "hydrants", "k.lee")
    assert files(tmp_path) == []
    assert msgspec.json.decode(run("remove", "hydrants", "--json").stdout)["changed"] is False
    assert len(log.layers) == 2
    assert "No layers" in run("list").stdout
    assert run("remove", "others").exit_code == 1


def test_a_layer_whose_file_is_gone_is_listed_as_such(run: Run, log: Log, tmp_path: Path) -> None:
    run("add", str(points(tmp_path / "hydrants.geojson")))
    (tmp_path / "data" / "map-layers" / log.layers[0].archive).unlink()
    assert "not here" in run("list").stdout


@pytest.mark.parametrize("content", [b"hello", b'{"type":"FeatureCollection","features":[{"type":"Fea', b"PMTiles\x03"])
def test_what_is_refused_changes_nothing_and_leaves_nothing_behind(
    run: Run, log: Log, tmp_path: Path, content: bytes
) -> None:
    run("add", str(points(tmp_path / "hydrants.geojson")))
    before = files(tmp_path)
    (tmp_path / "bad.geojson").write_bytes(content)
    done = run("add", str(tmp_path / "bad.geojson"), "--name", "hydrants", "--json")
    assert (done.exit_code, bool(msgspec.json.decode(done.stdout)["error"])) == (1, True)
    assert len(log.layers) == 1
    assert files(tmp_path) == before


def test_words_that_make_no_sense_are_refused_before_anything_is_done(run: Run, log: Log, tmp_path: Path) -> None:
    file = str(points(tmp_path / "a.geojson"))
    for words in (("--name", "../up"), ("--name", "Großes"), ("--color", "red"), ("--by", "x" * 201)):
        assert run("add", file, *words).exit_code == 2, words
    assert log.events == []


def test_a_layer_that_the_broker_did_not_confirm_can_be_added_again(run: Run, log: Log, tmp_path: Path) -> None:
    file = str(points(tmp_path / "hydrants.geojson"))
    log.away = True
    assert run("add", file).exit_code == 1
    log.away = False
    assert run("add", file).exit_code == 0
    assert files(tmp_path) == [log.layers[0].archive]


def test_of_two_commands_at_once_the_second_is_refused_and_told_so(run: Run, log: Log, tmp_path: Path) -> None:
    file = str(points(tmp_path / "hydrants.geojson"))
    with alone(tmp_path / "data" / "map-layers"):
        for words in (("add", file), ("remove", "hydrants")):
            done = run(*words, "--json")
            assert (done.exit_code, "Another" in done.stdout) == (1, True)
    assert log.events == []
    assert run("add", file).exit_code == 0


def test_a_basemap_says_how_it_is_drawn(run: Run, log: Log, tmp_path: Path) -> None:
    says = '{"vector_layers":[{"id":"transportation"},{"id":"water"},{"id":"place"}]}'
    file = mbtiles(tmp_path / "city.mbtiles", vector_tile("water"), format="pbf", json=says)
    told = run("add", str(file), "--as", "basemap").stdout
    assert "drawn as openmaptiles" in told
    assert (log.layers[0].kind, log.layers[0].tile_schema) == ("basemap", "openmaptiles")


def test_a_removed_layer_is_told_once_and_is_in_no_snapshot(run: Run, log: Log, tmp_path: Path) -> None:
    run("add", str(points(tmp_path / "hydrants.geojson")))
    run("remove", "hydrants")
    added, removed = log.layers
    fold = Fold(CHANNELS["layers"])
    assert fold.offer(added, 1.0) is not None
    assert len(fold.rows()) == 1
    assert fold.offer(removed, 2.0) is not None, "told, so that pages take it off"
    assert fold.rows() == []
