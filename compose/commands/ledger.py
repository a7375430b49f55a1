"""ledger verify: whether every event of a period is where it must be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

import httpx2
import typer

from compose.commands.moments import moment_of
from compose.commands.output import AsJson, answer, fail
from compose.commands.server_api import ask, not_running
from compose.settings import load

#: Reading the log of a day again takes its time, seconds.
WAIT_S = 900.0
#: A minute can be judged so long after its end, seconds.
SETTLES_S = 20
FINE = frozenset({"balanced", "resends"})
SHOWN = 100


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="The ledger: what arrived at each hop, by source and minute.", no_args_is_help=True)
    app.add_typer(group, name="ledger")

    @group.command("verify")
    def verify(
        from_: Annotated[str, typer.Option("--from", help="Beginning, ISO 8601, UTC unless it says.")] = "",
        to: Annotated[str, typer.Option("--to", help="End, exclusive; the last minute that can be judged.")] = "",
        as_json: AsJson = False,
    ) -> None:
        """Read log and store anew and name every gap by source and minute."""
        settings = load()
        settled = datetime.now(UTC) - timedelta(seconds=SETTLES_S)
        end = moment_of(to, "--to", as_json) if to else settled.replace(second=0, microsecond=0)
        begin = moment_of(from_, "--from", as_json) if from_ else end - timedelta(hours=1)
        query = urlencode({"from": begin.isoformat(), "to": end.isoformat(), "exact": "true"})
        try:
            told = ask(settings, "GET", f"/api/ledger?{query}", as_json=as_json, timeout=WAIT_S).json()
        except httpx2.ConnectError:
            fail(not_running(settings), as_json=as_json)
        states: dict[str, int] = told["states"]
        ok = not set(states) - FINE
        answer({"ok": ok, **told}, as_json=as_json, text=_text(told, ok))
        if "gap" in states:
            raise typer.Exit(1)
        if not ok:
            raise typer.Exit(4)


def _text(told: dict[str, Any], ok: bool) -> str:
    rows = [row for row in told["rows"] if row["state"] not in FINE]
    lines = []
    if rows:
        head = f"{'what':16}{'minute (UTC)':18}{'type':20}{'source':28}{'accepted':>9}{'log':>8}{'stored':>8}  why"
        lines.append(head)
    for row in rows[:SHOWN]:
        accepted = "-" if row["accepted"] is None else row["accepted"]
        lines.append(
            f"{row['state'].replace('_', ' '):16}{row['minute'][:16].replace('T', ' '):18}{row['event_type']:20}"
            f"{row['source']:28}{accepted:>9}{row['logged']:>8}{row['stored']:>8}  {row['why']}"
        )
        for gap in row["gaps"]:
            if gap["event_ids"]:
                more = ", ..." if gap["count"] > len(gap["event_ids"]) else ""
                lines.append(f"{'':16}not {gap['hop']}: {', '.join(gap['event_ids'])}{more}")
    if left := len(rows) - SHOWN + told["left_out"] if len(rows) > SHOWN else 0:
        lines.append(f"... and {left} more: --json")
    for hole in told["holes"]:
        lines.append(
            f"{hole['source']} {hole['device']}: {hole['missing']} numbers missing in {hole['first']}..{hole['last']}"
        )
    counts = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in told["states"].items())
    begin, end = (told[name][:16].replace("T", " ") for name in ("begin", "end"))
    period = f"{begin} to {end} UTC"
    if not told["states"]:
        lines.append(f"{period}: nothing was observed.")
    else:
        verdict = "Everything is where it must be" if ok else "Not everything is shown to be where it must be"
        lines.append(f"{period}: {counts}. {verdict}.")
    return "\n".join(lines)
