"""The Merkle tree hash of RFC 6962 §2.1."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the tree's hash. Leaves and nodes are hashed apart (0x00, 0x01), so that none passes for the other."""
    if not leaves:
        return sha256(b"").digest()
    level = [sha256(b"\x00" + leaf).digest() for leaf in leaves]
    # Pairs from the left, an odd one going up as it is: the same tree as §2.1's split at the largest power of two.
    while len(level) > 1:
        paired = [sha256(b"\x01" + level[at] + level[at + 1]).digest() for at in range(0, len(level) - 1, 2)]
        level = paired + level[len(level) // 2 * 2 :]
    return level[0]
