"""Which partition an event belongs to: murmur2, as Kafka's own default partitioner has it."""

from __future__ import annotations

from functools import lru_cache

from kafka.partitioner.default import murmur2


@lru_cache(maxsize=65536)
def partition_of(key: str, partitions: int) -> int:
    """Return the partition of a key: murmur2 of its UTF-8 bytes, sign bit cleared, modulo the number of partitions."""
    return int((murmur2(key.encode()) & 0x7FFFFFFF) % partitions)
