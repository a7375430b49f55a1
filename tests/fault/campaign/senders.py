"""Sources that misbehave: they send twice, late, far too much, or with a wrong clock."""

from __future__ import annotations

from datetime import timedelta

from tests.fault.campaign.fault import Momentary, Scene


class _Source(Momentary):
    """The sender behaves otherwise for a while."""

    family = "sources"

    def hold_s(self, scene: Scene) -> float:
        """Some seconds."""
        return scene.dice.uniform(4.0, 10.0)


class TwiceAndLate(_Source):
    """A tenth of the requests come twice, a tenth up to two seconds late, behind what was made after them."""

    name = "10 % of requests twice, 10 % out of order"

    async def inject(self, scene: Scene) -> None:
        """Begin."""
        scene.traffic.twice = scene.traffic.late = 0.1

    async def heal(self, scene: Scene) -> None:
        """End."""
        scene.traffic.twice = scene.traffic.late = 0.0


class Burst(_Source):
    """Ten times as many reads."""

    name = "a burst of 10 times the rate"

    async def inject(self, scene: Scene) -> None:
        """Begin."""
        scene.traffic.rate *= 10

    def hold_s(self, scene: Scene) -> float:
        """Ten minutes in the long form."""
        return 600.0 if scene.long else 10.0

    async def heal(self, scene: Scene) -> None:
        """End."""
        scene.traffic.rate /= 10


class HourAhead(_Source):
    """The source's clock is an hour ahead of ours."""

    name = "a source's clock an hour ahead"
    skew = timedelta(hours=1)

    async def inject(self, scene: Scene) -> None:
        """Jump."""
        scene.traffic.skew = self.skew

    async def heal(self, scene: Scene) -> None:
        """Jump back."""
        scene.traffic.skew = timedelta(0)


class HourBehind(HourAhead):
    """The source's clock is an hour behind ours."""

    name = "a source's clock an hour behind"
    skew = timedelta(hours=-1)


FAULTS = (TwiceAndLate, Burst, HourAhead, HourBehind)
