"""cli.md names every command with its options, settings.md every setting with its default, and no others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from compose.cli import app
from compose.settings import Settings

REFERENCE = Path(__file__).parents[2] / "docs/reference"
CLI = (REFERENCE / "cli.md").read_text()
SETTINGS = (REFERENCE / "settings.md").read_text()


def commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Each command that does something, with its whole name; a group that runs by itself is one too."""
    inside = getattr(command, "commands", {})
    if not inside or command.invoke_without_command:
        yield name, command
    for word, one in inside.items():
        yield from commands(one, f"{name} {word}")


COMMANDS = dict(commands(typer.main.get_command(app), "watchfloor"))
SECTIONS = dict(re.findall(r"^### `(watchfloor[^`]*)`\n(.*?)(?=^##|\Z)", CLI, re.M | re.S))
ROWS = {row[0]: row[1:] for row in re.findall(r"^\| `WATCHFLOOR_([A-Z0-9_]+)` \| (.+?) \| (.+) \|$", SETTINGS, re.M)}


def options(command: Any) -> set[str]:
    """The options of a command, without the help that all have and those that complete the shell."""
    found = {name for one in command.params for name in (*one.opts, *one.secondary_opts) if name.startswith("--")}
    return found - {"--help", "--install-completion", "--show-completion"}


def test_the_page_names_every_command_and_no_other() -> None:
    assert sorted(SECTIONS) == sorted(COMMANDS)
    assert "watchfloor dead-letters replay" in COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_in_its_section_and_no_other(name: str) -> None:
    told = set(re.findall(r"`(--[a-z-]+)[^`]*`", SECTIONS[name]))
    assert told == options(COMMANDS[name])


def test_the_page_names_every_setting_and_no_other() -> None:
    assert sorted(ROWS) == sorted(name.upper() for name in Settings.model_fields)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_page_tells_the_default_of_a_setting(name: str) -> None:
    default = Settings.model_fields[name].default
    if hasattr(default, "get_secret_value"):
        default = default.get_secret_value()
    expected = (
        "empty"
        if default in (None, "", [], {})
        else f"`{str(default).lower() if isinstance(default, bool) else default}`"
    )
    assert ROWS[name.upper()][0] == expected
