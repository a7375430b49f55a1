"""The ``json`` field of a posted form. The picture beside it is skipped, never kept."""

from __future__ import annotations

from urllib.parse import parse_qsl

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from connectors.translation import PayloadError

#: The vendor sends two parts, ``json`` and ``upload``; some room for what it may add.
MAX_PARTS = 20

_FIELD = "json"


def json_field(body: bytes, content_type: str) -> bytes:
    """Return the JSON text of a body sent as a multipart or urlencoded form, or as plain JSON.

    Raises PayloadError when the form cannot be read, or has no field ``json`` or more than one.
    """
    media_type, options = parse_options_header(content_type.encode("latin-1", "replace"))
    if media_type == b"multipart/form-data":
        found = _multipart(body, options.get(b"boundary", b""))
    elif media_type == b"application/x-www-form-urlencoded":
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


def _multipart(body: bytes, boundary: bytes) -> list[bytes]:
    if not boundary:
        raise PayloadError("content-type", "multipart/form-data needs a boundary")
    collector = _Collector()
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": collector.part_begin,
                "on_header_begin": collector.header_begin,
                "on_header_field": collector.header_name,
                "on_header_value": collector.header_value,
                "on_header_end": collector.header_end,
                "on_part_data": collector.part_data,
                "on_part_end": collector.part_end,
                "on_end": collector.end,
            },
        )
        parser.write(body)
        parser.finalize()
    except FormParserError:
        raise PayloadError("body", "is not a well-formed multipart form") from None
    if not collector.ended:
        raise PayloadError("body", "the multipart form is cut off before its end")
    return collector.found


class _Collector:
    """Keeps the data of parts named ``json``, and of no others."""

    def __init__(self) -> None:
        self.found: list[bytes] = []
        self.ended = False
        self._parts = 0
        self._name = b""
        self._value = b""
        self._wanted = False
        self._data: list[bytes] = []

    def part_begin(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise PayloadError("body", f"the form has more than {MAX_PARTS} parts")
        self._wanted = False
        self._data = []

    def header_begin(self) -> None:
        self._name = self._value = b""

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        if self._name.lower() == b"content-disposition":
            _, options = parse_options_header(self._value)
            self._wanted = options.get(b"name") == _FIELD.encode()

    def part_data(self, data: bytes, start: int, end: int) -> None:
        if self._wanted:
            self._data.append(data[start:end])

    def part_end(self) -> None:
        if self._wanted:
            self.found.append(b"".join(self._data))

    def end(self) -> None:
        self.ended = True
