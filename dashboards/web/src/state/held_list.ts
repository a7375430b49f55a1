/** A ranked list that never moves under a person's hand: while held, new rows wait behind a count. */

export class HeldList {
  /** Ids as they are shown. */
  shown: readonly string[] = [];
  /** Rows waiting to be let in. */
  fresh = 0;
  /** The order or the content waiting differs from what is shown. */
  pending = false;
  #ranked: readonly string[] = [];

  /** Take a new ranking; while `held` it waits. */
  offer(ranked: readonly string[], held: boolean): void {
    this.#ranked = ranked;
    if (!held) {
      this.merge();
      return;
    }
    const known = new Set(this.shown);
    this.fresh = ranked.reduce((count, id) => count + (known.has(id) ? 0 : 1), 0);
    this.pending = ranked.length !== this.shown.length || ranked.some((id, index) => id !== this.shown[index]);
  }

  merge(): void {
    this.shown = this.#ranked;
    this.fresh = 0;
    this.pending = false;
  }

  /** The id `step` rows from `from`, kept within the list; the first when `from` is not in it. */
  neighbour(from: string | null, step: number): string | null {
    const at = from === null ? -1 : this.shown.indexOf(from);
    if (at < 0) return this.shown[step < 0 ? this.shown.length - 1 : 0] ?? null;
    return this.shown[Math.min(this.shown.length - 1, Math.max(0, at + step))] ?? null;
  }
}
