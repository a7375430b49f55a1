"""Follows which pictures are wanted, fetches them before they expire, and says what became of each."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from msgspec.structs import replace

from compose.pictures.allowed import NotAllowedError
from compose.pictures.fetching import Fetcher, NoPictureError, Picture
from compose.pictures.folder import ImageFolder
from pipeline.state.recent import Recent
from schemas.events.image import EXPIRED, FAILED, FETCHED, REFUSED, WANTED, Image, settled_id
from schemas.metrics import watch_queue
from schemas.wire.frame import utc_now
from schemas.wire.publisher import BrokerUnavailableError, Publisher

log = structlog.get_logger(__name__)

#: Pictures that may wait; whoever reads the log waits for room.
MAX_WAITING = 500
#: So many are fetched at a time.
AT_ONCE = 8
#: A source that does not answer is asked so often, each wait four times the one before; then it is over.
TRIES = 3
FIRST_WAIT_S = 2.0
#: Of so many reads it is known what became of their picture.
REMEMBERED = 20_000
PUBLISH_AGAIN_S = 1.0
CLEAN_EVERY_S = 3_600.0
#: Wanted longer ago than this, it is not fetched any more: the server was away for too long.
STILL_WANTED = timedelta(days=2)

_Turn = tuple[float, int, Image]


class ImageKeeper:
    """Fetches what is wanted, the first to expire first. All on one event loop.

    Settled is what the log says is settled: after a crash what was not is fetched again, and makes the same event.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        folder: ImageFolder,
        publisher: Publisher,
        *,
        clock: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], object] = asyncio.sleep,
    ) -> None:
        self._fetcher = fetcher
        self._folder = folder
        self._publisher = publisher
        self._clock = clock
        self._sleep = sleep
        self._waiting: asyncio.PriorityQueue[_Turn] = asyncio.PriorityQueue(MAX_WAITING)
        self._in_line: set[UUID] = set()
        self._number = itertools.count()
        self._known: Recent[UUID, Image] = Recent(REMEMBERED)
        watch_queue("images_waiting", self._waiting.qsize, MAX_WAITING)

    def get(self, read_id: UUID) -> Image | None:
        """Return what is known of a read's picture."""
        return self._known.get(read_id)

    async def picture(self, image: Image) -> bytes | None:
        """Return a picture that was fetched; None when it is no longer kept."""
        return await asyncio.to_thread(self._folder.read, image.sha256)

    def note(self, images: Sequence[Image]) -> None:
        """Take note of states, in the order of the log."""
        for image in images:
            known = self._known.get(image.read_id)
            if known is None or known.rev < image.rev:
                self._known.keep(image.read_id, image)

    async def want(self, images: Sequence[Image]) -> None:
        """Put those that are still wanted in line; waits for room. What is settled, or stands in line, is left out."""
        for image in images:
            if image.state == WANTED and image.read_id not in self._in_line and self._is_wanted(image):
                self._in_line.add(image.read_id)
                await self._waiting.put(self._turn(image))

    async def run(self) -> None:
        """Fetch until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._clean())
            for _ in range(AT_ONCE):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            _, _, image = await self._waiting.get()
            if self._is_wanted(image):
                await self._publish(await self._settled(image))
            self._in_line.discard(image.read_id)

    async def _settled(self, image: Image) -> Image:
        try:
            picture = await self._fetch(image)
            sha256 = await asyncio.to_thread(self._folder.keep, picture.content)
        except NotAllowedError as error:
            return self._ended(image, REFUSED, error.reason)
        except NoPictureError as error:
            return self._ended(image, EXPIRED if error.reason == "image_expired" else FAILED, error.reason)
        except Exception as error:
            # One picture must not end the fetching of all others; its text might hold a signed address.
            log.error("a picture could not be kept", kind=type(error).__name__)
            return self._ended(image, FAILED, "fault_here")
        return replace(
            self._ended(image, FETCHED, ""),
            sha256=sha256,
            byte_count=len(picture.content),
            media_type=picture.media_type,
        )

    async def _fetch(self, image: Image) -> Picture:
        for number in range(TRIES):
            if image.expires_at is not None and image.expires_at <= self._clock():
                raise NoPictureError("image_expired")
            if self._clock() - image.observed_at > STILL_WANTED:
                raise NoPictureError("wanted_too_long_ago")
            try:
                return await self._fetcher.fetch(image.image_ref)
            except NoPictureError as error:
                if error.is_final or number == TRIES - 1:
                    raise
            waited = self._sleep(FIRST_WAIT_S * 4**number)
            if asyncio.iscoroutine(waited):
                await waited
        raise AssertionError("the last try returns or raises")

    async def _publish(self, image: Image) -> None:
        while True:
            try:
                await self._publisher.publish([image])
            except BrokerUnavailableError:
                await asyncio.sleep(PUBLISH_AGAIN_S)
            else:
                self.note([image])
                return

    async def _clean(self) -> None:
        while True:
            removed = await asyncio.to_thread(self._folder.remove_old)
            if removed:
                log.info("pictures removed after their time", count=removed)
            await asyncio.sleep(CLEAN_EVERY_S)

    def _ended(self, image: Image, state: str, reason: str) -> Image:
        return replace(
            image,
            event_id=settled_id(image.read_id),
            rev=2,
            observed_at=self._clock(),
            source="server/images",
            state=state,
            reason=reason,
        )

    def _is_wanted(self, image: Image) -> bool:
        known = self._known.get(image.read_id)
        return known is None or known.state == WANTED

    def _turn(self, image: Image) -> _Turn:
        due = float("inf") if image.expires_at is None else image.expires_at.timestamp()
        return due, next(self._number), image
