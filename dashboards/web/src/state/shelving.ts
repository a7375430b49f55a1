/** Alerts put aside for a time, and the queues of an alert. Compared with the clock: nothing is written at the end of it. */
import type { Alert } from '$schemas/events';
import { isActive, isOpen, severityOf } from './ranking';
import { parseTime } from '../time';

export type Queue = 'mine' | 'open' | 'shelved' | 'closed';
export const QUEUES: readonly (readonly [Queue, string])[] = [['mine', 'Mine'], ['open', 'Open'], ['shelved', 'Shelved'], ['closed', 'Closed']];

/** Times on offer, minutes; the server allows twelve hours at most. */
export const SHELF_TIMES: readonly (readonly [minutes: number, text: string])[] = [
  [15, '15 min'], [30, '30 min'], [60, '1 h'], [240, '4 h'], [480, '8 h'],
];

type Shelf = Pick<Alert, 'status'> & Partial<Pick<Alert, 'shelved_until'>>;

/** `now`: the server's clock, ms. */
export const isShelved = (alert: Shelf, now: number): boolean =>
  !!alert.shelved_until && isActive(alert) && now < parseTime(alert.shelved_until);

/** Nobody has taken it, and it is not put aside. */
export const isWaiting = (alert: Shelf, now: number): boolean => isOpen(alert) && !isShelved(alert, now);

/** Since when an alert waits for somebody, ms: raised, reopened, back from the shelf, or escalated by a person. */
export const waitingSince = (alert: Alert): number =>
  alert.escalated_by ? parseTime(alert.escalated_at) : Math.max(...[alert.raised_at, alert.open_since, alert.shelved_until].map(parseTime).filter(Number.isFinite));

/** Why an alert cannot be put aside; empty when it can. */
export function whyNotShelved(alert: Alert): string {
  if (severityOf(alert) === 'P1') return 'A P1 cannot be shelved: acknowledge it, or close it and say why';
  if (alert.status === 'dispatched') return 'Somebody is on the way';
  return isActive(alert) ? '' : 'It is over';
}

export interface Queues {
  /** Those that this person has in hand or was given, whichever other queue they are in. */
  readonly mine: readonly Alert[];
  readonly open: readonly Alert[];
  readonly shelved: readonly Alert[];
  readonly closed: readonly Alert[];
  /** When the first shelved one comes back, ms; infinite when none is shelved. */
  readonly nextBack: number;
}

/** Every alert is in one queue besides "mine", so that none vanishes from the counts. `me`: "" for nobody. */
export function queuesOf(alerts: Iterable<Alert>, now: number, me = ''): Queues {
  const mine: Alert[] = [];
  const open: Alert[] = [];
  const shelved: Alert[] = [];
  const closed: Alert[] = [];
  let nextBack = Number.POSITIVE_INFINITY;
  for (const alert of alerts) {
    if (me && alert.owner === me && isActive(alert)) mine.push(alert);
    if (!isActive(alert)) closed.push(alert);
    else if (isShelved(alert, now)) {
      shelved.push(alert);
      nextBack = Math.min(nextBack, parseTime(alert.shelved_until));
    } else open.push(alert);
  }
  return { mine, open, shelved, closed, nextBack };
}

/** What comes back first is first. */
export const byReturn = (alerts: Iterable<Alert>): Alert[] =>
  [...alerts].sort((a, b) => parseTime(a.shelved_until) - parseTime(b.shelved_until) || (a.alert_id < b.alert_id ? -1 : 1));

/** Why the queue of open alerts is empty, and what is next. */
export function emptyText(
  queue: Queue, queues: Pick<Queues, 'shelved'>, cameras: number, hotlists: number, keyOf: (command: 'own' | 'shelve' | 'next-queue') => string,
): string {
  const [own, shelve, next] = (['own', 'shelve', 'next-queue'] as const).map((command) => keyOf(command));
  if (queue === 'mine') return `No alert is yours. ${own ? `${own} takes the selected one, or gives it` : 'Take the selected one, or give it'} to somebody.`;
  if (queue === 'closed') return 'No closed alerts. Those that are closed or recalled stay here for a day.';
  if (queue === 'shelved') return `No shelved alerts. ${shelve ? `${shelve} puts` : 'Shelve… puts'} the selected one aside for a time, with a reason; it comes back by itself.`;
  const aside = queues.shelved.length ? ` ${queues.shelved.length} shelved${next ? `: ${next} shows them` : ''}.` : '';
  return `No open alerts.${aside} Watching ${cameras} cameras and ${hotlists} hotlists.`;
}
