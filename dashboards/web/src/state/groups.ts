/** In a flood alerts are shown in groups: one incident, or one rule at one place. Pure; the worst of a group always shows. */
import { ALERT_SEVERITIES, type Alert } from '$schemas/events';
import { isOpen, severityOf, type Severity } from './ranking';

/** More groups than this nobody reads in a flood: they are made coarser instead. */
export const MOST_GROUPS = 50;

export interface AlertGroup {
  readonly id: string;
  /** Most urgent first, as they were given. Never empty. */
  readonly alerts: readonly Alert[];
  /** The most urgent one: what is selected with the group. */
  readonly lead: Alert;
  /** The worst severity in it, taken or not. */
  readonly worst: Severity;
  /** Nobody has taken one of the worst severity. */
  readonly worstIsOpen: boolean;
  readonly counts: Readonly<Record<Severity, number>>;
}

export interface Grouping {
  /** How coarse: 0 about 300 m, 1 about 2 km, 2 rule and severity, 3 severity alone. */
  readonly level: number;
  readonly groups: readonly AlertGroup[];
}

/** Degrees: about 300 m and 2 km at these latitudes. */
const CELLS = [0.003, 0.02] as const;

const cell = (alert: Alert, size: number): string =>
  alert.lat === null || alert.lon === null ? (alert.zones[0] ?? '') : `${Math.floor(alert.lat / size)} ${Math.floor(alert.lon / size)}`;

const KEYS: readonly ((alert: Alert) => string)[] = [
  (a) => (a.incident_id ? `incident ${a.incident_id}` : `${a.rule} ${a.camera_id ?? cell(a, CELLS[0])}`),
  (a) => (a.incident_id ? `incident ${a.incident_id}` : `${a.rule} ${cell(a, CELLS[1])}`),
  (a) => `${a.rule} ${severityOf(a)}`,
  (a) => severityOf(a),
];
export const COARSEST = KEYS.length - 1;

/**
 * Group alerts that come most urgent first. `atLeast`: as coarse as it was, so that groups do not change their names
 * under a person's hand for as long as the flood lasts.
 */
export function groupAlerts(alerts: readonly Alert[], atLeast = 0): Grouping {
  for (let level = Math.min(atLeast, COARSEST); ; level += 1) {
    const groups = gather(alerts, level);
    if (groups) return { level, groups: Array.from(groups, ([id, list]) => made(id, list)) };
  }
}

/** Null as soon as there are too many: five thousand alerts of as many places must not take five thousand groups. */
function gather(alerts: readonly Alert[], level: number): Map<string, Alert[]> | null {
  const key = KEYS[level] as (alert: Alert) => string;
  const groups = new Map<string, Alert[]>();
  for (const alert of alerts) {
    const id = `${level} ${key(alert)}`;
    const group = groups.get(id);
    if (group) group.push(alert);
    else if (groups.size === MOST_GROUPS && level < COARSEST) return null;
    else groups.set(id, [alert]);
  }
  return groups;
}

function made(id: string, alerts: readonly Alert[]): AlertGroup {
  const counts: Record<Severity, number> = { P1: 0, P2: 0, P3: 0, P4: 0 };
  for (const alert of alerts) counts[severityOf(alert)] += 1;
  const worst = ALERT_SEVERITIES.find((severity) => counts[severity] > 0) ?? 'P4';
  return {
    id, alerts, worst, counts,
    lead: alerts[0] as Alert,
    worstIsOpen: alerts.some((alert) => isOpen(alert) && severityOf(alert) === worst),
  };
}

/** `12 alerts: 1 P1, 11 P3`. */
export const countText = (group: Pick<AlertGroup, 'alerts' | 'counts'>): string =>
  `${group.alerts.length} alerts: ${ALERT_SEVERITIES.filter((s) => group.counts[s]).map((s) => `${group.counts[s]} ${s}`).join(', ')}`;
