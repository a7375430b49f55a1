"""How the completeness of a hotlist is proven, by whoever sends it and whoever reads it."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from schemas.events.hotlist_entry import HotlistEntry
from schemas.wire.frame import encode_event


def checksum(entries: Iterable[HotlistEntry]) -> str:
    """Return the SHA-256, in hex, of the entries' JSON, each followed by a line feed, in order of their ids.

    The order makes it independent of how the entries were cut into chunks and frames.
    """
    digest = sha256()
    for entry in sorted(entries, key=lambda entry: entry.entry_id):
        digest.update(encode_event(entry))
        digest.update(b"\n")
    return digest.hexdigest()
