"""Whether a request comes from our own page, a plain client on this machine, or somebody else's page."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

_DEFAULT_PORTS = {"http": 80, "https": 443}


def is_same_origin(scope: Scope) -> bool:
    """Return whether a request may change things or open a websocket.

    A browser says where a page came from in ``Origin`` (RFC 6454 §7; for websockets RFC 6455 §10.2), which must be
    the host the request went to. A request without it is not from a page; it is taken from this machine only, and
    not when ``Sec-Fetch-Site`` (Fetch Metadata §2.3) says that a browser sent it across sites.
    """
    headers = Headers(scope=scope)
    origins = headers.getlist("origin")
    if len(origins) > 1:
        return False
    if not origins:
        return headers.get("sec-fetch-site", "none") in ("none", "same-origin") and _is_loopback(scope)
    return _is_own(origins[0], headers.get("host", ""))


def _is_own(origin: str, host: str) -> bool:
    try:
        theirs = urlsplit(origin)
        ours = urlsplit(f"{theirs.scheme}://{host}")
        if theirs.scheme not in _DEFAULT_PORTS or theirs.path or theirs.query or theirs.fragment or theirs.username:
            return False
        default = _DEFAULT_PORTS[theirs.scheme]
        return (
            theirs.hostname is not None
            and theirs.hostname == ours.hostname
            and (theirs.port or default) == (ours.port or default)
        )
    except ValueError:  # a port that is no number, a broken IPv6 address
        return False


def _is_loopback(scope: Scope) -> bool:
    client = scope.get("client")
    if client is None:
        return True  # a Unix socket: on this machine by its nature
    try:
        return ip_address(client[0]).is_loopback
    except ValueError:
        return False
