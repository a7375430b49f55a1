"""CSV that a spreadsheet may open: no text of ours is run as a formula (OWASP, "CSV Injection")."""

from __future__ import annotations

import re

from schemas.csv_text import STARTS_A_FORMULA

#: A cell of ClickHouse's CSV that is text: quoted, with quotes inside doubled. Numbers stand without quotes.
_TEXT_CELL = re.compile(rb'"((?:[^"]|"")*)"')
_STARTS_A_FORMULA = tuple(start.encode() for start in STARTS_A_FORMULA)


def spreadsheet_safe(csv: bytes) -> bytes:
    """Return CSV in which text that a spreadsheet would run starts with an apostrophe. Numbers stay as they are."""
    return _TEXT_CELL.sub(_safe_cell, csv)


def _safe_cell(cell: re.Match[bytes]) -> bytes:
    text = cell.group(1)
    return b"\"'" + text + b'"' if text.startswith(_STARTS_A_FORMULA) else cell.group(0)
