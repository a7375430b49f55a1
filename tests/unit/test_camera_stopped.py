"""Cameras that stop raise one alert, and end it when they are back."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from pipeline.outcome import Drop, Emit
from pipeline.processors.cameras import Cameras
from schemas.events.action import Action
from schemas.events.alert import Alert
from schemas.events.camera_health import CAMERA_HEALTH, CameraHealth
from schemas.identity import identity
from tests.unit.facts import NOW, camera, reference


def report(seconds: int, status: str, since: int = 0, **changes: object) -> CameraHealth:
    at = NOW + timedelta(seconds=seconds)
    made = CameraHealth(
        event_id=identity("camera_health", "C1", seconds),
        occurred_at=at,
        observed_at=at,
        source="test/health",
        camera_id="C1",
        status=status,
        since=NOW + timedelta(seconds=since),
        next_report_s=10.0,
    )
    return replace(made, **changes)


def test_a_stop_raises_one_alert_however_often_it_is_reported() -> None:
    cameras = Cameras(reference(camera("C1", 29.95, -90.07)))
    first, second = cameras.process(CAMERA_HEALTH, [report(10, "frozen", 5), report(20, "frozen", 5)], 0)
    assert isinstance(first, Emit)
    (alert,) = first.events
    assert isinstance(alert, Alert)
    assert (alert.title, alert.severity, alert.lat) == ("Camera C1 is frozen", "P3", 29.95)
    assert second == Drop("already_alerted")


def test_another_stop_later_is_another_alert() -> None:
    cameras = Cameras(reference())
    outcomes = cameras.process(
        CAMERA_HEALTH, [report(10, "frozen", 5), report(20, "ok", 15), report(30, "black", 25)], 0
    )
    alerts = [event for one in outcomes if isinstance(one, Emit) for event in one.events if isinstance(event, Alert)]
    assert len({alert.alert_id for alert in alerts}) == 2


def test_a_camera_that_is_back_closes_its_alert() -> None:
    cameras = Cameras(reference())
    stopped, back, still = cameras.process(
        CAMERA_HEALTH, [report(10, "no_signal", 5), report(20, "ok", 15), report(30, "ok", 15)], 0
    )
    assert isinstance(stopped, Emit)
    assert isinstance(back, Emit)
    (alert,), (action,) = stopped.events, back.events
    assert isinstance(alert, Alert)
    assert isinstance(action, Action)
    assert (action.name, action.subject_id) == ("alert.close", str(alert.alert_id))
    assert still == Drop("nothing_to_say")


def test_a_camera_that_is_back_closes_an_alert_raised_before_this_worker_began() -> None:
    facts = reference()
    (outcome,) = Cameras(facts).process(CAMERA_HEALTH, [report(10, "frozen", 5)], 0)
    assert isinstance(outcome, Emit)
    (alert,) = outcome.events
    assert isinstance(alert, Alert)
    facts.apply_alert(alert)
    (back,) = Cameras(facts).process(CAMERA_HEALTH, [report(20, "ok", 15)], 0)
    assert isinstance(back, Emit)
    assert [event.subject_id for event in back.events if isinstance(event, Action)] == [str(alert.alert_id)]


def test_a_camera_that_falls_silent_is_said_once_after_three_promised_intervals() -> None:
    facts = reference()
    cameras = Cameras(facts)
    facts.apply(CAMERA_HEALTH, [report(0, "ok")])
    assert cameras.tick(NOW + timedelta(seconds=30)) == []
    (alert,) = cameras.tick(NOW + timedelta(seconds=31))
    assert isinstance(alert, Alert)
    assert "fallen silent" in alert.title
    assert "promised every 10 s" in alert.why[0].text
    assert cameras.tick(NOW + timedelta(seconds=99)) == []


def test_a_source_that_promises_nothing_is_never_silent() -> None:
    facts = reference()
    facts.apply(CAMERA_HEALTH, [report(0, "ok", next_report_s=None)])
    assert Cameras(facts).tick(NOW + timedelta(days=1)) == []


def test_reports_that_wait_in_a_log_that_cannot_be_read_are_no_silence() -> None:
    facts = reference()
    facts.apply(CAMERA_HEALTH, [report(0, "ok")])
    heard = None
    cameras = Cameras(facts, lambda: heard)
    late = NOW + timedelta(seconds=60)
    assert cameras.tick(late) == []
    heard = NOW + timedelta(seconds=20)
    assert cameras.tick(late) == []
    facts.apply(CAMERA_HEALTH, [report(25, "ok")])  # it had waited in the log
    heard = NOW + timedelta(seconds=54)
    assert cameras.tick(late) == []
    heard = NOW + timedelta(seconds=56)
    (alert,) = cameras.tick(late)
    assert isinstance(alert, Alert)
    assert alert.raised_at == late
    assert "No report for 31 s" in alert.why[0].text
