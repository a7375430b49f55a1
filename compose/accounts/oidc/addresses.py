"""Which addresses an identity provider may have: over TLS, or on this machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_trustworthy(url: str) -> bool:
    """Return whether what is sent there cannot be read on the way."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.fragment or any(sign.isspace() for sign in url):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_here(host))


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
