/** Waits between attempts to reconnect, in seconds; the last repeats. */
export const WAITS_S = [0.5, 1, 2, 4, 8, 15] as const;
/** Each wait is made up to this share longer or shorter, so that a thousand pages do not come back at once. */
export const JITTER = 0.3;

/** Return the wait in milliseconds before attempt `attempt` (from 0); `random` is 0..1. */
export function waitMs(attempt: number, random: number): number {
  const base = WAITS_S[Math.min(attempt, WAITS_S.length - 1)] ?? 15;
  return Math.round(base * 1000 * (1 + JITTER * (2 * random - 1)));
}
