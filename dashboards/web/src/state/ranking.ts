/** What comes first: what nobody has taken yet, then what is gravest, then what is newest. */
import { ACTIVE_ALERT_STATUSES, ALERT_SEVERITIES, ALERT_STATUSES, type Alert, type EmergencyCall, type Incident } from '$schemas/events';

export type Severity = (typeof ALERT_SEVERITIES)[number];

/** The severity of an alert; a word this page does not know counts as P4 rather than vanishing. */
export function severityOf(alert: Pick<Alert, 'severity'>): Severity {
  return (ALERT_SEVERITIES as readonly string[]).includes(alert.severity) ? (alert.severity as Severity) : 'P4';
}

export const isOpen = (alert: Pick<Alert, 'status'>): boolean => alert.status === 'open';
/** Open, acknowledged or dispatched: somebody may still have to do something. */
export const isActive = (alert: Pick<Alert, 'status'>): boolean =>
  (ACTIVE_ALERT_STATUSES as readonly string[]).includes(alert.status);

/** Nobody took it in time, or somebody wants a supervisor for it; and nobody has answered that yet. */
export const isEscalated = (alert: Pick<Alert, 'status'> & Partial<Pick<Alert, 'escalated_at' | 'escalated_by'>>): boolean =>
  !!alert.escalated_at && (isOpen(alert) || (isActive(alert) && !!alert.escalated_by));

type Key = readonly (number | string)[];

/** Sort by comparable keys made once for each row: parsing two times in every comparison costs ten times as much. */
function sorted<T>(rows: Iterable<T>, keys: (row: T) => Key): T[] {
  return Array.from(rows, (row) => ({ row, key: keys(row) }))
    .sort((a, b) => compare(a.key, b.key))
    .map(({ row }) => row);
}

function compare(a: Key, b: Key): number {
  for (let i = 0; i < a.length; i += 1) {
    const x = a[i] as number | string;
    const y = b[i] as number | string;
    if (x < y) return -1;
    if (x > y) return 1;
  }
  return 0;
}

const statusRank = (alert: Alert): number => {
  // Somebody wants a supervisor for it: it waits like one that nobody has taken.
  if (isEscalated(alert)) return 0;
  const rank = (ALERT_STATUSES as readonly string[]).indexOf(alert.status);
  return rank < 0 ? ALERT_STATUSES.length : rank;
};

/**
 * Not yet acknowledged before acknowledged, then severity, then what is escalated (longest waiting first), then newest.
 * Severity goes before escalation: a new P1 must not stand below P2s that wait.
 */
export const byUrgency = (alerts: Iterable<Alert>): Alert[] =>
  sorted(alerts, urgency);

/** An alert's state never changes, a new one is another object: in a flood its key is made once, not ten times a second. */
const urgencies = new WeakMap<Alert, Key>();

function urgency(alert: Alert): Key {
  const known = urgencies.get(alert);
  if (known) return known;
  const raised = Date.parse(alert.raised_at);
  const late = isEscalated(alert);
  const key = [statusRank(alert), severityOf(alert), late ? 0 : 1, late ? raised : -raised, alert.alert_id];
  urgencies.set(alert, key);
  return key;
}

/** What was dealt with last comes first. */
export const byLastChange = (alerts: Iterable<Alert>): Alert[] =>
  sorted(alerts, (a) => [-Date.parse(a.changed_at ?? a.raised_at), a.alert_id]);

const OVER = new Set(['closed', 'cancelled']);
export const isOver = (row: Pick<Incident | EmergencyCall, 'status'>): boolean => OVER.has(row.status);

/** One line of the list of calls: an incident, or a call that belongs to none. */
export type CallLine =
  | { readonly kind: 'incident'; readonly id: string; readonly row: Incident }
  | { readonly kind: 'call'; readonly id: string; readonly row: EmergencyCall };

export const beganAt = (line: CallLine): string =>
  line.kind === 'incident' ? line.row.opened_at : line.row.received_at;

/** Part of another incident since a merge: shown there, not by itself. */
export const isMerged = (row: Pick<Incident, 'merged_into'>): boolean => row.merged_into !== null && row.merged_into !== undefined;

/** What goes on before what is over, then priority, then newest. A call and its incident are one line. */
export function callLines(incidents: Iterable<Incident>, calls: Iterable<EmergencyCall>): CallLine[] {
  const lines: CallLine[] = [];
  const grouped = new Set<string>();
  for (const row of incidents) {
    for (const id of row.call_ids) grouped.add(id);
    if (isMerged(row)) continue;
    lines.push({ kind: 'incident', id: `incident:${row.incident_id}`, row });
  }
  for (const row of calls) if (!grouped.has(row.call_id)) lines.push({ kind: 'call', id: `call:${row.call_id}`, row });
  return sorted(lines, (l) => [Number(isOver(l.row)), -(l.row.priority ?? -1), -Date.parse(beganAt(l)), l.id]);
}
