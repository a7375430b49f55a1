"""A digest of a set of events: the sum modulo 2^64 of the low halves of their ids.

A sum does not depend on order, and digests of parts add up to the digest of the whole. Unlike an exclusive or it shows
an event that came twice. The low half of a UUIDv5 is 62 bits of SHA-1, so two different sets of one size have the same
digest by chance about once in 2^62.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

MASK = 2**64 - 1


def id_digest(event_ids: Iterable[UUID]) -> int:
    """Return the digest of these ids, 0 .. 2^64 - 1; 0 for none."""
    return sum(one.int & MASK for one in event_ids) & MASK


def digest_text(digest: int) -> str:
    """Return a digest as 16 hexadecimal digits: JSON's numbers do not hold 64 bits everywhere."""
    return f"{digest & MASK:016x}"
