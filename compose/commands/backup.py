"""backup and restore: the whole system as a folder of files, and back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.progress import Progress, TaskID

from compose import logs
from compose.backup.manifest import BackupError, Manifest
from compose.commands.local import owned
from compose.commands.output import AsJson, answer, fail, progress, say
from compose.settings import Settings, load

Folder = Annotated[Path, typer.Argument(help="Folder of the backup.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command("backup")
    def backup(
        folder: Folder,
        without_store: Annotated[
            bool, typer.Option("--without-store", help="Leave the store out: a ClickHouse server backs itself up.")
        ] = False,
        as_json: AsJson = False,
    ) -> None:
        """Copy store, log, spools and settings (without secrets) into a new folder, also while the system runs."""
        # Here, because they bring Kafka and the store, and other commands do without.
        from compose.backup.taking import take

        settings = _begun("backup")
        with progress(quiet=as_json) as bar:
            try:
                made = take(settings, folder, without_store=without_store, say=_said(as_json), step=_Bar(bar).step)
            except BackupError as error:
                fail(_sentence(error), as_json=as_json)
        answer(
            {"folder": str(folder.resolve()), "bytes": _bytes(made), "manifest": made},
            as_json=as_json,
            text=_taken(folder, made),
        )

    @app.command("restore")
    def restore(folder: Folder, as_json: AsJson = False) -> None:
        """Put a backup into an empty system that does not run, and compare every count and digest."""
        from compose.backup.restoring import put_back

        settings = _begun("restore")
        with owned(settings.data_dir), progress(quiet=as_json) as bar:
            try:
                done = put_back(settings, folder, say=_said(as_json), step=_Bar(bar).step)
            except BackupError as error:
                fail(_sentence(error), as_json=as_json)
        lines = [f"The backup of {done.made_at[:19]} UTC (Watchfloor {done.version}) is in {settings.data_dir}:"]
        lines.append(f"  store   {done.rows} rows in {done.tables} tables")
        lines.append(f"  log     {done.messages} messages with {done.events} events in {done.topics} topics")
        if done.published:
            lines.append(f"          {done.published} facts put into it from the store")
        lines.append(f"  spools  {done.spooled} events")
        if done.attachments:
            lines.append(f"  files   {done.attachments} of incidents")
        lines.append("Every count and digest is that of the backup. Start it with `watchfloor up`.")
        answer({"ok": True, **msgspec.structs.asdict(done)}, as_json=as_json, text="\n".join(lines))


def _begun(name: str) -> Settings:
    settings = load()
    # What the store and the log tell of goes to standard error, and only when it is out of the ordinary.
    logs.configure("warning", name)
    return settings


class _Bar:
    """Shows which piece of how many is worked on; draws nothing where nobody watches."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task: TaskID | None = None

    def step(self, what: str, number: int, total: int) -> None:
        if self._task is None:
            self._task = self._bar.add_task(what, total=total)
        self._bar.update(self._task, description=what, completed=number, total=total)


def _said(as_json: bool) -> Callable[[str], None]:
    return (lambda _text: None) if as_json else say


def _sentence(error: BackupError) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith(".") else ".")


def _bytes(made: Manifest) -> int:
    return sum(one.bytes for one in made.files.values())


def _taken(folder: Path, made: Manifest) -> str:
    lines = [f"Backup in {folder}, {_bytes(made) / 1e6:.1f} MB, as of {made.made_at[:19]} UTC:"]
    if made.store is None:
        lines.append("  store   left out: back up the ClickHouse server with its own BACKUP")
    else:
        lines.append(f"  store   {sum(one.copy.rows for one in made.store)} rows in {len(made.store)} tables")
    if made.broker == "kafka":
        messages, events = (sum(getattr(one, name) for one in made.topics) for name in ("messages", "events"))
        topics = len({one.topic for one in made.topics})
        lines.append(f"  log     {messages} messages with {events} events in {topics} topics")
    else:
        lines.append("  log     embedded: all it held is in the store")
    lines.append(f"  spools  {sum(one.events for one in made.spools)} events in {len(made.spools)}")
    lines.append("Passwords and tokens are not in it. It has plates in it: keep it as you keep the system.")
    return "\n".join(lines)
