/** The newest state of each subject of a channel, within a bound. */

export interface KeyedOptions<T> {
  readonly key: (row: T) => string;
  /** True when `a` is the same state as `b` or a newer one. */
  readonly atLeast: (a: T, b: T) => boolean;
  /** True when the row says that its subject is gone. */
  readonly removed?: (row: T) => boolean;
  /** What to forget first when there are more than `most`: the least worth keeping. */
  readonly most: number;
  readonly worth: (a: T, b: T) => number;
}

export class Keyed<T> {
  readonly rows = new Map<string, T>();
  /** Grows with every change. */
  revision = 0;

  constructor(private readonly options: KeyedOptions<T>) {}

  replace(rows: Iterable<T>): void {
    this.rows.clear();
    for (const row of rows) this.#put(row);
    this.#bound();
    this.revision += 1;
  }

  /** Take new states; return those that were news (not older than, or the same as, what was known). */
  merge(rows: Iterable<T>): T[] {
    const news: T[] = [];
    for (const row of rows) if (this.#put(row)) news.push(row);
    if (news.length === 0) return news;
    this.#bound();
    this.revision += 1;
    return news;
  }

  /** Forget subjects, whatever their state. */
  drop(keys: Iterable<string>): void {
    for (const key of keys) if (this.rows.delete(key)) this.revision += 1;
  }

  get(key: string): T | undefined {
    return this.rows.get(key);
  }

  #put(row: T): boolean {
    const { key, atLeast, removed } = this.options;
    const name = key(row);
    const known = this.rows.get(name);
    if (known !== undefined && atLeast(known, row)) return false;
    if (removed?.(row)) return this.rows.delete(name);
    this.rows.set(name, row);
    return true;
  }

  #bound(): void {
    const { most, worth, key } = this.options;
    // A tenth of slack, so that a full store is not sorted for every single row.
    if (this.rows.size <= most * 1.1) return;
    const all = [...this.rows.values()].sort(worth);
    for (const row of all.slice(most)) this.rows.delete(key(row));
  }
}
