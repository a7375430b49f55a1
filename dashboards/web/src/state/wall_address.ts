/** What the address of a wall says: `/wall?profile=east&scale=1.5&cycle=30&reload=04:30`. */

export interface WallAddress {
  /** Whose saved views: several walls may be driven from one browser. */
  readonly profile: string;
  /** Size of the text; 1 is to be read at 3 m. */
  readonly scale: number;
  /** Seconds from one saved view to the next; 0: it stays. */
  readonly cycleS: number;
  /** Local minute of the day at which the page starts anew. */
  readonly reloadMinute: number;
  /** What was not understood, in words. */
  readonly wrong: string;
}

export const SCALES = [0.5, 4] as const;
/** The map moves no more often than this; a faster round would be held up by that anyway. */
export const SHORTEST_CYCLE_S = 15;
const RELOAD_AT = '04:30';

export function readAddress(search: string): WallAddress {
  const asked = new URLSearchParams(search);
  const wrong: string[] = [];
  const number = (name: string, least: number, most: number, otherwise: number): number => {
    const text = asked.get(name);
    if (text === null || text === '') return otherwise;
    const value = Number(text);
    if (value >= least && value <= most) return value;
    wrong.push(`${name} must be a number from ${least} to ${most}`);
    return otherwise;
  };
  const minute = minuteOf(asked.get('reload') ?? RELOAD_AT);
  if (minute === null) wrong.push('reload must be a time of day, as 04:30');
  return {
    profile: (asked.get('profile') ?? '').slice(0, 40),
    scale: number('scale', ...SCALES, 1),
    cycleS: asked.get('cycle') === '0' ? 0 : number('cycle', SHORTEST_CYCLE_S, 3600, 0),
    reloadMinute: minute ?? minuteOf(RELOAD_AT) ?? 0,
    wrong: wrong.join('; '),
  };
}

function minuteOf(text: string): number | null {
  const found = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text);
  return found ? Number(found[1]) * 60 + Number(found[2]) : null;
}
