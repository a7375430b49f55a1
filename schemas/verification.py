"""Before a car is stopped one person looks: at the characters, at the state, and whether the record is still active.

A match alone is no ground for a stop (New Hampshire RSA 261:75-b VI; reference/standards §2.4). So an alert about a
plate is not dispatchable until one and the same person has ticked all three, each by itself, and said that it is
correct. What they find otherwise is kept just as well: it tells how good cameras and lists are.
"""

from __future__ import annotations

from msgspec.structs import replace

from schemas.events.action import ALERT_CHECK, CHECKS, VERDICTS, Action
from schemas.events.alert import Alert
from schemas.plate import normalise


def needs_verification(alert: Alert) -> bool:
    """Return whether an alert must be verified before anybody is sent: it is about a plate."""
    return alert.subject_kind == "plate"


def is_dispatchable(alert: Alert) -> bool:
    """Return whether somebody may be sent on the strength of this alert."""
    return not needs_verification(alert) or (alert.verdict == "correct" and set(CHECKS) <= set(alert.checks))


def verified(alert: Alert, action: Action) -> Alert | str:
    """Return the alert after a check or a verdict, or why it does not count, as a word.

    A check by somebody else begins anew: three people who looked at one thing each have not verified anything.
    """
    if not needs_verification(alert):
        return "needs_no_verification"
    if alert.status == "recalled":
        return "already_recalled"
    ours = alert.checks if alert.verified_by == action.actor else ()
    if action.name == ALERT_CHECK:
        if len(action.checks) != 1 or action.checks[0] not in CHECKS:
            return "not_one_check"
        if action.checks[0] in ours:
            return "already_checked"
        done = {*ours, action.checks[0]}
        return replace(
            alert,
            checks=tuple(one for one in CHECKS if one in done),
            verdict="",
            verified_by=action.actor,
            verdict_at=None,
            true_plate="",
        )
    if action.verdict not in VERDICTS:
        return "no_verdict"
    if action.verdict == "correct" and set(ours) != set(CHECKS):
        return "not_checked"
    if action.true_plate:
        if action.verdict != "misread":
            return "no_misread"
        if normalise(action.true_plate) != action.true_plate:
            return "no_plate"
        # Whoever sees the listed plate in the picture has found the match right, however the camera read it.
        if action.true_plate == listed_plate(alert):
            return "true_plate_is_listed"
    return replace(
        alert,
        checks=ours,
        verdict=action.verdict,
        verified_by=action.actor,
        verdict_at=action.occurred_at,
        true_plate=action.true_plate,
    )


def listed_plate(alert: Alert) -> str:
    """Return the plate of the list entry that raised an alert, or "" if it names none."""
    return next((one.facts["listed_plate"] for one in alert.why if one.facts.get("listed_plate")), "")
