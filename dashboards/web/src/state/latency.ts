/** Where the time went between the camera and the screen. */
import type { Alert } from '$schemas/events';
import { parseTime } from '../time';

/** An alert raised this long after what it is about happened is marked LATE. */
export const LATE_MS = 60_000;

export interface Leg {
  readonly name: string;
  /** Milliseconds; NaN when it cannot be known. */
  readonly ms: number;
}

/** Camera to edge, edge to match, match to screen. `arrival`: server's clock when it came live, if it did. */
export function legs(alert: Alert, arrival: number | undefined): Leg[] {
  const occurred = parseTime(alert.occurred_at);
  const observed = parseTime(alert.observed_at);
  const raised = parseTime(alert.raised_at);
  return [
    { name: alert.subject_kind === 'call' ? 'caller → edge' : 'camera → edge', ms: observed - occurred },
    { name: 'edge → match', ms: raised - observed },
    { name: 'match → screen', ms: arrival === undefined ? Number.NaN : Math.max(0, arrival - raised) },
  ];
}

export const isLate = (alert: Alert): boolean => parseTime(alert.raised_at) - parseTime(alert.occurred_at) > LATE_MS;
