"""noise: texts that cameras read and that are no plates; seen, declared and taken back."""

from __future__ import annotations

from typing import Annotated
from uuid import uuid4

import httpx2
import typer

from compose.commands.output import AsJson, answer, fail
from compose.commands.server_api import ask, not_running
from compose.settings import load

Camera = Annotated[str, typer.Argument(metavar="CAMERA", help="Id of the camera.")]
Plate = Annotated[str, typer.Argument(metavar="PLATE", help="What it reads there.")]
Reason = Annotated[str, typer.Option(help="Why; kept with it.")]
By = Annotated[str, typer.Option(help="Who says so.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Signs and badges that cameras read like plates.", no_args_is_help=True)
    app.add_typer(group, name="noise")

    @group.command("list")
    def listed(
        undone: Annotated[bool, typer.Option("--undone", help="Also what is taken for a plate again.")] = False,
        as_json: AsJson = False,
    ) -> None:
        """List what is taken for noise, the latest first, and why."""
        settings = load()
        try:
            rows = ask(settings, "GET", "/api/noise", as_json=as_json).json()["rows"]
        except httpx2.ConnectError:
            fail(not_running(settings), as_json=as_json)
        rows = [row for row in rows if row["is_noise"] or undone]
        lines = [
            f"{row['plate']} at {row['camera_id']}: {'noise' if row['is_noise'] else 'a plate'} since "
            f"{row['changed_at'][:16].replace('T', ' ')} UTC, "
            f"{'learnt' if row['is_learnt'] else 'by ' + row['changed_by']}\n    {row['reason']}"
            for row in rows
        ]
        answer({"rows": rows}, as_json=as_json, text="\n".join(lines) or "Nothing is taken for noise.")

    @group.command("declare")
    def declare(camera: Camera, plate: Plate, reason: Reason, by: By, as_json: AsJson = False) -> None:
        """Say that what a camera reads is no plate: it alerts there once a day at most."""
        _say(camera, plate, reason, by, is_noise=True, as_json=as_json)

    @group.command("undo")
    def undo(camera: Camera, plate: Plate, reason: Reason, by: By, as_json: AsJson = False) -> None:
        """Say that it is a plate: it alerts there again, and is not learnt as noise any more."""
        _say(camera, plate, reason, by, is_noise=False, as_json=as_json)


def _say(camera: str, plate: str, reason: str, by: str, *, is_noise: bool, as_json: bool) -> None:
    settings = load()
    word = {
        "key": str(uuid4()),
        "camera_id": camera,
        "plate": plate,
        "is_noise": is_noise,
        "actor": by,
        "note": reason,
    }
    try:
        told = ask(settings, "POST", "/api/noise", as_json=as_json, body=word).json()
    except httpx2.ConnectError:
        fail(not_running(settings), as_json=as_json)
    answer(
        told,
        as_json=as_json,
        text=f"{told['noise_id']}: {'noise' if is_noise else 'a plate'} from now on.",
    )
