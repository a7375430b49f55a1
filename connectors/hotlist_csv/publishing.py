"""Puts a checked hotlist into the log: all chunks confirmed first, then the manifest that makes them take effect."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from connectors.hotlist_csv.loading import HotlistFile
from schemas.events.hotlist import Hotlist
from schemas.wire.publisher import Publisher

#: Chunks that wait for the broker at once: about 2 MiB.
CHUNKS_IN_FLIGHT = 8


async def publish_hotlist(
    hotlist: HotlistFile,
    publisher: Publisher,
    *,
    before: Sequence[Hotlist] = (),
    progress: Callable[[int], None] | None = None,
) -> Hotlist:
    """Publish a hotlist and return its manifest. ``progress`` is called with the number of entries confirmed.

    ``before``: of a delta, the manifests from the last whole list on. They go into one message with its own: the topic
    is compacted, and keeps one message a list.

    Readers swap the list in when they have the manifest and every entry it counts, so a load that fails half-way
    changes nothing. Raises ValueError when the list has errors, and what the publisher raises.
    """
    waiting: list[tuple[asyncio.Task[None], int]] = []
    confirmed = 0

    async def first_of_waiting() -> None:
        nonlocal confirmed
        task, count = waiting.pop(0)
        await task
        confirmed += count
        if progress is not None:
            progress(confirmed)

    try:
        for chunk in hotlist.chunks():
            waiting.append((asyncio.ensure_future(publisher.publish(chunk)), len(chunk)))
            await asyncio.sleep(0)
            if len(waiting) >= CHUNKS_IN_FLIGHT:
                await first_of_waiting()
        while waiting:
            await first_of_waiting()
    finally:
        for task, _ in waiting:
            task.cancel()
        await asyncio.gather(*(task for task, _ in waiting), return_exceptions=True)
    manifest = hotlist.manifest()
    await publisher.publish([*before, manifest] if manifest.base_version else [manifest])
    return manifest
