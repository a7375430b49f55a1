"""Everything that happens in the demo city, in order of time, and the alerts it must raise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from connectors.simulator.agenda import Agenda, Step
from connectors.simulator.calls import Calls
from connectors.simulator.camera_reports import CameraReports
from connectors.simulator.city import city
from connectors.simulator.config import SimulatorConfig
from connectors.simulator.ground_truth import GroundTruth
from connectors.simulator.hotlist import wanted
from connectors.simulator.opening import open_with
from connectors.simulator.traffic import Traffic
from connectors.simulator.wanted_traffic import WantedTraffic

#: After the opening, things happen at random from then on.
_OPENING_S = 75.0


def timeline(config: SimulatorConfig, start: datetime) -> Iterator[Step]:
    """Yield what happens from ``start`` (aware) on, for ever or for ``duration_s``, ordered by time.

    Pure: the same configuration and start give the same steps. Events are stamped as if they reached us the moment
    they happened; who publishes them sets ``observed_at``. Memory is bounded by what is under way at one time.
    Raises ValueError for a start without time zone.
    """
    if start.tzinfo is None:
        raise ValueError("start needs a time zone")
    return _steps(config, start.astimezone(UTC))


def _steps(config: SimulatorConfig, start: datetime) -> Iterator[Step]:
    made, agenda, listed = city(), Agenda(), wanted(config.seed)
    truth = GroundTruth(made.areas)
    calls = Calls(config, start, made, truth, agenda)
    reports = CameraReports(config, start, made, agenda)
    hunted = WantedTraffic(config, start, made, listed, truth, agenda)
    Traffic(config, start, made, frozenset(one.vehicle.plate for one in listed), agenda)
    calls.begin()
    later_s = 0.0
    if config.opening:
        open_with(made, calls, reports, hunted)
        later_s = _OPENING_S
    calls.threaten(later_s)
    reports.fail(later_s)
    hunted.roam(later_s)
    for step in agenda.run():
        if config.duration_s is not None and step.offset_s > config.duration_s:
            return
        yield step
