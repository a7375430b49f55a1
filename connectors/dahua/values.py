"""How Dahua's devices write what they do not know, and how sure they are."""

from __future__ import annotations

from connectors.lpr import word
from connectors.members import Members

#: How devices say that they saw a vehicle and no plate.
NO_READ = frozenset(
    {
        "unknown",
        "unknow",
        "<unknown>",
        "no plate",
        "unlicensed",
        "unrecognized",
        "unrecognised",
        "无牌车",
        "无车牌",
        "未识别",
    }
)
_UNKNOWN = frozenset({"unknown", "unknow", "undefined", "other", "none", "null"})


def told(text: str | None) -> str | None:
    """Return a value of the vehicle's in lower case; none when the device does not know it."""
    found = word(text)
    return None if found in _UNKNOWN else found


def percent(holder: Members) -> float:
    """Return ``Confidence`` as 0..1. It is a percentage; only firmware that counts to 255 sends more than 100.

    Raises PayloadError when it is told and is no number from 0 to 255.
    """
    full = 100 if holder.number("Confidence", least=0, most=100) is not None else 255
    return holder.confidence("Confidence", full=full)
