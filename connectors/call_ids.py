"""Names of calls and people: the copy that they came from and their number there."""

from __future__ import annotations

from hashlib import sha256

from connectors.translation import Context

MAX_ID = 200


def scoped(context: Context, number: str) -> str:
    """Return the id of what a source calls ``number``: copy:number. The copy that has no name goes by its connector.

    A number that is too long is shortened, and told apart by a digest.
    """
    owner = context.connector if context.instance == "default" else context.instance
    whole = f"{owner}:{number}"
    if len(whole) <= MAX_ID:
        return whole
    digest = sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"{whole[: MAX_ID - 33]}~{digest}"


def short(number: str, limit: int = MAX_ID) -> str:
    """Return a number as people quote it, within what an event holds."""
    return number[:limit]
