/** The sightings of the last two minutes, in the order they came, and how fast they come. */
import type { Sighting } from '$schemas/events';

/** A sighting is gone from the screen at this age: where a car was two minutes ago is not where it is. */
export const VANISH_MS = 120_000;
/** Rows of the list of last reads; the map draws more, from its own memory. */
export const MOST_LISTED = 200;
const RATE_WINDOW_MS = 5_000;

export class SightingLog {
  #last: Sighting[] = [];
  #arrivals: { at: number; count: number }[] = [];
  #since: number | null = null;
  dropped = 0;

  /** Take the rows of a snapshot in place of what is here: they did not come now, so they say nothing of the rate. */
  replace(rows: readonly Sighting[]): void {
    this.#last = rows.slice(-MOST_LISTED);
  }

  /** Take rows; `at` is our clock. */
  add(rows: readonly Sighting[], at: number): void {
    this.#since ??= at;
    this.#arrivals.push({ at, count: rows.length });
    this.#last.push(...rows.slice(-MOST_LISTED));
    if (this.#last.length > 2 * MOST_LISTED) this.#last = this.#last.slice(-MOST_LISTED);
  }

  leftOut(count: number, at: number): void {
    this.dropped += count;
    this.#arrivals.push({ at, count });
  }

  /** Newest first, none older than two minutes. `now` is the server's clock. */
  recent(now: number): Sighting[] {
    return this.#last
      .slice(-MOST_LISTED)
      .filter((s) => now - Date.parse(s.occurred_at) < VANISH_MS)
      .reverse();
  }

  /** Reads a second over the last five, or over the time since the first. */
  rate(at: number): number {
    this.#arrivals = this.#arrivals.filter((arrival) => at - arrival.at < RATE_WINDOW_MS);
    const count = this.#arrivals.reduce((sum, arrival) => sum + arrival.count, 0);
    const watched = this.#since === null ? RATE_WINDOW_MS : Math.min(RATE_WINDOW_MS, at - this.#since);
    return count / (Math.max(1000, watched) / 1000);
  }
}
