"""How urgent a report is that was made online: what the edge writes into a call, and what the rule reads in it."""

from __future__ import annotations

from msgspec import Struct


class Urgency(Struct, frozen=True):
    """A priority (0..10, 10 highest) and the word that stands for it in ``priority_raw``."""

    priority: int
    word: str


#: The report has words of an emergency.
EMERGENCY = Urgency(10, "emergency words")
#: It has none: whoever needs help at once is told to call instead.
ROUTINE = Urgency(3, "online report")
