"""Whether a file may take the place of the list in force."""

from __future__ import annotations

from connectors.hotlist_csv.loading import HotlistFile
from schemas.events.hotlist import Hotlist

#: A list of so many entries or more does not lose more than half of them from one version to the next. A transfer that
#: broke off between two rows looks just like that, and would quietly end the alerts of all the rest.
SHRINKS_FROM, SHRINKS_TO = 100, 0.5


def why_not(in_force: Hotlist, file: HotlistFile, *, may_shrink: bool) -> str:
    """Return why a file may not follow the version in force, and what to do if it is right; "" if it may."""
    if in_force.version > file.version:
        return (
            f"The list {file.list_id} in force is current as of {in_force.as_of:%Y-%m-%d %H:%M:%S} UTC, newer than "
            f"this file ({file.as_of:%Y-%m-%d %H:%M:%S} UTC). If this file is the newer one, say so with --as-of."
        )
    before, now = in_force.entry_count, file.entry_count
    if not may_shrink and before >= SHRINKS_FROM and now < before * SHRINKS_TO:
        return (
            f"The list {file.list_id} in force has {before} entries and this file has {now}: was it cut off? "
            "Nothing was loaded; the list in force stays as it is. If it is meant, say so with --allow-shrink."
        )
    return ""
