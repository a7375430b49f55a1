"""Processors and rules fed with the made-up city, judged by its ground truth. No broker: events go by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import takewhile

import pytest

from connectors.simulator.config import SimulatorConfig
from connectors.simulator.ground_truth import ExpectedAlert
from connectors.simulator.reconciliation import reconcile
from connectors.simulator.reference import reference_events
from connectors.simulator.timeline import timeline
from pipeline.outcome import Emit, Outcome
from pipeline.processors.calls import Calls
from pipeline.processors.cameras import Cameras
from pipeline.processors.incidents import Incidents
from pipeline.processors.sightings import Sightings
from pipeline.state.reference import Reference
from schemas.envelope import Event
from schemas.events.alert import Alert
from schemas.events.camera_health import CAMERA_HEALTH
from schemas.events.incident import INCIDENT, Incident
from schemas.events.incident_input import INCIDENT_INPUT, IncidentInput
from schemas.registry import BY_CLASS

START = datetime(2026, 5, 1, 18, tzinfo=UTC)


def live(config: SimulatorConfig, seconds: float) -> tuple[list[ExpectedAlert], list[Alert]]:
    """Let the city live for so long, event by event; return what was expected and what was raised."""
    reference = Reference()
    for event in reference_events(config, START):
        reference.apply(BY_CLASS[type(event)], [event])
    reference.rebuild()
    assert reference.hotlists.index.size == 200
    incidents = Incidents(reference)
    processors = (Sightings(reference), Calls(reference), Cameras(reference))
    owner = {kind.cls: processor for processor in processors for kind in processor.consumes}
    cameras = processors[2]
    expected: list[ExpectedAlert] = []
    raised: list[Alert] = []
    ticked = 0
    for step in takewhile(lambda step: step.offset_s < seconds, timeline(config, START)):
        while ticked < step.offset_s:
            ticked += 1
            raised += _alerts(cameras.tick(START + timedelta(seconds=ticked)), reference)
        expected += step.expected
        for event in step.events:
            kind = BY_CLASS[type(event)]
            if kind is CAMERA_HEALTH:
                reference.apply(kind, [event])
            made = _emitted(owner[type(event)].process(kind, [event], 0))  # type: ignore[list-item]
            inputs = [one for one in made if isinstance(one, IncidentInput)]
            raised += _alerts(made + _emitted(incidents.process(INCIDENT_INPUT, inputs, 0)), reference)
    return expected, raised


def _emitted(outcomes: Iterable[Outcome]) -> list[Event]:
    return [event for outcome in outcomes if isinstance(outcome, Emit) for event in outcome.events]


def _alerts(events: Iterable[Event], reference: Reference) -> list[Alert]:
    events = list(events)
    reference.apply(INCIDENT, [event for event in events if isinstance(event, Incident)])
    return [event for event in events if isinstance(event, Alert)]


@pytest.mark.parametrize(("seed", "seconds"), [(1, 900.0), (2, 400.0), (3, 300.0)])
def test_the_rules_raise_exactly_the_alerts_that_must_arise(seed: int, seconds: float) -> None:
    expected, raised = live(SimulatorConfig(seed=seed, intensity=3.0), seconds)
    # A silence planned near the end falls due after it.
    done = reconcile(expected, raised, until_s=seconds - 1)
    assert done.missing == ()
    assert [alert.title for alert in raised if str(alert.alert_id) in done.unexpected] == []
    assert done.duplicated == ()
    assert done.wrong_severity == ()
    assert done.ok
    rules = Counter(alert.rule for alert in raised)
    assert set(rules) == {"hotlist_hit", "wanted_near_incident", "grave_call_near_zone", "camera_stopped"}
    assert done.received >= 25
