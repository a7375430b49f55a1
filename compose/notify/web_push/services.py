"""Push services: whose addresses a browser may name. They are foreign parties; an address is a device's secret."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

#: Where browsers have their messages: Google (Chrome, Edge on Android), Mozilla, Apple, Windows (Edge).
KNOWN = ("fcm.googleapis.com", "updates.push.services.mozilla.com", "*.push.apple.com", "*.notify.windows.com")
#: A longer address is none of theirs.
LONGEST = 1024
_NAME = re.compile(r"[a-z0-9.-]+")
_HOST = re.compile(r"(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]{1,5})?")


def is_host(text: str) -> bool:
    """Return whether this can be in the list: push.example, push.example:8443 or *.push.example."""
    return _HOST.fullmatch(text) is not None


def origin_of(endpoint: str, hosts: Iterable[str]) -> str:
    """Return the origin of a device's address if it is one of these hosts'; "" if not, whatever else it is."""
    try:
        url = urlsplit(endpoint)
        host, port = url.hostname or "", url.port or 443
    except ValueError:
        return ""
    clean = endpoint.isascii() and endpoint.isprintable() and " " not in endpoint and "\\" not in endpoint
    if not clean or len(endpoint) > LONGEST or url.scheme != "https" or "@" in url.netloc or url.fragment:
        return ""
    name = host if port == 443 else f"{host}:{port}"
    if not _NAME.fullmatch(host):
        return ""
    named = any(name.endswith(one[1:]) if one.startswith("*.") else name == one for one in hosts)
    return f"https://{name}" if named else ""
