"""The ``json`` field of a posted form. The picture beside it is skipped, never kept."""

from __future__ import annotations

from urllib.parse import parse_qsl

from connectors.multipart import media_type_of, parts_of
from connectors.translation import PayloadError

#: The vendor sends two parts, ``json`` and ``upload``; some room for what it may add.
MAX_PARTS = 20

_FIELD = "json"


def json_field(body: bytes, content_type: str) -> bytes:
    """Return the JSON text of a body sent as a multipart or urlencoded form, or as plain JSON.

    Raises PayloadError when the form cannot be read, or has no field ``json`` or more than one.
    """
    media_type, _, boundary = media_type_of(content_type)
    if media_type == "multipart/form-data":
        found = [part.body for part in parts_of(body, boundary, MAX_PARTS) if part.name == _FIELD]
    elif media_type == "application/x-www-form-urlencoded":
        found = _urlencoded(body)
    else:
        return body
    if not found:
        raise PayloadError(_FIELD, "the form has no field named json")
    if len(found) > 1:
        raise PayloadError(_FIELD, "the form has more than one field named json")
    return found[0]


def _urlencoded(body: bytes) -> list[bytes]:
    try:
        fields = parse_qsl(body, keep_blank_values=True, max_num_fields=MAX_PARTS)
    except ValueError:
        raise PayloadError("body", f"the form has more than {MAX_PARTS} fields") from None
    return [value for name, value in fields if name == _FIELD.encode()]
