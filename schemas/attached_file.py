"""What a file from a stranger may be, told by its bytes and never by its name, and what of its name is kept."""

from __future__ import annotations

import re
import unicodedata
from codecs import getincrementaldecoder
from pathlib import PurePosixPath

MOST_NAME = 200
#: So many first bytes tell what a file is.
HEAD_BYTES = 32
#: What is taken, with the endings that its name may have; the first is put on where it has another.
ENDINGS: dict[str, tuple[str, ...]] = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/webp": (".webp",),
    "image/heic": (".heic", ".heif"),
    "application/pdf": (".pdf",),
    "video/mp4": (".mp4", ".m4v"),
    "text/plain": (".txt", ".csv", ".log", ".gpx", ".geojson", ".json"),
}
#: The same in words, for people whose file is refused.
ALLOWED = "JPEG, PNG, WebP, HEIC, PDF, MP4 or plain text in UTF-8 (CSV, GPX and GeoJSON are text)"
#: Beginnings: JPEG (ITU-T T.81 B.1.1.2), PNG (ISO/IEC 15948 §5.2), PDF (ISO 32000-1 §7.5.2).
_BEGINNINGS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"%PDF-", "application/pdf"),
)
#: Major brands of the ISO base media file format (ISO/IEC 14496-12 §4.3): of HEIF (23008-12) and of MP4 (14496-14).
_BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"mif1"), "image/heic"),
    **dict.fromkeys((b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V "), "video/mp4"),
}
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


class FileKind:
    """Tells what the bytes are that it is fed, portion by portion."""

    def __init__(self) -> None:
        self._head = b""
        self._text = getincrementaldecoder("utf-8")()
        self._is_text = True

    def feed(self, portion: bytes) -> None:
        """Take the next bytes of the file."""
        if len(self._head) < HEAD_BYTES:
            self._head += portion[: HEAD_BYTES - len(self._head)]
        if self._is_text:
            self._read(portion)

    def of(self, *, whole: bool) -> str:
        """Return the media type; "" when it is none that is taken. ``whole``: there are no more bytes."""
        for beginning, kind in _BEGINNINGS:
            if self._head.startswith(beginning):
                return kind
        if self._head[:4] == b"RIFF" and self._head[8:12] == b"WEBP":
            return "image/webp"
        if self._head[4:8] == b"ftyp":
            return _BRANDS.get(self._head[8:12], "")
        if whole and self._is_text:
            self._read(b"", final=True)
        return "text/plain" if self._is_text and self._head else ""

    def _read(self, portion: bytes, *, final: bool = False) -> None:
        try:
            text = self._text.decode(portion, final)
        except UnicodeDecodeError:
            self._is_text = False
            return
        self._is_text = _NOT_TEXT.search(text) is None


def safe_name(text: str) -> str:
    """Return a file's name without folders, and without characters that are not seen or turn the text around."""
    name = re.split(r"[/\\]", text)[-1]
    seen = "".join(sign if unicodedata.category(sign)[0] != "C" else "" for sign in name)
    return " ".join(seen.split())[:MOST_NAME]


def download_name(name: str, media_type: str) -> str:
    """Return the name under which a file is given out: with an ending that is true, so that nothing is run by it."""
    endings = ENDINGS.get(media_type, ("",))
    return name if PurePosixPath(name).suffix.lower() in endings else f"{name or 'file'}{endings[0]}"
