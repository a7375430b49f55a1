"""Actions over HTTP: what people do is in the log before it is answered, and what may not be is refused."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from schemas.events.action import Action
from schemas.events.alert import ALERT, AlertDeed, AlertStanding
from schemas.identity import identity
from schemas.undoing import UNDOABLE
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
        (action(name="alert.recall"), 422, "name"),
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


def test_taking_giving_escalating_and_noting_are_in_the_log_with_what_they_say(world: World) -> None:
    browser = world.browser()
    asked = [
        action(name="alert.assign", key=str(UUID(int=1)), details={"expected_rev": "1"}),
        action(name="alert.assign", key=str(UUID(int=2)), details={"owner": "c.kim", "expected_rev": "1"}),
        action(name="alert.escalate", key=str(UUID(int=3)), note="needs a chief"),
        action(name="alert.note", key=str(UUID(int=4)), note="<b>a red car</b>"),
    ]
    assert [browser.post("/api/actions", json=one).status_code for one in asked] == [200] * 4
    assert [(one.name, one.note, one.details) for one in world.log.events if isinstance(one, Action)] == [
        (one["name"], one["note"], one.get("details", {})) for one in asked
    ]


@pytest.mark.parametrize(
    ("asked", "status", "text"),
    [
        (action(name="alert.escalate", details={"until": "2126-01-01T00:00:00Z"}), 422, "nothing of until"),
        (action(name="alert.assign", details={"reason": "mine"}), 422, "nothing of reason"),
        (action(name="alert.escalate", actor="rule:escalation"), 422, "is a rule's"),
        (action(name="alert.undo"), 422, "needs of"),
        (action(name="alert.note", note=" "), 422, "Write something"),
        (action(name="alert.note", note="x" * 1001), 422, "1000 characters"),
        (action(name="alert.note", note="\u202egnp.exe"), 422, "plain text"),
        (action(name="alert.assign", details={"expected_rev": "x"}), 409, "number"),
    ],
)
def test_what_says_too_much_or_too_little_is_refused(
    world: World, asked: dict[str, Any], status: int, text: str
) -> None:
    answer = world.browser().post("/api/actions", json=asked)
    assert (answer.status_code, text in answer.text) == (status, True), answer.text
    assert world.log.events == []


DONE = UUID(int=99)


def worked_on(actor: str, name: str = "alert.acknowledge", seconds_ago: float = 1, **changes: Any) -> World:
    """A server that knows the first alert after somebody did something to it."""
    at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    before = (AlertStanding(status="open"),) if name in UNDOABLE else ()
    known = {
        "status": "acknowledged", "owner": actor, "changed_by": actor, "changed_at": at, "actions": (DONE,),
        "history": (AlertDeed(action_id=DONE, name=name, actor=actor, at=at),), "standing_before": before,
    }  # fmt: skip
    world = World()
    world.hub.offer(ALERT, [alert(1, rev=2, **(known | changes))], 1.0)
    world.hub.caught_up()
    return world


@pytest.mark.parametrize(
    ("world", "asked", "text"),
    [
        (worked_on("c.kim"), action(name="alert.assign", details={"expected_rev": "1"}), "c.kim was first"),
        (worked_on("r.diaz"), action(name="alert.assign"), "r.diaz has it already"),
        (worked_on("c.kim", escalated_by="c.kim"), action(name="alert.escalate"), "c.kim was first"),
        (worked_on("c.kim", status="closed"), action(name="alert.escalate"), "closed already"),
        (worked_on("c.kim"), action(name="alert.undo", details={"of": str(DONE)}), "Only whoever did it"),
        (worked_on("r.diaz", seconds_ago=11), action(name="alert.undo", details={"of": str(DONE)}), "too late"),
        (
            worked_on("r.diaz", "alert.dispatch"),
            action(name="alert.undo", details={"of": str(DONE)}),
            "cannot be undone",
        ),
        (
            worked_on("c.kim", actions=(DONE, UUID(int=100))),
            action(name="alert.undo", details={"of": str(DONE)}),
            "c.kim has done something to it since",
        ),
    ],
    ids=["taken", "one's own", "escalated", "over", "another's", "late", "dispatched", "built on"],
)
def test_who_was_too_late_is_told_why_at_once(world: World, asked: dict[str, Any], text: str) -> None:
    answer = world.browser().post("/api/actions", json=asked)
    assert (answer.status_code, text in answer.text) == (409, True), answer.text
    assert world.log.events == []


def test_an_undo_in_time_is_in_the_log_with_what_it_undoes() -> None:
    world = worked_on("r.diaz")
    asked = action(name="alert.undo", details={"of": str(DONE)})
    assert world.browser().post("/api/actions", json=asked).status_code == 200
    (event,) = world.log.events
    assert isinstance(event, Action)
    assert (event.name, event.details) == ("alert.undo", {"of": str(DONE)})


def test_an_undo_of_what_this_server_has_not_read_yet_is_left_to_the_processors() -> None:
    world = worked_on("c.kim")
    asked = action(name="alert.undo", details={"of": str(UUID(int=101))})
    assert world.browser().post("/api/actions", json=asked).status_code == 200


def test_an_alert_that_has_not_been_read_yet_is_given_to_nobody() -> None:
    world = World()
    asked = action(name="alert.assign", details={"owner": "c.kim"})
    assert world.browser().post("/api/actions", json=asked).status_code == 503
    assert world.log.events == []


def test_where_nobody_is_asked_who_they_are_an_alert_is_given_by_any_name(world: World) -> None:
    browser = world.browser()
    assert browser.get(f"/api/alerts/{alert(1).alert_id}/people").json() == {"people": None}
    assert browser.get(f"/api/alerts/{alert(99).alert_id}/people").status_code == 404
