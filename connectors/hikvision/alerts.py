"""The alerts in a body: XML or JSON, bare or as parts of a multipart body, whatever namespace the firmware uses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from connectors.charset import decoded
from connectors.members import Members
from connectors.multipart import media_type_of, parts_of
from connectors.payload import decode, split_parts
from connectors.translation import PayloadError
from connectors.xml_text import as_object, local, tree

#: A vehicle comes as one document and some pictures; a captured stream may hold many.
MAX_PARTS = 500
_ROOT = "EventNotificationAlert"
_any = msgspec.json.Decoder(Any)


def alerts(body: bytes, content_type: str) -> Iterator[tuple[str, Members, bytes]]:
    """Yield each document's root name, its members and its bytes. Raises PayloadError when the body cannot be read."""
    media_type, charset, boundary = media_type_of(content_type)
    # Some devices name a form and send none; so does a dead letter of one part of a form.
    if not media_type.startswith("multipart/") or _is_document(body):
        yield from _documents(body, charset, "")
        return
    found = 0
    for part in parts_of(body, boundary, MAX_PARTS):
        if _is_document(part.body):
            found += 1
            # The file's name tells nothing: anpr.xml, ANPR.xml, or a plate.
            yield from _documents(part.body, part.charset, f"part[{found - 1}]")
    if not found:
        raise PayloadError("body", "has no part with XML or JSON")


def _is_document(body: bytes) -> bool:
    begin = body[:400].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")[:1]
    return begin in (b"<", b"{", b"[")


def _documents(body: bytes, charset: str, at: str) -> Iterator[tuple[str, Members, bytes]]:
    begins = body[:400].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")[:1]
    if begins != b"<":
        text = decoded(body, charset).encode("utf-8", "surrogatepass") if charset else body
        parts, is_batch = split_parts(text)
        for index, raw in enumerate(parts):
            where = f"{at}[{index}]" if is_batch else at
            value = decode(_any, raw, where)
            if not isinstance(value, dict):
                raise PayloadError(where or "body", "expected an object")
            members = Members(value, where)
            inner = members.inside(_ROOT)
            yield _ROOT, inner or members, bytes(raw)
        return
    root = tree(body, charset)
    value = as_object(root)
    yield local(root), Members(value, at), body
