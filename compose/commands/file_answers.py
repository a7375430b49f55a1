"""What commands that read a file have in common: whose it is, what is wrong with it, and how that is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from compose.commands.output import fail
from compose.settings import Settings
from connectors.file_reading import FileError, RowError
from connectors.translation import Context
from schemas.wire.frame import utc_now

T = TypeVar("T")

#: Bad rows shown to a person; the JSON answer has all that were kept.
SHOWN = 20


def context_of(settings: Settings, connector: str, file: Path) -> Context:
    """Return what a reader of files is told: it is an instance named after the file."""
    return Context(
        connector=connector,
        instance=file.stem[:60],
        observed_at=utc_now(),
        jurisdiction=settings.jurisdiction,
    )


def read_or_fail(read: Callable[[], T], as_json: bool) -> T:
    """Return what ``read`` returns, or end the command with what its FileError says."""
    try:
        return read()
    except FileError as error:
        fail(str(error), 2, as_json=as_json)


def tell_errors(errors: Sequence[RowError], rest: str, as_json: bool) -> None:
    """End the command with the bad rows, and what that means."""
    fail("\n".join([*error_lines(errors), rest]), 1, as_json=as_json, errors=list(errors))


def error_lines(errors: Sequence[RowError]) -> list[str]:
    """Return the lines that tell of bad rows."""
    more = [f"... and {len(errors) - SHOWN} more"] if len(errors) > SHOWN else []
    return [*map(str, errors[:SHOWN]), *more]
