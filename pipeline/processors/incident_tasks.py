"""The tasks of an incident: a list for its kind, and what people add. Who changes one is told of it by itself.

A task has its own revision: two people may see to two tasks at once, and none is in the way of who closes the
incident. Of two who change the same one the second is refused and told who was first.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from pipeline.processors.refusal import RefusedError
from schemas.checklists import checklists
from schemas.events.action import Action
from schemas.events.incident import TASK_STATES, Incident, IncidentTask

#: Tasks of one incident: each of its states has them all.
MOST_TASKS = 60
_Tasks = tuple[IncidentTask, ...]


def changed(incident: Incident, action: Action) -> Incident:
    """Return an incident with its tasks as an action leaves them. Raises RefusedError."""
    tasks = TASK_ACTIONS[action.name](incident, action)
    if len(tasks) > MOST_TASKS:
        raise RefusedError("too_many_tasks", "")
    return replace(incident, tasks=tasks)


def joined(whole: Incident, part: Incident) -> Incident:
    """Return an incident with the tasks of one that becomes part of it; what is done in either is done."""
    if not part.tasks:
        return whole
    theirs = {task.task_id: replace(task, rev=whole.rev + 1) for task in part.tasks}
    both = [
        theirs[task.task_id] if task.state == "open" and theirs.get(task.task_id, task).state != "open" else task
        for task in whole.tasks
    ]
    known = {task.task_id for task in both}
    both += [task for name, task in theirs.items() if name not in known]
    return replace(whole, tasks=tuple(both[:MOST_TASKS]))


def _checklist(incident: Incident, action: Action) -> _Tasks:
    chosen = checklists().get(action.details.get("checklist", ""))
    if chosen is None:
        raise RefusedError("unknown_checklist", "")
    known = {task.task_id: task for task in incident.tasks}
    entries = [(f"{chosen.name}/{entry.key}", entry) for entry in chosen.tasks]
    new = [_new(incident, action, name, entry.text, entry.source) for name, entry in entries if name not in known]
    if not new:
        raise RefusedError("already_listed", known[entries[0][0]].added_by)
    return (*incident.tasks, *new)


def _add(incident: Incident, action: Action) -> _Tasks:
    text = action.details.get("text", "").strip()
    if not text:
        raise RefusedError("empty_task", "")
    task = _new(incident, action, str(action.event_id), text[:200], "")
    return (*incident.tasks, replace(task, assignee=action.details.get("assignee", "").strip()[:200]))


def _assign(incident: Incident, action: Action) -> _Tasks:
    task = _named(incident, action)
    assignee = action.details.get("assignee", "").strip()[:200]
    if task.state != "open":
        raise RefusedError(f"task_already_{task.state}", task.changed_by)
    if assignee == task.assignee:
        raise RefusedError("task_already_assigned", task.changed_by)
    return _with(incident, action, _unchanged(task, action), assignee=assignee)


def _set_state(incident: Incident, action: Action) -> _Tasks:
    task, state = _named(incident, action), action.details.get("state", "")
    if state not in TASK_STATES:
        raise RefusedError("unknown_task_state", "")
    if state == task.state:
        raise RefusedError(f"task_already_{state}", task.changed_by)
    if state == "not_needed" and not action.note.strip():
        raise RefusedError("no_reason", "")
    return _with(incident, action, _unchanged(task, action), state=state, note=action.note)


def _new(incident: Incident, action: Action, task_id: str, text: str, source: str) -> IncidentTask:
    at, by = action.occurred_at, action.actor
    return IncidentTask(
        task_id=task_id, text=text, source=source, added_by=by, added_at=at, changed_by=by, changed_at=at,
        rev=incident.rev + 1,
    )  # fmt: skip


def _named(incident: Incident, action: Action) -> IncidentTask:
    found = next((task for task in incident.tasks if task.task_id == action.details.get("task")), None)
    if found is None:
        raise RefusedError("unknown_task", "")
    return found


def _unchanged(task: IncidentTask, action: Action) -> IncidentTask:
    """Return a task that is as whoever acts saw it. Raises RefusedError."""
    expected = action.details.get("expected_rev", "")
    if not expected:
        return task
    if not expected.isascii() or not expected.isdigit():
        raise RefusedError("invalid_expected_rev", "")
    if int(expected) < task.rev:
        raise RefusedError("changed_meanwhile", task.changed_by)
    return task


def _with(incident: Incident, action: Action, task: IncidentTask, **now: str) -> _Tasks:
    told = replace(task, changed_by=action.actor, changed_at=action.occurred_at, rev=incident.rev + 1, **now)
    return tuple(told if one.task_id == told.task_id else one for one in incident.tasks)


TASK_ACTIONS: dict[str, Callable[[Incident, Action], _Tasks]] = {
    "incident.checklist": _checklist,
    "incident.task_add": _add,
    "incident.task_assign": _assign,
    "incident.task_state": _set_state,
}
