"""What people write to an alert: plain text, added and never changed."""

from __future__ import annotations

import unicodedata

from schemas.events.action import ALERT_NOTE, Action
from schemas.events.alert import Alert

#: Characters of a note.
LONGEST_NOTE = 1000
#: Notes of an alert: each screen holds them all.
MOST_NOTES = 50


def noted(alert: Alert, action: Action) -> Alert | str:
    """Return the alert as it is after ``alert.note``, or why the note does not count, as a word.

    Its history takes the note up, with who wrote it and when.
    """
    why = why_no_note(action.note)
    if why:
        return why
    if sum(deed.name == ALERT_NOTE for deed in alert.history) >= MOST_NOTES:
        return "too_many_notes"
    return alert


def why_no_note(text: str) -> str:
    """Return why a text is no note, as a word; "" when it is one."""
    if not text.strip():
        return "empty_note"
    if len(text) > LONGEST_NOTE:
        return "note_too_long"
    return "" if is_plain(text) else "note_not_plain"


def is_plain(text: str) -> bool:
    """Return whether a text has no character that steers a terminal or turns what is read around (Unicode categories
    Cc but line feed and tab, and the bidirectional controls of UAX #9)."""
    return not any(
        (unicodedata.category(one) == "Cc" and one not in "\n\t")
        or "\u202a" <= one <= "\u202e"
        or "\u2066" <= one <= "\u2069"
        for one in text
    )
