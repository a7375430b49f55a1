/** What is to be done at an incident: how far it is, and which list suits its kind. */
import { CHECKLISTS, type Incident, type IncidentTask } from '$schemas/events';

export type Checklist = (typeof CHECKLISTS)[number];
export type TaskState = 'open' | 'done' | 'not_needed';

/** What nobody has to do any more counts as seen to. */
export const progressText = (tasks: readonly Pick<IncidentTask, 'state'>[]): string =>
  `${tasks.filter(({ state }) => state !== 'open').length} of ${tasks.length}`;

/** The lists of which something is not there yet, that for the incident's kind first. */
export function listsFor(incident: Pick<Incident, 'category' | 'tasks'>): readonly Checklist[] {
  const known = new Set(incident.tasks.map(({ task_id }) => task_id));
  const left = CHECKLISTS.filter(({ name, tasks }) => tasks.some(({ key }) => !known.has(`${name}/${key}`)));
  const suits = (list: Checklist): number =>
    (list.categories as readonly string[]).includes(incident.category) ? 0 : list.categories.length === 0 ? 1 : 2;
  return [...left].sort((a, b) => suits(a) - suits(b));
}

/** What its checkbox leads to. */
export const nextState = (task: Pick<IncidentTask, 'state'>): TaskState => (task.state === 'open' ? 'done' : 'open');

/** What became of a task, and by whom; "" while nothing did. */
export function fateText(task: IncidentTask): string {
  const words = task.note ? `: ${task.note}` : '';
  if (task.state === 'done') return `done by ${task.changed_by}${words}`;
  if (task.state === 'not_needed') return `not needed, says ${task.changed_by}${words}`;
  return task.assignee ? `for ${task.assignee}` : '';
}

/** Where it comes from: a standard, this software's own list, or a person. */
export const sourceText = (task: Pick<IncidentTask, 'source' | 'added_by'>): string =>
  task.source === 'own' ? 'Watchfloor’s list' : task.source || `added by ${task.added_by}`;
