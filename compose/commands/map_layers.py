"""map: layers of the map that an agency brings."""

from __future__ import annotations

import contextlib
import getpass
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from msgspec.structs import replace

from compose.commands.newest import newest_of, newest_of_each
from compose.commands.output import AsJson, answer, console, fail, progress
from compose.commands.publishing import publisher
from compose.map_layers.errors import MapRefusedError
from compose.map_layers.folder import alone, clear, folder_in, making, put
from compose.settings import Settings, load
from schemas.events.action import MAP_ADD, MAP_REMOVE, Action
from schemas.events.map_layer import BASEMAP, MAP_LAYER, NAME_PATTERN, OVERLAY, MapLayer
from schemas.identity import identity
from schemas.wire.frame import utc_now
from schemas.wire.publisher import BrokerUnavailableError

if TYPE_CHECKING:
    from compose.map_layers.adding import Made

_MOMENT = timedelta(milliseconds=1)
Layer = Annotated[str, typer.Argument(metavar="NAME", help="Name of the layer.")]
By = Annotated[str, typer.Option(help="Who does it; the name you are logged in with by default.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Layers of the map.", no_args_is_help=True)
    app.add_typer(group, name="map")

    @group.command("add")
    def add(
        file: Annotated[Path, typer.Argument(metavar="FILE", help="Shapefile, GeoPackage, GeoJSON, PMTiles ...")],
        name: Annotated[str, typer.Option(help="Name of the layer; after the file by default.")] = "",
        title: Annotated[str, typer.Option(help="What people call it; the name by default.")] = "",
        kind: Annotated[
            Literal["basemap", "overlay"], typer.Option("--as", help="Beneath everything, or upon the basemap.")
        ] = "overlay",
        label: Annotated[str | None, typer.Option(help="Field that is written beside each shape.")] = None,
        color: Annotated[str, typer.Option(help="Colour of an overlay: #rrggbb.")] = "",
        min_zoom: Annotated[int, typer.Option(min=0, max=18, help="Shown from this zoom on.")] = 0,
        crs: Annotated[str | None, typer.Option(help="Coordinate system, where the file says none.")] = None,
        attribution: Annotated[str, typer.Option(help="Whose data it is; the file's own words by default.")] = "",
        by: By = "",
        as_json: AsJson = False,
    ) -> None:
        """Put a file on the map of everybody who looks, at once. The same name again replaces the layer."""
        # Here, because geometry takes half a second to import and no other command needs it.
        from compose.map_layers.adding import Choice, make, name_of

        settings = load()
        name, by = name or name_of(file), _actor(by, as_json=as_json)
        colour = color.lower()
        if not re.fullmatch(NAME_PATTERN, name):
            fail("--name: small letters, digits and hyphens, at most 40.", 2, as_json=as_json)
        if colour and not re.fullmatch(r"#[0-9a-f]{6}", colour):
            fail("--color: a colour is #rrggbb, for instance #d98cff.", 2, as_json=as_json)
        if len(title) > 100 or len(attribution) > 500:
            fail("--title may have 100 characters, --attribution 500.", 2, as_json=as_json)
        choice = Choice(basemap=kind == BASEMAP, label=label, crs=crs, attribution=attribution)
        folder = folder_in(settings.data_dir)
        try:
            # The log first: without it an hour of making tiles would be for nothing.
            with (
                alone(folder),
                publisher(settings, "watchfloor-map", as_json=as_json) as producer,
                making(folder) as work,
            ):
                known = newest_of(settings, MAP_LAYER, name)
                with _steps(quiet=as_json) as told:
                    made = make(file, choice, work, told)
                size = made.path.stat().st_size
                file_name, sha256 = put(made.path, folder, name)
                layer = _state(
                    settings,
                    known,
                    name,
                    by,
                    title=title or name,
                    kind=kind,
                    archive=file_name,
                    sha256=sha256,
                    bytes=size,
                    tiles=made.tiles,
                    tile_schema=made.tile_schema,
                    source_layers=made.source_layers,
                    west=made.bounds[0],
                    south=made.bounds[1],
                    east=made.bounds[2],
                    north=made.bounds[3],
                    min_zoom=min_zoom,
                    max_zoom=made.max_zoom,
                    label=made.label,
                    colour=colour,
                    attribution=made.attribution,
                )
                producer.publish_sync([layer, _action(MAP_ADD, layer)])
                with contextlib.suppress(OSError):
                    clear(folder, name, keep=file_name)
        except MapRefusedError as error:
            fail(str(error), as_json=as_json)
        except OSError as error:
            fail(f"{error.filename or folder}: {error.strerror or error}. Nothing was added.", as_json=as_json)
        answer(_told(layer, made), as_json=as_json, text=_words(layer, made))

    @group.command("list")
    def list_layers(as_json: AsJson = False) -> None:
        """Tell which layers there are, and whether this machine has their files."""
        settings = load()
        try:
            layers = [one for one in newest_of_each(settings, MAP_LAYER) if not one.removed]
        except BrokerUnavailableError as error:
            fail(f"The log cannot be read: {error}. Is `watchfloor up` running?", as_json=as_json)
        folder = folder_in(settings.data_dir)
        rows = [_row(one, is_here=(folder / one.archive).is_file()) for one in layers]
        lines = [
            f"{row['name']} ({row['kind']}): {row['title']}, {row['bytes']:,} bytes, by {row['changed_by']} at "
            f"{row['changed_at']:%Y-%m-%d %H:%M} UTC"
            for row in rows
        ]
        lines += [
            f"{row['name']}: its file is not here, {folder / row['archive']}" for row in rows if not row["is_here"]
        ]
        answer({"layers": rows}, as_json=as_json, text="\n".join(lines) or "No layers were added.")

    @group.command("remove")
    def remove(name: Layer, by: By = "", as_json: AsJson = False) -> None:
        """Take a layer off the map of everybody who looks, and delete its file."""
        settings = load()
        by = _actor(by, as_json=as_json)
        folder = folder_in(settings.data_dir)
        try:
            with alone(folder), publisher(settings, "watchfloor-map", as_json=as_json) as producer:
                known = newest_of(settings, MAP_LAYER, name)
                if known is None:
                    fail(f"There is no layer {name}: see `watchfloor map list`.", as_json=as_json)
                if not known.removed:
                    gone = _state(settings, known, name, by, removed=True)
                    producer.publish_sync([gone, _action(MAP_REMOVE, gone)])
                clear(folder, name)
        except MapRefusedError as error:
            fail(str(error), as_json=as_json)
        except OSError as error:
            fail(f"{folder}: {error.strerror or error}. See `watchfloor map list`.", as_json=as_json)
        # Not an error the second time: whoever is not sure that it went through says it again.
        text = f"The layer {name} {'was off the map already' if known.removed else 'is off the map'}."
        answer({"removed": name, "changed": not known.removed}, as_json=as_json, text=text)


def _actor(by: str, *, as_json: bool) -> str:
    try:
        name = by.strip() or getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in some containers
        name = ""
    if not 0 < len(name) <= 200:
        fail("Say who does it: --by, up to 200 characters.", 2, as_json=as_json)
    return name


def _state(settings: Settings, known: MapLayer | None, name: str, by: str, **facts: Any) -> MapLayer:
    """Return the next state of a layer: what is not said stays as it was when it is removed, and begins anew else."""
    now = utc_now()
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    # The latest holds: behind a clock that is ahead of ours, what is said now must still be the latest.
    at = now if known is None else max(now, known.changed_at + _MOMENT)
    said: dict[str, Any] = dict(
        event_id=identity("map_layer", name, at.isoformat()),
        occurred_at=at,
        observed_at=now,
        source="map/cli",
        changed_at=at,
        changed_by=by,
        jurisdiction=settings.jurisdiction,
        **facts,
    )
    return replace(known, **said) if known is not None and facts.get("removed") else MapLayer(name=name, **said)


def _action(name: str, layer: MapLayer) -> Action:
    """Return the record of who did it."""
    return Action(
        event_id=identity("action", name, layer.event_id),
        occurred_at=layer.occurred_at,
        observed_at=layer.observed_at,
        source="map/cli",
        jurisdiction=layer.jurisdiction,
        name=name,
        subject_id=layer.name,
        actor=layer.changed_by,
        details={"kind": layer.kind, "file": layer.archive, "sha256": layer.sha256},
    )


@contextlib.contextmanager
def _steps(*, quiet: bool) -> Iterator[Callable[[str, float | None], None]]:
    """Give what shows what is going on: a bar where a person watches, else a line for each step."""
    last = ""

    def told(words: str, share: float | None) -> None:
        nonlocal last
        bar.update(task, description=words, completed=share or 0, total=None if share is None else 100)
        if not quiet and not console.is_terminal and words != last:
            console.print(words, markup=False)
        last = words

    with progress(quiet=quiet) as bar:
        task = bar.add_task("", total=None)
        yield told


def _row(layer: MapLayer, *, is_here: bool) -> dict[str, Any]:
    names = ("name", "title", "kind", "archive", "sha256", "bytes", "west", "south", "east", "north", "min_zoom",
             "label", "colour", "attribution", "changed_at", "changed_by")  # fmt: skip
    return {**{one: getattr(layer, one) for one in names}, "is_here": is_here}


def _told(layer: MapLayer, made: Made) -> dict[str, Any]:
    return {
        "name": layer.name,
        "kind": layer.kind,
        "read_as": made.kind,
        "tiles": layer.tiles,
        "tile_schema": layer.tile_schema,
        "bounds": list(made.bounds),
        "min_zoom": made.min_zoom,
        "max_zoom": made.max_zoom,
        "layers": [
            {"name": one.name, "features": one.features, "kept": one.kept, "mended": one.mended, "dropped": one.dropped}
            for one in made.layers
        ],
        "source_layers": list(made.source_layers),
        "bytes": layer.bytes,
        "sha256": layer.sha256,
        "file": layer.archive,
    }


def _words(layer: MapLayer, made: Made) -> str:
    west, south, east, north = made.bounds
    what = OVERLAY if layer.kind == OVERLAY else BASEMAP
    lines = [
        f"The layer {layer.name} is on the map, as {'an' if what == OVERLAY else 'a'} {what}.",
        f"bounds: {west:.5f}, {south:.5f} to {east:.5f}, {north:.5f}; tiles of zoom {made.min_zoom} to {made.max_zoom}",
    ]
    for one in made.layers:
        mended = f", {one.mended} mended" if one.mended else ""
        lines.append(f"layer {one.name}: {one.kept:,} of {one.features:,} features{mended}")
        lines += [f"  left out {count:,}: {reason}" for reason, count in one.dropped.items()]
    if not made.layers:
        lines.append(f"{made.tiles} tiles, drawn as {made.tile_schema}: {', '.join(made.source_layers) or 'pictures'}")
    lines += [f"{layer.bytes:,} bytes, sha256 {layer.sha256}", f"file: {layer.archive}"]
    if layer.attribution:
        lines.append(f"attribution: {layer.attribution}")
    return "\n".join(lines)
