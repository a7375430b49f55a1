"""Something a person did, as an event."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from schemas.envelope import Event, Name, Word
from schemas.event_type import EventType, Table
from schemas.events.alert import EXAMPLE as ALERT_EXAMPLE
from schemas.identity import identity

ALERT_CLOSE = "alert.close"
#: What can be done to an alert; each name is also the status it leads to.
ALERT_ACTIONS = {
    "alert.acknowledge": "acknowledged",
    "alert.dispatch": "dispatched",
    ALERT_CLOSE: "closed",
    "alert.reopen": "open",
}
#: What a person looks at and finds, which leaves the status as it is: one check at a time, then the verdict.
ALERT_CHECK, ALERT_JUDGE = "alert.check", "alert.judge"
#: What one person looks at before a car is stopped (reference/standards §2.4): the characters and the state in the
#: picture, and whether the record is still active.
CHECKS = ("plate", "state", "record")
#: Putting an alert aside for a time, and taking it back before that: the status stays as it is.
ALERT_SHELVE, ALERT_UNSHELVE = "alert.shelve", "alert.unshelve"
#: What the processors do to an alert that nobody took in time, and a person who wants a supervisor now.
ALERT_ESCALATE = "alert.escalate"
#: Taking an alert in hand or giving it to somebody, writing something to it, and taking back one's own last act.
ALERT_ASSIGN, ALERT_NOTE, ALERT_UNDO = "alert.assign", "alert.note", "alert.undo"
#: What they found.
VERDICTS = ("correct", "wrong_state", "misread", "list_wrong", "other")
#: What came of an alert, as whoever closes it may say (``details``): it helped, what it said was not so, it told what
#: another one told already, or somebody was testing.
OUTCOMES = ("useful", "false", "duplicate", "test")
#: What can be said of a text that a camera reads: that it is no plate, and that it is one after all.
NOISE_DECLARE, NOISE_UNDO = "noise.declare", "noise.undo"
#: That somebody looked for a person or a plate, took a file of what was found, or looked at who did.
SEARCH_NAME, SEARCH_CONTACT = "search.name", "search.contact"
SEARCH_PLATE, SEARCH_COMPANY, SEARCH_SQL = "search.plate", "search.company", "search.sql"
SEARCH_COUNTS = "search.counts"
EXPORT_PLATE, VIEW_AUDIT, EXPORT_AUDIT = "export.plate", "view.audit", "export.audit"
VIEW_REPLAY, VIEW_ATTACHMENT = "view.replay", "view.attachment"
#: That an administrator is about to do something with an account, and why; the account's own record tells that he did.
ADMINISTER_ACCOUNT = "access.administer"
#: That somebody changed the layers of the map: a record beside the layer itself.
MAP_ADD, MAP_REMOVE = "map.add", "map.remove"
#: What the names of records begin with, which change nothing: searches, files, looks at the audit, layers of the map,
#: what was done with accounts, and who outside was told what.
RECORDS = ("search.", "export.", "view.", "map.", "access.", "notify.")


class Action(Event, frozen=True, kw_only=True, gc=False):
    """Something a person did. ``event_id`` comes from the client's idempotency key, so a retry is the same action."""

    name: Annotated[
        Word,
        Meta(
            description="alert.acknowledge, dispatch, close, reopen, check, judge, shelve, unshelve, assign, note, undo,"
            " escalate, or recall by the processors; noise.declare or undo; what is done to an incident; search.name, contact,"
            " plate, company, sql or counts; export.plate or audit; view.audit, replay or attachment; map.add or remove;"
            " access.signed_in and others of accounts; notify.delivered, given_up and others of who was told outside."
        ),
    ]
    subject_id: Annotated[
        Name,
        Meta(
            description="What it was done to: an alert_id, a noise_id, an incident_id, a map layer, account:NAME,"
            " destination:NAME, or the search itself."
        ),
    ]
    actor: Annotated[Name, Meta(description="Who did it.")]
    note: Annotated[str, Meta(max_length=2000, description="What they wrote.")] = ""
    checks: Annotated[
        tuple[str, ...], Meta(description="What they looked at and found right: plate, state, record.")
    ] = ()
    verdict: Annotated[
        Word, Meta(description="What they found: correct, wrong_state, misread, list_wrong or other; empty: not said.")
    ] = ""
    details: Annotated[dict[str, str], Meta(description="What else the act says, by name.")] = {}  # noqa: RUF012 - msgspec copies it
    true_plate: Annotated[
        str,
        Meta(max_length=20, description="With misread: the normalised plate that the picture shows; empty: not said."),
    ] = ""


EXAMPLE = Action(
    event_id=identity("action", "desk-3", "c0ffee"),
    occurred_at=ALERT_EXAMPLE.raised_at,
    observed_at=ALERT_EXAMPLE.raised_at,
    source="server/web",
    name="alert.acknowledge",
    subject_id=str(ALERT_EXAMPLE.alert_id),
    actor="r.diaz",
)

ACTION = EventType(
    name="action",
    cls=Action,
    topic="rtcc.person.action.v1",
    key="subject_id",
    table=Table(name="actions", order_by=("subject_id", "occurred_at", "event_id"), steady_time=False),
    retention_days=365,
    examples=(EXAMPLE,),
)
