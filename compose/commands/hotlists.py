"""hotlist load: a file becomes the newest version of a list of wanted plates."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from compose.commands import hotlist_history, withdrawing
from compose.commands.file_answers import context_of, read_or_fail, tell_errors
from compose.commands.newest import all_of
from compose.commands.output import AsJson, answer, fail, progress
from compose.commands.publishing import publisher
from compose.settings import load
from connectors.hotlist_csv.loading import HotlistFile, HotlistOptions, read_hotlist
from connectors.hotlist_csv.publishing import publish_hotlist
from connectors.hotlist_csv.succession import chain_of, why_not
from schemas.events.hotlist import HOTLIST, Hotlist


def register(app: typer.Typer) -> None:
    """Add the commands."""
    hotlist = typer.Typer(help="Lists of wanted plates.", no_args_is_help=True)
    app.add_typer(hotlist, name="hotlist")
    withdrawing.register(hotlist)
    hotlist_history.register(hotlist)

    @hotlist.command("load")
    def hotlist_load(
        file: Annotated[Path, typer.Argument(help="CSV with a plate column, or what the layout says.")],
        list_id: Annotated[str, typer.Option("--list", help="Id of the list it becomes the newest version of.")],
        title: Annotated[str, typer.Option(help="What people call the list.")] = "",
        owner: Annotated[str, typer.Option(help="Who answers for it.")] = "",
        as_of: Annotated[
            str, typer.Option(help="How current it is (RFC 3339); the file's time of change by default.")
        ] = "",
        kind: Annotated[str, typer.Option(help="Kind of entries where the file does not say.")] = "other",
        severity: Annotated[str, typer.Option(help="P1..P4 where the file does not say.")] = "P3",
        layout: Annotated[str, typer.Option(help="How the file is read: a built-in layout, or a TOML file.")] = "",
        time_zone: Annotated[str, typer.Option(help="IANA zone of dates without one and of schedules.")] = "UTC",
        expires_days: Annotated[
            int | None, typer.Option(help="Entries without an expiry expire so many days after the as-of time.")
        ] = None,
        expires: Annotated[
            str, typer.Option(help="Or then: 2026-01-31, 2026-01-31T18:00, or 19:00, the next after the as-of time.")
        ] = "",
        trusted_extract: Annotated[
            bool,
            typer.Option(
                "--trusted-extract", help="An authority answers for it: ask no entry for reason, case or expiry."
            ),
        ] = False,
        allow_patterns: Annotated[
            bool, typer.Option("--allow-patterns", help="Take plates with ? (one character) and * (any number).")
        ] = False,
        tolerance: Annotated[
            str, typer.Option(help="What counts as a match: exact, look_alike or edit.")
        ] = "look_alike",
        audience: Annotated[
            str, typer.Option(help="Who may see its alerts where the file does not say: audiences with commas between.")
        ] = "",
        max_age: Annotated[str, typer.Option(help="Age from which the list is stale, as 12h or 2d; none: never.")] = "",
        delta: Annotated[
            bool, typer.Option("--delta", help="The file changes the list in force: an action column adds or removes.")
        ] = False,
        base: Annotated[str, typer.Option(help="With --delta: the version it changes, which must be in force.")] = "",
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
            layout=layout,
            zone=time_zone,
            expires_days=expires_days,
            expires=expires,
            trusted_extract=trusted_extract,
            allow_patterns=allow_patterns,
            tolerance=tolerance,
            max_age_s=_seconds(max_age, as_json),
            audience=audience,
            audiences=tuple(settings.audiences),
        )

        def read_file(options: HotlistOptions) -> HotlistFile:
            context = context_of(settings, "hotlist_csv", file)
            read = read_or_fail(lambda: read_hotlist(file, options=options, context=context), as_json)
            if read.errors:
                tell_errors(read.errors, "Nothing was loaded; the list in force stays as it is.", as_json)
            return read

        # What is wrong with a file is told without a broker, too; a delta is read by what its base says.
        read = None if delta else read_file(options)
        with publisher(settings, "watchfloor-hotlist", as_json=as_json) as producer, progress(quiet=as_json) as bar:
            chain = chain_of(all_of(settings, HOTLIST, list_id))
            if read is None:
                read = read_file(replace(options, base=_base(chain, list_id, base, as_json)))
            if chain and read.base is not None and read.version == chain[-1].version:
                said = {"list": list_id, "version": read.version, "entries": 0, "as_of": read.as_of}
                answer(said, as_json=as_json, text=f"This delta is in force already: list {list_id}.")
                return
            if told := why_not(chain, read, may_shrink=allow_shrink or allow_empty):
                fail(told, as_json=as_json)
            task = bar.add_task("publishing entries", total=read.entry_count)

            def confirmed(count: int) -> None:
                bar.update(task, completed=count)

            manifest = asyncio.run(publish_hotlist(read, producer, before=chain, progress=confirmed))
        told = (
            f"{manifest.entry_count - read.removed} entries added or changed and {read.removed} removed: the list "
            f"{manifest.list_id} is current as of {manifest.as_of:%Y-%m-%d %H:%M} UTC now."
            if delta
            else f"{manifest.entry_count} entries, current as of {manifest.as_of:%Y-%m-%d %H:%M} UTC, "
            f"are the list {manifest.list_id} now."
        )
        answer(
            {
                "list": manifest.list_id,
                "version": manifest.version,
                "base": manifest.base_version,
                "entries": manifest.entry_count,
                "removed": read.removed,
                "as_of": manifest.as_of,
            },
            as_json=as_json,
            text=told,
        )


def _base(chain: list[Hotlist], list_id: str, base: str, as_json: bool) -> Hotlist:
    """Return the version that a delta changes, or end the command: it must be in force, and be known whole."""
    if not chain:
        fail(f"There is no list {list_id} that a delta could change. Load it whole first.", as_json=as_json)
    if chain[0].base_version:
        fail(f"What the list {list_id} in force was made of is not known any more. Load it whole.", as_json=as_json)
    if base and base != chain[-1].version:
        fail(
            f"The delta changes version {base}, and {chain[-1].version} of list {list_id} is in force. Load the deltas "
            "in their order, or the whole list.",
            as_json=as_json,
        )
    return chain[-1]


def _seconds(text: str, as_json: bool) -> float | None:
    """Return a length of time like 90s, 30min, 12h or 2d in seconds; None for an empty text."""
    if not text:
        return None
    found = re.fullmatch(r"(\d{1,6})\s*(s|min|h|d)", text.strip().lower())
    if found is None or int(found[1]) == 0:
        fail("--max-age must look like 30min, 12h or 2d", 2, as_json=as_json)
    return float(int(found[1]) * {"s": 1, "min": 60, "h": 3600, "d": 86_400}[found[2]])
