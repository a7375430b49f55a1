"""eido: an incident as it stands now, for another agency."""

from __future__ import annotations

import sys
from typing import Annotated
from uuid import UUID

import httpx2
import typer

from compose.commands.output import AsJson, fail
from compose.commands.server_api import ask, not_running
from compose.settings import load
from schemas.eido import RIGHTS


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("eido")
    def eido(
        incident: Annotated[UUID, typer.Argument(help="Id of the incident.")],
        right: Annotated[list[str] | None, typer.Option(help=f"What may be seen: {', '.join(RIGHTS)}.")] = None,
        as_json: AsJson = False,
    ) -> None:
        """Print an incident as an EIDO document (NENA-STA-021), with what its recipient may see."""
        settings = load()
        rights = "".join(f"&right={one}" for one in right or ())
        try:
            reply = ask(settings, "GET", f"/api/incidents/{incident}/eido?{rights.lstrip('&')}", as_json=as_json)
        except httpx2.ConnectError:
            fail(not_running(settings), as_json=as_json)
        sys.stdout.buffer.write(reply.content + b"\n")
