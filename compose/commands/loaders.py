"""cameras, zones and hotlist load: reference facts from files."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from compose.commands.output import AsJson, answer, fail, progress
from compose.commands.publishing import publisher
from compose.roles.broker_settings import log_reader
from compose.settings import Settings, load
from connectors.cameras_file.loading import CameraOptions, load_cameras
from connectors.file_reading import FileError, Loaded, RowError
from connectors.hotlist_csv.loading import HotlistOptions, read_hotlist
from connectors.hotlist_csv.publishing import publish_hotlist
from connectors.hotlist_csv.succession import why_not
from connectors.translation import Context
from schemas.events.hotlist import HOTLIST, Hotlist
from schemas.wire.frame import FrameDecoder, utc_now

#: Bad rows shown to a person; the JSON answer has all that were kept.
SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the commands."""
    cameras = typer.Typer(help="The cameras of the estate.", no_args_is_help=True)
    zones = typer.Typer(help="Named areas.", no_args_is_help=True)
    hotlist = typer.Typer(help="Lists of wanted plates.", no_args_is_help=True)
    app.add_typer(cameras, name="cameras")
    app.add_typer(zones, name="zones")
    app.add_typer(hotlist, name="hotlist")

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
        loaded = _read(
            lambda: load_cameras(file, context=_context(settings, "cameras_file", file), options=options), as_json
        )
        _publish(settings, loaded, "cameras", strict=strict, as_json=as_json)

    @zones.command("load")
    def zones_load(
        file: Annotated[Path, typer.Argument(help="GeoJSON with polygons (WGS 84).")],
        kind: Annotated[str, typer.Option(help="police_district, neighbourhood, school, named ...")] = "named",
        watched: Annotated[bool, typer.Option("--watched", help="Grave calls near them raise alerts.")] = False,
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
        options = ZoneOptions(
            kind=kind, watched=watched, prefix=prefix, id_property=id_property, name_property=name_property
        )
        loaded = _read(
            lambda: load_zones(file, context=_context(settings, "zones_geojson", file), options=options), as_json
        )
        _publish(settings, loaded, "zones", strict=strict, as_json=as_json)

    @hotlist.command("load")
    def hotlist_load(
        file: Annotated[Path, typer.Argument(help="CSV with a plate column.")],
        list_id: Annotated[str, typer.Option("--list", help="Id of the list it becomes the newest version of.")],
        title: Annotated[str, typer.Option(help="What people call the list.")] = "",
        owner: Annotated[str, typer.Option(help="Who answers for it.")] = "",
        as_of: Annotated[
            str, typer.Option(help="How current it is (RFC 3339); the file's time of change by default.")
        ] = "",
        kind: Annotated[str, typer.Option(help="Kind of entries where the file does not say.")] = "other",
        severity: Annotated[str, typer.Option(help="P1..P4 where the file does not say.")] = "P3",
        allow_empty: Annotated[
            bool,
            typer.Option("--allow-empty", help="Take a file without entries: it empties the list."),
        ] = False,
        allow_shrink: Annotated[
            bool,
            typer.Option("--allow-shrink", help="Take a file with less than half of the entries in force."),
        ] = False,
        as_json: AsJson = False,
    ) -> None:
        """Make a file the newest version of a list: all of it, or, if any row is bad, none of it."""
        settings = load()
        try:
            moment = datetime.fromisoformat(as_of) if as_of else None
        except ValueError:
            fail("--as-of must look like 2026-01-15T06:00:00Z", 2, as_json=as_json)
        if moment is not None and moment.tzinfo is None:
            fail("--as-of must say its time zone, as in 2026-01-15T06:00:00Z", 2, as_json=as_json)
        options = HotlistOptions(
            list_id=list_id,
            title=title,
            owner=owner,
            as_of=moment,
            kind=kind,
            severity=severity,
            allow_empty=allow_empty,
        )
        read = _read(
            lambda: read_hotlist(file, options=options, context=_context(settings, "hotlist_csv", file)), as_json
        )
        if read.errors:
            _tell_errors(read.errors, "Nothing was loaded; the list in force stays as it is.", as_json)
        with publisher(settings, "watchfloor-hotlist", as_json=as_json) as producer, progress(quiet=as_json) as bar:
            in_force = _in_force(settings, read.list_id)
            if in_force is not None and (told := why_not(in_force, read, may_shrink=allow_shrink or allow_empty)):
                fail(told, as_json=as_json)
            task = bar.add_task("publishing entries", total=read.entry_count)

            def confirmed(count: int) -> None:
                bar.update(task, completed=count)

            manifest = asyncio.run(publish_hotlist(read, producer, progress=confirmed))
        answer(
            {
                "list": manifest.list_id,
                "version": manifest.version,
                "entries": manifest.entry_count,
                "as_of": manifest.as_of,
            },
            as_json=as_json,
            text=f"{manifest.entry_count} entries, current as of {manifest.as_of:%Y-%m-%d %H:%M} UTC, "
            f"are the list {manifest.list_id} now.",
        )


def _in_force(settings: Settings, list_id: str) -> Hotlist | None:
    """Return the newest manifest of a list in the log."""
    decoder = FrameDecoder(HOTLIST)
    reader = log_reader(settings, (HOTLIST,), "watchfloor-hotlist-check")
    newest: Hotlist | None = None
    try:
        for records in reader.read_to_end():
            for record in records:
                for known in decoder.decode(record.value).events:
                    if known.list_id == list_id and (newest is None or known.version > newest.version):
                        newest = known
    finally:
        reader.close()
    return newest


def _context(settings: Settings, connector: str, file: Path) -> Context:
    return Context(
        connector=connector,
        instance=file.stem[:60],
        observed_at=utc_now(),
        jurisdiction=settings.jurisdiction,
    )


def _read(read: Any, as_json: bool) -> Any:
    try:
        return read()
    except FileError as error:
        fail(str(error), 2, as_json=as_json)


def _tell_errors(errors: Sequence[RowError], rest: str, as_json: bool) -> None:
    fail("\n".join([*_lines(errors), rest]), 1, as_json=as_json, errors=list(errors))


def _publish(settings: Settings, loaded: Loaded[Any], what: str, *, strict: bool, as_json: bool) -> None:
    if loaded.errors and (strict or not loaded.events):
        _tell_errors(loaded.errors, "Nothing was loaded.", as_json)
    with publisher(settings, f"watchfloor-{what}", as_json=as_json) as producer:
        producer.publish_sync(loaded.events)
    bad = f", {len(loaded.errors)} bad rows left out:" if loaded.errors else "."
    answer(
        {"loaded": len(loaded.events), "errors": loaded.errors, "notes": loaded.notes},
        as_json=as_json,
        text="\n".join([f"{len(loaded.events)} {what} loaded{bad}", *_lines(loaded.errors), *loaded.notes]),
    )


def _lines(errors: Sequence[RowError]) -> list[str]:
    more = [f"... and {len(errors) - SHOWN} more"] if len(errors) > SHOWN else []
    return [*map(str, errors[:SHOWN]), *more]
