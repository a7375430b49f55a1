"""What is no frame, put straight into the topics: each piece must become a dead letter and nothing else may suffer."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from kafka import KafkaProducer

from schemas.event_type import EventType
from schemas.events.action import ACTION
from schemas.events.alert import ALERT
from schemas.events.camera import CAMERA
from schemas.events.camera_health import CAMERA_HEALTH
from schemas.events.emergency_call import EMERGENCY_CALL
from schemas.events.hotlist import HOTLIST
from schemas.events.hotlist_entry import HOTLIST_ENTRY
from schemas.events.incident import INCIDENT
from schemas.events.plate_read import PLATE_READ
from schemas.events.sighting import SIGHTING
from schemas.events.zone import ZONE
from tests.fault.campaign.fault import Momentary, Scene

#: Pieces in a round; many of them go where the reads go.
PIECES = 40
#: What Kafka takes at most is a little more, bytes.
HUGE = 900_000
TOPICS: tuple[EventType[Any], ...] = (
    PLATE_READ, PLATE_READ, PLATE_READ, EMERGENCY_CALL, CAMERA_HEALTH, ACTION, SIGHTING, ALERT, INCIDENT,
    CAMERA, ZONE, HOTLIST, HOTLIST_ENTRY,
)  # fmt: skip


def piece(dice: random.Random) -> bytes:
    """Return bytes that are no frame of any type."""
    kind = dice.randrange(7)
    if kind == 0:
        return dice.randbytes(dice.randrange(1, 400))
    if kind == 1:
        return b'[{"event_id":"0b8e1f5a-8a0e-5c1e-9d53-6f2f0f5e8a11","occurred_at":"2026-01-15T1'
    if kind == 2:
        return b'[{"event_id":5,"occurred_at":[],"source":{},"plate":null,"camera_id":7,"lat":"north"}]'
    if kind == 3:
        return dice.choice([b"42", b"true", b'"a frame"', b"{}"])
    if kind == 4:
        return b"[" * 5_000
    if kind == 5:
        return b'[{"plate":"' + b"A" * HUGE + b'"}]'
    return b'[{"event_id":"\xff\xfe","plate":"\xed\xa0\x80"}]'


class Poison(Momentary):
    """Garbage, half frames, wrong types, too deep, too large, no Unicode; in every kind of topic."""

    name = "poison frames in the topics"
    family = "poison"

    async def inject(self, scene: Scene) -> None:
        """Put them into the log."""
        places = await asyncio.to_thread(self._put, scene)
        scene.notes.append(f"{len(places)} pieces")

        async def letters() -> str:
            rows = await scene.ask("SELECT DISTINCT topic, partition, offset FROM dead_letters")
            there = {(str(topic), int(partition), int(offset)) for topic, partition, offset in rows}
            missing = places - there
            return f"{len(missing)} of {len(places)} poison frames have no dead letter: {sorted(missing)[:5]}" * bool(
                missing
            )

        scene.promises.append(letters)

    @staticmethod
    def _put(scene: Scene) -> set[tuple[str, int, int]]:
        settings = scene.local.settings
        producer = KafkaProducer(
            bootstrap_servers=settings.bootstrap, acks="all", max_request_size=1_100_000, **settings.kafka_config()
        )
        try:
            sent = []
            for _ in range(PIECES):
                kind = scene.dice.choice(TOPICS)
                # Kafka itself refuses a message without a key in a compacted topic.
                key = scene.dice.choice([b"W000001", b"\xff\x00", b"k" if kind.compacted else None])
                partition = scene.dice.randrange(settings.kafka_partitions)
                sent.append(producer.send(kind.topic, value=piece(scene.dice), key=key, partition=partition))
            done = [one.get(timeout=30) for one in sent]
            return {(one.topic, one.partition, one.offset) for one in done}
        finally:
            producer.close()


FAULTS = (Poison,)
