/** What the connection badge says. Pure: a function of what was last heard and of the time. */
import { SILENCE_MS, type Phase } from '../protocol/feed';
import { age, clockText, span } from '../time';

export interface Heard {
  readonly phase: Phase;
  readonly refusal: string;
  /** Our clock when the last frame came; null before the first. */
  readonly lastFrame: number | null;
  /** Our clock when the page was opened. */
  readonly since: number;
  /** Edge to screen, ms, of the last data; null while none came. */
  readonly latency: number | null;
  /** How long the oldest event has waited to be processed, ms, by the server's word; 0 when none waits. */
  readonly behind: number;
  /** Age of the newest thing known of what is out there, ms; null while nothing is known. */
  readonly newest: number | null;
}

export type Level = 'connecting' | 'live' | 'replay' | 'delayed' | 'quiet' | 'reconnecting' | 'offline' | 'refused';

export interface Badge {
  readonly level: Level;
  readonly text: string;
  /** Nothing on the screen may be taken for live. */
  readonly lost: boolean;
}

/** Data later than this is not called live. */
export const DELAYED_MS = 2_000;
/** The line holds, but a city that says nothing for so long is not shown as live: its sources may have stopped. */
export const QUIET_MS = 60_000;
/** A closed socket is given this long before the screen says that there is no live data. */
const GRACE_MS = 3_000;
/** From here on it is not a hiccup. */
export const OFFLINE_MS = 60_000;

export function badge(heard: Heard, now: number): Badge {
  if (heard.phase === 'refused') return { level: 'refused', text: 'NOT CONNECTED', lost: true };
  const silent = now - (heard.lastFrame ?? heard.since);
  if (heard.lastFrame === null && silent < SILENCE_MS) return { level: 'connecting', text: 'CONNECTING', lost: false };
  if (silent >= OFFLINE_MS) {
    const since = clockText(heard.lastFrame ?? heard.since).slice(0, 5);
    return { level: 'offline', text: `OFFLINE since ${since}`, lost: true };
  }
  if (heard.phase !== 'open' || silent >= SILENCE_MS) {
    const lost = silent >= (heard.phase === 'open' ? SILENCE_MS : GRACE_MS);
    return { level: 'reconnecting', text: `RECONNECTING ${age(silent)}`, lost };
  }
  // What waits is not on the screen yet, so it is not in the latency of what is.
  const delay = Math.max(heard.latency ?? 0, heard.behind);
  if (delay > DELAYED_MS) return { level: 'delayed', text: `DELAYED ${span(delay)}`, lost: false };
  if (heard.newest !== null && heard.newest >= QUIET_MS) {
    return { level: 'quiet', text: `NO NEW DATA ${age(heard.newest)}`, lost: false };
  }
  return { level: 'live', text: heard.latency === null ? 'LIVE' : `LIVE ${span(heard.latency)}`, lost: false };
}
