"""Seals deeds minute by minute, in a thread of its own: no search waits for a seal."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import structlog

from compose.roles.broker_settings import log_reader
from compose.seals.chain import MOST, Chain, ChainTakenError, folder_in, seals_in
from compose.settings import Settings
from compose.stored import stored_events
from pipeline.store.async_store import AsyncStore
from pipeline.store.errors import StoreError
from schemas.events.action import ACTION, Action
from schemas.events.seal import LOG, STORE
from schemas.wire.frame import FrameDecoder
from schemas.wire.producer import FrameProducer
from schemas.wire.publisher import BrokerUnavailableError
from schemas.wire.reader import LogReader, Record

log = structlog.get_logger(__name__)

#: A period is closed so often when something was done in it, and so often when nothing was, seconds.
EVERY_S, QUIET_S = 60.0, 3600.0
#: What the log took so long before the last seal is read again after a start; deeds that are sealed are known.
AGAIN = timedelta(days=1)
PAGE = 4_000


class Sealing:
    """Which deeds wait for a seal, and when they get it. ``waiting``: each once, in the order of the log."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.waiting: dict[str, Action] = {}
        self._began: datetime | None = None
        self._decoder: FrameDecoder[Action] = FrameDecoder(ACTION)

    def take(self, records: Iterable[Record]) -> None:
        """Take what the log has; a deed that is sealed already, or comes again, is not taken twice."""
        for record in records:
            self.add(self._decoder.decode(record.value).events)

    def add(self, deeds: Iterable[Action]) -> None:
        """Take deeds."""
        for deed in deeds:
            if deed.event_id not in self.chain.number_of:
                self.waiting.setdefault(str(deed.event_id), deed)

    def close(self, now: datetime) -> None:
        """Seal what waits, if it is time; what is read later comes into the next seal."""
        self._began = self._began or now
        last = self.chain.last
        # Without a seal there is no period to wait for the end of; that nothing was done is said after an hour of it.
        since, busy_s = (self._began, 0.0) if last is None else (last.occurred_at, EVERY_S)
        if (now - since).total_seconds() >= (busy_s if self.waiting else QUIET_S):
            self.close_now(now)

    def close_now(self, now: datetime, read_from: str = LOG) -> None:
        """Seal what waits, and that nothing does if so."""
        deeds = list(self.waiting.values())
        for start in range(0, max(len(deeds), 1), MOST):
            some = deeds[start : start + MOST]
            self.chain.seal(some, now, read_from)
            for deed in some:
                del self.waiting[str(deed.event_id)]


class Sealer:
    """Follows the log of deeds and seals them; one process at a time does for a data directory."""

    def __init__(self, settings: Settings, store: AsyncStore, producer: FrameProducer) -> None:
        self._settings = settings
        self._store = store
        self._producer = producer
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sealer", daemon=True)
        self.fault = ""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Stop. What waits is in the log, and sealed after the next start."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(10.0)

    def _run(self) -> None:
        while not self._stop.is_set():
            chain: Chain | None = None
            reader: LogReader | None = None
            try:
                chain = Chain(folder_in(self._settings.data_dir))
                last = chain.last
                since = {} if last is None else {ACTION.topic: int((last.occurred_at - AGAIN).timestamp() * 1000)}
                told = asyncio.run(self._stored_up_to())
                reader = log_reader(self._settings, (ACTION,), "watchfloor-sealer", since_ms=since)
                self._follow(Sealing(chain), reader, told)
            except (BrokerUnavailableError, StoreError, ChainTakenError, OSError, ValueError) as error:
                self.fault = f"Deeds are not being sealed: {error}"
                log.warning("deeds cannot be sealed, trying again", why=str(error))
                self._stop.wait(10.0)
            finally:
                if reader is not None:
                    reader.close()
                if chain is not None:
                    chain.close()

    def _follow(self, sealing: Sealing, reader: LogReader, told: int) -> None:
        for records in reader.read_to_end():
            sealing.take(records)
        if self._settings.embedded_broker:
            # Its log ends with its process: what was not sealed by then is in the store alone, and the seal says so.
            if sealing.waiting:
                sealing.close_now(datetime.now(UTC))
            asyncio.run(self._adopt(sealing))
            if sealing.waiting:
                sealing.close_now(datetime.now(UTC), STORE)
        while not self._stop.is_set():
            sealing.take(reader.poll(0.5))
            sealing.close(datetime.now(UTC))
            told = self._tell(sealing.chain, told)
            self.fault = ""

    def _tell(self, chain: Chain, told: int) -> int:
        """Publish the seals after number ``told`` and return the last one's."""
        last = chain.last
        if last is None or last.number <= told:
            return told
        fresh = [last] if last.number == told + 1 else [one for one in seals_in(chain.path) if one.number > told]
        self._producer.publish_sync(fresh)
        return last.number

    async def _stored_up_to(self) -> int:
        """Return the number of the last seal before the first that the store has not; -1: it has none."""
        rows = await self._store.rows("SELECT uniqExact(number) AS n, max(number) AS last FROM rtcc.seals")
        count, last = int(rows[0]["n"]), int(rows[0]["last"])
        return last if count == last + 1 else -1

    async def _adopt(self, sealing: Sealing) -> None:
        last = sealing.chain.last
        since = "" if last is None else f"observed_at >= fromUnixTimestamp64Milli({_ms(last.occurred_at - AGAIN)}) AND "
        after = "00000000-0000-0000-0000-000000000000"
        while True:
            rest = f"WHERE {since}event_id > toUUID('{after}') ORDER BY event_id LIMIT {PAGE}"
            deeds = await stored_events(self._store, ACTION, "actions", rest)
            sealing.add(deeds)
            if len(deeds) < PAGE:
                return
            after = str(deeds[-1].event_id)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def behind(settings: Settings, now: float | None = None) -> str:
    """Return since when nothing was sealed when that is too long ago; empty: it is not. Reads the file alone."""
    path = folder_in(settings.data_dir) / "seals.jsonl"
    age = (time.time() if now is None else now) - path.stat().st_mtime if path.exists() else None
    if age is None:
        return "no deed was ever sealed here"
    return f"nothing was sealed for {age / 60:.0f} min" if age > QUIET_S + 5 * EVERY_S else ""
