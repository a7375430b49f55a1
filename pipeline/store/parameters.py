"""The values of ``{name:Type}`` parameters, written once for both engines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

Scalar = str | int | float | bool | datetime | UUID
Parameter = Scalar | Sequence[Scalar]

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0", "\b": "\\b", "\f": "\\f"})


def chdb_parameter(value: Parameter) -> str:
    """Return a parameter as chDB wants it: one field of a TSV file.

    Raises ValueError for a naive moment and TypeError for None: neither engine hands NULL through, so the SQL has to
    be written without it.
    """
    if isinstance(value, Sequence) and not isinstance(value, str):
        # The texts inside are quoted already, and a second layer of escapes would be read as part of them.
        return f"[{','.join(_item_text(item) for item in value)}]"
    return _scalar_text(value).translate(_ESCAPES)


def driver_parameter(value: Parameter) -> Any:
    """Return a parameter as clickhouse-driver wants it, which escapes texts itself but would cut moments to seconds.

    Raises as ``chdb_parameter`` does.
    """
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [item if isinstance(item, int | float) else _scalar_text(item) for item in value]
    return _scalar_text(value)


def moment_text(value: datetime) -> str:
    """Return an aware moment as ClickHouse's UTC text with milliseconds."""
    if value.tzinfo is None:
        raise ValueError("a moment without a time zone is ambiguous")
    utc = value.astimezone(UTC)
    return f"{utc.isoformat(sep=' ', timespec='milliseconds')[:-6]}"


def quoted(text: str) -> str:
    """Return text as an SQL literal."""
    return "'" + text.translate(_ESCAPES).replace("'", "\\'") + "'"


def _scalar_text(value: Scalar) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, int | float | UUID):
        return str(value)
    raise TypeError(f"no parameter can be made of {type(value).__name__}")


def _item_text(value: Scalar) -> str:
    text = _scalar_text(value)
    return text if isinstance(value, int | float) else quoted(text)
