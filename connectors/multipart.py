"""The parts of a multipart body, as cameras send them: XML or JSON beside pictures.

Read by python-multipart. Streams that cameras push
(``multipart/x-mixed-replace``, ``multipart/mixed``) have the same syntax, RFC 2046 §5.1.1.
"""

from __future__ import annotations

from msgspec import Struct
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from connectors.translation import PayloadError


class Part(Struct, frozen=True):
    """One part: the name and file name it gives itself, its media type without options, charset, and its bytes."""

    name: str
    filename: str
    media_type: str
    charset: str
    body: bytes


def media_type_of(content_type: str) -> tuple[str, str, bytes]:
    """Return the media type in lower case, the charset and the boundary of a Content-Type header."""
    kind, options = parse_options_header(content_type.encode("latin-1", "replace"))
    charset = options.get(b"charset", b"").decode("latin-1")
    return kind.decode("latin-1").lower(), charset, options.get(b"boundary", b"")


def parts_of(body: bytes, boundary: bytes, max_parts: int) -> list[Part]:
    """Return the parts. Pictures are left out, but counted.

    Raises PayloadError when there is no boundary, the body is not well formed or cut off, or has too many parts.
    """
    if not boundary:
        raise PayloadError("content-type", "multipart needs a boundary")
    collector = _Collector(max_parts)
    # Some cameras write the boundary in the header with its leading dashes.
    begins = body.lstrip(b"\r\n")
    if boundary.startswith(b"--") and not begins.startswith(b"--" + boundary):
        boundary = boundary[2:]
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
        parser.write(begins)
        parser.finalize()
    except (FormParserError, ValueError):
        raise PayloadError("body", "is not a well-formed multipart body") from None
    if not collector.ended:
        raise PayloadError("body", "the multipart body is cut off before its end")
    return collector.found


class _Collector:
    """Keeps each part that is not a picture."""

    def __init__(self, max_parts: int) -> None:
        self.found: list[Part] = []
        self.ended = False
        self._max_parts = max_parts
        self._count = 0
        self._header = b""
        self._value = b""
        self._headers: dict[bytes, bytes] = {}
        self._wanted = True
        self._data: list[bytes] = []

    def part_begin(self) -> None:
        self._count += 1
        if self._count > self._max_parts:
            raise PayloadError("body", f"has more than {self._max_parts} parts")
        self._headers, self._data, self._wanted = {}, [], True

    def header_begin(self) -> None:
        self._header = self._value = b""

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        name = self._header.strip().lower()
        self._headers[name] = self._value.strip()
        if name == b"content-type" and self._value.strip().lower().startswith(b"image/"):
            self._wanted = False

    def part_data(self, data: bytes, start: int, end: int) -> None:
        if self._wanted:
            self._data.append(data[start:end])

    def part_end(self) -> None:
        if not self._wanted:
            return
        _, disposition = parse_options_header(self._headers.get(b"content-disposition", b""))
        kind, options = parse_options_header(self._headers.get(b"content-type", b""))
        self.found.append(
            Part(
                name=disposition.get(b"name", b"").decode("utf-8", "replace"),
                filename=disposition.get(b"filename", b"").decode("utf-8", "replace"),
                media_type=kind.decode("latin-1").lower(),
                charset=options.get(b"charset", b"").decode("latin-1"),
                body=b"".join(self._data),
            )
        )

    def end(self) -> None:
        self.ended = True
