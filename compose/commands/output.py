"""How commands speak: plain lines for people, JSON for programs, progress only where someone watches."""

from __future__ import annotations

import sys
from typing import Annotated, Any, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of words.")]

#: Words, progress and errors go to standard error, so that standard output is only ever the answer.
console = Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """Tell a person something."""
    console.print(text, markup=False, soft_wrap=True)


def answer(value: Any, *, as_json: bool, text: str) -> None:
    """Print a command's answer: ``value`` as JSON, or ``text`` for people."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n" if as_json else text + "\n")
    sys.stdout.flush()


def fail(text: str, code: int = 1, *, as_json: bool = False, **more: object) -> NoReturn:
    """Tell what is wrong and what to do, and end with a status that is not 0."""
    if as_json:
        sys.stdout.write(msgspec.json.encode({"error": text, **more}).decode() + "\n")
    else:
        console.print(text, markup=False, style="red" if console.is_terminal else None, soft_wrap=True)
    raise typer.Exit(code)


def progress(*, quiet: bool) -> Progress:
    """Return a progress bar; it draws nothing where nobody watches."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=quiet or not console.is_terminal,
        transient=True,
    )
