/** One lossless channel's place in the server's log: what may be applied, what came twice, what is missing. */

export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly rows: readonly unknown[];
}

export type Verdict =
  | { readonly do: 'apply'; readonly stretches: readonly Stretch[] }
  /** Already known: came twice. */
  | { readonly do: 'ignore' }
  /** Kept until the snapshot it belongs behind is complete. */
  | { readonly do: 'hold' }
  /** Rows between are missing: ask for a snapshot. */
  | { readonly do: 'resync' };

/** Deltas kept while a snapshot is under way; more than this and the next snapshot simply shows a gap again. */
const HELD_AT_MOST = 2000;

export class Sequence {
  /** Number of the last row applied; null before the first snapshot. */
  position: number | null = null;
  /** Grows with every step of a snapshot, so that one that stands still can be told from one that is long. */
  progress = 0;
  #waiting = true;
  #held: Stretch[] = [];
  #parts: unknown[] = [];
  #nextPart = 1;

  /** A snapshot is on its way: hold what comes until it is complete. */
  await(): void {
    this.progress += 1;
    this.#waiting = true;
    this.#held = [];
    this.#parts = [];
    this.#nextPart = 1;
  }

  get waiting(): boolean {
    return this.#waiting;
  }

  offer(stretch: Stretch): Verdict {
    if (this.#waiting || this.position === null) {
      if (this.#held.length < HELD_AT_MOST) this.#held.push(stretch);
      return { do: 'hold' };
    }
    if (stretch.to <= this.position) return { do: 'ignore' };
    if (stretch.from > this.position + 1) {
      this.await();
      return { do: 'resync' };
    }
    // An overlap is harmless: rows are full states, and an older one never replaces a newer.
    this.position = stretch.to;
    return { do: 'apply', stretches: [stretch] };
  }

  /**
   * Take one part of a snapshot. Return the whole of it with the held deltas that follow it, once complete;
   * null while parts are missing. `gap` tells that the held deltas do not join up and a new snapshot is needed.
   */
  snapshot(pos: number, part: number, of: number, rows: readonly unknown[]): {
    readonly rows: readonly unknown[];
    readonly after: readonly Stretch[];
    readonly gap: boolean;
  } | null {
    if (part === 1) {
      this.#parts = [];
      this.#nextPart = 1;
      this.#waiting = true;
    }
    if (part !== this.#nextPart) return null;
    this.progress += 1;
    this.#parts.push(...rows);
    this.#nextPart += 1;
    if (part < of) return null;

    const whole = this.#parts;
    const held = this.#held;
    this.#parts = [];
    this.#held = [];
    this.#waiting = false;
    this.position = pos;
    const after: Stretch[] = [];
    for (const stretch of held) {
      const verdict = this.offer(stretch);
      if (verdict.do === 'apply') after.push(stretch);
      if (verdict.do === 'resync') return { rows: whole, after, gap: true };
    }
    return { rows: whole, after, gap: false };
  }
}
