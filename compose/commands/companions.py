"""companions: which vehicles were beside a plate more often than traffic explains."""

from __future__ import annotations

from typing import Annotated, Any

import httpx2
import typer

from compose.commands.moments import moment_of
from compose.commands.output import AsJson, answer, fail
from compose.commands.purpose import Case, Code, Searcher, Why
from compose.commands.purpose import told as why
from compose.commands.server_api import ask, not_running
from compose.settings import load
from schemas.plate import normalise

SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("companions")
    def companions(
        plate: Annotated[str, typer.Argument(help="The plate.")],
        purpose: Why,
        code: Code,
        case: Case,
        from_: Annotated[str, typer.Option("--from", help="Beginning, ISO 8601, UTC unless it says.")] = "",
        to: Annotated[str, typer.Option("--to", help="End; now unless told.")] = "",
        actor: Searcher = "unknown",
        as_json: AsJson = False,
    ) -> None:
        """Tell who was beside a plate at its cameras more often than traffic explains. Recorded before it is asked."""
        settings = load()
        body = {"plate": normalise(plate), **why(actor, code, case, purpose)}
        for name, text in (("from", from_), ("to", to)):
            if text:
                body[name] = moment_of(text, f"--{name}", as_json).isoformat()
        try:
            told = ask(settings, "POST", "/api/companions", as_json=as_json, body=body).json()
        except httpx2.ConnectError:
            fail(not_running(settings), as_json=as_json)
        answer(told, as_json=as_json, text="\n".join(_lines(told)))


def _lines(told: dict[str, Any]) -> list[str]:
    begin, end = (told[name][:16].replace("T", " ") for name in ("begin", "end"))
    found = told["companions"]
    lines = [f"{told['passes']} passes from {begin} to {end} UTC; {len(found)} plates kept company beyond chance."]
    lines += [
        f"{one['plate']:<12} {one['shared']:>3} passes shared at {len(one['cameras'])} cameras, by chance "
        f"{one['by_chance']:.1f}; likelihood of chance {one['chance']:.1g}"
        for one in found[:SHOWN]
    ]
    if len(found) > SHOWN:
        lines.append(f"... and {len(found) - SHOWN} more: --json")
    return lines
