"""The past as the store gives it: the state at a moment is the fold of all that was known until then."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from compose.stored_recording import StoredRecording
from dashboards.server.channel import BY_KIND
from dashboards.server.fold import Fold
from dashboards.server.replay.playing import REPLAYED
from dashboards.server.replay_ports import Portion, Recorded
from pipeline.store.async_store import AsyncStore
from pipeline.store.chdb_store import ChdbStore
from pipeline.store.store import Placed
from schemas.envelope import Event
from schemas.event_type import EventType
from schemas.events.alert import ALERT, Alert
from schemas.events.camera import CAMERA
from schemas.events.camera_health import CAMERA_HEALTH
from schemas.events.emergency_call import EMERGENCY_CALL
from schemas.events.incident import INCIDENT
from schemas.events.sighting import SIGHTING
from schemas.events.unit_position import UNIT_POSITION
from schemas.events.zone import ZONE
from schemas.identity import identity

DAY = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
KINDS = (ALERT, INCIDENT, EMERGENCY_CALL, CAMERA, ZONE, CAMERA_HEALTH, UNIT_POSITION)


def at(second: float) -> datetime:
    return DAY + timedelta(seconds=second)


def known(event: Event) -> datetime:
    """When the control room could know of it."""
    return max(event.raised_at, event.changed_at or event.raised_at) if isinstance(event, Alert) else event.observed_at


def alert(day: int, number: int, rev: int, second: float, status: str = "open", **changes: Any) -> Alert:
    alert_id = identity("recording", "alert", day, number)
    raised = at(number) + timedelta(days=day)
    changed = None if rev == 1 else at(second) + timedelta(days=day)
    return replace(
        ALERT.examples[0], alert_id=alert_id, rev=rev, status=status, event_id=identity("state", alert_id, rev),
        occurred_at=raised, observed_at=raised, raised_at=raised, changed_at=changed, **changes,
    )  # fmt: skip


def state_of(kind: EventType[Any], day: int, key: int, version: int, second: float) -> Event:
    """A state of a thing; ``version`` orders the states, ``second`` is when this one became known."""
    example = kind.examples[0]
    moment, seen = at(version) + timedelta(days=day), at(second) + timedelta(days=day)
    changes: dict[str, Any] = {"event_id": identity(kind.name, day, key, version), "observed_at": seen}
    if kind is ALERT:
        return alert(day, key, version + 1, second)
    changes[kind.key] = identity("incident", day, key) if kind is INCIDENT else f"{kind.name}-{day}-{key}"
    match kind.version_field:
        case "rev":
            changes |= {"rev": version + 1, "opened_at": at(0) + timedelta(days=day)}
        case "updated_at":
            changes |= {"updated_at": moment, "received_at": at(0) + timedelta(days=day)}
        case "occurred_at":
            changes["occurred_at"] = moment
    made: Event = replace(example, **changes)
    return made


def sighting(number: int, second: float, *, hit: bool = False) -> Event:
    example = SIGHTING.examples[0]
    return replace(
        example, event_id=identity("recorded", number), occurred_at=at(second), observed_at=at(second),
        hits=example.hits if hit else (),
    )  # fmt: skip


class Past:
    """A store with what was put into it, and the recording over it."""

    def __init__(self, store: ChdbStore) -> None:
        self._store = store
        self._async = AsyncStore(store)
        self.days = 0
        self._offset = 0

    def put(self, kind: EventType[Any], events: Sequence[Event]) -> None:
        self._offset += 1
        self._store.insert(kind, [Placed(event, kind.topic, 0, self._offset) for event in events])

    def state(self, kind: EventType[Any], moment: datetime) -> Sequence[Recorded]:
        return asyncio.run(StoredRecording(self._async).state(kind, moment))

    def stretch(
        self, kind: EventType[Any], begin: datetime, end: datetime, apart_s: float = 0.5, most: int = 5_000
    ) -> Portion:
        return asyncio.run(StoredRecording(self._async).stretch(kind, begin, end, apart_s, most))


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    store = ChdbStore(tmp_path_factory.mktemp("store"), readers=1)
    store.migrate()
    yield Past(store)
    store.close()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(KINDS),
    states=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6), st.integers(0, 600)), min_size=1, max_size=25),
    second=st.integers(0, 600),
)
def test_the_state_at_a_moment_is_the_fold_of_everything_known_until_then(
    past: Past, kind: EventType[Any], states: list[tuple[int, int, int]], second: int
) -> None:
    past.days += 20  # a day of its own, out of reach of the examples before
    by_id = {event.event_id: event for event in (state_of(kind, past.days, *one) for one in states)}
    events = list(by_id.values())
    past.put(kind, events)
    moment = at(second) + timedelta(days=past.days)
    fold = Fold(BY_KIND[kind.name])
    for event in sorted(events, key=lambda one: (known(one), one.event_id.bytes)):
        if known(event) <= moment:
            fold.offer(event, moment.timestamp())
    own = {kind.key_of(event) for event in events}
    found = {kind.key_of(row.event): row for row in past.state(kind, moment) if kind.key_of(row.event) in own}
    assert found.keys() == {key for key in own if fold.row(key) is not None}
    version = kind.version_field or ""
    for key, row in found.items():
        folded = fold.row(key)
        assert folded is not None
        assert getattr(row.event, version) == getattr(msgspec.json.decode(folded, type=kind.cls), version)
        assert row.at == known(row.event).timestamp()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    states=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(1, 100)), min_size=1, max_size=20),
    cut=st.integers(0, 100),
)
def test_a_state_with_the_stretch_after_it_is_the_later_state(
    past: Past, states: list[tuple[int, int, int]], cut: int
) -> None:
    past.days += 20
    day = timedelta(days=past.days)
    by_id = {event.event_id: event for event in (state_of(EMERGENCY_CALL, past.days, *one) for one in states)}
    past.put(EMERGENCY_CALL, list(by_id.values()))
    fold, later = Fold(BY_KIND["emergency_call"]), Fold(BY_KIND["emergency_call"])
    rows = [
        *past.state(EMERGENCY_CALL, at(cut) + day),
        *past.stretch(EMERGENCY_CALL, at(cut) + day, at(200) + day).rows,
    ]
    assert [row.at for row in rows[-1:]] <= [(at(200) + day).timestamp()]
    for row in rows:
        fold.offer(row.event, row.at)
    for row in past.state(EMERGENCY_CALL, at(200) + day):
        later.offer(row.event, row.at)
    keys = {event.call_id for event in by_id.values()}  # type: ignore[attr-defined]
    assert {key: fold.row(key) for key in keys} == {key: later.row(key) for key in keys}


def test_what_was_done_to_an_alert_is_known_when_it_was_done_and_not_when_it_was_raised(past: Past) -> None:
    past.put(ALERT, [alert(0, 1, 1, 0), alert(0, 1, 2, 300, "acknowledged", changed_by="r.diaz")])
    assert [row.event.status for row in past.state(ALERT, at(200))] == ["open"]  # type: ignore[attr-defined]
    assert [row.event.status for row in past.state(ALERT, at(300))] == ["acknowledged"]  # type: ignore[attr-defined]
    (news,) = past.stretch(ALERT, at(100), at(400)).rows
    assert news.at == at(300).timestamp()


def test_an_alert_that_was_over_for_a_day_is_not_in_the_state_and_an_open_one_always_is(past: Past) -> None:
    past.put(ALERT, [alert(1000, 1, 1, 0), alert(1000, 2, 2, 60, "closed"), alert(1000, 3, 2, 60, "open")])
    later = at(0) + timedelta(days=1000, hours=23)
    own = {alert(1000, number, 1, 0).alert_id: number for number in (1, 2, 3)}

    def there(moment: datetime) -> set[int]:
        return {own[row.event.alert_id] for row in past.state(ALERT, moment) if row.event.alert_id in own}  # type: ignore[attr-defined]

    assert there(later) == {1, 2, 3}
    assert there(later + timedelta(hours=2)) == {1, 3}


def test_a_camera_that_was_removed_later_is_there_and_one_that_was_added_later_is_not(past: Past) -> None:
    first = replace(CAMERA.examples[0], camera_id="was", event_id=identity("c", 1), observed_at=at(0))
    gone = replace(first, event_id=identity("c", 2), observed_at=at(100), removed=True)
    new = replace(first, camera_id="new", event_id=identity("c", 3), observed_at=at(100))
    past.put(CAMERA, [first, gone, new])
    found = {row.event.camera_id: row.event.removed for row in past.state(CAMERA, at(50))}  # type: ignore[attr-defined]
    assert found["was"] is False
    assert "new" not in found
    found = {row.event.camera_id: row.event.removed for row in past.state(CAMERA, at(150))}  # type: ignore[attr-defined]
    assert found["was"] is True


def test_of_a_busy_flow_every_hit_comes_and_of_the_rest_a_counted_sample_the_same_each_time(past: Past) -> None:
    past.put(SIGHTING, [sighting(number, 2_000 + number / 100, hit=number % 100 == 0) for number in range(1_000)])
    portion = past.stretch(SIGHTING, at(1_999), at(2_100), most=100)
    assert sum(bool(row.event.hits) for row in portion.rows) == 10  # type: ignore[attr-defined]
    assert len(portion.rows) == 100
    assert portion.left_out == 900
    assert [row.at for row in portion.rows] == sorted(row.at for row in portion.rows)
    again = past.stretch(SIGHTING, at(1_999), at(2_100), most=100)
    assert [row.event.event_id for row in again.rows] == [row.event.event_id for row in portion.rows]


def test_positions_of_a_unit_are_told_once_in_each_interval_and_the_newest_of_it(past: Past) -> None:
    rows = [state_of(UNIT_POSITION, 3, 1, second, second) for second in range(60)]
    past.put(UNIT_POSITION, rows)
    day = timedelta(days=3)
    told = past.stretch(UNIT_POSITION, at(-1) + day, at(59) + day, apart_s=30)
    assert [row.event.occurred_at for row in told.rows] == [at(29) + day, at(59) + day]


def test_more_rows_than_asked_for_are_said_and_the_newest_are_given(past: Past) -> None:
    past.put(EMERGENCY_CALL, [state_of(EMERGENCY_CALL, 5, number, 0, number) for number in range(20)])
    day = timedelta(days=5)
    portion = past.stretch(EMERGENCY_CALL, at(-1) + day, at(30) + day, most=8)
    assert portion.left_out
    assert [row.at for row in portion.rows] == [(at(number) + day).timestamp() for number in range(12, 20)]


def test_the_time_line_has_the_grave_alerts_of_the_period_and_says_where_the_past_begins(past: Past) -> None:
    p1 = alert(900, 1, 1, 0, severity="P1", title="Shots", audience="restricted")
    p2 = alert(900, 500, 1, 0, severity="P2")
    past.put(ALERT, [p1, p2, alert(900, 2, 1, 0, severity="P3"), alert(901, 1, 1, 0, severity="P1")])
    day = timedelta(days=900)

    async def ask(most: int) -> Any:
        return await StoredRecording(past._async).marks(at(0) + day, at(3600) + day, most)

    marks = asyncio.run(ask(10))
    assert [(mark.severity, mark.audience) for mark in marks.rows] == [("P1", "restricted"), ("P2", "")]
    assert {mark.jurisdiction for mark in marks.rows} == {ALERT.examples[0].jurisdiction}
    assert marks.oldest is not None
    assert marks.oldest <= at(1)
    assert not marks.is_cut
    cut = asyncio.run(ask(1))
    assert [mark.severity for mark in cut.rows] == ["P1"]
    assert cut.is_cut


def test_every_channel_that_is_replayed_has_a_table(past: Past) -> None:
    for kind in (BY_KIND[name] for name in BY_KIND if BY_KIND[name].name in REPLAYED):
        past.state(kind.kind, at(0))
        past.stretch(kind.kind, at(0), at(1))
