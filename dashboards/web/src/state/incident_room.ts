/** One incident's room: what happened in it, in order, and what else has to do with it. */
import type { Alert, Incident, IncidentTask, UnitPosition } from '$schemas/events';
import { metresBetween } from './near_cameras';
import { isActive, severityOf } from './ranking';
import { stageText } from './incident_work';
import { isStale, unitName } from './units';
import { parseTime } from '../time';

/** What the log needs of a state of an incident: what the store tells of each, and what comes live. */
export type IncidentState = Pick<
  Incident,
  'rev' | 'stage' | 'status' | 'owner' | 'units' | 'call_ids' | 'merged_into' | 'split_from' | 'grade' | 'changed_by' | 'changed_at' | 'note' | 'observed_at'
> & {
  /** Of the store's those that were changed in it; of a live state all. */
  readonly tasks: readonly IncidentTask[];
};

export interface LogEntry {
  readonly id: string;
  readonly at: number;
  /** Who did it; "": it came with a call, or of itself. */
  readonly by: string;
  readonly text: string;
  /** The words of a person. */
  readonly isNote: boolean;
}

/** States by their revision; of one that came twice, the one that came live. */
export function together(stored: readonly IncidentState[], live: readonly IncidentState[]): IncidentState[] {
  const byRev = new Map([...stored, ...live].map((state) => [Number(state.rev), state]));
  return [...byRev.values()].sort((a, b) => Number(a.rev) - Number(b.rev));
}

const GONE = 'Nobody has it any more';

/** Names of units and calls, as people know them. */
export interface Names {
  readonly unit: (id: string) => string;
  readonly call: (id: string) => string;
}

/** What changed from state to state, oldest first. */
export function logOf(states: readonly IncidentState[], names: Names): LogEntry[] {
  const entries: LogEntry[] = [];
  const known = new Map<string, IncidentTask>();
  let before: IncidentState | undefined;
  for (const state of states) {
    const byPerson = state.changed_at !== null && state.changed_at !== before?.changed_at;
    const at = parseTime(byPerson ? state.changed_at : state.observed_at);
    const by = byPerson ? state.changed_by : '';
    const tell = (text: string, isNote = false): void => void entries.push({ id: `${state.rev}/${entries.length}`, at, by, text, isNote });
    const had = new Set(before?.call_ids);
    const came = state.call_ids.filter((id) => !had.has(id));
    const tellTask = (task: IncidentTask | undefined, text: string): void =>
      void (task && entries.push({ id: `${state.rev}/${entries.length}`, at: parseTime(task.changed_at), by: task.changed_by, text, isNote: false }));
    if (!before) tell(`Opened by ${came.length ? `call ${came.map(names.call).join(', ')}` : 'a call'}`);
    else if (came.length) tell(`${came.length > 1 ? 'Calls' : 'Call'} ${came.map(names.call).join(', ')} joined`);
    const left = (before?.call_ids ?? []).filter((id) => !state.call_ids.includes(id));
    if (left.length) tell(`${left.length > 1 ? 'Calls' : 'Call'} ${left.map(names.call).join(', ')} taken out`);
    if (before && (state.stage || state.status) !== (before.stage || before.status)) tell(`Now ${stageText(state)}`);
    if (state.owner !== (before?.owner ?? '')) tell(state.owner ? `${state.owner} has it` : GONE);
    const sent = state.units.filter((id) => !before?.units.includes(id));
    const clear = (before?.units ?? []).filter((id) => !state.units.includes(id));
    if (sent.length) tell(`${sent.map(names.unit).join(', ')} on it`);
    if (clear.length) tell(`${clear.map(names.unit).join(', ')} clear`);
    if (state.grade && state.grade !== before?.grade) tell(`Assessed: ${state.grade.replaceAll('_', ' ')}`);
    if (state.split_from && state.split_from !== before?.split_from) tell('Taken out of another incident');
    if (state.note && (!before || state.note !== before.note || state.changed_at !== before.changed_at)) tell(state.note, true);
    const changed = state.tasks.filter((task) => Number(task.rev) === Number(state.rev));
    const added = changed.filter(({ task_id }) => !known.has(task_id));
    if (added.length > 1) tellTask(added[0], `${added.length} tasks added`);
    for (const task of changed) {
      const was = known.get(task.task_id);
      if (was || added.length === 1) tellTask(task, taskChange(task, was));
      known.set(task.task_id, task);
    }
    before = state;
  }
  return entries;
}

