"""The canary: a made-up plate read that goes the whole way through a connector's door, and is in no statistic.

It is told by three marks together, so that nothing real can be taken for one and be lost: it came in by the instance
``canary`` of its connector, its plate is of a form that no jurisdiction issues (16 characters), and the edge marked it
synthetic, which it does with these reads only.
"""

from __future__ import annotations

from typing import Any

#: The instance of a connector that canaries are posted to: ``/ingest/<connector>/canary``.
INSTANCE = "canary"
#: What a canary's plate begins with; eight hexadecimal digits follow.
PREFIX = "WFCANARY"
LENGTH = 16


def plate_of(number: int) -> str:
    """Return a canary's plate."""
    return f"{PREFIX}{number % 16**8:08X}"


def has_form(source: str, plate: str) -> bool:
    """Return whether a read of this plate by this source has a canary's form."""
    return plate.startswith(PREFIX) and len(plate) == LENGTH and source.endswith(f"/{INSTANCE}")


def is_canary(event: Any) -> bool:
    """Return whether a plate read is a canary."""
    return bool(event.synthetic) and has_form(event.source, event.plate)
