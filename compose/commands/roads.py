"""roads: the road graph by which the server measures how long units drive."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
import typer

from compose.commands.output import AsJson, answer, fail
from compose.roads.errors import RoadFileError, RoadsRefusedError
from compose.roads.loaded import path_in
from compose.roads.speeds import CLASS_KMH, own_table
from compose.settings import load as load_settings

if TYPE_CHECKING:
    from compose.roads.network import Report

#: Below this share something is wrong with the file more often than with the streets.
CONNECTED_WELL = 0.9


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Roads, to know how long units drive.", no_args_is_help=True)
    app.add_typer(group, name="roads")

    @group.command("load")
    def load(
        file: Annotated[Path, typer.Argument(metavar="FILE", help="GeoJSON, Shapefile, GeoPackage, OSM ...")],
        layer: Annotated[str | None, typer.Option(help="Which layer, where there are several of lines.")] = None,
        class_column: Annotated[str | None, typer.Option(help="Column of the road's class.")] = None,
        classes: Annotated[Path | None, typer.Option(help="CSV (class,kmh) of your own classes.")] = None,
        speed_column: Annotated[str | None, typer.Option(help="Column of the speed limit.")] = None,
        speed_unit: Annotated[Literal["mph", "kmh"] | None, typer.Option(help="Of that column.")] = None,
        oneway_column: Annotated[str | None, typer.Option(help="Column that says which roads are one-way.")] = None,
        default_kmh: Annotated[
            float | None, typer.Option(min=3, max=160, help="Speed of roads that have none, km/h.")
        ] = None,
        crs: Annotated[str | None, typer.Option(help="Coordinate system, where the file says none.")] = None,
        as_json: AsJson = False,
    ) -> None:
        """Read roads from a file and put them in place of those that are loaded."""
        # Imported here: no other command needs the libraries.
        from compose.roads.lines import Choice, read_lines
        from compose.roads.network import Report, connected_share, network, without_fragments
        from compose.roads.network_file import write

        settings = load_settings()
        try:
            choice = Choice(
                layer=layer,
                class_column=class_column,
                speed_column=speed_column,
                speed_unit=speed_unit,
                oneway_column=oneway_column,
                default_kmh=default_kmh,
                crs=crs,
                classes=CLASS_KMH if classes is None else {**CLASS_KMH, **own_table(classes)},
            )
            lines = read_lines(file, choice)
            made, fragments = without_fragments(network(lines))
        except RoadsRefusedError as error:
            fail(str(error), as_json=as_json)
        report = Report(
            file=file.name,
            layer=lines.layer,
            crs=lines.crs,
            loaded_at=datetime.now(UTC).isoformat(timespec="seconds"),
            features=lines.features,
            left_out=dict(lines.left_out),
            speeds_from=dict(lines.speeds_from),
            segments=made.segments,
            nodes=made.nodes,
            km=round(float(made.metres().sum()) / 1000, 3),
            one_way=int((made.direction != 0).sum()),
            parts=int(made.part.max()) + 1,
            fragments=fragments,
            connected_share=round(connected_share(made), 4),
            most_kmh=round(float(made.kmh.max()), 1),
        )
        try:
            write(path_in(settings.data_dir), made, report)
        except OSError as error:
            fail(f"The roads cannot be kept in {settings.data_dir}: {error}", as_json=as_json)
        answer(report, as_json=as_json, text=_words(report))

    @group.command("status")
    def status(as_json: AsJson = False) -> None:
        """Tell which roads are loaded."""
        from compose.roads.network_file import read_report

        path = path_in(load_settings().data_dir)
        try:
            report = read_report(path)
        except FileNotFoundError:
            answer(
                {"loaded": False}, as_json=as_json, text="No roads are loaded: units are measured by straight lines."
            )
            return
        except RoadFileError as error:
            fail(str(error), as_json=as_json)
        answer({"loaded": True, **msgspec.to_builtins(report)}, as_json=as_json, text=_words(report))

    @group.command("clear")
    def clear(as_json: AsJson = False) -> None:
        """Take the roads away: units are measured by straight lines again."""
        path = path_in(load_settings().data_dir)
        was = path.exists()
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            fail(f"{path} cannot be taken away: {error}", as_json=as_json)
        answer({"cleared": was}, as_json=as_json, text="No roads are loaded now." if was else "No roads were loaded.")


def _words(report: Report) -> str:
    lines = [
        f"{report.file}, layer {report.layer}, {report.crs}; loaded {report.loaded_at}",
        f"{report.segments} segments, {report.nodes} nodes, {report.km:,.1f} km; {report.one_way} one-way",
        f"{report.connected_share:.1%} of the length is connected both ways; {report.parts} part(s)",
        f"up to {report.most_kmh:g} km/h; speeds from: "
        + ", ".join(f"{name} {count}" for name, count in report.speeds_from.items()),
    ]
    if report.left_out:
        lines.append(f"left out of {report.features} features:")
        lines += [f"  {count} {reason}" for reason, count in report.left_out.items()]
    if report.fragments:
        lines.append(f"left out {report.fragments} segments in small parts that no road joins to the rest")
    if report.connected_share < CONNECTED_WELL:
        lines.append(
            "Roads meet only where their lines have a vertex in common. If yours cross without one, split them first; "
            "if the one-way column is wrong, parts cannot be left."
        )
    return "\n".join(lines)
