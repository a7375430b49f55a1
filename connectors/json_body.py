"""The JSON of a body: bare, in a multipart body beside pictures, or in an urlencoded form."""

from __future__ import annotations

from urllib.parse import parse_qsl

from connectors.charset import decoded
from connectors.multipart import media_type_of, parts_of
from connectors.translation import PayloadError

MAX_PARTS = 50


def json_of(body: bytes, content_type: str) -> bytes:
    """Return the JSON text of a body, in UTF-8. Raises PayloadError when there is none, or more than one."""
    media_type, charset, boundary = media_type_of(content_type)
    begin = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    # Some devices name a form and send none; so does a dead letter of one part of a form.
    if media_type.startswith("multipart/") and begin not in (b"{", b"["):
        found = [
            (part.body, part.charset)
            for part in parts_of(body, boundary, MAX_PARTS)
            if part.media_type.endswith("json") or part.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")
        ]
        if len(found) != 1:
            raise PayloadError("body", f"has {'more than one part' if found else 'no part'} with JSON")
        body, charset = found[0]
    elif begin not in (b"{", b"[") and media_type == "application/x-www-form-urlencoded":
        try:
            fields = parse_qsl(body, keep_blank_values=True, max_num_fields=MAX_PARTS)
        except ValueError:
            raise PayloadError("body", f"the form has more than {MAX_PARTS} fields") from None
        values = [value for _, value in fields if value.lstrip()[:1] in (b"{", b"[")]
        if len(values) != 1:
            raise PayloadError("body", f"the form has {'more than one field' if values else 'no field'} with JSON")
        body = values[0]
    if charset.lower() in ("", "utf-8", "utf8", "us-ascii") and body[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return body
    return decoded(body, charset).encode("utf-8", "surrogatepass")
