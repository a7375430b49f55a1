"""The embedded log does not outlive a restart, the embedded store does: what must live on is put back from it.

Reference facts (cameras, zones, map layers, hotlists in force, withdrawals, noise), open alerts and open incidents are
published again into an empty log, with the ids they had, so that every reader knows them for what they are and the
store takes no second copy.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import structlog
from msgspec import Struct
from msgspec.structs import replace

from compose.roles.broker_settings import log_reader
from compose.settings import Settings
from compose.stored import E, stored_events
from pipeline.store.async_store import AsyncStore
from pipeline.store.parameters import Parameter
from schemas.event_type import EventType
from schemas.events.alert import ALERT
from schemas.events.attachment import ATTACHMENT
from schemas.events.camera import CAMERA
from schemas.events.drawing import DRAWING
from schemas.events.hotlist import HOTLIST, Hotlist
from schemas.events.hotlist_entry import HOTLIST_ENTRY
from schemas.events.hotlist_withdrawal import HOTLIST_WITHDRAWAL
from schemas.events.incident import INCIDENT
from schemas.events.map_layer import MAP_LAYER
from schemas.events.plate_noise import PLATE_NOISE
from schemas.events.zone import ZONE
from schemas.hotlist_checksum import RunningChecksum
from schemas.wire.publisher import Publisher

log = structlog.get_logger(__name__)

#: Events asked for at a time: an answer may have 32 MiB, a zone nearly 1 MB, and any other of these some kilobytes.
PAGE = 4_000
ZONES_PAGE = 30
#: There while a restore is under way: one that was broken off leaves a log that is not empty and must be done again.
UNFINISHED = "restore.unfinished"


class Restored(Struct, frozen=True):
    """What is put back of one event type: the view it is read from, and which of its rows."""

    kind: EventType[Any]
    view: str
    where: str = "1"
    page: int = PAGE


RESTORED = (
    Restored(CAMERA, "cameras"),
    Restored(ZONE, "zones", page=ZONES_PAGE),
    Restored(MAP_LAYER, "map_layers"),
    # Before the lists: a withdrawn entry must not be in force for a moment.
    Restored(HOTLIST_WITHDRAWAL, "hotlist_withdrawals"),
    Restored(PLATE_NOISE, "plate_noise"),
    Restored(INCIDENT, "incidents", "(status = 'open' OR stage = 'merged') AND opened_at > now() - INTERVAL 2 DAY"),
    Restored(
        DRAWING,
        "drawings",
        "incident_id IN (SELECT incident_id FROM rtcc.incidents"
        " WHERE (status = 'open' OR stage = 'merged') AND opened_at > now() - INTERVAL 2 DAY)",
    ),
    # A file is given out only while the server knows of it, so those of recent weeks go on, as Kafka would keep them.
    Restored(ATTACHMENT, "attachments", "added_at > now() - INTERVAL 30 DAY"),
    Restored(
        ALERT,
        "alerts",
        "event_id IN (SELECT event_id FROM rtcc.alerts WHERE status IN ('open', 'acknowledged', 'dispatched') "
        "ORDER BY raised_at DESC LIMIT 5000)",
    ),
)


async def restore_log(settings: Settings, store: AsyncStore, publisher: Publisher) -> dict[str, int]:
    """Publish what must live on, unless the log already holds something of it; return how many events by type.

    Done again from the start when it was broken off: whoever has seen an event knows it by its id.
    """
    unfinished = settings.data_dir / UNFINISHED
    if not unfinished.exists() and not await asyncio.to_thread(_is_empty, settings):
        return {}
    unfinished.touch()
    counts: dict[str, int] = {}
    for one in RESTORED:
        counts[one.kind.name] = 0
        async for events in _pages(store, one.kind, one.view, one.where, one.page):
            await publisher.publish(events)
            counts[one.kind.name] += len(events)
    counts[HOTLIST_ENTRY.name] = 0
    async for manifests in _pages(store, HOTLIST, "hotlists", "1", PAGE):
        for manifest in manifests:
            counts[HOTLIST_ENTRY.name] += await _restore_list(store, publisher, manifest)
    unfinished.unlink()
    if any(counts.values()):
        log.info("log restored from the store", **counts)
    return counts


async def _restore_list(store: AsyncStore, publisher: Publisher, manifest: Hotlist) -> int:
    """Publish a list's entries, and those of the versions that it changes; then all their manifests together."""
    manifests: list[Hotlist] = []
    restored = 0
    for one in await _chain(store, manifest):
        found = await _restore_entries(store, publisher, one)
        if found is None:
            return 0
        restored += one.entry_count
        manifests.append(found)
    await publisher.publish(manifests)
    return restored


async def _chain(store: AsyncStore, manifest: Hotlist) -> list[Hotlist]:
    """Return a version after the versions that it changes, the oldest first."""
    chain = [manifest]
    while chain[0].base_version:
        rest = "WHERE list_id = {list:String} AND version = {version:String} LIMIT 1"
        params: dict[str, Parameter] = {"list": manifest.list_id, "version": chain[0].base_version}
        found = await stored_events(store, HOTLIST, "hotlist_versions", rest, params)
        if not found or found[0].version >= chain[0].version:
            break  # the rest stays waiting for its base, and says so
        chain.insert(0, found[0])
    return chain


async def _restore_entries(store: AsyncStore, publisher: Publisher, manifest: Hotlist) -> Hotlist | None:
    """Publish a version's entries page by page, so that a million need no more memory than a few.

    Returns the manifest that they have now; None when some are missing.
    """
    running = RunningChecksum()
    count = 0
    where = "list_id = {list:String} AND list_version = {version:String}"
    params: dict[str, Parameter] = {"list": manifest.list_id, "version": manifest.version}
    async for entries in _pages(store, HOTLIST_ENTRY, "hotlist_entries", where, PAGE, params, "entry_id", "String"):
        for entry in entries:
            running.add(entry)
        count += len(entries)
        await publisher.publish(entries)
    if count != manifest.entry_count:
        log.error("hotlist not restored: entries are missing; load it again", list_id=manifest.list_id,
                  stored=count, wanted=manifest.entry_count)  # fmt: skip
        return None
    # The store keeps milliseconds, so the entries' text may differ from what was summed when the list was loaded.
    return replace(manifest, checksum=running.hexdigest())


async def _pages(
    store: AsyncStore,
    kind: EventType[E],
    source: str,
    where: str,
    page: int,
    params: Mapping[str, Parameter] | None = None,
    key: str = "event_id",
    key_type: str = "UUID",
) -> AsyncIterator[list[E]]:
    """Yield the events of a table or view in order of ``key``, at most ``page`` at a time."""
    after = ""
    asked = dict(params or {})
    while True:
        rest = f"WHERE ({where}){after} ORDER BY {key} LIMIT {page}"
        events = await stored_events(store, kind, source, rest, asked)
        if events:
            yield events
        if len(events) < page:
            return
        after = f" AND {key} > {{after:{key_type}}}"
        asked["after"] = getattr(events[-1], key)


def _is_empty(settings: Settings) -> bool:
    kinds = [*(one.kind for one in RESTORED), HOTLIST]
    reader = log_reader(settings, kinds, "watchfloor-restore")
    try:
        return reader.caught_up
    finally:
        reader.close()