/** A log with other entries put where their time belongs; its own order, by revision, stays as it is. */
export function withOthers(log: readonly LogEntry[], others: readonly LogEntry[]): LogEntry[] {
  const waiting = [...others];
  const merged: LogEntry[] = [];
  for (const entry of log) {
    while (waiting[0] && waiting[0].at < entry.at) merged.push(...waiting.splice(0, 1));
    merged.push(entry);
  }
  return [...merged, ...waiting];
}

/** What happened to a task. `was`: what was known of it before; nothing: it is new. */
function taskChange(task: IncidentTask, was: IncidentTask | undefined): string {
  const words = task.note ? ` (${task.note})` : '';
  if (task.state !== (was?.state ?? 'open')) return `Task ${task.state === 'open' ? 'open again' : task.state.replace('_', ' ')}: ${task.text}${words}`;
  if (was) return task.assignee ? `Task for ${task.assignee}: ${task.text}` : `Task for nobody any more: ${task.text}`;
  return `Task added: ${task.text}`;
}

/** An alert so near, raised so soon before the incident or while it lasted, may have to do with it. */
export const NEAR_M = 500;
const BEFORE_MS = 15 * 60_000;

export interface RelatedAlert {
  readonly alert: Alert;
  /** A straight line, metres; null: one of them has no place. */
  readonly distanceM: number | null;
  /** Its rule names this incident. */
  readonly isLinked: boolean;
}

/** Those whose rule names the incident, then those that are near; each with the ones that still need somebody first. */
export function relatedAlerts(alerts: Iterable<Alert>, incident: Pick<Incident, 'incident_id' | 'lat' | 'lon' | 'opened_at' | 'closed_at'>): RelatedAlert[] {
  const from = parseTime(incident.opened_at) - BEFORE_MS;
  const to = incident.closed_at === null ? Number.POSITIVE_INFINITY : parseTime(incident.closed_at);
  const found: RelatedAlert[] = [];
  for (const alert of alerts) {
    const { lat, lon } = alert;
    const distanceM = lat === null || lon === null || incident.lat === null || incident.lon === null ? null : metresBetween([lon, lat], [incident.lon, incident.lat]);
    const isLinked = alert.incident_id === incident.incident_id;
    const raised = parseTime(alert.raised_at);
    if (isLinked || (distanceM !== null && distanceM <= NEAR_M && raised >= from && raised <= to)) found.push({ alert, distanceM, isLinked });
  }
  const order = (one: RelatedAlert): string =>
    `${one.isLinked ? 0 : 1}${isActive(one.alert) ? 0 : 1}${severityOf(one.alert)}`;
  return found.sort((a, b) => (order(a) === order(b) ? parseTime(b.alert.raised_at) - parseTime(a.alert.raised_at) : order(a) < order(b) ? -1 : 1));
}

export interface UnitOn {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  /** Age of its newest position, milliseconds; null: it has told none. */
  readonly ageMs: number | null;
  readonly isStale: boolean;
}

/** The units on it, with how old what is known of each is. */
export function unitsOn(incident: Pick<Incident, 'units'>, units: ReadonlyMap<string, UnitPosition>, now: number): UnitOn[] {
  return incident.units.map((id) => {
    const unit = units.get(id);
    if (!unit) return { id, name: id, status: 'has told no position', ageMs: null, isStale: true };
    return { id, name: unitName(unit), status: unit.status.replaceAll('_', ' '), ageMs: now - parseTime(unit.occurred_at), isStale: isStale(unit, now) };
  });
}
