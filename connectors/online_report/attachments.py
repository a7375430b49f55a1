"""What a report says of the files that came with it: told in the call, by reference. Their bytes never come here.

A file from a stranger is scanned and kept by the form's own site. What is taken in is enough to know that there is
evidence, to ask for it, and to tell that it is the same file (SHA-256, FIPS 180-4).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from connectors.members import Members
from connectors.translation import Ignored
from schemas.attached_file import safe_name

#: Attachments of a report that are told of one by one.
MOST = 20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]{0,100}")
#: Members that hold a file's bytes.
_BYTES = ("content", "data", "base64", "bytes")
#: What a scanner of the site may have found, and how it is told.
_SCANS = {
    "clean": "its sender's scanner found nothing",
    "infected": "ITS SENDER'S SCANNER FOUND SOMETHING HARMFUL: do not open it",
}


def told(report: Members) -> Iterator[str | Ignored]:
    """Yield one line of plain text for each attachment, and what was left out of them."""
    given = report.value("attachments")
    if given is None or given == []:
        return
    if not isinstance(given, list):
        yield Ignored("attachments: expected an array of objects with name, type, size, sha256 and url")
        return
    for place, one in enumerate(given[:MOST]):
        path = f"{report.path('attachments')}[{place}]"
        if not isinstance(one, dict):
            yield Ignored(f"{path}: expected an object with name, type, size, sha256 and url")
            continue
        yield from _line(Members(one, path))
    if len(given) > MOST:
        yield f"And {len(given) - MOST} more attachments, which the form's site has."


def _line(file: Members) -> Iterator[str | Ignored]:
    scan = (file.text("scan", "scanned", limit=20) or "").strip().lower()
    parts = [safe_name(file.text("name", "filename", limit=2000) or "") or "without a name"]
    kind = (file.text("type", "media_type", "contentType", limit=120) or "").strip().lower()
    if _MEDIA_TYPE.fullmatch(kind):
        parts.append(kind)
    size = file.whole("size", "bytes_count", "length", most=10**13)
    if size is not None:
        parts.append(f"{size:,} bytes")
    digest = (file.text("sha256", limit=100) or "").strip().lower()
    if _SHA256.fullmatch(digest):
        parts.append(f"sha256 {digest}")
    elif "sha256" in file:
        yield Ignored(f"{file.path('sha256')}: expected 64 hexadecimal digits")
    where = file.text("url", "href", limit=2000)
    if where is not None and scan != "infected":
        kept = safe_address(where)
        if kept:
            parts.append(f"kept at {kept}")
        else:
            yield Ignored(f"{file.path('url')}: expected an https address")
    parts.append(_SCANS.get(scan, "nobody has told that it was scanned"))
    if any(name in file for name in _BYTES):
        yield Ignored(f"{file.path()}: a file's bytes are not taken in: keep them where they are scanned, send its url")
    yield f"Attachment: {'; '.join(parts)}."


def safe_address(text: str) -> str:
    """Return an https address without what may hold a key (user, query, fragment); empty: it is none."""
    try:
        parts = urlsplit(text.strip())
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError:
        return ""
    host = parts.hostname or ""
    if parts.scheme != "https" or not re.fullmatch(r"[a-z0-9.-]{1,253}", host):
        return ""
    if not re.fullmatch(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]*", parts.path):
        return ""
    return f"https://{host}{port}{parts.path}"
