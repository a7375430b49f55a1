"""The `watchfloor` command."""

from __future__ import annotations

import sys

import typer

from compose.commands import (
    accounts,
    audit,
    backup,
    bench,
    call_figures,
    companions,
    config,
    dead_letters,
    doctor,
    eido,
    hotlists,
    kafka,
    ledger,
    loaders,
    local,
    map_layers,
    markers,
    names,
    noise,
    notify,
    passes,
    payloads,
    precision,
    replay,
    roads,
    roles,
    sql,
    topics,
)
from compose.commands.output import tell_error
from compose.settings import ConfigError

app = typer.Typer(
    name="watchfloor",
    help="Plates, calls and cameras to explained alerts on a live map.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (
    local,
    roles,
    accounts,
    audit,
    payloads,
    replay,
    loaders,
    hotlists,
    sql,
    topics,
    dead_letters,
    passes,
    noise,
    eido,
    ledger,
    precision,
    call_figures,
    names,
    notify,
    markers,
    map_layers,
    roads,
    backup,
    doctor,
    config,
    kafka,
    bench,
    companions,
):
    module.register(app)


def main() -> None:
    """Run the command; what a person can mend is told in one line, without a traceback."""
    try:
        app()
    except ConfigError as error:
        # Outside the app nobody takes typer's Exit, so the status is given here.
        tell_error(f"The configuration cannot be used:\n{error}", as_json="--json" in sys.argv)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
