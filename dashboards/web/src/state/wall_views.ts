/** The views that a wall was given, kept in its browser under its profile. */

/** The middle of a map and how near it is. */
export interface Place {
  readonly lon: number;
  readonly lat: number;
  readonly zoom: number;
}

export const MOST_VIEWS = 9;
const KEY = 'watchfloor.wall.';

/** Nine places; null where none was saved. */
export type SavedViews = readonly (Place | null)[];

export function readViews(storage: Pick<Storage, 'getItem'>, profile: string): SavedViews {
  const none = Array.from<null>({ length: MOST_VIEWS }).fill(null);
  try {
    const kept: unknown = JSON.parse(storage.getItem(KEY + profile) ?? '[]');
    return Array.isArray(kept) ? none.map((_, index) => (isPlace(kept[index]) ? kept[index] : null)) : none;
  } catch {
    return none;
  }
}

export function keepView(storage: Pick<Storage, 'setItem'>, profile: string, views: SavedViews, index: number, place: Place): SavedViews {
  const next = views.with(index, place);
  storage.setItem(KEY + profile, JSON.stringify(next));
  return next;
}

const isPlace = (value: unknown): value is Place => {
  if (typeof value !== 'object' || value === null) return false;
  const { lon, lat, zoom } = value as Record<string, unknown>;
  return [[lon, 180], [lat, 90], [zoom, 24]].every(([number, most]) => typeof number === 'number' && Math.abs(number) <= Number(most));
};

export type WallCommand = { readonly show: number } | { readonly save: number } | 'pause' | 'full-screen' | 'home' | 'sound' | 'help';

interface Press {
  readonly key: string;
  readonly code: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/** 1-9 show a saved view, with Shift they save what is shown. */
export function wallCommandFor(press: Press, letters: boolean): WallCommand | null {
  if (press.ctrlKey || press.metaKey || press.altKey) return null;
  // By the key's place: what Shift makes of a digit differs from keyboard to keyboard.
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(press.code)?.[1];
  if (digit) return letters ? (press.shiftKey ? { save: Number(digit) - 1 } : { show: Number(digit) - 1 }) : null;
  if (press.key === ' ') return 'pause';
  if (!letters) return null;
  return ({ f: 'full-screen', F: 'full-screen', l: 'home', L: 'home', s: 'sound', S: 'sound', '?': 'help' } as const)[press.key] ?? null;
}
