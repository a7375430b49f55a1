"""The search keys of people in a running server: whether they are of this version, and how they are made again."""

from __future__ import annotations

import asyncio

import msgspec
import structlog

from pipeline.names.key_rebuild import KeyRebuild, KeyState
from pipeline.store.async_store import AsyncStore
from pipeline.store.errors import StoreError

log = structlog.get_logger(__name__)

#: Seconds from the start to the first count, from one to the next, and to another try of one that failed.
FIRST_S, EVERY_S, AGAIN_S = 5.0, 3600.0, 30.0


class NameKeys:
    """Implements ``ports.SearchKeys``: one rebuild at a time, in the background."""

    def __init__(self, store: AsyncStore) -> None:
        self._rebuild = KeyRebuild(store)
        self._running: asyncio.Task[KeyState] | None = None

    def state(self) -> KeyState:
        """See ``ports.SearchKeys.state``. May be asked from any thread."""
        running = self._running is not None and not self._running.done()
        return msgspec.structs.replace(self._rebuild.state, is_running=running)

    def start(self) -> KeyState:
        """See ``ports.SearchKeys.start``."""
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run(), name="name-keys")
        return self.state()

    def told(self) -> str:
        """Return what people should know of the keys; empty: nothing. May be asked from any thread."""
        state = self.state()
        if state.is_running:
            return f"Search keys of people are being made again: {state.done} of {state.todo} records."
        if state.old:
            return (
                f"{state.old} records of people have search keys of an older version and may not be found by name. "
                "Run `watchfloor names rebuild-keys`."
            )
        return ""

    async def watch(self) -> None:
        """Count the older keys now and then, for ever."""
        await asyncio.sleep(FIRST_S)
        while True:
            try:
                if not self.state().is_running:
                    await self._rebuild.look()
                wait = EVERY_S
            except StoreError as error:
                log.info("search keys cannot be counted now", error=type(error).__name__)
                wait = AGAIN_S
            await asyncio.sleep(wait)

    async def stop(self) -> None:
        """End a rebuild that runs; the next one goes on where it was."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def _run(self) -> KeyState:
        state = await self._rebuild.run()
        log.info("search keys were made again", version=state.version, records=state.done, failed=bool(state.fault))
        return state
