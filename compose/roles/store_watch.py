"""Whether the store can be trusted, in words: asked for every few seconds, so that asking us costs nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from pipeline.store.store import StoreHealth

ASK_EVERY_S = 5.0
#: A store that takes longer than this to say how it is is slow enough to be said so.
PATIENCE_S = 5.0
#: Less room than a full batch of rows may need: from here on inserts fail.
LEAST_ROOM_BYTES = 16 * 2**20
#: Rows wait for a moment at every hiccup; after this long a person wants to know.
WAITING_S = 3.0


class Asked(Protocol):
    """The part of AsyncStore that is used here."""

    async def health(self) -> StoreHealth:
        """See Store.health."""
        ...


class StoreWatch:
    """``fault`` says what is wrong with the store, and is empty while nothing is."""

    def __init__(
        self,
        store: Asked,
        *,
        waiting: Callable[[], tuple[float, str] | None] = lambda: None,
        every_s: float = ASK_EVERY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``waiting``: for how many seconds rows have waited to be stored, and why; None while none does."""
        self._store = store
        self._waiting = waiting
        self._every_s = every_s
        self._clock = clock
        self._asked_at: float | None = None
        self._told = "The store has not been asked yet."

    @property
    def fault(self) -> str:
        """What is wrong, in plain words. Of several things the one that tells most."""
        waiting = self._waiting()
        if waiting is not None and waiting[0] > WAITING_S:
            return f"Rows have waited for {waiting[0]:.0f} s to be stored: {waiting[1]}"
        asking_s = 0.0 if self._asked_at is None else self._clock() - self._asked_at
        if asking_s > PATIENCE_S:
            return f"The store has not answered for {asking_s:.0f} s."
        return self._told

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            self._asked_at = self._clock()
            self._told = _words(await self._store.health())
            self._asked_at = None
            await asyncio.sleep(self._every_s)


def _words(health: StoreHealth) -> str:
    if not health.reachable:
        return f"The store cannot be reached: {health.detail}"
    if health.detached_parts:
        return f"The store has set aside {health.detached_parts} damaged parts: rows are missing."
    if health.disk_total and health.disk_free < LEAST_ROOM_BYTES:
        return f"The store's disk is full: {health.disk_free / 2**20:.0f} MiB of space are left."
    return ""
