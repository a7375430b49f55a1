"""hotlist preview and hunt: what a list would have hit, and where its plates have been."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from compose import logs
from compose.commands.file_answers import context_of, read_or_fail, tell_errors
from compose.commands.output import AsJson, answer
from compose.commands.publishing import publisher
from compose.settings import load
from connectors.hotlist_csv.loading import HotlistOptions, read_hotlist
from schemas.wire.frame import utc_now

SHOWN = 20

Days = Annotated[int, typer.Option(min=1, max=366, help="How far back, days.")]
Simulated = Annotated[bool, typer.Option("--simulated", help="Made-up reads, too.")]


def register(hotlist: typer.Typer) -> None:
    """Add the commands to the group of hotlists."""

    @hotlist.command("preview")
    def preview(
        file: Annotated[Path, typer.Argument(help="What would be loaded.")],
        days: Days = 7,
        layout: Annotated[str, typer.Option(help="How the file is read: a built-in layout, or a TOML file.")] = "",
        allow_patterns: Annotated[
            bool, typer.Option("--allow-patterns", help="Take plates with ? (one character) and * (any number).")
        ] = False,
        simulated: Simulated = False,
        as_json: AsJson = False,
    ) -> None:
        """Tell what a file would have hit in past reads, before it is loaded. Changes nothing."""
        settings = load()
        options = HotlistOptions(
            list_id="preview",
            layout=layout,
            trusted_extract=True,
            allow_patterns=allow_patterns,
            as_of=utc_now(),
            audiences=tuple(settings.audiences),
        )
        context = context_of(settings, "hotlist_csv", file)
        read = read_or_fail(lambda: read_hotlist(file, options=options, context=context), as_json)
        if read.errors:
            tell_errors(read.errors, "Nothing was previewed.", as_json)
        # Here, because the matching takes its time to import and no other command needs it.
        from compose.list_history import preview_of, radius_lines

        told = preview_of(settings, read, days, simulated, as_json)
        answer(
            {"entries": read.entry_count, "radius": told},
            as_json=as_json,
            text="\n".join(radius_lines(file.name, read.entry_count, told)),
        )

    @hotlist.command("hunt")
    def hunt(
        list_id: Annotated[str, typer.Argument(metavar="LIST", help="Id of the list.")],
        entry: Annotated[list[str] | None, typer.Option(help="Only this entry; may be given again.")] = None,
        days: Days = 7,
        limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many reads, newest first.")] = 1_000,
        no_store: Annotated[bool, typer.Option("--no-store", help="Only print what is found.")] = False,
        simulated: Simulated = False,
        as_json: AsJson = False,
    ) -> None:
        """Find past reads of the plates on a list in force; they are kept as history, and raise no alarm."""
        settings = load()
        from compose.list_history import hunt_for

        logs.configure("warning", "hotlist")
        with publisher(settings, "watchfloor-hunt", as_json=as_json) as producer:
            found, fresh = hunt_for(settings, list_id, frozenset(entry or ()), days, limit, simulated, as_json)
            if not no_store and fresh:
                producer.publish_sync(fresh)
        rows = [
            {"read_at": one.occurred_at, "plate": one.subject, "camera": one.camera_id, "zones": one.zones,
             "title": one.title, "alert_id": one.alert_id}
            for one in found
        ]  # fmt: skip
        lines = [f"{one.occurred_at:%Y-%m-%d %H:%M:%S} UTC  {one.camera_id}  {one.title}" for one in found[:SHOWN]]
        more = [f"... and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
        kept = "not kept" if no_store else f"{len(fresh)} kept as history, {len(found) - len(fresh)} were kept before"
        head = f"{len(found)} past reads in {days} days of plates on the list {list_id} ({kept})."
        answer(
            {"found": len(found), "stored": 0 if no_store else len(fresh), "reads": rows},
            as_json=as_json,
            text="\n".join([head, *lines, *more]),
        )
