"""The embedded log does not outlive a restart, the embedded store does: what must live on is put back from it.

Reference facts (cameras, zones, hotlists in force), open alerts and open incidents are published again into an empty
log, with the ids they had, so that every reader knows them for what they are and the store takes no second copy.
"""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from msgspec.structs import replace

from compose.roles.broker_settings import log_reader
from compose.settings import Settings
from compose.stored import stored_events
from pipeline.store.async_store import AsyncStore
from schemas.event_type import EventType
from schemas.events.alert import ALERT
from schemas.events.camera import CAMERA
from schemas.events.hotlist import HOTLIST, Hotlist
from schemas.events.hotlist_entry import HOTLIST_ENTRY
from schemas.events.incident import INCIDENT
from schemas.events.zone import ZONE
from schemas.hotlist_checksum import checksum
from schemas.wire.publisher import Publisher

log = structlog.get_logger(__name__)

RESTORED: tuple[tuple[EventType[Any], str, str], ...] = (
    (CAMERA, "cameras", ""),
    (ZONE, "zones", ""),
    (INCIDENT, "incidents", "WHERE status = 'open' AND opened_at > now() - INTERVAL 2 DAY"),
    (ALERT, "alerts", "WHERE status IN ('open', 'acknowledged') ORDER BY raised_at DESC LIMIT 5000"),
)


async def restore_log(settings: Settings, store: AsyncStore, publisher: Publisher) -> dict[str, int]:
    """Publish what must live on, unless the log already holds something of it; return how many events by type."""
    if not await asyncio.to_thread(_is_empty, settings):
        return {}
    counts: dict[str, int] = {}
    for kind, view, rest in RESTORED:
        events = await stored_events(store, kind, view, rest)
        await _publish(publisher, events)
        counts[kind.name] = len(events)
    for manifest in await stored_events(store, HOTLIST, "hotlists"):
        counts["hotlist_entry"] = counts.get("hotlist_entry", 0) + await _restore_list(store, publisher, manifest)
    if any(counts.values()):
        log.info("log restored from the store", **counts)
    return counts


async def _restore_list(store: AsyncStore, publisher: Publisher, manifest: Hotlist) -> int:
    entries = await stored_events(
        store,
        HOTLIST_ENTRY,
        "hotlist_entries",
        "WHERE list_id = {list:String} AND list_version = {version:String} ORDER BY chunk, entry_id",
        {"list": manifest.list_id, "version": manifest.version},
    )
    if len(entries) != manifest.entry_count:
        log.error("hotlist not restored: entries are missing; load it again", list_id=manifest.list_id,
                  stored=len(entries), wanted=manifest.entry_count)  # fmt: skip
        return 0
    await _publish(publisher, entries)
    # The store keeps milliseconds, so the entries' text may differ from what was summed when the list was loaded.
    await _publish(publisher, [replace(manifest, checksum=checksum(entries))])
    return len(entries)


async def _publish(publisher: Publisher, events: list[Any]) -> None:
    for start in range(0, len(events), 5_000):
        await publisher.publish(events[start : start + 5_000])


def _is_empty(settings: Settings) -> bool:
    kinds = [kind for kind, _, _ in RESTORED] + [HOTLIST]
    reader = log_reader(settings, kinds, "watchfloor-restore")
    try:
        return reader.caught_up
    finally:
        reader.close()
