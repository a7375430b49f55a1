/** Looking back: which time is shown, and what may be chosen. Pure. */
import type { Severity } from './ranking';
import { SPEEDS, type ReplayState, type Speed } from '../protocol/messages';
import { clockText, momentText } from '../time';

/** A period, ms since 1970. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

/** Where a replay stands. */
export interface ReplayStanding {
  readonly state: ReplayState;
  readonly speed: Speed;
  readonly why: string;
}

/** An alert on the time line. */
export interface TimeMark {
  readonly at: string;
  readonly alert_id: string;
  readonly severity: Severity;
  readonly title: string;
}

/** What GET /api/replay tells. */
export interface TimeLine {
  readonly marks: readonly TimeMark[];
  readonly is_cut: boolean;
  readonly oldest: string | null;
}

const MINUTE = 60_000;
/** Lengths a period may have. */
export const LENGTHS: readonly (readonly [ms: number, text: string])[] = [
  [15 * MINUTE, '15 minutes'], [60 * MINUTE, '1 hour'], [4 * 60 * MINUTE, '4 hours'], [12 * 60 * MINUTE, '12 hours'], [24 * 60 * MINUTE, '24 hours'],
];
/** A step is so many replayed milliseconds. */
export const STEP_MS = 10_000;
/** The newest may not be in the store yet. */
const SETTLED_MS = 10_000;
export const REFUSED = 'This is a replay: nothing can be done to what is past. L goes back to live.';

/** The period of a length that begins at a moment, or the newest there is; null where nothing of it has passed. */
export function periodOf(from: number | null, length: number, now: number): Period | null {
  const newest = now - SETTLED_MS;
  if (from === null) return { from: newest - length, to: newest };
  return from < newest - 1000 ? { from, to: Math.min(from + length, newest) } : null;
}

/** What a field for date and time has, local time, `2026-01-15T14:02:10`. */
export function fieldText(ms: number): string {
  const d = new Date(ms);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}T${clockText(ms)}`;
}

/** The moment in such a field; null when there is none. */
export function fieldTime(text: string): number | null {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

/** Where a moment stands in a period, 0 to 1; null outside. */
export function shareOf(at: number, period: Period): number | null {
  const share = (at - period.from) / (period.to - period.from);
  return share >= 0 && share <= 1 ? share : null;
}

export function faster(speed: Speed, step: 1 | -1): Speed {
  const at = SPEEDS.indexOf(speed) + step;
  return SPEEDS[Math.min(Math.max(at, 0), SPEEDS.length - 1)] ?? speed;
}

const STATES: Readonly<Record<ReplayState, string>> = {
  reading: 'reading the store', playing: '', waiting: 'waiting for the store', paused: 'paused', ended: 'at the end', failed: 'stopped',
};

/** `REPLAY 2026-01-15 13:40:12 ×4`, and what it is doing unless it simply plays. */
export function replayText(at: number, standing: ReplayStanding, now: number): string {
  const doing = STATES[standing.state];
  return `REPLAY ${momentText(at, now)} ×${standing.speed}${doing && ` · ${doing}`}`;
}

/** Why a period has nothing, or less than all, to show; "" when the store reaches back before it. */
export function emptyText(period: Period, oldest: number | null, now: number): string {
  if (oldest === null) return 'The store holds nothing that happened, so there is nothing to replay.';
  if (period.to <= oldest) return `Nothing is stored before ${momentText(oldest, now)}.`;
  return period.from < oldest ? `The store begins at ${momentText(oldest, now)}: before that there is nothing to show.` : '';
}
