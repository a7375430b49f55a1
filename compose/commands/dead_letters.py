"""dead-letters: what was accepted and could not be used; seen, and given back."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import httpx2
import typer

from compose.commands.output import AsJson, answer, fail
from compose.commands.server_api import ask, not_running
from compose.settings import load


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Events that were refused after they were accepted.", no_args_is_help=True)
    app.add_typer(group, name="dead-letters")

    @group.command("list")
    def listed(
        limit: Annotated[int, typer.Option(help="How many, newest first.", min=1, max=500)] = 20,
        reason: Annotated[str, typer.Option(help="Only those of this reason.")] = "",
        as_json: AsJson = False,
    ) -> None:
        """List dead letters, newest first."""
        settings = load()
        path = f"/api/dead-letters?limit={limit}" + (f"&reason={quote(reason)}" if reason else "")
        try:
            rows = ask(settings, "GET", path, as_json=as_json).json()["rows"]
        except httpx2.ConnectError:
            fail(not_running(settings), as_json=as_json)
        lines = [
            f"{row['event_id']}  {row['occurred_at'][:19]}  {row['reason']}  {row['step']}  {row['topic']}"
            f"\n    {row['error']}"
            for row in rows
        ]
        answer({"rows": rows}, as_json=as_json, text="\n".join(lines) or "There are no dead letters.")

    @group.command("show")
    def show(event_id: Annotated[str, typer.Argument()], as_json: AsJson = False) -> None:
        """Show one dead letter with its original bytes."""
        settings = load()
        try:
            row = ask(settings, "GET", f"/api/dead-letters/{quote(event_id)}", as_json=as_json).json()
        except httpx2.ConnectError:
            fail(not_running(settings), as_json=as_json)
        lines = [f"{name}: {value}" for name, value in row.items() if name not in ("original_base64", "key_base64")]
        answer(row, as_json=as_json, text="\n".join(lines))

    @group.command("replay")
    def replay(event_id: Annotated[str, typer.Argument()], as_json: AsJson = False) -> None:
        """Give a dead letter's original bytes back to where they were going."""
        settings = load()
        try:
            ask(settings, "POST", f"/api/dead-letters/{quote(event_id)}/replay", as_json=as_json)
        except httpx2.ConnectError:
            fail(not_running(settings), as_json=as_json)
        answer({"replayed": event_id}, as_json=as_json, text=f"{event_id} is in its topic again.")
