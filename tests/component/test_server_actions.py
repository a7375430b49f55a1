"""Actions over HTTP: what people do is in the log before it is answered, and what may not be is refused."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from schemas.events.action import Action
from schemas.events.alert import ALERT
from schemas.identity import identity
from tests.component.server_fixtures import KEY, World, action, alert


@pytest.fixture
def world() -> World:
    world = World()
    world.hub.offer(ALERT, [alert(1, jurisdiction="nola", synthetic=True)], 1.0)
    world.hub.caught_up()
    return world


def test_an_action_is_answered_after_it_is_in_the_log(world: World) -> None:
    answer = world.browser().post("/api/actions", json=action())
    assert answer.status_code == 200
    (event,) = world.log.events
    assert isinstance(event, Action)
    assert answer.json() == {"event_id": str(event.event_id)}
    assert event.event_id == identity("action", UUID(KEY))
    assert (event.name, event.subject_id, event.actor, event.note) == (
        "alert.acknowledge", str(alert(1).alert_id), "r.diaz", "on it"
    )  # fmt: skip
    assert (event.source, event.jurisdiction, event.synthetic) == ("server/web", "nola", True)
    assert event.occurred_at.utcoffset() is not None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "alert.check"}, "check"),
        ({"name": "alert.check", "check": "everything"}, "check"),
        ({"name": "alert.check", "checks": ["plate", "state", "record"]}, "checks"),
        ({"name": "alert.judge"}, "verdict"),
        ({"name": "alert.close", "verdict": "correct"}, "verdict"),
    ],
)
def test_b17_a_check_names_one_thing_and_a_verdict_one_word(world: World, changes: dict[str, str], field: str) -> None:
    answer = world.browser().post("/api/actions", json=action(**changes))
    assert answer.status_code == 422
    assert field in answer.text
    assert world.log.events == []


def test_b17_who_wants_to_dispatch_or_call_correct_what_is_not_checked_hears_at_once(world: World) -> None:
    browser = world.browser()
    dispatch = browser.post("/api/actions", json=action(name="alert.dispatch"))
    judge = browser.post("/api/actions", json=action(key=str(UUID(int=7)), name="alert.judge", verdict="correct"))
    assert (dispatch.status_code, judge.status_code) == (409, 409)
    assert "plate, state and record" in dispatch.text
    assert world.log.events == []


def test_a_misread_is_in_the_log_with_the_plate_that_the_picture_shows(world: World) -> None:
    asked = action(name="alert.judge", verdict="misread", true_plate=" abc-128 ")
    assert world.browser().post("/api/actions", json=asked).status_code == 200
    (event,) = world.log.events
    assert isinstance(event, Action)
    assert (event.verdict, event.true_plate) == ("misread", "ABC128")
    elsewhere = action(key=str(UUID(int=8)), name="alert.judge", verdict="other", true_plate="ABC128")
    assert world.browser().post("/api/actions", json=elsewhere).status_code == 422


def test_b17_a_check_is_in_the_log_with_what_was_looked_at(world: World) -> None:
    assert world.browser().post("/api/actions", json=action(name="alert.check", check="state")).status_code == 200
    (event,) = world.log.events
    assert isinstance(event, Action)
    assert (event.name, event.checks, event.verdict) == ("alert.check", ("state",), "")


def test_a_retry_with_the_same_key_is_the_sameaction(world: World) -> None:
    browser = world.browser()
    first = browser.post("/api/actions", json=action())
    second = browser.post("/api/actions", json=action())
    assert first.json() == second.json()
    assert len(world.log.events) == 1


def test_a_double_click_while_the_broker_is_slow_is_oneaction(world: World) -> None:
    with world.browser() as browser:
        assert browser.portal is not None
        gate: asyncio.Event = browser.portal.call(asyncio.Event)
        world.log.answering = gate
        answers: list[int] = []
        clicks = [
            threading.Thread(target=lambda: answers.append(browser.post("/api/actions", json=action()).status_code))
            for _ in range(2)
        ]
        for click in clicks:
            click.start()
        browser.portal.call(gate.set)
        for click in clicks:
            click.join(timeout=20)
    assert answers == [200, 200]
    assert len(world.log.events) == 1


def test_a_key_used_for_something_else_is_a_conflict(world: World) -> None:
    browser = world.browser()
    browser.post("/api/actions", json=action())
    assert browser.post("/api/actions", json=action(name="alert.close")).status_code == 409
    assert len(world.log.events) == 1


def test_when_the_broker_is_away_the_action_is_refused_and_may_be_tried_again(world: World) -> None:
    world.log.away = True
    browser = world.browser()
    refused = browser.post("/api/actions", json=action())
    assert refused.status_code == 503
    assert "retry-after" in refused.headers
    world.log.away = False
    assert browser.post("/api/actions", json=action()).status_code == 200
    assert len(world.log.events) == 1


def test_an_unknown_alert_is_not_found_once_the_log_has_been_read() -> None:
    world = World()
    browser = world.browser()
    stranger = str(alert(99).alert_id)
    assert browser.post("/api/actions", json=action(subject_id=stranger)).status_code == 200
    world.hub.caught_up()
    other_key = KEY.replace("5", "6")
    assert browser.post("/api/actions", json=action(subject_id=stranger, key=other_key)).status_code == 404
    assert len(world.log.events) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("key", "not-a-uuid"),
        ("key", None),
        ("name", "alert.delete"),
        ("subject_id", "1"),
        ("actor", "  "),
        ("actor", "x" * 201),
        ("note", "x" * 2_001),
        ("note", 5),
        ("extra", "field"),
    ],
)
def test_a_bad_field_is_named_and_its_value_is_not_repeated(world: World, field: str, value: object) -> None:
    answer = world.browser().post("/api/actions", json=action(**{field: value}))
    assert answer.status_code == 422
    assert [problem["field"] for problem in answer.json()["fields"]] == [field]
    assert not (isinstance(value, str) and len(value) > 50 and value in answer.text)
    assert world.log.events == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"\xff"', b"[" * 30_000, b'{"key":1e999}'])
def test_a_body_that_is_not_an_action_is_refused(world: World, body: bytes) -> None:
    answer = world.browser().post("/api/actions", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]
    assert world.log.events == []


def shelve(minutes: float = 30, **changes: Any) -> dict[str, Any]:
    until = datetime.now(UTC) + timedelta(minutes=minutes)
    return action(name="alert.shelve", details={"reason": "a test car", "until": until.isoformat()}, **changes)


def test_shelving_is_in_the_log_with_its_reason_and_its_time(world: World) -> None:
    asked = shelve()
    assert world.browser().post("/api/actions", json=asked).status_code == 200
    (event,) = world.log.events
    assert isinstance(event, Action)
    assert (event.name, event.details) == ("alert.shelve", asked["details"])


@pytest.mark.parametrize(
    ("asked", "status", "text"),
    [
        (action(name="alert.shelve"), 422, "needs reason"),
        (action(name="alert.shelve", details={"reason": "  ", "until": "2126-01-01T00:00:00Z"}), 422, "needs reason"),
        (action(name="alert.shelve", details={"reason": "a test car"}), 422, "needs until"),
        (action(name="alert.close", details={"reason": "a test car"}), 422, "details"),
        (action(name="alert.close", details={"outcome": "splendid"}), 422, "useful, false, duplicate, test"),
        (action(name="alert.acknowledge", details={"outcome": "useful"}), 422, "details"),
        (action(name="alert.shelve", details={"reason": "a test car", "until": "soon"}), 409, "until when"),
        (shelve(minutes=-1), 409, "until when"),
        (shelve(minutes=780), 409, "12 hours at most"),
        (action(name="alert.unshelve"), 409, "not shelved"),
        (action(name="alert.escalate"), 422, "name"),
    ],
)
def test_shelving_without_reason_or_time_is_refused(
    world: World, asked: dict[str, Any], status: int, text: str
) -> None:
    answer = world.browser().post("/api/actions", json=asked)
    assert (answer.status_code, text in answer.text) == (status, True)
    assert world.log.events == []


def test_a_p1_cannot_be_shelved_and_the_refusal_says_what_to_do() -> None:
    world = World()
    world.hub.offer(ALERT, [alert(1, severity="P1")], 1.0)
    world.hub.caught_up()
    answer = world.browser().post("/api/actions", json=shelve())
    assert (answer.status_code, "P1 cannot be shelved" in answer.text) == (409, True)
    assert world.log.events == []


def test_the_second_who_shelves_is_told_who_was_first_and_may_do_so_when_its_time_is_over() -> None:
    world = World()
    now = datetime.now(UTC)
    world.hub.offer(ALERT, [alert(1, shelved_until=now + timedelta(minutes=9), shelved_by="c.kim")], 1.0)
    world.hub.offer(ALERT, [alert(2, shelved_until=now - timedelta(minutes=1), shelved_by="c.kim")], 1.0)
    world.hub.caught_up()
    browser = world.browser()
    refused = browser.post("/api/actions", json=shelve())
    assert (refused.status_code, "c.kim was first" in refused.text) == (409, True)
    over = shelve(subject_id=str(alert(2).alert_id), key=str(UUID(int=5)))
    assert browser.post("/api/actions", json=over).status_code == 200
