"""What people do to incidents: each action is applied or refused, and whoever was too late is told by the incident."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from pipeline.processors import incident_drawings, incident_tasks
from pipeline.processors.refusal import RefusedError
from pipeline.state import incident_state
from pipeline.state.cases import Cases
from schemas.events.action import Action
from schemas.events.assessment import GRADES, Assessment
from schemas.events.drawing import Drawing
from schemas.events.incident import OVER, Incident, RefusedAction
from schemas.identity import identity

#: Refused actions that an incident keeps.
MOST_REFUSED = 10
#: Stages that a person may set by incident.stage; closing and reopening have names of their own.
STAGES = ("assigned", "en_route", "on_scene", "cancelled")
#: Actions that take nothing away from what somebody else did meanwhile.
HARMLESS = frozenset({
    "incident.note", "incident.link", "incident.unlink",
    *incident_tasks.TASK_ACTIONS, *incident_drawings.DRAWING_ACTIONS,
})  # fmt: skip
#: What the details of an assessment may say besides version, grade, why and known.
_TEXTS = ("threat", "harm", "risk", "investigation", "vulnerability", "engagement")
_TIMES = ("repeat_checked_at", "vulnerability_checked_at", "prevention_advised_at", "evidence_advised_at")


class Change(Struct, frozen=True):
    """What an action leads to. ``incidents``: those that change, the one it was done to first; none: known already.

    ``is_aside``: it changes a task or a drawing only, which says itself who did.
    """

    incidents: tuple[Incident, ...] = ()
    assessment: Assessment | None = None
    is_refused: bool = False
    drawing: Drawing | None = None
    is_aside: bool = False


def decided(cases: Cases, subject: Incident, action: Action) -> Change:
    """Return what an action leads to. One on an incident that is part of another one is done to that."""
    incident = subject if action.name == "incident.unmerge" else (cases.root(subject.incident_id) or subject)
    again = _again(cases, subject, incident, action)
    if again is not None:
        return again
    try:
        _require_newest(incident, action)
        apply = _ACTIONS.get(action.name)
        if apply is None:
            raise RefusedError("unknown_action")
        return apply(cases, incident, action)
    except RefusedError as refused:
        told = RefusedAction(
            action_id=action.event_id,
            name=action.name,
            actor=action.actor,
            why=refused.why,
            first_by=incident.changed_by if refused.first_by is None else refused.first_by,
            at=action.occurred_at,
        )
        return Change((replace(incident, refused=(*incident.refused, told)[-MOST_REFUSED:]),), is_refused=True)


def _again(cases: Cases, subject: Incident, incident: Incident, action: Action) -> Change | None:
    """Return what is still to be made of an action that is in the log; None when it is to be done.

    A worker that was killed may have written the one of its incidents and not the other. It is made anew with the same
    ids; what its calls make of an incident is seen by the writer.
    """
    done = action.event_id
    if done in incident.actions and any(one.action_id == done for one in incident.refused):
        return Change()
    other: Incident | None = None
    match action.name:
        case "incident.merge":
            part = next((one for one in _upwards(cases, subject) if done in one.actions and one.merged_into), None)
            if part is None:
                return None
            other = cases.get(part.merged_into) if part.merged_into else None
            other = other and incident_tasks.joined(other, part)
        case "incident.split":
            part = cases.get(incident_state.incident_of(action.details.get("call_id", "")))
            if part is None or done not in part.actions:
                return None
            other = cases.get(part.split_from) if part.split_from else None
        case "incident.unmerge" if done in subject.actions:
            other = cases.get(subject.split_from) if subject.split_from else None
        case "incident.link" | "incident.unlink" if done in incident.actions:
            other = _by_text(cases, action.details.get("other", ""))
            if other is not None:
                other = _linked(other, incident, action.name == "incident.link")
        case name if name in incident_drawings.DRAWING_ACTIONS:
            if done not in incident.actions:
                return None
            return Change(drawing=incident_drawings.unwritten(cases, incident, action))
        case _:
            if done not in incident.actions:
                return None
            return Change(assessment=_assessment(incident, action) if action.name == "incident.assess" else None)
    return Change() if other is None or done in other.actions else Change((other,))


def _upwards(cases: Cases, incident: Incident) -> Iterator[Incident]:
    """Yield an incident, what it is part of, and so on."""
    one: Incident | None = incident
    seen: set[UUID] = set()
    while one is not None and one.incident_id not in seen:
        yield one
        seen.add(one.incident_id)
        one = cases.get(one.merged_into) if one.merged_into is not None else None


def _require_newest(incident: Incident, action: Action) -> None:
    """Refuse what was decided by a state that another person has changed since. What calls changed does not count."""
    expected = action.details.get("expected_rev", "")
    if not expected or action.name in HARMLESS:
        return
    if not expected.isascii() or not expected.isdigit():
        raise RefusedError("invalid_expected_rev")
    if int(expected) < incident.person_rev:
        raise RefusedError("changed_meanwhile")


def _assign(cases: Cases, incident: Incident, action: Action) -> Change:
    _require_going(incident)
    unit, owner = action.details.get("unit", ""), action.details.get("owner", "")
    changed = incident
    if unit:
        if unit in incident.assigned_units:
            raise RefusedError("already_assigned")
        changed = replace(changed, assigned_units=tuple(sorted({*incident.assigned_units, unit})))
    if owner or not unit:
        if (owner or action.actor) == incident.owner:
            raise RefusedError("already_assigned")
        changed = replace(changed, owner=owner or action.actor)
    if incident_state.RANK.get(incident.stage, 0) == 0:
        changed = replace(changed, stage="assigned", stage_by=action.actor)
    return Change((changed,))


def _stage(cases: Cases, incident: Incident, action: Action) -> Change:
    _require_going(incident)
    stage = action.details.get("stage", "")
    if stage not in STAGES:
        raise RefusedError("unknown_stage")
    if stage == incident.stage:
        raise RefusedError(f"already_{stage}")
    if stage in OVER:
        return Change((incident_state.over(incident, stage, action.occurred_at, action.actor),))
    return Change((replace(incident, stage=stage, status="open", stage_by=action.actor),))


def _close(cases: Cases, incident: Incident, action: Action) -> Change:
    _require_going(incident)
    return Change((incident_state.over(incident, "closed", action.occurred_at, action.actor),))


def _reopen(cases: Cases, incident: Incident, action: Action) -> Change:
    if incident.stage not in OVER:
        raise RefusedError("already_open")
    # When it was closed stays: it tells how long it had been over.
    return Change((replace(incident, stage="reopened", status="open", stage_by=action.actor),))


def _merge(cases: Cases, incident: Incident, action: Action) -> Change:
    other = _other(cases, incident, action.details.get("into", ""))
    whole = cases.root(other.incident_id) or other
    if whole.incident_id == incident.incident_id:
        raise RefusedError("already_together")
    _require_going(whole)
    part = replace(
        incident, merged_into=whole.incident_id, stage="merged", status="closed",
        stage_before=incident.stage or "opened", is_apart=False,
    )  # fmt: skip
    cases.put(part)  # so that the whole is made with its calls; the writer makes its state
    return Change((part, incident_tasks.joined(whole, part)))


def _unmerge(cases: Cases, incident: Incident, action: Action) -> Change:
    if incident.merged_into is None:
        raise RefusedError("not_merged")
    return _taken_out(cases, incident, stage="")


def _split(cases: Cases, incident: Incident, action: Action) -> Change:
    part = cases.get(incident_state.incident_of(action.details.get("call_id", "")))
    whole = None if part is None else cases.root(part.incident_id)
    if part is None or whole is None or whole.incident_id != incident.incident_id:
        raise RefusedError("not_its_call")
    if part.incident_id == incident.incident_id:
        raise RefusedError("opening_call")
    # Only this call leaves: what had been merged into its incident stays where it is.
    for child in cases.parts(part.incident_id):
        known = cases.get(child)
        if known is not None:
            cases.put(replace(known, merged_into=part.merged_into))
    stayed = tuple(one for child in cases.parts(incident.incident_id) if (one := cases.get(child)) is not None
                   and one.merged_into == part.merged_into and child != part.incident_id)  # fmt: skip
    change = _taken_out(cases, part, stage="split")
    return Change((*change.incidents, *stayed))


def _taken_out(cases: Cases, part: Incident, *, stage: str) -> Change:
    whole = cases.get(part.merged_into) if part.merged_into is not None else None
    before = stage or part.stage_before or "opened"
    alone = replace(
        part, merged_into=None, stage=before, stage_before="", is_apart=True,
        status="closed" if before in OVER else "open", split_from=part.merged_into,
        # Its calls went on meanwhile: as if they were new, they bring its stage up to date.
        calls=() if not stage and before not in OVER else part.calls,
    )  # fmt: skip
    cases.put(replace(alone, calls=part.calls))
    return Change((alone, whole) if whole is not None else (alone,))


def _link(cases: Cases, incident: Incident, action: Action) -> Change:
    other = _other(cases, incident, action.details.get("other", ""))
    if other.incident_id in incident.linked:
        raise RefusedError("already_linked")
    return Change((_linked(incident, other, True), _linked(other, incident, True)))


def _unlink(cases: Cases, incident: Incident, action: Action) -> Change:
    other = _other(cases, incident, action.details.get("other", ""))
    if other.incident_id not in incident.linked:
        raise RefusedError("not_linked")
    return Change((_linked(incident, other, False), _linked(other, incident, False)))


def _linked(one: Incident, other: Incident, is_linked: bool) -> Incident:
    rest = tuple(each for each in one.linked if each != other.incident_id)
    return replace(one, linked=(*rest, other.incident_id) if is_linked else rest)


def _note(cases: Cases, incident: Incident, action: Action) -> Change:
    if not action.note:
        raise RefusedError("empty_note")
    return Change((incident,))


def _task(cases: Cases, incident: Incident, action: Action) -> Change:
    _require_going(incident)
    return Change((incident_tasks.changed(incident, action),), is_aside=True)


def _drawing(cases: Cases, incident: Incident, action: Action) -> Change:
    _require_going(incident)
    return Change((incident,), drawing=incident_drawings.changed(cases, incident, action), is_aside=True)


def _record(cases: Cases, incident: Incident, action: Action) -> Change:
    number = action.details.get("number", "")[:200]
    if not number:
        raise RefusedError("no_number")
    return Change((replace(incident, record_number=number),))


def _assess(cases: Cases, incident: Incident, action: Action) -> Change:
    assessment = _assessment(incident, action)
    if assessment is None or assessment.grade not in GRADES:
        raise RefusedError("invalid_assessment")
    if assessment.version != incident.assessment_version + 1:
        raise RefusedError("not_next_version")
    known = set(assessment.known)
    told = tuple(call.told_id for call in incident.calls if {call.told_id, call.state_id} & known)
    changed = replace(incident, grade=assessment.grade, assessment_version=assessment.version, assessed=told)
    return Change((changed,), assessment)


def _assessment(incident: Incident, action: Action) -> Assessment | None:
    """Return the version that an action makes; the same action makes the same one. None: it says too little."""
    told = action.details
    try:
        return msgspec.convert(
            {
                "event_id": str(identity("assessment", incident.incident_id, int(told["version"]))),
                "occurred_at": action.occurred_at,
                "observed_at": action.observed_at,
                "source": "processor/incidents",
                "jurisdiction": incident.jurisdiction,
                "synthetic": incident.synthetic,
                "incident_id": str(incident.incident_id),
                "version": int(told["version"]),
                "made_at": action.occurred_at,
                "made_by": action.actor,
                "grade": told["grade"],
                "why": told["why"],
                **{name: told.get(name, "") for name in _TEXTS},
                **{name: told[name] for name in _TIMES if told.get(name)},
                "known": [one for one in told.get("known", "").split(",") if one],
            },
            Assessment,
        )
    except (KeyError, ValueError):  # msgspec's own error is one of values
        return None


def _by_text(cases: Cases, text: str) -> Incident | None:
    try:
        return cases.get(UUID(text))
    except ValueError:
        return None


def _other(cases: Cases, incident: Incident, text: str) -> Incident:
    other = _by_text(cases, text)
    if other is None:
        raise RefusedError("unknown_incident")
    if other.incident_id == incident.incident_id:
        raise RefusedError("already_together")
    if (other.jurisdiction, other.synthetic) != (incident.jurisdiction, incident.synthetic):
        raise RefusedError("other_jurisdiction")
    return other


def _require_going(incident: Incident) -> None:
    if incident.stage in OVER:
        raise RefusedError(f"already_{incident.stage}")


_Apply = Callable[[Cases, Incident, Action], Change]
_ACTIONS: dict[str, _Apply] = {
    "incident.assign": _assign,
    "incident.stage": _stage,
    "incident.close": _close,
    "incident.reopen": _reopen,
    "incident.merge": _merge,
    "incident.unmerge": _unmerge,
    "incident.split": _split,
    "incident.link": _link,
    "incident.unlink": _unlink,
    "incident.note": _note,
    "incident.record": _record,
    "incident.assess": _assess,
    **dict.fromkeys(incident_tasks.TASK_ACTIONS, _task),
    **dict.fromkeys(incident_drawings.DRAWING_ACTIONS, _drawing),
}
