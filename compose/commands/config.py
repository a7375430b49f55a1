"""config: what is set, and whether it can work."""

from __future__ import annotations

import typer

from compose.commands.output import AsJson, answer
from compose.look_alikes import look_alikes_in_force
from compose.settings import CONFIG_FILE, Settings, load, unknown_variables
from compose.webhook_maps import maps_in_force


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Settings, from WATCHFLOOR_... variables and watchfloor.toml.", no_args_is_help=True)
    app.add_typer(group, name="config")

    @group.command("show")
    def show(as_json: AsJson = False) -> None:
        """Print the settings in force, secrets masked."""
        settings = load()
        values = settings.model_dump(mode="json")
        width = max(map(len, values))
        lines = [
            f"{name:<{width}}  {'(not set)' if value is None else value}  # {Settings.model_fields[name].description}"
            for name, value in values.items()
        ]
        answer(values, as_json=as_json, text="\n".join(lines))

    @group.command("check")
    def check(as_json: AsJson = False) -> None:
        """Say whether the settings can be used; ends with 1 and the reasons when not."""
        settings = load()
        maps_in_force(settings)
        look_alikes_in_force(settings)
        where = f"{CONFIG_FILE} and the environment" if CONFIG_FILE.exists() else "the environment"
        lines = [f"The settings from {where} can be used."]
        lines += [f"Note: {name} is no setting of ours and sets nothing." for name in unknown_variables()]
        answer({"ok": True, "unknown": list(unknown_variables())}, as_json=as_json, text="\n".join(lines))
