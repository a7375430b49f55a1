"""audit verify: whether the store has every deed as the log has it, and as it was sealed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import httpx2
import msgspec
import typer

from compose.commands.moments import moment_of
from compose.commands.output import AsJson, answer, fail, say
from compose.commands.server_api import ask, not_running
from compose.roles.broker_settings import log_reader
from compose.settings import Settings, load
from schemas.events.action import ACTION
from schemas.wire.publisher import BrokerUnavailableError

if TYPE_CHECKING:
    from compose.audit_check import AuditCheck
    from compose.seals.check import Sealed

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
        copy: Annotated[Path | None, typer.Option(help="The file of seals as it was kept elsewhere.")] = None,
        as_json: AsJson = False,
    ) -> None:
        """Compare the deeds in the store with the log and with their seals: none missing, changed or made up."""
        from compose.audit_check import SLACK_S, check
        from compose.seals import check as seals

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

        def told(text: str) -> None:
            if not as_json:
                say(text)

        try:
            try:
                sealed = seals.verify(settings.data_dir, asked, begin, end, datetime.now(UTC), copy=copy, said=told)
            except OSError as error:
                fail(f"{error.strerror or error}: {error.filename}", 2, as_json=as_json)
            since = {ACTION.topic: int((begin.timestamp() - SLACK_S) * 1000)}
            reader = log_reader(settings, (ACTION,), "watchfloor-audit", since_ms=since)
            try:
                found = check(reader, asked, begin, end, told, _log_began(settings))
            finally:
                reader.close()
        except BrokerUnavailableError as error:
            fail(str(error), as_json=as_json)
        except httpx2.ConnectError:
            fail(not_running(settings), as_json=as_json)
        ok = found.ok and (sealed.ok or not settings.seal_audit)
        body = {"ok": ok, **msgspec.to_builtins(found), "sealed": msgspec.to_builtins(sealed)}
        answer(body, as_json=as_json, text=f"{_text(found)}\n{_sealed_text(sealed)}")
        if not ok:
            raise typer.Exit(1)


def _log_began(settings: Settings) -> datetime | None:
    """Return since when an embedded log has been kept; one of Kafka says by its offsets what it has no longer."""
    from compose.ledger.log import embedded_broker_started

    began = embedded_broker_started(settings) if settings.embedded_broker else None
    return None if began is None else datetime.fromtimestamp(began, UTC)


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


def _sealed_text(found: Sealed) -> str:
    if found.until is None:
        lines = [*(f"broken    {one}" for one in found.broken), *(f"added     {one}" for one in found.added)]
        return "\n".join([*lines, "No deed is sealed here." if found.ok else "No seal holds here: no deed is sealed."])
    lines = [
        f"{found.seals:,} seals hold, the last of {found.until:%Y-%m-%d %H:%M} UTC; {found.deeds:,} of their deeds "
        "are in the store"
        + (f", {found.expired:,} are past their retention and gone" if found.expired else "")
        + (f", {found.erased:,} cannot be compared, as the key of their month was erased" if found.erased else "")
        + (f". {found.of_store:,} seals were made from the store, not the log" if found.of_store else "")
        + "."
    ]
    lines += [f"broken    {one}" for one in found.broken]
    lines += [f"removed   {one}" for one in found.removed]
    lines += [f"changed   {one}" for one in found.changed]
    lines += [f"added     {one}" for one in found.added]
    if left := sum(found.counts.values()) - sum(map(len, (found.broken, found.removed, found.changed, found.added))):
        lines.append(f"... and {left:,} more")
    lines.append("All is as it was sealed." if found.ok else "Not all is as it was sealed.")
    return "\n".join(lines)
