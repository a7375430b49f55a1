"""The hub's folds: newest state of each key, each event told once, bounds kept."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec

from dashboards.server.channel import CHANNELS, Channel
from dashboards.server.fold import Fold
from schemas.wire.frame import encode_event
from tests.unit.hub_fixtures import ALERT_1, alert, call, camera, health

NOW = ALERT_1.raised_at.timestamp()


def _channel(name: str, **bounds: float | None) -> Channel:
    return msgspec.structs.replace(CHANNELS[name], **bounds)


def test_a_newer_revision_is_news_and_replaces_the_row() -> None:
    fold = Fold(CHANNELS["alerts"])
    assert fold.offer(alert(1), NOW) == (str(alert(1).alert_id), encode_event(alert(1)))
    acknowledged = alert(1, 2, "acknowledged")
    assert fold.offer(acknowledged, NOW) == (str(acknowledged.alert_id), encode_event(acknowledged))
    assert fold.rows() == [encode_event(acknowledged)]


def test_the_same_version_again_is_a_duplicate_and_an_older_one_is_outdated() -> None:
    fold = Fold(CHANNELS["alerts"])
    fold.offer(alert(1, 2, "acknowledged"), NOW)
    assert fold.offer(alert(1, 2, "acknowledged"), NOW) is None
    assert fold.offer(msgspec.structs.replace(alert(1, 2, "closed"), event_id=UUID(int=1)), NOW) is None
    assert fold.offer(alert(1, 1), NOW) is None
    assert (fold.duplicates, fold.outdated) == (2, 1)
    assert fold.row(str(alert(1).alert_id)) == encode_event(alert(1, 2, "acknowledged"))


def test_versions_are_compared_by_the_event_type_s_own_field() -> None:
    calls = Fold(CHANNELS["calls"])
    calls.offer(call(1, second=5), NOW)
    assert calls.offer(call(1, second=4), NOW) is None
    assert calls.offer(call(1, second=6), NOW) is not None
    cameras = Fold(CHANNELS["health"])
    cameras.offer(health("a", 5), NOW)
    assert cameras.offer(health("a", 4, "frozen"), NOW) is None


def test_open_alerts_are_kept_while_closed_ones_go_first_closed_first() -> None:
    fold = Fold(_channel("alerts", keep_ended=2))
    for number in range(5):
        fold.offer(alert(number), NOW)
    for number in (3, 1, 2):
        closed_at = ALERT_1.raised_at + timedelta(seconds=number)
        fold.offer(alert(number, 2, "closed", changed_at=closed_at), NOW + 10)
    known = {number for number in range(5) if fold.row(str(alert(number).alert_id))}
    assert known == {0, 4, 2, 3}


def test_closed_alerts_are_forgotten_after_a_day() -> None:
    fold = Fold(CHANNELS["alerts"])
    fold.offer(alert(1), NOW)
    fold.offer(alert(2, 1, "recalled"), NOW)
    fold.forget_ended(NOW + 24 * 3600 - 1)
    assert len(fold) == 2
    fold.forget_ended(NOW + 24 * 3600 + 1)
    assert fold.rows() == [encode_event(alert(1))]


def test_a_reopened_alert_is_not_forgotten() -> None:
    fold = Fold(_channel("alerts", keep_ended=1))
    fold.offer(alert(1, 2, "closed"), NOW)
    fold.offer(alert(1, 3, "open"), NOW)
    for number in (2, 3, 4):
        fold.offer(alert(number, 2, "closed"), NOW)
    fold.forget_ended(NOW + 48 * 3600)
    assert fold.rows() == [encode_event(alert(1, 3, "open"))]


def test_an_event_whose_state_was_forgotten_is_still_told_only_once() -> None:
    fold = Fold(_channel("calls", keep_ended=1))
    for number in range(5):
        assert fold.offer(call(number, status="closed"), NOW) is not None
    assert len(fold) == 1
    assert fold.offer(call(0, status="closed"), NOW) is None
    assert fold.duplicates == 1


def test_a_source_that_never_closes_its_calls_cannot_fill_the_memory() -> None:
    fold = Fold(_channel("calls", keep_going=3))
    for number in range(10):
        fold.offer(call(number), NOW)
    assert len(fold) == 3
    assert fold.crowded_out == 7


def test_a_removed_camera_is_news_once_and_then_absent() -> None:
    fold = Fold(CHANNELS["cameras"])
    fold.offer(camera("1"), NOW)
    fold.offer(camera("2"), NOW)
    assert fold.offer(camera("1", 1, removed=True), NOW) is not None
    assert fold.rows() == [encode_event(camera("2"))]
    assert fold.offer(camera("1", 0), NOW) is None
