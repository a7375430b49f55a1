"""How much of a city to make up."""

from __future__ import annotations

from msgspec import Struct


class SimulatorConfig(Struct, frozen=True, kw_only=True):
    """The simulator's configuration. The same configuration and start give the same events.

    ``seed``: which traffic and calls; the streets, cameras and zones are always the same.
    ``reads_per_s``: plate reads a second, on average. ``calls_per_min``: calls a minute, averaged over a day.
    ``intensity``: how often something happens that raises an alert, after the opening; 1 is one alert in 20 to 30 s.
    ``opening``: whether the first minute shows every rule once or more, so that a short check sees them all.
    ``misread_rate``: share of reads with one or two characters taken for look-alikes.
    ``preview_rate``: share of wanted vehicles' reads that come with a preview, which must raise nothing.
    ``report_every_s``: how often a camera reports its health; ``report_promise_s``: what it promises.
    ``duration_s``: after so many seconds no more is made up; never if None.
    Raises ValueError, naming the field, for values outside the bounds.
    """

    seed: int = 1
    instance: str = "demo"
    jurisdiction: str = "demo"
    reads_per_s: float = 20.0
    calls_per_min: float = 6.0
    intensity: float = 1.0
    opening: bool = True
    misread_rate: float = 0.08
    preview_rate: float = 0.15
    report_every_s: float = 10.0
    report_promise_s: float = 15.0
    duration_s: float | None = None

    def __post_init__(self) -> None:
        _within("reads_per_s", self.reads_per_s, 0.1, 5000)
        _within("calls_per_min", self.calls_per_min, 0, 600)
        _within("intensity", self.intensity, 0, 20)
        _within("misread_rate", self.misread_rate, 0, 1)
        _within("preview_rate", self.preview_rate, 0, 1)
        _within("report_every_s", self.report_every_s, 1, 600)
        _within("report_promise_s", self.report_promise_s, self.report_every_s, 3600)
        if self.duration_s is not None:
            _within("duration_s", self.duration_s, 0, 10 * 365 * 86400)

    @property
    def source(self) -> str:
        """The ``source`` of the events: connector/instance."""
        return f"simulator/{self.instance}"


def _within(field: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise ValueError(f"{field} must lie between {least:g} and {most:g}, not {value:g}")
