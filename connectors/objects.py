"""Going through the objects of a payload: each becomes events, is ignored with a reason, or is refused alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from connectors.members import Members
from connectors.payload import MAX_PARTS, decode, split_parts
from connectors.translation import Ignored, PayloadError, Refused, Translation
from schemas.envelope import Event

Outcome = Event | Ignored | Refused
#: What one object becomes. Raises PayloadError when it is to be refused.
Read = Callable[[Members], Iterable[Outcome]]

#: A read that comes more than once in a payload does so at once: as pictures of one vehicle.
_NEAR = 10
#: Bytes up to which an object is kept as it came when it is refused.
_PLAIN = 16 * 1024
_any = msgspec.json.Decoder(Any)


def translate_json(body: bytes, read: Read, makes: str = "plate_read") -> Translation:
    """Return what became of a JSON object, or of an array of them. ``makes``: what each is meant to become.

    Raises PayloadError when the body as a whole cannot be read.
    """
    parts, is_batch = split_parts(body)
    done = Translation()
    for index, raw in enumerate(parts):
        at = f"[{index}]" if is_batch else ""
        try:
            value = decode(_any, raw, at)
            if not isinstance(value, dict):
                raise PayloadError(at or "body", "expected an object")
        except PayloadError as error:
            done.refused.append(Refused(error.field, error.error, makes, bytes(raw), index))
        else:
            members = Members(value, at)
            take(done, read, members, lambda raw=raw, members=members: _original(bytes(raw), members), index, makes)  # type: ignore[misc]
        check_size(done)
    return done


def take(
    done: Translation,
    read: Read,
    members: Members,
    original: Callable[[], bytes],
    index: int,
    makes: str = "plate_read",
) -> None:
    """Put what becomes of one object where it belongs. ``original`` gives its bytes, if it is refused."""
    try:
        for outcome in read(members):
            if isinstance(outcome, Ignored):
                done.ignored.append(outcome)
            elif isinstance(outcome, Refused):
                done.refused.append(outcome)
            elif any(outcome.event_id == known.event_id for known in done.events[-_NEAR:]):
                done.ignored.append(Ignored("the same read once more: another picture, or a resend"))
            else:
                done.events.append(outcome)
    except PayloadError as error:
        done.refused.append(Refused(error.field, error.error, makes, original(), index))
    check_size(done)


def each_alone(parts: Iterable[Members], read: Read) -> Iterable[Outcome]:
    """Yield what becomes of the elements of one object; a bad one is refused alone, kept as JSON."""
    for place, members in enumerate(parts):
        try:
            yield from read(members)
        except PayloadError as error:
            yield Refused(error.field, error.error, "plate_read", members.as_json(), place)


def _original(text: bytes, members: Members) -> bytes:
    """The bytes of a refused object; of a large one, which holds pictures, all but those."""
    return text if len(text) <= _PLAIN else members.as_json()


def check_size(done: Translation) -> None:
    """Raise PayloadError when one payload makes more than a payload may."""
    if len(done.events) + len(done.refused) + len(done.ignored) > MAX_PARTS:
        raise PayloadError("body", f"holds more than {MAX_PARTS} reads; send fewer at a time")
