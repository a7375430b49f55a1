/** What a screen needs that stands on a wall for years: nothing burns in, and it starts anew before it grows old. */

/** What stands still moves by so much in an hour, px, round a square of this side. */
const STEP_PX = 2;
export const BURN_IN_PX = 8;
const HOUR_MS = 3_600_000;

/** How far what stands still is moved at this time: from 0 to BURN_IN_PX each way, and 2 px from one hour to the next. */
export function burnInShift(now: number): readonly [x: number, y: number] {
  const side = BURN_IN_PX / STEP_PX;
  const hour = Math.floor(now / HOUR_MS) % (4 * side);
  const along = (hour % side) * STEP_PX;
  switch (Math.floor(hour / side)) {
    case 0: return [along, 0];
    case 1: return [BURN_IN_PX, along];
    case 2: return [BURN_IN_PX - along, BURN_IN_PX];
    default: return [0, BURN_IN_PX - along];
  }
}

/** A P1 that nobody has taken is looked at for so long before the page may start anew. */
export const P1_MINUTE_MS = 60_000;
/** A page that was refused asks again so often. */
const REFUSED_MS = 300_000;

export interface Upkeep {
  /** Our clock, ms, now and when the page was opened. */
  readonly now: number;
  readonly openedAt: number;
  /** Local minute of the day at which it starts anew. */
  readonly minute: number;
  /** The server's version when the page was opened, and now; empty: not known. */
  readonly versionThen: string;
  readonly versionNow: string;
  /** A frame came lately: the server is there to give the page again. */
  readonly isLive: boolean;
  /** The server will not have this page. */
  readonly isRefused: boolean;
  /** When the newest P1 that nobody has taken was raised, on the clock of `now`; null: none is open. */
  readonly newestP1: number | null;
}

/** Why the page should start anew now; empty when it should not. */
export function whyReload(told: Upkeep): string {
  // Without the server a reload would leave an error page of the browser's own, which comes back by no rule of ours.
  if (told.isRefused) return told.now - told.openedAt >= REFUSED_MS ? 'the server refused this page' : '';
  if (!told.isLive || (told.newestP1 !== null && told.now - told.newestP1 < P1_MINUTE_MS)) return '';
  if (told.versionThen && told.versionNow && told.versionThen !== told.versionNow) return 'the server has another version';
  return told.now >= nextDaily(told.openedAt, told.minute) ? 'once a day' : '';
}

/** The first time after `after` at which the local clock shows this minute of the day, ms. */
export function nextDaily(after: number, minute: number): number {
  const at = new Date(after);
  at.setHours(Math.floor(minute / 60), minute % 60, 0, 0);
  // By the calendar: a day of 23 or 25 hours has its minute, too.
  if (at.getTime() <= after) at.setDate(at.getDate() + 1);
  return at.getTime();
}
