/** What a person does to an incident: done when the incident says so, refused when it says who was quicker. */
import type { Incident, RefusedAction } from '$schemas/events';

export type IncidentActionName =
  | 'incident.assign' | 'incident.stage' | 'incident.close' | 'incident.reopen' | 'incident.merge' | 'incident.unmerge'
  | 'incident.split' | 'incident.link' | 'incident.unlink' | 'incident.note' | 'incident.record'
  | 'incident.checklist' | 'incident.task_add' | 'incident.task_assign' | 'incident.task_state'
  | 'incident.drawing_remove' | 'incident.drawing_restore';

/** What the server answered: the action's id in the log, or what went wrong. */
export type Sent = { readonly eventId: string } | { readonly error: string };

const WHY: Readonly<Record<string, string>> = {
  changed_meanwhile: 'it was changed meanwhile',
  already_assigned: 'it is assigned so already',
  already_closed: 'it is closed already',
  already_cancelled: 'it is cancelled already',
  already_merged: 'it is part of another incident already',
  already_open: 'it is open',
  already_together: 'they are one incident already',
  opening_call: 'the call that opened it stays: split the others off',
  not_its_call: 'the call is not part of it any more',
  not_merged: 'it is not merged',
  not_next_version: 'somebody assessed it meanwhile',
  unknown_incident: 'the other incident is not known',
  other_jurisdiction: 'the other incident belongs to another jurisdiction',
  already_listed: 'the list was added already',
  task_already_done: 'the task was done already',
  task_already_not_needed: 'the task was found not to be needed already',
  task_already_open: 'the task was opened again already',
  task_already_assigned: 'the task was given to them already',
  unknown_task: 'the task is not in the list',
  drawing_changed_meanwhile: 'the drawing was changed meanwhile',
  drawing_already_removed: 'the drawing was removed already',
  drawing_already_restored: 'the drawing was put back already',
  unknown_drawing: 'the drawing is not of this incident, or was removed long ago',
  too_many_drawings: 'it has 100 drawings, as many as it may have',
  invalid_drawing: 'it cannot be drawn so',
  too_many_tasks: 'it has as many tasks as it may have',
};

/** Why it was refused names who was first. */
export const namesFirst = (why: string): boolean =>
  why === 'changed_meanwhile' || why === 'already_listed' || why.startsWith('task_') || why.startsWith('drawing_');

/** What whoever was refused can do now. */
const NEXT: Readonly<Record<string, string>> = {
  changed_meanwhile: 'Look at it as it is now, and do it again if it is still right',
  drawing_changed_meanwhile: 'Look at it as it is now, and do it again if it is still right',
  already_closed: 'Reopen it first',
  already_cancelled: 'Reopen it first',
  already_merged: 'Do it to the incident it is part of',
  not_merged: 'Nothing is left to take apart',
  not_next_version: 'Read the newest assessment, then add yours',
  unknown_incident: 'Check its number',
  other_jurisdiction: 'Link them instead',
};

/** What the note of somebody in the field begins with who needs help now. */
export const HELP = 'NEED HELP:';
/** Whether somebody asked for help there and nobody has done anything to the incident since: its note is the last one. */
export const needsHelp = (incident: Pick<Incident, 'note' | 'status'>): boolean =>
  incident.status === 'open' && incident.note.startsWith(HELP);

/** What became of an action: waiting until the log brings an incident that names it. */
export function outcomeOf(incident: Pick<Incident, 'actions' | 'refused'>, eventId: string): 'waiting' | 'done' | RefusedAction {
  const refused = incident.refused.find((one) => one.action_id === eventId);
  if (refused) return refused;
  return incident.actions.includes(eventId) ? 'done' : 'waiting';
}

/**
 * What became of an action on an incident that others may have joined to another one meanwhile: what it is part of says
 * so then. `undefined`: the incident is not known here.
 */
export function outcomeAmong(incidents: ReadonlyMap<string, Incident>, id: string, eventId: string): ReturnType<typeof outcomeOf> | undefined {
  let row = incidents.get(id);
  if (!row) return undefined;
  for (let i = 0; i < 20 && row; i += 1) {
    const outcome = outcomeOf(row, eventId);
    if (outcome !== 'waiting') return outcome;
    row = row.merged_into ? incidents.get(row.merged_into) : undefined;
  }
  return 'waiting';
}

/** Why it was refused, for the person who was too late. */
export function refusalText(refused: Pick<RefusedAction, 'why' | 'first_by'>): string {
  const why = WHY[refused.why] ?? refused.why.replaceAll('_', ' ');
  const by = namesFirst(refused.why) && refused.first_by ? ` by ${refused.first_by}` : '';
  const next = NEXT[refused.why];
  return `Not done: ${why}${by}.${next ? ` ${next}.` : ''}`;
}

/** The incident that stands for this one: itself, or what it was merged into. */
export function wholeOf(incidents: ReadonlyMap<string, Incident>, incident: Incident): Incident {
  let whole = incident;
  for (let i = 0; i < 20; i += 1) {
    const above = whole.merged_into ? incidents.get(whole.merged_into) : undefined;
    if (!above) return whole;
    whole = above;
  }
  return whole;
}

const STAGE_TEXT: Readonly<Record<string, string>> = { en_route: 'en route', on_scene: 'on scene', merged: 'part of another incident' };
export const stageText = (incident: Pick<Incident, 'stage' | 'status'>): string =>
  STAGE_TEXT[incident.stage] ?? (incident.stage || incident.status);

/** Whether something was told since the newest assessment; a page must not go on with an old one unaware. */
export const asksForAssessment = (incident: Pick<Incident, 'assessment_version' | 'needs_assessment'>): boolean =>
  incident.assessment_version > 0 && incident.needs_assessment;
