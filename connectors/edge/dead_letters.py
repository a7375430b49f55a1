"""Parts refused at the edge, kept as dead letters."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version

from connectors.translation import Context, Refused
from schemas.events.dead_letter import DeadLetter
from schemas.identity import identity
from schemas.registry import BY_NAME

#: A larger part is cut to this (base64 makes it a third larger, and an event may have 900,000 bytes); its headers
#: then say how long it was.
MAX_ORIGINAL_BYTES = 512 * 1024


def dead_letter(refused: Refused, content_type: str, context: Context) -> DeadLetter:
    """Return the dead letter of a refused part: the same part gives the same id, so a resend adds nothing."""
    headers = {"content-type": content_type[:200], "field": refused.field[:200]}
    original = refused.original
    if len(original) > MAX_ORIGINAL_BYTES:
        headers["cut-from-bytes"] = str(len(original))
        original = original[:MAX_ORIGINAL_BYTES]
    return DeadLetter(
        event_id=identity("dead_letter", context.source, refused.field, sha256(refused.original).hexdigest()),
        occurred_at=context.observed_at,
        observed_at=context.observed_at,
        source=context.source,
        jurisdiction=context.jurisdiction,
        reason="invalid_field",
        step="translate",
        error=f"{refused.field}: {refused.error}"[:2000],
        topic=BY_NAME[refused.event_type].topic,
        index=refused.index,
        original=original,
        headers=headers,
        code_version=code_version(),
    )


@cache
def code_version() -> str:
    """Return the version of Watchfloor that is installed, or ""."""
    try:
        return version("watchfloor")
    except PackageNotFoundError:
        return ""
