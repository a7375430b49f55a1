"""audit verify: whether the store has every deed as the log has it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import httpx2
import msgspec
import typer

from compose.commands.moments import moment_of
from compose.commands.output import AsJson, answer, fail, say
from compose.commands.server_api import ask, not_running
from compose.roles.broker_settings import log_reader
from compose.settings import load
from schemas.events.action import ACTION
from schemas.wire.publisher import BrokerUnavailableError

if TYPE_CHECKING:
    from compose.audit_check import AuditCheck

#: What was done so lately may not be in the store yet, seconds.
SETTLES_S = 20


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Who did and looked at what.", no_args_is_help=True)
    app.add_typer(group, name="audit")

    @group.callback()
    def audit() -> None:
        """Who did and looked at what."""

    @group.command("verify")
    def verify(
        from_: Annotated[str, typer.Option("--from", help="Beginning, ISO 8601, UTC unless it says.")] = "",
        to: Annotated[str, typer.Option("--to", help="End, exclusive; 20 s ago.")] = "",
        as_json: AsJson = False,
    ) -> None:
        """Compare the deeds in the store with those in the log: none missing, changed or made up."""
        from compose.audit_check import SLACK_S, check

        settings = load()
        settled = datetime.now(UTC) - timedelta(seconds=SETTLES_S)
        end = moment_of(to, "--to", as_json) if to else settled
        begin = moment_of(from_, "--from", as_json) if from_ else end - timedelta(days=1)
        if end > settled:
            fail(f"--to is {SETTLES_S} s ago or earlier: the store may not have what is later.", 2, as_json=as_json)
        if begin >= end:
            fail("--from is before --to.", 2, as_json=as_json)

        def asked(sql: str) -> bytes:
            body = {"sql": sql, "format": "JSONEachRow", "raw": True}
            return ask(settings, "POST", "/api/sql", as_json=as_json, body=body).content

        try:
            since = {ACTION.topic: int((begin.timestamp() - SLACK_S) * 1000)}
            reader = log_reader(settings, (ACTION,), "watchfloor-audit", since_ms=since)
            try:
                found = check(reader, asked, begin, end, lambda text: None if as_json else say(text))
            finally:
                reader.close()
        except BrokerUnavailableError as error:
            fail(str(error), as_json=as_json)
        except httpx2.ConnectError:
            fail(not_running(settings), as_json=as_json)
        answer({"ok": found.ok, **msgspec.to_builtins(found)}, as_json=as_json, text=_text(found))
        if not found.ok:
            raise typer.Exit(1)


def _text(found: AuditCheck) -> str:
    lines = [
        f"{found.begin:%Y-%m-%d %H:%M} to {found.end:%Y-%m-%d %H:%M} UTC: {found.logged:,} deeds in the log, "
        f"{found.stored:,} in the store"
        + (f", {found.before_log:,} from before what the log has kept" if found.before_log else "")
        + "."
    ]
    lines += [f"missing   {one}" for one in found.missing]
    lines += [f"changed   {one.event_id}: {', '.join(one.fields)}" for one in found.changed]
    lines += [f"made up   {one}" for one in found.made_up]
    named = len(found.missing) + len(found.changed) + len(found.made_up)
    if left := sum(found.counts.values()) - named:
        lines.append(f"... and {left:,} more")
    lines.append("The store has them all, as they are." if found.ok else "The store is not what the log says.")
    return "\n".join(lines)
