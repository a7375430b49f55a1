"""What the server is given of the store: questions by people, dead letters, and events read back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TypeVar, get_type_hints
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from kafka import KafkaProducer
from kafka.errors import KafkaError

from compose.settings import Settings
from compose.webhook_maps import connectors_with_maps
from connectors.translation import Context, PayloadError
from dashboards.server import ports
from pipeline.store.async_store import AsyncStore
from pipeline.store.errors import QueryFailedError, QueryRefusedError, StoreUnavailableError
from pipeline.store.parameters import Parameter
from schemas.envelope import Event
from schemas.event_type import EventType
from schemas.events.dead_letter import DEAD_LETTER, DeadLetter
from schemas.events.plate_noise import PLATE_NOISE, PlateNoise
from schemas.wire.connecting import connecting
from schemas.wire.frame import utc_now
from schemas.wire.producer import FrameProducer
from schemas.wire.publisher import BrokerUnavailableError

E = TypeVar("E", bound=Event)

#: Dead letters asked for at a time: one may have 800 KB of base64, and an answer 32 MiB.
PORTION = 30


async def stored_events(
    store: AsyncStore,
    kind: EventType[E],
    source: str,
    rest: str = "",
    params: Mapping[str, Parameter] | None = None,
) -> list[E]:
    """Return events read back from a table or view of ``kind``; ``rest`` is the SQL after FROM.

    Times come back with the store's milliseconds. Raises StoreUnavailableError.
    """
    sql = f"SELECT {', '.join(event_columns(kind.cls))} FROM rtcc.{source} {rest}"  # noqa: S608 - names of our own
    answer = await store.query(sql, params, "JSONEachRow")
    decoder = msgspec.json.Decoder(kind.cls, strict=False)
    return [decoder.decode(line) for line in answer.splitlines() if line.strip()]


def event_columns(cls: type[Event]) -> list[str]:
    """Return the select expressions that give an event's own JSON form."""
    columns = []
    for name, hint in get_type_hints(cls).items():
        # Answers have ISO 8601 times already; bytes need the base64 that our JSON has.
        columns.append(f"base64Encode({name}) AS {name}" if hint is bytes else name)
    return columns


class StoredQuery:
    """Implements ``dashboards.server.ports.Query`` over the store's gate."""

    def __init__(self, store: AsyncStore) -> None:
        self._store = store

    async def foreign(self, sql: str, fmt: str, raw: bool = False) -> bytes:
        """See ``ports.Query.foreign``."""
        try:
            return await self._store.foreign_query(sql, fmt, spreadsheet_safe=not raw)  # type: ignore[arg-type]
        except QueryRefusedError as error:
            raise ports.QueryRefusedError(str(error)) from error
        except QueryFailedError as error:
            raise ports.QueryFailedError(str(error)) from error
        except StoreUnavailableError as error:
            raise ports.StoreUnavailableError(str(error)) from error


class StoredNoise:
    """Implements ``dashboards.server.ports.NoiseTexts``."""

    def __init__(self, store: AsyncStore) -> None:
        self._store = store

    async def list(self) -> Sequence[PlateNoise]:
        """See ``ports.NoiseTexts.list``."""
        try:
            return await stored_events(self._store, PLATE_NOISE, "plate_noise", "ORDER BY changed_at DESC LIMIT 1000")
        except StoreUnavailableError as error:
            raise ports.StoreUnavailableError(str(error)) from error


