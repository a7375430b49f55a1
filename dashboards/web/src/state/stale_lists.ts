/** Lists of wanted plates that are older than they say they may be. */
import type { Alert, Hotlist } from '$schemas/events';
import { parseTime } from '../time';

export interface StaleList {
  name: string;
  ageMs: number;
  limitMs: number;
}

/** The lists that are stale at a time (epoch ms), the oldest first. */
export function staleLists(lists: Iterable<Hotlist>, now: number): StaleList[] {
  const found: StaleList[] = [];
  for (const list of lists) {
    const limitMs = (list.max_age_s ?? Infinity) * 1000;
    const ageMs = now - parseTime(list.as_of);
    if (ageMs > limitMs) found.push({ name: list.title || list.list_id, ageMs, limitMs });
  }
  return found.sort((a, b) => b.ageMs - a.ageMs);
}

export const isFromStaleList = (alert: Pick<Alert, 'why'>): boolean => alert.why.some((one) => one.kind === 'stale_list');
