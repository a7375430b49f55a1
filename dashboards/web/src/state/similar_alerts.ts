/** Alerts like one: what came of them says much about it. From those the page has: what is over stays there for a day. */
import type { Alert } from '$schemas/events';
import { parseTime } from '../time';

export const SIMILAR_MS = 24 * 3_600_000;
export const MOST_SIMILAR = 5;

export interface Similar {
  /** Newest first, the first few. */
  readonly shown: readonly Alert[];
  readonly total: number;
}

/** Of the same rule, about the same subject or at the same camera, raised within the day before `now`. */
export function similarAlerts(alerts: Iterable<Alert>, to: Alert, now: number): Similar {
  const found: Alert[] = [];
  for (const one of alerts) {
    if (one.rule !== to.rule || one.alert_id === to.alert_id || one.synthetic !== to.synthetic) continue;
    const isLike = (one.subject_kind === to.subject_kind && one.subject === to.subject) || (one.camera_id !== null && one.camera_id === to.camera_id);
    if (isLike && now - parseTime(one.raised_at) <= SIMILAR_MS) found.push(one);
  }
  found.sort((a, b) => parseTime(b.raised_at) - parseTime(a.raised_at) || (a.alert_id < b.alert_id ? -1 : 1));
  return { shown: found.slice(0, MOST_SIMILAR), total: found.length };
}
