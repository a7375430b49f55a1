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


#: Control characters (Unicode Cc) but for tab and line feed: in a camera's name they could rule a person's terminal.
_CONTROL = {code: "\N{REPLACEMENT CHARACTER}" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"}


def plain(text: str) -> str:
    """Return text from outside as it may be shown on a terminal."""
    return text.translate(_CONTROL)


def say(text: str) -> None:
    """Tell a person something."""
    console.print(text, markup=False, soft_wrap=True)


def answer(value: Any, *, as_json: bool, text: str) -> None:
    """Print a command's answer: ``value`` as JSON, or ``text`` for people."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n" if as_json else plain(text) + "\n")
    sys.stdout.flush()


def fail(text: str, code: int = 1, *, as_json: bool = False, **more: object) -> NoReturn:
    """Tell what is wrong and what to do, and end with a status that is not 0."""
    tell_error(text, as_json=as_json, **more)
    raise typer.Exit(code)


def tell_error(text: str, *, as_json: bool, **more: object) -> None:
    """Tell what is wrong: a JSON object on standard output, or words on standard error."""
    if as_json:
        sys.stdout.write(msgspec.json.encode({"error": text, **more}).decode() + "\n")
    else:
        console.print(plain(text), markup=False, style="red" if console.is_terminal else None, soft_wrap=True)


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
