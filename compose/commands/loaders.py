"""cameras and zones load: reference facts from files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from compose.commands.file_answers import context_of, error_lines, read_or_fail, tell_errors
from compose.commands.output import AsJson, answer, fail
from compose.commands.publishing import publisher
from compose.settings import Settings, load
from connectors.cameras_file.loading import CameraOptions, load_cameras
from connectors.file_reading import Loaded
from schemas.events.zone import ZONE_RULES


def register(app: typer.Typer) -> None:
    """Add the commands."""
    cameras = typer.Typer(help="The cameras of the estate.", no_args_is_help=True)
    zones = typer.Typer(help="Named areas.", no_args_is_help=True)
    app.add_typer(cameras, name="cameras")
    app.add_typer(zones, name="zones")

    @cameras.command("load")
    def cameras_load(
        file: Annotated[Path, typer.Argument(help="CSV, GeoJSON points, or a JSON array.")],
        kind: Annotated[str, typer.Option(help="video, lpr or mobile_lpr, where the file does not say.")] = "video",
        owner: Annotated[str, typer.Option(help="Who runs them, where the file does not say.")] = "",
        id_column: Annotated[str, typer.Option(help="Column with the id.")] = "",
        name_column: Annotated[str, typer.Option(help="Column with the name.")] = "",
        strict: Annotated[bool, typer.Option("--strict", help="Load nothing if any row is bad.")] = False,
        as_json: AsJson = False,
    ) -> None:
        """Put cameras on the map. Loading a file again changes nothing; a changed row changes its camera."""
        settings = load()
        options = CameraOptions(kind=kind, owner=owner, id_column=id_column, name_column=name_column)
        loaded = read_or_fail(
            lambda: load_cameras(file, context=context_of(settings, "cameras_file", file), options=options), as_json
        )
        _publish(settings, loaded, "cameras", strict=strict, as_json=as_json)

    @zones.command("load")
    def zones_load(
        file: Annotated[Path, typer.Argument(help="GeoJSON with polygons (WGS 84).")],
        kind: Annotated[str, typer.Option(help="police_district, neighbourhood, school, named ...")] = "named",
        watched: Annotated[bool, typer.Option("--watched", help="Grave calls near them raise alerts.")] = False,
        rule: Annotated[
            list[str] | None, typer.Option(help=f"Rule on plates' paths to raise alerts here: {', '.join(ZONE_RULES)}.")
        ] = None,
        prefix: Annotated[str, typer.Option(help="What their ids begin with; the file's name by default.")] = "",
        id_property: Annotated[str, typer.Option(help="Property with the id.")] = "",
        name_property: Annotated[str, typer.Option(help="Property with the name.")] = "",
        strict: Annotated[bool, typer.Option("--strict", help="Load nothing if any feature is bad.")] = False,
        as_json: AsJson = False,
    ) -> None:
        """Put zones on the map and into the rules."""
        # Here, because geometry takes half a second to import and no other command needs it.
        from connectors.zones_geojson.loading import ZoneOptions, load_zones

        settings = load()
        rules = tuple(dict.fromkeys(rule or ()))
        if unknown := [one for one in rules if one not in ZONE_RULES]:
            fail(f"There is no rule {unknown[0]} for zones; there are {', '.join(ZONE_RULES)}.", 2, as_json=as_json)
        options = ZoneOptions(
            kind=kind,
            watched=watched,
            rules=rules,
            prefix=prefix,
            id_property=id_property,
            name_property=name_property,
        )
        loaded = read_or_fail(
            lambda: load_zones(file, context=context_of(settings, "zones_geojson", file), options=options), as_json
        )
        _publish(settings, loaded, "zones", strict=strict, as_json=as_json)


def _publish(settings: Settings, loaded: Loaded[Any], what: str, *, strict: bool, as_json: bool) -> None:
    if loaded.errors and (strict or not loaded.events):
        tell_errors(loaded.errors, "Nothing was loaded.", as_json)
    with publisher(settings, f"watchfloor-{what}", as_json=as_json) as producer:
        producer.publish_sync(loaded.events)
    bad = f", {len(loaded.errors)} bad rows left out:" if loaded.errors else "."
    answer(
        {"loaded": len(loaded.events), "errors": loaded.errors, "notes": loaded.notes},
        as_json=as_json,
        text="\n".join([f"{len(loaded.events)} {what} loaded{bad}", *error_lines(loaded.errors), *loaded.notes]),
    )
