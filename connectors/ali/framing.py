"""Cutting a body into ALI records: start and end characters, parity, check bytes."""

from __future__ import annotations

from msgspec import Struct

from connectors.ali.template import Framing
from connectors.payload import MAX_PARTS
from connectors.translation import PayloadError

#: A record has some ten lines.
MAX_RECORD_BYTES = 8192


class Record(Struct, frozen=True):
    """A record's text, and its bytes as they came. ``fault``: "" or why it cannot be read."""

    text: str
    original: bytes
    fault: str = ""


def records(body: bytes, framing: Framing) -> list[Record]:
    """Return the records of a body; what stands between them is not looked at.

    A record without its end, before the next begins, has a fault; so has one with wrong parity. Raises PayloadError
    when there is no record, when the last has no end (the body may be cut off), or when there are too many.
    """
    start, end = ord(framing.start), ord(framing.end)
    seven = bytes(byte & 0x7F for byte in body) if framing.parity != "none" else body
    found: list[Record] = []
    at = seven.find(start)
    if at < 0:
        raise PayloadError("body", "has no record: its start character is missing")
    while at >= 0:
        stop = seven.find(end, at + 1)
        following = seven.find(start, at + 1)
        if stop < 0:
            raise PayloadError("body", "the last record has no end character: the body may be cut off")
        if 0 <= following < stop:
            found.append(Record("", body[at:following], "has no end character"))
            at = following
        else:
            found.append(_record(body[at : stop + 1], seven[at + 1 : stop], framing))
            at = seven.find(start, stop + 1 + framing.check_bytes)
        if len(found) > MAX_PARTS:
            raise PayloadError("body", f"holds more than {MAX_PARTS} records; send fewer at a time")
    return found


def _record(original: bytes, text: bytes, framing: Framing) -> Record:
    if len(original) > MAX_RECORD_BYTES:
        return Record("", original, f"is longer than {MAX_RECORD_BYTES} bytes")
    if framing.parity in ("even", "odd"):
        odd = framing.parity == "odd"
        bad = sum(1 for byte in original if (byte.bit_count() % 2 == 1) != odd)
        if bad:
            return Record("", original, f"has wrong parity in {bad} of its bytes")
    try:
        return Record(text.decode("ascii"), original)
    except UnicodeDecodeError:
        return Record("", original, "has bytes that are no ASCII characters")
