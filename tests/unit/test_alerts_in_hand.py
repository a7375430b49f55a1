"""Whose an alert is, who wants a supervisor for it, what people wrote to it, and how a last act is taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from compose.notify.occasions import ESCALATED, RAISED, occasions_of
from pipeline.outcome import Drop, Outcome
from pipeline.processors.alerts import MOST_DEEDS, Alerts
from pipeline.state.reference import Reference
from schemas.escalation import is_escalated, unanswered_since
from schemas.events.action import ACTION, Action
from schemas.events.alert import EXAMPLE as AN_ALERT
from schemas.events.alert import Alert
from schemas.noting import LONGEST_NOTE, MOST_NOTES
from schemas.undoing import UNDO_WITHIN
from tests.unit.test_alert_life import act, state

NOW = act("0", "alert.note").occurred_at
SECOND = timedelta(seconds=1)
SHELF = {"reason": "the list is being mended", "until": (NOW + timedelta(hours=1)).isoformat()}


def deed(
    key: str, name: str, actor: str = "r.diaz", after: timedelta = timedelta(0), note: str = "", **details: str
) -> Action:
    return replace(act(key, name, actor), occurred_at=NOW + after, note=note, details=details)


def undo(of: Action, actor: str = "r.diaz", after: timedelta = SECOND, key: str = "undo") -> Action:
    return deed(key, "alert.undo", actor, after, of=str(of.event_id))


def outcomes(*actions: Action, alert: Alert = AN_ALERT) -> list[Outcome]:
    facts = Reference()
    facts.apply_alert(alert)
    return list(Alerts(facts).process(ACTION, actions, 0))


def after(*actions: Action, alert: Alert = AN_ALERT) -> Alert:
    return state(outcomes(*actions, alert=alert)[-1])


def test_whoever_acknowledges_an_alert_has_it_until_it_is_reopened() -> None:
    assert after(deed("1", "alert.acknowledge")).owner == "r.diaz"
    assert after(deed("1", "alert.acknowledge"), deed("2", "alert.close", "c.kim")).owner == "r.diaz"
    reopened = after(deed("1", "alert.acknowledge"), deed("2", "alert.close"), deed("3", "alert.reopen"))
    assert (reopened.status, reopened.owner) == ("open", "")


def test_whoever_takes_an_open_alert_has_acknowledged_it() -> None:
    taken = after(deed("1", "alert.assign"))
    assert (taken.status, taken.owner, taken.changed_by) == ("acknowledged", "r.diaz", "r.diaz")


def test_what_is_given_to_somebody_waits_until_they_take_it() -> None:
    given = deed("1", "alert.assign", owner="c.kim")
    assert (after(given).status, after(given).owner) == ("open", "c.kim")
    taken = after(given, deed("2", "alert.assign", "c.kim"))
    assert (taken.status, taken.owner) == ("acknowledged", "c.kim")


def test_of_two_who_take_it_by_the_same_revision_the_first_wins() -> None:
    first, second = outcomes(
        deed("1", "alert.assign", "first", expected_rev="1"), deed("2", "alert.assign", "second", expected_rev="1")
    )
    assert state(first).owner == "first"
    assert second == Drop("taken_meanwhile")


def test_a_note_or_an_escalation_meanwhile_is_in_nobodys_way() -> None:
    note, wanted = deed("1", "alert.note", "c.kim", note="seen it"), deed("2", "alert.escalate", "c.kim")
    assert after(note, wanted, deed("3", "alert.assign", expected_rev="1")).owner == "r.diaz"


@pytest.mark.parametrize(
    ("details", "why"),
    [
        ({"expected_rev": "-1"}, "invalid_expected_rev"),
        ({"owner": "x" * 201}, "no_owner"),
        ({"owner": "r.diaz"}, "already_owned"),
        ({}, "already_owned"),
    ],
    ids=["no revision", "too long a name", "has it already", "has it oneself already"],
)
def test_nothing_is_given_that_changes_nothing_or_makes_no_sense(details: dict[str, str], why: str) -> None:
    assert outcomes(deed("1", "alert.acknowledge"), deed("2", "alert.assign", **details))[1] == Drop(why)


@pytest.mark.parametrize("name", ["alert.assign", "alert.escalate"])
@pytest.mark.parametrize("status", ["closed", "recalled"])
def test_what_is_over_is_nobodys_to_take_or_escalate(name: str, status: str) -> None:
    assert outcomes(deed("1", name), alert=replace(AN_ALERT, status=status)) == [Drop(f"already_{status}")]


def test_a_person_escalates_what_somebody_has_taken_until_it_is_taken_anew() -> None:
    taken, wanted = deed("1", "alert.acknowledge"), deed("2", "alert.escalate", after=SECOND, note="needs a chief")
    escalated = after(taken, wanted)
    assert (escalated.status, escalated.escalated_at, escalated.escalated_by) == (
        "acknowledged", NOW + SECOND, "r.diaz"
    )  # fmt: skip
    assert is_escalated(escalated)
    assert [one.kind for one in occasions_of(escalated)] == [ESCALATED]
    assert escalated.history[-1].note == "needs a chief"
    answered = after(taken, wanted, deed("3", "alert.assign", "chief"))
    assert (answered.owner, answered.escalated_by, is_escalated(answered)) == ("chief", "", False)
    assert occasions_of(answered) == []


def test_a_person_may_escalate_what_a_rule_has_escalated_and_is_told_as_done_by_them() -> None:
    since = AN_ALERT.raised_at.isoformat()
    by_rule = deed("1", "alert.escalate", "rule:escalation", since=since)
    assert after(by_rule).escalated_by == ""
    by_hand = after(by_rule, deed("2", "alert.escalate", after=SECOND))
    assert (by_hand.escalated_at, by_hand.escalated_by) == (NOW + SECOND, "r.diaz")
    assert [one.kind for one in occasions_of(by_hand)] == [RAISED, ESCALATED]


def test_an_alert_is_escalated_by_hand_once_and_not_while_it_is_shelved() -> None:
    assert outcomes(deed("1", "alert.escalate"), deed("2", "alert.escalate", "c.kim"))[1] == Drop("already_escalated")
    assert outcomes(deed("1", "alert.shelve", **SHELF), deed("2", "alert.escalate"))[1] == Drop("already_shelved")


def test_notes_are_added_with_who_and_when_and_change_nothing_else() -> None:
    first = deed("1", "alert.note", "c.kim", note="<script>a red car</script>")
    noted = after(first, deed("2", "alert.note", after=SECOND, note="it turned left"))
    assert [(one.name, one.actor, one.at, one.note) for one in noted.history] == [
        ("alert.note", "c.kim", NOW, "<script>a red car</script>"),
        ("alert.note", "r.diaz", NOW + SECOND, "it turned left"),
    ]
    assert (noted.status, noted.owner, noted.rev) == ("open", "", 3)


@pytest.mark.parametrize(
    ("note", "why"),
    [
        (" \n ", "empty_note"),
        ("x" * (LONGEST_NOTE + 1), "note_too_long"),
        ("\x1b[2J", "note_not_plain"),
        ("safe \u202egnp.exe", "note_not_plain"),
    ],
    ids=["empty", "too long", "terminal control", "turned around"],
)
def test_a_note_is_plain_text_of_a_bounded_length(note: str, why: str) -> None:
    assert outcomes(deed("1", "alert.note", note=note)) == [Drop(why)]
    assert state(outcomes(deed("1", "alert.note", note="línea uno\n\tzwei"))[0]).history


def test_notes_stay_while_other_deeds_make_room_and_more_than_fifty_are_refused() -> None:
    note = deed("note", "alert.note", note="the first")
    turns = [
        deed(str(n), ("alert.close", "alert.reopen")[n % 2]) for n in range(MOST_DEEDS + 6)
    ]  # closed and opened again and again
    kept = after(note, *turns).history
    assert (kept[0].note, len(kept)) == ("the first", MOST_DEEDS + 1)
    assert kept[-1].action_id == turns[-1].event_id
    notes = [deed(f"n{n}", "alert.note", note="again") for n in range(MOST_NOTES + 1)]
    assert outcomes(*notes)[-1] == Drop("too_many_notes")


@pytest.mark.parametrize(
    "done",
    [
        deed("1", "alert.acknowledge"),
        deed("1", "alert.assign"),
        deed("1", "alert.assign", owner="c.kim"),
        deed("1", "alert.shelve", **SHELF),
        deed("1", "alert.close", outcome="false"),
    ],
    ids=["acknowledged", "taken", "given", "shelved", "closed"],
)
def test_what_was_done_last_is_undone_and_both_stay_in_the_history(done: Action) -> None:
    before = after(deed("0", "alert.escalate", "rule:escalation", since=AN_ALERT.raised_at.isoformat()))
    undone = after(done, undo(done), alert=before)
    same = ("status", "owner", "outcome", "shelved_until", "shelved_by", "shelved_reason", "escalated_at", "open_since")
    assert {name: getattr(undone, name) for name in same} == {name: getattr(before, name) for name in same}
    assert [(one.name, one.about) for one in undone.history[-1:]] == [("alert.undo", done.name)]
    assert undone.history[-2].action_id == done.event_id
    assert undone.rev == before.rev + 2


def test_an_undone_alert_waits_as_long_as_it_did_before() -> None:
    taken = deed("1", "alert.acknowledge")
    undone = after(taken, undo(taken))
    assert unanswered_since(undone) == unanswered_since(AN_ALERT) == AN_ALERT.raised_at


def test_closing_what_was_dispatched_is_undone_to_dispatched() -> None:
    closed = deed("1", "alert.close")
    assert after(closed, undo(closed), alert=replace(AN_ALERT, status="dispatched")).status == "dispatched"


TAKEN = deed("1", "alert.acknowledge")


@pytest.mark.parametrize(
    ("meanwhile", "undoing", "why"),
    [
        ([deed("2", "alert.assign", "c.kim")], undo(TAKEN), "acted_meanwhile"),
        ([deed("2", "alert.note", "c.kim", note="mine?")], undo(TAKEN), "acted_meanwhile"),
        ([deed("2", "alert.note", note="mine")], undo(TAKEN), "acted_meanwhile"),
        ([], undo(TAKEN, after=UNDO_WITHIN + timedelta(milliseconds=1)), "undo_too_late"),
        ([], undo(TAKEN, actor="c.kim"), "not_yours"),
        ([undo(TAKEN)], undo(TAKEN, key="again"), "acted_meanwhile"),
        ([undo(TAKEN)], undo(undo(TAKEN), key="again"), "not_undoable"),
    ],
    ids=["taken by another", "a note of another", "a note of one's own", "too late", "another's", "twice", "an undo"],
)
def test_nothing_is_undone_that_somebody_built_on_or_that_is_past(
    meanwhile: list[Action], undoing: Action, why: str
) -> None:
    assert outcomes(TAKEN, *meanwhile, undoing)[-1] == Drop(why)


def test_ten_seconds_are_allowed() -> None:
    assert after(TAKEN, undo(TAKEN, after=UNDO_WITHIN)).status == "open"


@pytest.mark.parametrize("name", ["alert.dispatch", "alert.escalate", "alert.note", "alert.reopen"])
def test_what_others_may_have_acted_on_is_not_undone(name: str) -> None:
    alert = replace(AN_ALERT, subject_kind="call", status="closed" if name == "alert.reopen" else "open")
    done = deed("1", name, note="told")
    assert outcomes(done, undo(done), alert=alert)[1] == Drop("not_undoable")


def test_a_worker_that_starts_anew_undoes_by_the_log_alone() -> None:
    taken = after(TAKEN)
    assert after(undo(TAKEN), alert=taken).status == "open"
