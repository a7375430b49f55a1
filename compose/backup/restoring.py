"""Putting a backup back into an empty system, and comparing what is there afterwards with what was backed up."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kafka import KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata
from msgspec import Struct

from compose.backup import manifest as manifests
from compose.backup import unfinished
from compose.backup.attachment_files import copy_attachments
from compose.backup.manifest import BackupError, Manifest, PartitionCopy
from compose.backup.spools import restore_spools, waiting_in
from compose.backup.store_copies import opened_store
from compose.backup.taking import Step
from compose.backup.topic_files import lines_of, read_back, unpacked
from compose.restore import restore_log
from compose.roles.broker_settings import log_reader
from compose.settings import Settings
from pipeline.store.async_store import AsyncStore
from pipeline.store.errors import StoreError
from schemas.registry import BY_TOPIC, EVENT_TYPES
from schemas.wire.producer import FrameProducer
from schemas.wire.publisher import BrokerUnavailableError
from schemas.wire.topics import create_topics

#: Messages sent before their confirmations are awaited.
_WINDOW = 500
_CONFIRMED_WITHIN_S = 60.0


class Restored(Struct, frozen=True, kw_only=True):
    """What was put back; every count and digest was compared with the manifest. ``published``: facts put into an empty
    log from the store, because the backup has no topics."""

    version: str
    made_at: str
    tables: int
    rows: int
    topics: int
    messages: int
    events: int
    spooled: int
    published: int
    attachments: int
    files_verified: int


def put_back(settings: Settings, folder: Path, *, say: Callable[[str], None], step: Step) -> Restored:
    """Restore the backup in ``folder`` into the empty system of these settings. Blocking.

    Nothing may run from its data directory. Raises BackupError; until the first part is put back, nothing has changed.
    """
    unfinished.refuse(settings.data_dir)
    manifest = manifests.read(folder)
    say("comparing the files with their digests")
    manifests.verify(folder, manifest, lambda name: step(name, 0, 1))
    _require_fit(settings, manifest)
    try:
        _require_empty(settings, manifest)
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        unfinished.mark(settings.data_dir, folder)
        attachments = copy_attachments(folder, settings.data_dir)
        if attachments != manifest.attachments:
            raise BackupError(f"{attachments} files of incidents are here instead of {manifest.attachments}")
        rows, published = _restore_store(settings, folder, manifest, step)
        _restore_topics(settings, folder, manifest, step)
        _restore_spools(settings, folder, manifest)
    except (BrokerUnavailableError, StoreError, KafkaError) as error:
        raise BackupError(f"{error}. Mend that, then restore again.") from error
    except OSError as error:
        raise BackupError(f"{error.strerror or error}: {error.filename or settings.data_dir}") from error
    unfinished.clear(settings.data_dir)
    return Restored(
        version=manifest.version,
        made_at=manifest.made_at,
        tables=len(manifest.store or ()),
        rows=rows,
        topics=len({copy.topic for copy in manifest.topics}),
        messages=sum(copy.messages for copy in manifest.topics),
        events=sum(copy.events for copy in manifest.topics),
        spooled=sum(copy.events for copy in manifest.spools),
        published=published,
        attachments=attachments,
        files_verified=len(manifest.files),
    )


def _require_fit(settings: Settings, manifest: Manifest) -> None:
    if manifest.topics and settings.embedded_broker:
        raise BackupError(
            "the backup has the topics of an Apache Kafka, and the embedded log would lose them at its next start: run "
            "`watchfloor kafka up` first, or set WATCHFLOOR_KAFKA"
        )
    if manifest.store and not settings.embedded_store:
        raise BackupError("the backup has an embedded store, and here a ClickHouse server is set: unset it")
    if strange := sorted({copy.topic for copy in manifest.topics} - set(BY_TOPIC)):
        raise BackupError(
            f"the backup has the topic {strange[0]}, which this version does not know: it was made by "
            f"Watchfloor {manifest.version}; use that or a newer one"
        )


def _require_empty(settings: Settings, manifest: Manifest) -> None:
    way_out = "A restore overwrites nothing: set WATCHFLOOR_DATA_DIR to a new folder, or move the old one away."
    if waiting_in(settings.data_dir):
        raise BackupError(f"events wait in the spools of {settings.data_dir}. {way_out}")
    if settings.embedded_store and (settings.data_dir / "store").exists():
        with opened_store(settings, migrate=True) as files:
            full = [table for table in files.tables() if files.rows(table)]
        if full:
            raise BackupError(f"the store in {settings.data_dir} is not empty ({', '.join(full[:3])}). {way_out}")
    if settings.embedded_broker:
        return
    partitions = _partitions(manifest)
    create_topics(
        settings.bootstrap,
        partitions=max(partitions.values(), default=settings.kafka_partitions),
        replication=settings.kafka_replication,
        **settings.kafka_config(),
    )
    reader = log_reader(settings, EVENT_TYPES, "watchfloor-restore")
    try:
        if not reader.caught_up:
            raise BackupError(
                "the topics of Apache Kafka are not empty. A restore overwrites nothing: restore into a new cluster "
                "(`watchfloor kafka down --delete` removes the one of this data directory with all that is in it)"
            )
        here: defaultdict[str, int] = defaultdict(int)
        for topic, _ in reader.places:
            here[topic] += 1
    finally:
        reader.close()
    for topic, count in partitions.items():
        if here[topic] != count:
            raise BackupError(
                f"{topic} has {here[topic]} partitions here and {count} in the backup; order per key needs as many: "
                f"make the cluster with WATCHFLOOR_KAFKA_PARTITIONS={count}"
            )


def _partitions(manifest: Manifest) -> dict[str, int]:
    counts: defaultdict[str, int] = defaultdict(int)
    for copy in manifest.topics:
        counts[copy.topic] += 1
    return dict(counts)


def _restore_store(settings: Settings, folder: Path, manifest: Manifest, step: Step) -> tuple[int, int]:
    """Return how many rows were put back, and how many facts of them were published into an empty log."""
    if manifest.store is None:
        return 0, 0
    rows = 0
    with opened_store(settings, migrate=True) as files:
        for number, table in enumerate(manifest.store):
            step(f"store: {table.copy.table}", number, len(manifest.store))
            here = files.load(table.copy, (folder / table.file).resolve())
            if here != table.copy:
                raise BackupError(
                    f"the store's {table.copy.table} is not what was backed up: {here.rows} rows with digest "
                    f"{here.content_digest} instead of {table.copy.rows} with {table.copy.content_digest}"
                )
            rows += here.rows
    published = 0
    if not manifest.topics and not settings.embedded_broker:
        published = asyncio.run(_publish_facts(settings))
    return rows, published


async def _publish_facts(settings: Settings) -> int:
    """Put into an empty Kafka what must live on in it, as `up` does with the embedded log at each start."""
    from pipeline.store.chdb_store import ChdbStore

    producer = await asyncio.to_thread(
        lambda: FrameProducer(settings.bootstrap, client_id="watchfloor-restore", **settings.kafka_config())
    )
    store = AsyncStore(await asyncio.to_thread(ChdbStore, settings.data_dir.resolve() / "store"))
    try:
        return sum((await restore_log(settings, store, producer)).values())
    finally:
        await store.close()
        await asyncio.to_thread(producer.close)


def _restore_topics(settings: Settings, folder: Path, manifest: Manifest, step: Step) -> None:
    by_topic: defaultdict[str, dict[int, PartitionCopy]] = defaultdict(dict)
    for copy in manifest.topics:
        by_topic[copy.topic][copy.partition] = copy
    if not by_topic:
        return
    positions: defaultdict[str, dict[TopicPartition, OffsetAndMetadata]] = defaultdict(dict)
    producer = KafkaProducer(
        bootstrap_servers=settings.bootstrap,
        client_id="watchfloor-restore",
        acks="all",
        enable_idempotence=True,
        linger_ms=5,
        max_request_size=2 * 1024 * 1024,
        allow_auto_create_topics=False,
        **settings.kafka_config(),
    )
    try:
        for number, (topic, copies) in enumerate(by_topic.items()):
            step(topic, number, len(by_topic))
            for copy in copies.values():
                _send(producer, folder, copy)
    finally:
        producer.close()
    for number, (topic, copies) in enumerate(by_topic.items()):
        step(f"comparing {topic}", number, len(by_topic))
        wanted = [one for one in manifest.positions if one.topic == topic]
        here, offsets = read_back(settings, BY_TOPIC[topic], copies, wanted)
        for partition, copy in copies.items():
            if here.get(partition) != copy:
                raise BackupError(
                    f"partition {partition} of {topic} is not what was backed up: {here[partition].messages} messages "
                    f"instead of {copy.messages}. Does something else write to this Kafka?"
                )
        for (group, partition), offset in offsets.items():
            positions[group][TopicPartition(topic, partition)] = OffsetAndMetadata(offset, "", -1)
    _set_positions(settings, positions)


def _send(producer: Any, folder: Path, copy: PartitionCopy) -> None:
    waiting: list[Any] = []
    for line in lines_of(folder, copy):
        waiting.append(
            producer.send(
                copy.topic,
                value=unpacked(line.value),
                key=unpacked(line.key),
                headers=[(name, unpacked(value)) for name, value in line.headers],
                partition=copy.partition,
                timestamp_ms=line.timestamp_ms,
            )
        )
        if len(waiting) >= _WINDOW:
            _confirm(waiting)
    _confirm(waiting)


def _confirm(waiting: list[Any]) -> None:
    for sent in waiting:
        sent.get(timeout=_CONFIRMED_WITHIN_S)
    waiting.clear()


def _set_positions(settings: Settings, positions: dict[str, dict[TopicPartition, OffsetAndMetadata]]) -> None:
    """Put the groups where they were: what they had acknowledged is not processed a second time."""
    admin = KafkaAdminClient(
        bootstrap_servers=settings.bootstrap, client_id="watchfloor-restore", **settings.kafka_config()
    )
    try:
        for group, offsets in positions.items():
            told = admin.alter_group_offsets(group, offsets)
            if wrong := [f"{place.topic}: {error.__name__}" for place, error in told.items() if error.errno]:
                raise BackupError(f"the position of {group} could not be set ({wrong[0]}): is a role still running?")
    finally:
        admin.close()


def _restore_spools(settings: Settings, folder: Path, manifest: Manifest) -> None:
    here = restore_spools(folder, settings.data_dir, manifest.spools)
    for found, copy in zip(here, manifest.spools, strict=True):
        if found != copy:
            raise BackupError(f"{copy.file} is not what was backed up: {found.events} events instead of {copy.events}")
