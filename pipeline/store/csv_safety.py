"""CSV that a spreadsheet may open: no text of ours is run as a formula (OWASP, "CSV Injection")."""

from __future__ import annotations

import re

#: A cell of ClickHouse's CSV that is text: quoted, with quotes inside doubled. Numbers stand without quotes.
_TEXT_CELL = re.compile(rb'"((?:[^"]|"")*)"')
_STARTS_A_FORMULA = (b"=", b"+", b"-", b"@", b"\t", b"\r")


def spreadsheet_safe(csv: bytes) -> bytes:
    """Return CSV in which text that a spreadsheet would run starts with an apostrophe. Numbers stay as they are."""
    return _TEXT_CELL.sub(_safe_cell, csv)


def safe_text(text: str) -> str:
    """Return one cell's text, with an apostrophe before it when a spreadsheet would run it."""
    return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _safe_cell(cell: re.Match[bytes]) -> bytes:
    text = cell.group(1)
    return b"\"'" + text + b'"' if text.startswith(_STARTS_A_FORMULA) else cell.group(0)
