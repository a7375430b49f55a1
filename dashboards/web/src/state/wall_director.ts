/**
 * Where the wall's map looks, and when it may move. Pure: told of each second, it says what to do in it.
 *
 * A new P1 is shown, one after the other; then the map goes back. It never moves under a hand, nor more often than a
 * person can follow.
 */

/** An alert is looked at for so long before the map goes back. */
export const HOLD_MS = 20_000;
/** After a key or the pointer, the map is the person's for so long. */
export const TOUCHED_MS = 60_000;
/** From one move to the next, whatever the reason. */
export const BETWEEN_MS = 15_000;
/** A P1 that was raised so shortly before the page was opened is still new. */
const NEW_MS = 60_000;

export interface Urgent {
  readonly id: string;
  /** When it was raised, ms. */
  readonly raisedAt: number;
}

/** Show an alert; show a saved view; or, with no number, the view from before or the whole estate. */
export type Move = { readonly to: 'alert'; readonly id: string } | { readonly to: 'view'; readonly index: number } | { readonly to: 'home' };

export interface WallPlan {
  /** How many saved views there are to go through. */
  readonly views: number;
  /** Go to the next saved view so often, ms; 0: never. */
  readonly cycleMs: number;
}

export class WallDirector {
  /** The alert that is being shown. */
  shown: string | null = null;
  /** A person stopped the round of views. */
  isPaused = false;
  /** The saved view that was gone to last; null: none. */
  view: number | null = null;
  #seen: Set<string> | null = null;
  #waiting: string[] = [];
  #shownAt = 0;
  #movedAt = Number.NEGATIVE_INFINITY;
  #touchedAt = Number.NEGATIVE_INFINITY;
  #viewAt: number;
  /** A person, or an alert, took the map away from where it belongs. */
  #isAway = false;

  constructor(now: number) {
    this.#viewAt = now;
  }

  /** A key, the pointer or the wheel. */
  touched(now: number): void {
    this.#touchedAt = now;
    this.#isAway = true;
  }

  /** A person chose this saved view: the map is where it belongs. */
  chose(view: number | null, now: number): void {
    this.view = view;
    this.#viewAt = now;
    this.#isAway = false;
  }

  isTouched(now: number): boolean {
    return now - this.#touchedAt < TOUCHED_MS;
  }

  /** `urgent`: P1s that nobody has taken; null: not known yet. `now`: ms of a clock that is not set back. */
  step(urgent: readonly Urgent[] | null, serverNow: number, now: number, plan: WallPlan): Move | null {
    if (urgent) this.#notice(urgent, serverNow);
    // What was shown leaves the screen by itself, even while a person has the map.
    if (this.shown !== null && now - this.#shownAt >= HOLD_MS) {
      this.shown = null;
      this.#isAway = true;
    }
    if (this.isTouched(now) || now - this.#movedAt < BETWEEN_MS) return null;
    const next = this.#waiting.shift();
    if (next !== undefined) {
      this.shown = next;
      this.#shownAt = now;
      this.#isAway = true;
      return this.#moved({ to: 'alert', id: next }, now);
    }
    if (this.shown !== null) return null;
    if (this.#isAway) {
      this.#isAway = false;
      this.#viewAt = now;
      return this.#moved(this.view === null ? { to: 'home' } : { to: 'view', index: this.view }, now);
    }
    if (plan.cycleMs > 0 && plan.views > 0 && !this.isPaused && now - this.#viewAt >= plan.cycleMs) {
      const index = this.view === null ? 0 : (this.view + 1) % plan.views;
      this.#viewAt = now;
      // A single view needs no going to.
      if (index === this.view) return null;
      this.view = index;
      return this.#moved({ to: 'view', index }, now);
    }
    return null;
  }

  /** What is no longer open is not gone to any more; what was seen open once is not new again. */
  #notice(urgent: readonly Urgent[], serverNow: number): void {
    const open = new Set(urgent.map(({ id }) => id));
    const isFirst = this.#seen === null;
    const seen = (this.#seen ??= new Set());
    const fresh = urgent.filter(({ id, raisedAt }) => !seen.has(id) && (!isFirst || serverNow - raisedAt < NEW_MS));
    for (const id of open) seen.add(id);
    this.#waiting = this.#waiting.filter((id) => open.has(id));
    this.#waiting.push(...fresh.toSorted((a, b) => a.raisedAt - b.raisedAt).map(({ id }) => id));
  }

  #moved(move: Move, now: number): Move {
    this.#movedAt = now;
    return move;
  }
}
