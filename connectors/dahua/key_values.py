"""Dahua's key-value text, ``Events[0].TrafficCar.PlateNumber=...``, to the objects that it writes flat."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from connectors.translation import PayloadError

MAX_LINES = 20_000
MAX_EVENTS = 1000
_EVENT = re.compile(r"(?:Return)?Events\[(\d{1,4})\]\.(.{1,300})", re.IGNORECASE)
_STEP = re.compile(r"([^.\[\]]+)|\[(\d{1,4})\]")
#: The other event manager's way: one line, with the details as JSON.
_LINE = re.compile(r"\s*Code=([^;]{1,60});\s*action=([^;]{1,30});\s*index=(\d{1,6})(?:;\s*data=(.*))?", re.S | re.I)
_HEARTBEAT = "heartbeat"


def is_heartbeat(text: str) -> bool:
    """Return whether a text is the word that keeps a stream alive."""
    return text.strip().lower() == _HEARTBEAT


def events_of(text: str, field: str) -> list[dict[str, Any]]:
    """Return the events of a text. Raises PayloadError when it is none, or too long."""
    one = _LINE.fullmatch(text.strip())
    if one:
        return [_with_data(one, field)]
    lines = text.splitlines()
    if len(lines) > MAX_LINES:
        raise PayloadError(field, f"has more than {MAX_LINES} lines")
    events: dict[int, dict[str, Any]] = {}
    for line in lines:
        key, equals, value = line.partition("=")
        if not equals:
            continue
        at = _EVENT.fullmatch(key.strip())
        number, path = (int(at[1]), at[2]) if at else (0, key.strip())
        if len(events) >= MAX_EVENTS and number not in events:
            raise PayloadError(field, f"has more than {MAX_EVENTS} events")
        _put(events.setdefault(number, {}), path, value)
    if not any(events.values()):
        raise PayloadError(field, "is neither JSON nor lines of key=value")
    return [events[number] for number in sorted(events)]


def _with_data(line: re.Match[str], field: str) -> dict[str, Any]:
    data: object = {}
    if line[4]:
        try:
            data = msgspec.json.decode(line[4].strip().encode("utf-8", "surrogatepass"))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise PayloadError(
                f"{field}.data", "is not valid JSON: it is cut off or holds a broken character"
            ) from None
    return {"Code": line[1].strip(), "Action": line[2].strip(), "Data": data if isinstance(data, dict) else {}}


def _put(event: dict[str, Any], path: str, value: str) -> None:
    """Put a value below its path. Arrays become objects by index: none of them is read here."""
    steps = [name or index for name, index in _STEP.findall(path)][:20]
    if not steps:
        return
    place = event
    for step in steps[:-1]:
        inner = place.setdefault(step, {})
        if not isinstance(inner, dict):
            return
        place = inner
    place.setdefault(steps[-1], value)
