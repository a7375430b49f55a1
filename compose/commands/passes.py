"""passes: when a plate was where, or who passed a camera, with every reading of each pass."""

from __future__ import annotations

import json
from typing import Annotated, Any

import httpx2
import typer

from compose.commands.output import AsJson, answer, fail
from compose.commands.server_api import ask, not_running
from compose.settings import Settings, load
from pipeline.store.parameters import quoted
from schemas.plate import normalise

_COLUMNS = (
    "source, camera_id, began_at, ended_at, plate, plate_region, confidence, reads, variants, listed, track_id, "
    "is_parked, is_noise, synthetic"
)


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("passes")
    def passes(
        plate: Annotated[str, typer.Option(help="Passes in which any read said so.")] = "",
        camera: Annotated[str, typer.Option(help="Passes at this camera.")] = "",
        days: Annotated[int, typer.Option(help="Of the last so many days, today's (UTC) among them.", min=1)] = 1,
        as_read: Annotated[
            bool, typer.Option("--as-read", help="Of the plate as it was read only, quick in a large store.")
        ] = False,
        limit: Annotated[int, typer.Option(help="How many, newest first.", min=1, max=10_000)] = 50,
        as_json: AsJson = False,
    ) -> None:
        """List passes of a plate, or at a camera, with all readings of each."""
        settings = load()
        if not plate and not camera:
            fail("Say whose passes: --plate or --camera.", 2, as_json=as_json)
        if as_read and not plate:
            fail("--as-read goes with --plate.", 2, as_json=as_json)
        question = plate_passes_sql if as_read else passes_sql
        rows = _ask(settings, question(normalise(plate), camera, days, limit), as_json=as_json)
        answer({"rows": rows}, as_json=as_json, text="\n".join(map(_line, rows)) or "There are no such passes.")


def passes_sql(plate: str, camera: str, days: int, limit: int) -> str:
    """Return the question. That of a plate first finds the cameras and days where it was read, which is quick."""
    where = [f"day > today() - {days}"]
    if camera:
        where.append(f"camera_id = {quoted(camera)}")
    if plate:
        where.append(
            "(camera_id, day) IN (SELECT camera_id, toDate(occurred_at) FROM sightings "  # noqa: S608 - quoted
            f"WHERE plate = {quoted(plate)})"
        )
        where.append(f"arrayExists(one -> one.plate = {quoted(plate)}, variants)")
    return f"SELECT {_COLUMNS} FROM passes WHERE {' AND '.join(where)} ORDER BY began_at DESC LIMIT {limit}"  # noqa: S608


def plate_passes_sql(plate: str, camera: str, days: int, limit: int) -> str:
    """Return the question for the passes of a plate as it was read, which goes by the order of the table."""
    where = f"plate = {quoted(plate)} AND began_at >= today() - {days - 1}"
    where += f" AND camera_id = {quoted(camera)}" if camera else ""
    return f"SELECT * FROM plate_passes WHERE {where} ORDER BY began_at DESC LIMIT {limit}"  # noqa: S608 - quoted


def _ask(settings: Settings, sql: str, *, as_json: bool) -> list[dict[str, Any]]:
    try:
        reply = ask(settings, "POST", "/api/sql", as_json=as_json, body={"sql": sql, "format": "JSON"})
    except httpx2.ConnectError:
        fail(not_running(settings), as_json=as_json)
    found: list[dict[str, Any]] = json.loads(reply.content)["data"]
    return found


def _line(row: dict[str, Any]) -> str:
    others = ", ".join(
        f"{one['plate']} x{one['reads']}" for one in row.get("variants", ()) if one["plate"] != row["plate"]
    )
    marks = [word for word, told in (("parked", row["is_parked"]), ("noise", row["is_noise"])) if told]
    return (
        f"{row['began_at'][:19].replace('T', ' ')}  {row['plate']}  {row['camera_id']}  "
        f"{row['reads']} read{'' if int(row['reads']) == 1 else 's'}"
        + (f"  also read as {others}" if others else "")
        + (f"  hit {', '.join(row['listed'])}" if row["listed"] else "")
        + (f"  ({', '.join(marks)})" if marks else "")
    )
