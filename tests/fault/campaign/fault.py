"""What a fault is, and the scene it plays in."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from compose.kafka.cluster import Cluster
from compose.local import Local
from tests.fault.campaign.traffic import Traffic


@dataclass
class Scene:
    """A running system with its traffic. ``brokers``: nodes of its Apache Kafka. ``notes``: what happened, for people.

    ``ask``: puts SQL to the store and returns the rows. ``promises``: further things that must be true before the
    system counts as recovered; each returns what is wrong, or "".
    """

    local: Local
    cluster: Cluster
    brokers: int
    traffic: Traffic
    dice: random.Random
    folder: Path
    ask: Callable[[str], Awaitable[list[list[Any]]]]
    long: bool = False
    notes: list[str] = field(default_factory=list)
    promises: list[Callable[[], Awaitable[str]]] = field(default_factory=list)


class Fault(Protocol):
    """One way to harm the system. An object is made for each time; it may keep what ``heal`` needs.

    ``family`` groups them in the table; two of one family are never injected at once.
    """

    name: str
    family: str

    @classmethod
    def possible(cls, scene: Scene) -> str:
        """Return why it cannot be done here, or ""."""
        ...

    async def inject(self, scene: Scene) -> None:
        """Do the harm."""
        ...

    def hold_s(self, scene: Scene) -> float:
        """Return how long the harm lasts, seconds; drawn from the scene's dice."""
        ...

    async def heal(self, scene: Scene) -> None:
        """Lift the harm. Nothing else is done for the system."""
        ...


class Momentary:
    """A fault that is over when it is done: nothing is lifted."""

    @classmethod
    def possible(cls, scene: Scene) -> str:
        """It always is."""
        return ""

    def hold_s(self, scene: Scene) -> float:
        """No time at all."""
        return 0.0

    async def heal(self, scene: Scene) -> None:
        """Nothing is to be lifted."""
