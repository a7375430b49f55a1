"""replay calls: a recorded file of calls, at the pace it happened or as fast as it goes."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from compose.commands.output import AsJson, answer, console, fail
from compose.commands.publishing import publisher
from compose.settings import load
from connectors.calls_csv.column_map import MapError, load_map, shipped_maps
from connectors.file_reading import FileError
from connectors.translation import Context
from schemas.wire.frame import utc_now

SHOWN = 20
#: The longest that a call may be said to last, minutes.
MOST_LASTING_MIN = 24 * 60


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Give recorded events to the system again.", no_args_is_help=True)
    app.add_typer(group, name="replay")

    @group.command("calls")
    def calls(
        file: Annotated[Path, typer.Argument(help="CSV of 911 or CAD calls.")],
        format_: Annotated[str, typer.Option("--format", help=f"Shipped layout: {', '.join(shipped_maps())}.")] = "",
        map_: Annotated[Path | None, typer.Option("--map", help="A column map of your own (TOML).")] = None,
        speed: Annotated[str, typer.Option(help="1 (as it happened), 60 (a minute a second), or max.")] = "max",
        lasting: Annotated[
            float | None,
            typer.Option(help="Calls take their course; an end without a time in the file comes so many minutes on."),
        ] = None,
        day: Annotated[str, typer.Option(help="Only the calls received on this day, as 2018-05-15.")] = "",
        as_json: AsJson = False,
    ) -> None:
        """Replay a file of calls. The same file twice stores nothing twice."""
        # Here, because numpy takes half a second to import and other commands do without it.
        from connectors.calls_csv.course import in_course, of_day
        from connectors.calls_csv.reading import read_calls, read_calls_in_time_order
        from connectors.calls_csv.replay import ReplayReport
        from connectors.calls_csv.replay import replay as run_replay

        if bool(format_) == bool(map_):
            fail(f"Say the file's layout: --format {'|'.join(shipped_maps())}, or --map FILE.", 2, as_json=as_json)
        settings = load()
        pace = None
        if speed != "max":
            try:
                pace = float(speed)
            except ValueError:
                fail("--speed is a number (1, 60 ...) or max.", 2, as_json=as_json)
            if not 0 < pace < float("inf"):
                fail("--speed must be more than 0.", 2, as_json=as_json)
        if lasting is not None and (pace is None or not 0 < lasting <= MOST_LASTING_MIN):
            fail("--lasting is a number of minutes, up to a day, and needs a --speed.", 2, as_json=as_json)
        try:
            only = date.fromisoformat(day) if day else None
        except ValueError:
            fail("--day is a date, as 2018-05-15.", 2, as_json=as_json)
        try:
            call_map = load_map(map_ or format_)
        except (MapError, FileError) as error:
            fail(str(error), 2, as_json=as_json)
        context = Context(
            connector="calls_csv",
            instance=(map_.stem if map_ else format_)[:60],
            observed_at=utc_now(),
            jurisdiction=settings.jurisdiction,
        )
        read = read_calls if pace is None else read_calls_in_time_order
        quiet = as_json or not console.is_terminal
        with (
            publisher(settings, "watchfloor-replay", as_json=as_json) as producer,
            Progress(
                SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), console=console, disable=quiet,
                transient=True,
            ) as bar,
        ):  # fmt: skip
            try:
                rows = read(file, call_map, context=context)
                if only is not None:
                    rows = of_day(rows, only, ZoneInfo(call_map.time.zone))
                if lasting is not None:
                    rows = in_course(rows, timedelta(minutes=lasting))
                task = bar.add_task("replaying calls", total=file.stat().st_size)

                def show(report: ReplayReport) -> None:
                    bar.update(task, completed=report.bytes_read, description=f"{report.accepted} calls")

                report = asyncio.run(run_replay(rows, producer, speed=pace, progress=show))
            except FileError as error:
                fail(str(error), 2, as_json=as_json)
        summary = (
            f"{report.accepted} calls accepted ({report.without_location} without location, "
            f"{report.outside_area} with a place outside the area that was left out), {report.refused} rows refused, "
            f"{f'{report.later_states} further states of calls, ' if lasting is not None else ''}"
            f"in {report.seconds:.1f} s."
        )
        lines = [summary]
        lines += [str(error) for error in report.errors[:SHOWN]]
        if report.refused > SHOWN:
            lines.append(f"... all {report.refused} are kept: `watchfloor dead-letters list`")
        answer(report, as_json=as_json, text="\n".join(lines))
