"""How something that cannot be used is kept: whole, with the reason, under an id that its place gives it."""

from __future__ import annotations

from importlib.metadata import version

from pipeline.message import Message
from schemas.events.dead_letter import DeadLetter
from schemas.identity import identity
from schemas.wire.frame import utc_now

#: Original bytes kept in a dead letter; a larger frame is kept in its topic and named by place.
MAX_ORIGINAL = 600_000

CODE_VERSION = version("watchfloor")


def dead_letter(
    message: Message, index: int, *, reason: str, step: str, error: str, original: bytes, source: str
) -> DeadLetter:
    """Return the dead letter for one element (or, at index -1, the whole) of a message.

    The id comes from the place and the step, so whoever refuses it twice, or refuses it after another reader did,
    makes the same letter.
    """
    now = utc_now()
    if len(original) > MAX_ORIGINAL:
        error = f"{error} (the original has {len(original)} bytes and stays at its place in the topic)"
        original = b""
    return DeadLetter(
        event_id=identity("dead_letter", message.topic, message.partition, message.offset, index, step),
        occurred_at=now,
        observed_at=now,
        source=source,
        reason=reason,
        step=step,
        error=error[:2000],
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        index=index,
        key=message.key or b"",
        original=original,
        headers={name: value.decode(errors="replace") for name, value in message.headers},
        code_version=CODE_VERSION,
    )
