"""markers: warnings and vulnerabilities of places, numbers and people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import uuid4

import httpx2
import typer

from compose.commands.output import AsJson, answer, fail
from compose.commands.server_api import ask, not_running
from compose.settings import Settings, load

Actor = Annotated[str, typer.Option(help="Who does it.", envvar="USER")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Warnings and vulnerabilities of places, numbers and people.", no_args_is_help=True)
    app.add_typer(group, name="markers")

    @group.command("add")
    def add(
        subject: Annotated[str, typer.Argument(help="The address, the number, or the person_id.")],
        about: Annotated[str, typer.Option(help="What the subject is: place, phone or person.")],
        category: Annotated[str, typer.Option(help="warning or vulnerability.")],
        kind: Annotated[str, typer.Option(help="weapons, violence, dog, infection, dementia ...")],
        text: Annotated[str, typer.Option(help="What to know.")],
        origin: Annotated[str, typer.Option(help="Where it comes from: a report, an officer.")],
        review_days: Annotated[int, typer.Option(min=1, max=731, help="Days until somebody must look at it again.")],
        expires_days: Annotated[
            int | None, typer.Option(min=1, help="Days until it ends; without it 30 after the review.")
        ] = None,
        lat: Annotated[float | None, typer.Option(help="WGS 84 latitude of the place, degrees.")] = None,
        lon: Annotated[float | None, typer.Option(help="WGS 84 longitude, degrees.")] = None,
        actor: Actor = "unknown",
        as_json: AsJson = False,
    ) -> None:
        """Make a marker. It holds until it ends or is taken back, and asks to be looked at again."""
        now = datetime.now(UTC)
        body: dict[str, Any] = {
            "key": str(uuid4()),
            "category": category,
            "kind": kind,
            "subject_kind": about,
            "subject": subject,
            "lat": lat,
            "lon": lon,
            "text": text,
            "origin": origin,
            "review_at": (now + timedelta(days=review_days)).isoformat(),
            "expires_at": None if expires_days is None else (now + timedelta(days=expires_days)).isoformat(),
            "actor": actor,
        }
        made = _asked(load(), "POST", "/api/markers", as_json=as_json, body=body)
        answer(made, as_json=as_json, text=f"{made['marker_id']} holds until {made['expires_at'][:10]}.")

    @group.command("list")
    def listed(as_json: AsJson = False) -> None:
        """List the markers that hold now, newest first."""
        found = _asked(load(), "GET", "/api/markers", as_json=as_json)
        lines = [
            f"{one['marker_id']}  {one['category']} {one['kind']}  {one['subject_kind']} {one['subject']}"
            f"{'  REVIEW DUE' if one['review_due'] else ''}\n    {one['text']} ({one['origin']}; review "
            f"{one['review_at'][:10]}, ends {one['expires_at'][:10]})"
            for one in found["live"]
        ]
        lines.append(f"{found['expired']} expired are not shown.")
        answer(found, as_json=as_json, text="\n".join(lines))

    @group.command("remove")
    def remove(
        marker_id: Annotated[str, typer.Argument()],
        why: Annotated[str, typer.Option(help="Why it no longer holds.")],
        actor: Actor = "unknown",
        as_json: AsJson = False,
    ) -> None:
        """Take a marker back; it stays in the history."""
        body = {"marker_id": marker_id, "why": why, "actor": actor}
        gone = _asked(load(), "POST", "/api/markers/remove", as_json=as_json, body=body)
        answer(gone, as_json=as_json, text=f"{marker_id} is taken back.")


def _asked(settings: Settings, method: str, path: str, *, as_json: bool, body: Any = None) -> Any:
    try:
        return ask(settings, method, path, as_json=as_json, body=body).json()
    except httpx2.ConnectError:
        fail(not_running(settings), as_json=as_json)
