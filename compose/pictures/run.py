"""Pictures of reads, fetched by the server while it runs: put together from the settings."""

from __future__ import annotations

import asyncio
import contextlib

from compose.pictures.allowed import AllowedAddresses
from compose.pictures.fetching import Fetcher
from compose.pictures.folder import ImageFolder
from compose.pictures.following import Following
from compose.pictures.keeper import ImageKeeper
from compose.settings import Settings
from schemas.wire.publisher import Publisher


class Images:
    """Fetches what is wanted from ``start`` to ``stop``; both on the event loop."""

    def __init__(self, settings: Settings, publisher: Publisher) -> None:
        self._settings = settings
        self._fetcher = Fetcher(AllowedAddresses(settings.image_hosts, settings.image_networks))
        folder = ImageFolder(settings.data_dir / "images", settings.image_keep_days)
        self.keeper = ImageKeeper(self._fetcher, folder, publisher)
        self._running: asyncio.Task[None] | None = None
        self._following: Following | None = None

    def start(self) -> None:
        """Begin to fetch."""
        self._running = asyncio.create_task(self.keeper.run(), name="images")
        self._following = Following(self._settings, self.keeper, asyncio.get_running_loop())

    async def stop(self) -> None:
        """Stop; what was not settled is fetched after the next start."""
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running
        if self._following is not None:
            await asyncio.to_thread(self._following.stop)
        await self._fetcher.close()
