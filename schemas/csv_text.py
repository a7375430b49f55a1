"""Text in CSV that a spreadsheet may open: none of it is run as a formula (OWASP, "CSV Injection")."""

from __future__ import annotations

#: A cell that begins so is a formula to a spreadsheet.
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe_text(text: str) -> str:
    """Return one cell's text, with an apostrophe before it when a spreadsheet would run it."""
    return "'" + text if text.startswith(STARTS_A_FORMULA) else text
