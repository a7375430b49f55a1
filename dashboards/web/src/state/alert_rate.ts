/** How many alerts came to this screen, and when that is a flood: EEMUA 191's numbers for one operator. */
import type { Alert } from '$schemas/events';

export const RATE_WINDOW_MS = 10 * 60_000;
/** So many in ten minutes one person can deal with. */
export const CALM = 1;
/** More than so many in ten minutes are a flood. */
export const FLOOD = 10;
/** A flood is over below this, so that the list does not change its form at every alert. */
export const FLOOD_OVER = 5;

export type RateLevel = 'calm' | 'busy' | 'flood';

/** Alerts raised within ten minutes before `now` (the server's clock, ms), whatever became of them. */
export function raisedLately(alerts: Iterable<Pick<Alert, 'raised_at'>>, now: number): number {
  let count = 0;
  for (const alert of alerts) if (Date.parse(alert.raised_at) > now - RATE_WINDOW_MS) count += 1;
  return count;
}

export const rateLevel = (count: number): RateLevel => (count > FLOOD ? 'flood' : count > CALM ? 'busy' : 'calm');

/** Whether there is a flood now, given whether there was one. */
export const isFlood = (count: number, was: boolean): boolean => (was ? count >= FLOOD_OVER : count > FLOOD);
