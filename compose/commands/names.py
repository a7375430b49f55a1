"""names: people whose names and birth dates may be written otherwise than in the record, and how they are found."""

from __future__ import annotations

import time
from typing import Annotated, Any

import httpx2
import typer

from compose.commands.output import AsJson, answer, fail, progress
from compose.commands.purpose import Case, Code, Searcher, Why, told
from compose.commands.server_api import ask, not_running
from compose.settings import load

#: Seconds between looks at a rebuild that runs.
LOOK_EVERY_S = 0.5


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Find people by name.", no_args_is_help=True)
    app.add_typer(group, name="names")

    @group.command("search")
    def search(
        name: Annotated[str, typer.Argument(help='"Given Family" or "Family, Given".')],
        purpose: Why,
        code: Code,
        case: Case,
        born: Annotated[str, typer.Option(help="Birth date: YYYY-MM-DD, YYYY-MM or YYYY.")] = "",
        phone: Annotated[str, typer.Option(help="A phone number, as further evidence.")] = "",
        address: Annotated[str, typer.Option(help="An address, as further evidence.")] = "",
        limit: Annotated[int, typer.Option(min=1, max=50, help="At most so many records.")] = 20,
        actor: Searcher = "unknown",
        as_json: AsJson = False,
    ) -> None:
        """Find people whose name and birth date may be written otherwise, with the reasons why. Leads, no identity."""
        settings = load()
        body = {
            "name": name,
            "born": born,
            "phone": phone,
            "address": address,
            "limit": limit,
            **told(actor, code, case, purpose),
        }
        try:
            found = ask(settings, "POST", "/api/names/search", as_json=as_json, body=body).json()
        except httpx2.ConnectError:
            fail(not_running(settings), as_json=as_json)
        lines = [_line(one) for one in found["people"]]
        answer(found, as_json=as_json, text="\n".join(lines) or "Nobody of such a name is stored.")

    @group.command("rebuild-keys")
    def rebuild_keys(as_json: AsJson = False) -> None:
        """Make the search keys of people again that an older version made. The system goes on; may be broken off."""
        settings = load()
        try:
            state = ask(settings, "POST", "/api/names/keys/rebuild", as_json=as_json).json()
            with progress(quiet=as_json) as bar:
                shown = bar.add_task("Search keys of people", total=None)
                while state["is_running"]:
                    bar.update(shown, total=state["todo"] or None, completed=state["done"])
                    time.sleep(LOOK_EVERY_S)
                    state = ask(settings, "GET", "/api/names/keys", as_json=as_json).json()
        except httpx2.ConnectError:
            fail(not_running(settings), as_json=as_json)
        if state["fault"]:
            told = (
                f"Stopped after {state['done']} of {state['todo']} records: {state['fault']}. Run it again: it goes on."
            )
            fail(told, as_json=as_json, **{name: state[name] for name in ("done", "todo", "old")})
        text = (
            f"Keys are of version {state['version']}: made for {state['done']} records, {state['old']} have older ones."
        )
        answer(state, as_json=as_json, text=text)


def _line(found: dict[str, Any]) -> str:
    person = found["person"]
    name = person.get("full_name") or f"{person.get('given_name', '')} {person.get('family_name', '')}".strip()
    why = ", ".join(f"{one['part']} {one['why']}" for one in found["reasons"])
    born = person.get("birth_date") or "birth date not known"
    return f"{found['grade']:<7} {found['points']:>6.1f}  {name}, {born}  {person['person_id']}\n    {why}"
