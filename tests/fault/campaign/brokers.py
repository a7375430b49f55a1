"""Kafka's nodes killed, paused, all gone. What is killed is started again, as its own supervisor would."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

from kafka.admin import KafkaAdminClient

from schemas.events.plate_read import PLATE_READ
from tests.fault.campaign.fault import Scene

NODES = (1, 2, 3)


def leader(scene: Scene, topic: str, partition: int) -> int:
    """Return the node that leads a partition now."""
    admin = KafkaAdminClient(bootstrap_servers=scene.local.settings.bootstrap, **scene.local.settings.kafka_config())
    try:
        about: Any = admin.describe_topics([topic])
        places = about[0]["partitions"]
        return next(int(place["leader_id"]) for place in places if int(place["partition_index"]) == partition)
    finally:
        admin.close()


class _Nodes:
    """Some nodes are harmed together."""

    family = "broker"

    def __init__(self) -> None:
        self.harmed: list[int] = []

    @classmethod
    def possible(cls, scene: Scene) -> str:
        """It needs Apache Kafka."""
        return "" if scene.brokers else "needs Apache Kafka"

    async def choose(self, scene: Scene) -> list[int]:
        """Return the nodes to harm."""
        return [scene.dice.choice(NODES[: scene.brokers])]

    async def inject(self, scene: Scene) -> None:
        """Harm them."""
        self.harmed = await self.choose(scene)
        for number in self.harmed:
            self.harm(scene, number)
        scene.notes.append(f"{type(self).__name__} {self.harmed}")

    def harm(self, scene: Scene, number: int) -> None:
        """Kill it."""
        scene.cluster.kill(number)

    def hold_s(self, scene: Scene) -> float:
        """Some seconds."""
        return scene.dice.uniform(2.0, 10.0)

    async def heal(self, scene: Scene) -> None:
        """Start what does not run."""
        await asyncio.to_thread(scene.cluster.up)


class KillBroker(_Nodes):
    """Any node; with one node there is no broker until it is back."""

    name = "kill -9 of a broker"


class KillLeader(_Nodes):
    """The node that leads a partition of the plate reads."""

    name = "kill -9 of the leader of a partition"

    @classmethod
    def possible(cls, scene: Scene) -> str:
        """With one node it would be the same as a broker killed."""
        return "" if scene.brokers > 1 else "needs three brokers"

    async def choose(self, scene: Scene) -> list[int]:
        """Ask Kafka who leads."""
        return [await asyncio.to_thread(leader, scene, PLATE_READ.topic, scene.dice.randrange(4))]


class KillAllBrokers(_Nodes):
    """Nobody answers: edges spool."""

    name = "all brokers gone"

    async def choose(self, scene: Scene) -> list[int]:
        """All."""
        return list(NODES[: scene.brokers])


class PauseBroker(_Nodes):
    """A node hangs: connections stay, answers do not come."""

    name = "a broker paused (SIGSTOP)"

    def harm(self, scene: Scene, number: int) -> None:
        """Stop its process."""
        pid = scene.cluster.pid(number)
        assert pid is not None, f"node {number} does not run"
        os.kill(pid, signal.SIGSTOP)

    def hold_s(self, scene: Scene) -> float:
        """Up to half a minute, up to a whole one in the long form."""
        return scene.dice.uniform(3.0, 60.0 if scene.long else 30.0)

    async def heal(self, scene: Scene) -> None:
        """Let it go on."""
        for number in self.harmed:
            pid = scene.cluster.pid(number)
            if pid is not None:
                os.kill(pid, signal.SIGCONT)


class PauseLeader(PauseBroker):
    """The leader of a partition of the plate reads hangs."""

    name = "the leader of a partition paused (SIGSTOP)"

    @classmethod
    def possible(cls, scene: Scene) -> str:
        """With one node it would be the same as a broker paused."""
        return "" if scene.brokers > 1 else "needs three brokers"

    async def choose(self, scene: Scene) -> list[int]:
        """Ask Kafka who leads."""
        return [await asyncio.to_thread(leader, scene, PLATE_READ.topic, scene.dice.randrange(4))]


FAULTS = (KillBroker, KillLeader, KillAllBrokers, PauseBroker, PauseLeader)
