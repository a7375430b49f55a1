"""Deterministic ids: the same fact gets the same id however often it is sent (RFC 9562 §5.5, UUID version 5)."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha1
from uuid import NAMESPACE_URL, UUID, uuid5

_ROOT = uuid5(NAMESPACE_URL, "https://watchfloor.invalid/events")


@lru_cache(maxsize=256)
def _namespace(kind: str) -> UUID:
    return uuid5(_ROOT, kind)


def identity(kind: str, *parts: object) -> UUID:
    """Return the id of the fact of this kind that its source identifies by ``parts``.

    Parts are joined with an unprintable separator, so ("a", "bc") and ("ab", "c") differ. Any text has an id, also one
    with lone surrogates, which uuid5 itself cannot encode; for all other text this is uuid5.
    """
    name = "\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return UUID(bytes=sha1(_namespace(kind).bytes + name, usedforsecurity=False).digest()[:16], version=5)
