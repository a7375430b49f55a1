"""The newest event of a key in the log, for commands that must know what is in force."""

from __future__ import annotations

from compose.roles.broker_settings import log_reader
from compose.settings import Settings
from compose.stored import E
from schemas.event_type import EventType
from schemas.wire.frame import FrameDecoder


def newest_of(settings: Settings, kind: EventType[E], key: str) -> E | None:
    """Return the event of this key with the greatest version field. Raises BrokerUnavailableError."""
    # Of two that are equal the later one.
    return max(reversed(all_of(settings, kind, key)), key=lambda event: _version(kind, event), default=None)


def newest_of_each(settings: Settings, kind: EventType[E]) -> list[E]:
    """Return the newest event of each key, the first key first. Raises BrokerUnavailableError."""
    found: dict[str, E] = {}
    for event in all_of(settings, kind):
        known = found.get(kind.key_of(event))
        if known is None or _version(kind, event) >= _version(kind, known):
            found[kind.key_of(event)] = event
    return [found[key] for key in sorted(found)]


def all_of(settings: Settings, kind: EventType[E], key: str | None = None) -> list[E]:
    """Return the events of this key, or of all, that are in the log, in its order. Raises BrokerUnavailableError."""
    decoder = FrameDecoder(kind)
    reader = log_reader(settings, (kind,), "watchfloor-newest")
    found: list[E] = []
    try:
        for records in reader.read_to_end():
            for record in records:
                found += [
                    event for event in decoder.decode(record.value).events if key is None or kind.key_of(event) == key
                ]
    finally:
        reader.close()
    return found


def _version(kind: EventType[E], event: E) -> str:
    """Return the version as text that sorts as it does: versions here are text, or times of one offset."""
    value = getattr(event, kind.version_field or "occurred_at")
    return value if isinstance(value, str) else value.isoformat(timespec="microseconds")