class StoredDeadLetters:
    """Implements ``dashboards.server.ports.DeadLetters``: read from the store, given back to the log."""

    def __init__(self, store: AsyncStore, settings: Settings, producer: FrameProducer) -> None:
        self._store = store
        self._settings = settings
        self._producer = producer

    async def list(self, limit: int, before: ports.Before | None, reason: str | None) -> Sequence[DeadLetter]:
        """See ``ports.DeadLetters.list``. In portions: an answer of the store is bounded."""
        found: list[DeadLetter] = []
        while len(found) < limit:
            asked = min(PORTION, limit - len(found))
            portion = await self._list(asked, before, reason)
            found += portion
            if len(portion) < asked:
                break
            before = ports.Before(portion[-1].occurred_at, portion[-1].event_id)
        return found

    async def _list(self, limit: int, before: ports.Before | None, reason: str | None) -> Sequence[DeadLetter]:
        where = ["1"]
        params: dict[str, Parameter] = {"limit": limit}
        if before is not None:
            where.append("(occurred_at, event_id) < ({at:DateTime64(3,'UTC')}, {id:UUID})")
            params |= {"at": before.occurred_at, "id": before.event_id}
        if reason:
            where.append("reason = {reason:String}")
            params["reason"] = reason
        rest = f"WHERE {' AND '.join(where)} ORDER BY occurred_at DESC, event_id DESC LIMIT {{limit:UInt32}}"
        return await self._read(rest, params)

    async def get(self, event_id: UUID) -> DeadLetter | None:
        """See ``ports.DeadLetters.get``."""
        found = await self._read("WHERE event_id = {id:UUID} LIMIT 1", {"id": event_id})
        return found[0] if found else None

    async def replay(self, event_id: UUID) -> bool:
        """See ``ports.DeadLetters.replay``. What a connector refused is translated anew; the rest goes to its topic."""
        letter = await self.get(event_id)
        if letter is None:
            return False
        if letter.step == "translate":
            await self._translate_again(letter)
        else:
            await asyncio.to_thread(self._put_back, letter)
        return True

    async def _read(self, rest: str, params: Mapping[str, Parameter]) -> Sequence[DeadLetter]:
        table = DEAD_LETTER.table
        assert table is not None
        try:
            return await stored_events(self._store, DEAD_LETTER, table.name, rest, params)
        except StoreUnavailableError as error:
            raise ports.StoreUnavailableError(str(error)) from error

    async def _translate_again(self, letter: DeadLetter) -> None:
        name, _, instance = letter.source.partition("/")
        context = Context(
            connector=name,
            instance=instance,
            observed_at=utc_now(),
            jurisdiction=letter.jurisdiction,
            zone=ZoneInfo(self._settings.readers_zone),
        )
        webhook = connectors_with_maps(self._settings).get(name)
        translate = webhook.translate if webhook is not None else None
        if translate is None:
            raise ports.ReplayRefusedError(f"{name} reads files: correct the file and load it again")
        content_type = letter.headers.get("content-type", "application/json")
        try:
            done = translate(letter.original, content_type, context)
        except PayloadError as error:
            raise ports.ReplayRefusedError(f"it is still refused: {error.field}: {error.error}") from error
        if done.refused or not done.events:
            why = f"{done.refused[0].field}: {done.refused[0].error}" if done.refused else "it makes no event"
            raise ports.ReplayRefusedError(f"it is still refused: {why}")
        await self._producer.publish(done.events)

    def _put_back(self, letter: DeadLetter) -> None:
        if not letter.original:
            raise ports.ReplayRefusedError(
                f"the original was too large to keep here; it stays in {letter.topic}, "
                f"partition {letter.partition}, offset {letter.offset}"
            )
        try:
            with connecting() as client:
                kafka = KafkaProducer(
                    kafka_client=client,
                    bootstrap_servers=self._settings.bootstrap,
                    acks="all",
                    allow_auto_create_topics=False,
                    **self._settings.kafka_config(),
                )
            try:
                headers = [("replayed_from", str(letter.event_id).encode())]
                # To the partition it came from, so that it stands after what followed it for the same key.
                kafka.send(
                    letter.topic,
                    value=letter.original,
                    key=letter.key or None,
                    partition=letter.partition if letter.partition >= 0 else None,
                    headers=headers,
                ).get(timeout=10)
            finally:
                kafka.close()
        except KafkaError as error:
            raise BrokerUnavailableError(f"the broker did not confirm: {error}") from error
