"""Seals over deeds: a Merkle tree of each minute's deeds, chained and signed (docs/adr/0020)."""
