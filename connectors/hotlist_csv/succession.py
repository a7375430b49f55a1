"""Whether a file may take the place of the list in force, or change it."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.hotlist_csv.loading import HotlistFile
from schemas.events.hotlist import Hotlist
from schemas.wire.frame import MAX_BYTES, encode_event

#: A list of so many entries or more does not lose more than half of them from one version to the next. A transfer that
#: broke off between two rows looks just like that, and would quietly end the alerts of all the rest.
SHRINKS_FROM, SHRINKS_TO = 100, 0.5
#: So many deltas may follow one another, at most: their manifests are kept together, in one message of the log, in
#: which there must be room for one more.
MAX_DELTAS, ROOM_BYTES = 100, 8 * 1024


def why_not(chain: list[Hotlist], file: HotlistFile, *, may_shrink: bool) -> str:
    """Return why a file may not follow the version in force, and what to do if it is right; "" if it may.

    ``chain``: the last whole list and the deltas that followed it, as ``chain_of`` returns them; empty: there is none.
    """
    if not chain:
        return ""
    in_force, before = chain[-1], chain[0].entry_count
    if in_force.version > file.version:
        return (
            f"The list {file.list_id} in force is current as of {in_force.as_of:%Y-%m-%d %H:%M:%S} UTC, newer than "
            f"this file ({file.as_of:%Y-%m-%d %H:%M:%S} UTC). If this file is the newer one, say so with --as-of."
        )
    if file.base is not None:
        if len(chain) > MAX_DELTAS or sum(len(encode_event(one)) + 1 for one in chain) > MAX_BYTES - ROOM_BYTES:
            return f"{len(chain) - 1} deltas have followed the last whole list {file.list_id}. Load it whole once."
        now = before - file.removed
        if not may_shrink and before >= SHRINKS_FROM and now < before * SHRINKS_TO:
            return (
                f"The file removes {file.removed} of the {before} entries that the list {file.list_id} had. Nothing "
                "was loaded; the list in force stays as it is. If it is meant, say so with --allow-shrink."
            )
        return ""
    if in_force.audience and not file.says_audience:
        return (
            f"The list {file.list_id} in force is for {in_force.audience} only, and this file does not say for whom it "
            f"is: loading it would tell everybody. Say it with --audience: {in_force.audience}, or all."
        )
    if not may_shrink and before >= SHRINKS_FROM and file.entry_count < before * SHRINKS_TO:
        return (
            f"The list {file.list_id} in force has {before} entries and this file has {file.entry_count}: was it cut "
            "off? Nothing was loaded; the list in force stays as it is. If it is meant, say so with --allow-shrink."
        )
    return ""


def chain_of(manifests: Iterable[Hotlist]) -> list[Hotlist]:
    """Return the newest version of a list, after the versions that it changes, the oldest (a whole list) first.

    Empty when there is none. A chain that does not reach back to a whole list begins with a delta.
    """
    by_version = {manifest.version: manifest for manifest in manifests}
    if not by_version:
        return []
    chain = [by_version[max(by_version)]]
    while (base := by_version.get(chain[0].base_version)) is not None and base.version < chain[0].version:
        chain.insert(0, base)
    return chain
