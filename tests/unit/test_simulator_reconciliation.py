"""Comparing what had to arise with what arrived."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from connectors.simulator.ground_truth import ExpectedAlert, silent, stopped
from connectors.simulator.reconciliation import matches, reconcile
from schemas.events.alert import Alert, Evidence
from schemas.events.camera_health import EXAMPLE as HEALTH
from schemas.identity import identity

AT = datetime(2026, 5, 1, 18, tzinfo=UTC)
READ = identity("plate_read", "one")


def alert(rule: str, name: str, *, severity: str = "P2", rev: int = 1, **facts: str) -> Alert:
    return Alert(
        event_id=identity("alert_state", rule, name, rev),
        occurred_at=AT,
        observed_at=AT,
        source=f"rule/{rule}",
        alert_id=identity("alert", rule, name),
        rev=rev,
        rule=rule,
        severity=severity,
        title="x",
        subject_kind="x",
        subject=name,
        camera_id=HEALTH.camera_id,
        raised_at=AT,
        why=(Evidence(kind="match", text="x", facts=facts),),
        triggers=(READ,),
    )


HIT = ExpectedAlert("hotlist_hit", {"read_id": str(READ), "entry_id": "SIM-1"}, 3.0, 8.0, True, "P2")
CALL = ExpectedAlert("grave_call_near_zone", {"call_id": "sim:1"}, 6.0, 11.0, True, "P1")
HIT_ALERT = alert("hotlist_hit", "ABC123", entry_id="SIM-1")
CALL_ALERT = alert("grave_call_near_zone", "sim:1", severity="P1")


def test_what_was_planned_and_arrived_is_well() -> None:
    done = reconcile([HIT, CALL], [CALL_ALERT, HIT_ALERT])
    assert done.ok
    assert (done.expected, done.received, done.pending, done.tolerated) == (2, 2, 0, 0)


def test_a_required_alert_that_never_came_is_missing() -> None:
    done = reconcile([HIT, CALL], [HIT_ALERT])
    assert done.missing == (CALL,)
    assert not done.ok


def test_an_alert_still_in_time_is_pending_not_missing() -> None:
    done = reconcile([HIT, CALL], [HIT_ALERT], until_s=10.0)
    assert done.ok
    assert (done.expected, done.pending) == (1, 1)


def test_an_alert_that_may_arise_is_never_missing_and_never_unexpected() -> None:
    perhaps = replace(CALL, required=False)
    assert reconcile([perhaps], []).ok
    done = reconcile([perhaps], [CALL_ALERT])
    assert done.ok
    assert (done.expected, done.received, done.tolerated) == (0, 1, 1)


def test_the_same_event_twice_is_a_duplicate_and_a_later_revision_is_not() -> None:
    acknowledged = alert("hotlist_hit", "ABC123", rev=2, entry_id="SIM-1")
    assert reconcile([HIT], [HIT_ALERT, acknowledged]).ok
    assert reconcile([HIT], [acknowledged]).ok
    done = reconcile([HIT], [HIT_ALERT, HIT_ALERT])
    assert done.duplicated == (str(HIT_ALERT.alert_id),)
    assert done.received == 1
    assert not done.ok


def test_a_second_alert_for_the_same_cause_is_a_duplicate() -> None:
    again = replace(HIT_ALERT, alert_id=identity("alert", "again"), event_id=identity("alert_state", "again"))
    done = reconcile([HIT], [HIT_ALERT, again])
    assert done.duplicated == (str(again.alert_id),)
    assert not done.ok


def test_an_alert_nobody_planned_is_unexpected() -> None:
    for other in (alert("hotlist_hit", "XYZ987", entry_id="SIM-2"), alert("some_new_rule", "x")):
        done = reconcile([HIT], [HIT_ALERT, other])
        assert done.unexpected == (str(other.alert_id),)
        assert not done.ok


def test_another_severity_than_planned_is_told_apart_from_a_missing_alert() -> None:
    done = reconcile([CALL], [alert("grave_call_near_zone", "sim:1", severity="P2")])
    assert done.missing == ()
    assert done.wrong_severity == (str(CALL_ALERT.alert_id),)
    assert not done.ok


def test_a_hit_matches_by_read_and_entry() -> None:
    assert matches(HIT, HIT_ALERT)
    assert not matches(HIT, alert("wanted_near_incident", "ABC123", entry_id="SIM-1"))
    assert not matches(HIT, alert("hotlist_hit", "ABC123", entry_id="SIM-2"))
    assert not matches(HIT, replace(HIT_ALERT, triggers=(identity("plate_read", "other"),)))


def test_a_stop_and_a_silence_of_one_camera_are_two_things() -> None:
    stop, silence = stopped(1.0, HEALTH), silent(1.0, HEALTH)
    stop_alert = alert("camera_stopped", "cam", since=HEALTH.since.isoformat())
    silence_alert = alert("camera_stopped", "cam", last_report=HEALTH.occurred_at.isoformat().replace("+00:00", "Z"))
    assert (matches(stop, stop_alert), matches(stop, silence_alert)) == (True, False)
    assert (matches(silence, stop_alert), matches(silence, silence_alert)) == (False, True)
    assert not matches(stop, replace(stop_alert, camera_id="another"))
    assert silence.due_s == 1.0 + 3 * 10.0
