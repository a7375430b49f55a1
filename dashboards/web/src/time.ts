/** Times and ages as texts, and the server's clock as this page knows it. All times in milliseconds. */

const SAMPLES = 60;

/**
 * The difference between the server's clock and ours. Every frame says what time the server had; the greatest
 * difference among the last frames is the one that spent the least time on the way, so it is the truest.
 */
export class ServerClock {
  #samples: number[] = [];
  #offset = 0;

  heard(serverNow: number, localNow: number): void {
    this.#samples.push(serverNow - localNow);
    if (this.#samples.length > SAMPLES) this.#samples.shift();
    this.#offset = Math.max(...this.#samples);
  }

  /** How far the server is ahead of us. */
  get offset(): number {
    return this.#offset;
  }

  /** The server's time now. */
  now(localNow: number = Date.now()): number {
    return localNow + this.#offset;
  }
}

/** The clock of a replay: it runs at its speed from the last time told, and stands while the replay does. */
export class ReplayClock {
  #at = 0;
  #since = 0;
  #rate = 0;

  /** `rate`: 0 while it stands. */
  run(rate: number, localNow: number): void {
    this.#at = this.now(localNow);
    this.#since = localNow;
    this.#rate = rate;
  }

  heard(serverNow: number, localNow: number): void {
    this.#at = serverNow;
    this.#since = localNow;
  }

  now(localNow: number = Date.now()): number {
    return this.#at + (localNow - this.#since) * this.#rate;
  }
}

/** What ages are counted from. */
export interface ShownClock {
  heard(serverNow: number, localNow: number): void;
  now(localNow?: number): number;
}

export const parseTime = (text: string | null | undefined): number => (text ? Date.parse(text) : Number.NaN);

/** `12 s`, `3 min`, `2 h 5 min`, `4 d`: how old something is. A time ahead of our clock counts as new. */
export function age(ms: number): string {
  if (!Number.isFinite(ms)) return 'unknown';
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return `${s} s`;
  const min = Math.floor(s / 60);
  if (min < 60) return `${min} min`;
  const h = Math.floor(min / 60);
  if (h < 24) return min % 60 ? `${h} h ${min % 60} min` : `${h} h`;
  const d = Math.floor(h / 24);
  return d < 730 ? `${d} d` : `${Math.floor(d / 365)} y`;
}

/** `42 ms`, `3.2 s`, then as an age: how long something took. */
export function span(ms: number): string {
  if (!Number.isFinite(ms)) return 'unknown';
  if (ms < -500) return `clock ${age(-ms)} ahead`;
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return age(ms);
}

const two = (n: number): string => String(n).padStart(2, '0');

/** `14:02:10`, local time. */
export function clockText(ms: number): string {
  const d = new Date(ms);
  return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}

/** `20:02Z`. */
export function utcText(ms: number): string {
  const d = new Date(ms);
  return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}Z`;
}

/** `2026-01-15 14:02:10`, local time; the date is left out for today. */
export function momentText(ms: number, now: number): string {
  if (!Number.isFinite(ms)) return 'unknown';
  const d = new Date(ms);
  if (d.toDateString() === new Date(now).toDateString()) return clockText(ms);
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${clockText(ms)}`;
}
