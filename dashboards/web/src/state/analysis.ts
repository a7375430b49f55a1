/** The analyst's page: what is counted, kept in the page's address, and what POST /api/counts tells. */

export type Counted = 'plate_reads' | 'hits' | 'alerts' | 'calls' | 'incidents';
export type Look = 'hexagons' | 'heat' | 'none';

export interface Bin {
  readonly at: string;
  readonly count: number;
}

export interface Cell {
  readonly cell: string;
  readonly count: number;
  readonly ring: readonly (readonly [lon: number, lat: number])[];
}

export interface CountsAnswer {
  readonly begin: string;
  readonly end: string;
  readonly step_s: number;
  readonly counts: {
    readonly total: number;
    readonly unplaced: number;
    readonly bins: readonly Bin[];
    readonly cells: readonly Cell[];
    readonly kinds: readonly { readonly name: string; readonly count: number }[];
    readonly cells_cut: boolean;
    readonly kinds_cut: boolean;
    readonly oldest: string | null;
    readonly newest: string | null;
  };
  readonly before: readonly Bin[] | null;
}

/** What is asked. `from` and `to`: milliseconds; `resolution`: of the H3 cells; `area`: west, south, east, north. */
export interface Question {
  readonly of: Counted;
  readonly from: number;
  readonly to: number;
  readonly kinds: readonly string[];
  readonly area: readonly [number, number, number, number] | null;
  readonly resolution: number;
  readonly simulated: boolean;
  readonly compare: boolean;
  readonly look: Look;
}

export const COUNTED: Readonly<Record<Counted, readonly [text: string, kind: string]>> = {
  plate_reads: ['Plate reads', 'Camera'], hits: ['Hits on lists', 'Kind of entry'], alerts: ['Alerts', 'Rule'],
  calls: ['Calls', 'Category'], incidents: ['Incidents', 'Category'],
};
export const LOOKS: readonly Look[] = ['hexagons', 'heat', 'none'];
/** Resolutions of H3 and the length of a cell's edge (h3geo.org, average edge lengths). */
export const SIZES: readonly (readonly [resolution: number, text: string])[] = [
  [6, '3.7 km'], [7, '1.4 km'], [8, '530 m'], [9, '200 m'], [10, '76 m'],
];
export const PERIODS: readonly (readonly [hours: number, text: string])[] = [
  [1, 'last hour'], [8, 'last 8 h'], [24, 'last 24 h'], [168, 'last 7 days'], [672, 'last 28 days'], [8760, 'last year'],
];
const HOUR = 3_600_000;
const MINUTE = 60_000;
const LONGEST = 400 * 24 * HOUR;

/** The last day, to the minute, so that the same page has the same address. */
export function usual(now: number): Question {
  const to = Math.ceil(now / MINUTE) * MINUTE;
  return { of: 'alerts', from: to - 24 * HOUR, to, kinds: [], area: null, resolution: 8, simulated: false, compare: false, look: 'hexagons' };
}

/** The question in the page's address; what is not there, or is none, is as usual. */
export function readQuestion(query: string, now: number): Question {
  const asked = new URLSearchParams(query);
  const begin = usual(now);
  const of = asked.get('of') ?? '';
  const from = Date.parse(asked.get('from') ?? '');
  const to = Date.parse(asked.get('to') ?? '');
  const isPeriod = Number.isFinite(from) && Number.isFinite(to) && from < to && to - from <= LONGEST;
  const resolution = Number(asked.get('size') ?? Number.NaN);
  const area = (asked.get('area') ?? '').split(',').map(Number);
  const [west = Number.NaN, south = Number.NaN, east = Number.NaN, north = Number.NaN] = area;
  const look = asked.get('look') as Look;
  return {
    of: of in COUNTED ? (of as Counted) : begin.of,
    from: isPeriod ? from : begin.from,
    to: isPeriod ? to : begin.to,
    kinds: asked.getAll('kind').slice(0, 50),
    area: area.length === 4 && west < east && south < north ? [west, south, east, north] : null,
    resolution: SIZES.some(([one]) => one === resolution) ? resolution : begin.resolution,
    simulated: asked.get('simulated') === 'yes',
    compare: asked.get('compare') === 'yes',
    look: LOOKS.includes(look) ? look : begin.look,
  };
}

/** The question as the page's address holds it. */
export function toldQuestion(question: Question): string {
  const told = new URLSearchParams({
    of: question.of, from: new Date(question.from).toISOString(), to: new Date(question.to).toISOString(),
    size: String(question.resolution), look: question.look,
  });
  for (const kind of question.kinds) told.append('kind', kind);
  if (question.area) told.set('area', question.area.map((degrees) => degrees.toFixed(4)).join(','));
  if (question.simulated) told.set('simulated', 'yes');
  if (question.compare) told.set('compare', 'yes');
  return told.toString();
}

/** The question as the server wants it. */
export function bodyOf(question: Question): Record<string, unknown> {
  const [west, south, east, north] = question.area ?? [];
  return {
    of: question.of, from: new Date(question.from).toISOString(), to: new Date(question.to).toISOString(), kinds: question.kinds,
    resolution: question.resolution, simulated: question.simulated, compare: question.compare,
    ...(question.area ? { area: { west, south, east, north } } : {}),
  };
}

export type Move = 'earlier' | 'later' | 'nearer' | 'wider';

/** Half a period earlier or later, or a period half or twice as long around the same middle. */
export function moved(question: Question, move: Move): Question {
  const length = question.to - question.from;
  const shift = move === 'earlier' ? -length / 2 : move === 'later' ? length / 2 : 0;
  const next = move === 'nearer' ? Math.max(length / 2, 5 * MINUTE) : move === 'wider' ? Math.min(length * 2, LONGEST) : length;
  const middle = (question.from + question.to) / 2 + shift;
  const from = Math.round((middle - next / 2) / MINUTE) * MINUTE;
  return { ...question, from, to: from + Math.round(next / MINUTE) * MINUTE };
}

/** Every step of a period with its count, 0 where the server told none: [seconds of the epoch, counts, counts before]. */
export function series({ begin, end, step_s: step, counts, before }: CountsAnswer): [number[], number[], number[]] {
  const first = Math.floor(Date.parse(begin) / 1000 / step) * step;
  const last = Date.parse(end) / 1000;
  const at = new Map(counts.bins.map((bin) => [Date.parse(bin.at) / 1000, bin.count]));
  const earlier = new Map((before ?? []).map((bin) => [Date.parse(bin.at) / 1000, bin.count]));
  const times: number[] = [];
  for (let time = first; time < last; time += step) times.push(time);
  return [times, times.map((time) => at.get(time) ?? 0), times.map((time) => earlier.get(time) ?? 0)];
}

/** Colours of cells from few to many, apart in lightness so that they need no colour sight, and light on a dark map. */
export const CLASS_COLOURS = ['#31688e', '#21918c', '#35b779', '#90d743', '#fde725'] as const;

/** The least count of each class of cells: about as many cells in each, never two classes alike. */
export function classes(cells: readonly Cell[]): number[] {
  const counts = cells.map(({ count }) => count).toSorted((a, b) => a - b);
  const at = CLASS_COLOURS.map((_, index) => counts[Math.floor((index * counts.length) / CLASS_COLOURS.length)] ?? 0);
  return [...new Set(at)];
}

/** The class of a count: the last whose least count it reaches. */
export const classOf = (count: number, from: readonly number[]): number => Math.max(0, from.findLastIndex((least) => count >= least));

/** "1 to 3", "4 to 9", "10 and more": what each class holds. */
export const classText = (from: readonly number[], index: number): string => {
  const [least = 0, next] = [from[index], from[index + 1]];
  if (next === undefined) return `${least} and more`;
  return next - 1 <= least ? `${least}` : `${least} to ${next - 1}`;
};

/** "60 s", "15 min", "4 h", "1 d", "7 d". */
export const stepText = (step: number): string =>
  step < 60 ? `${step} s` : step < 3600 ? `${step / 60} min` : step < 86_400 ? `${step / 3600} h` : `${step / 86_400} d`;

const STORAGE = 'watchfloor.questions';
const MOST_SAVED = 50;

export interface Saved {
  readonly name: string;
  /** As in the page's address; a period that ends now is kept as its length. */
  readonly query: string;
  readonly hours: number | null;
}

/** The questions kept in this browser. What somebody else wrote there is passed over. */
export function savedQuestions(storage: Pick<Storage, 'getItem'>): readonly Saved[] {
  try {
    const kept: unknown = JSON.parse(storage.getItem(STORAGE) ?? '[]');
    if (!Array.isArray(kept)) return [];
    return kept.filter((one): one is Saved =>
      typeof one?.name === 'string' && typeof one?.query === 'string' && (one?.hours === null || typeof one?.hours === 'number'));
  } catch {
    return [];
  }
}

/** Keep a question under a name, in the place of one of that name. One whose period ends now will end now again. */
export function save(storage: Pick<Storage, 'getItem' | 'setItem'>, name: string, question: Question, now: number): readonly Saved[] {
  const isRecent = Math.abs(now - question.to) < 5 * MINUTE;
  const saved: Saved = { name, query: toldQuestion(question), hours: isRecent ? (question.to - question.from) / HOUR : null };
  return keep(storage, [...savedQuestions(storage).filter((one) => one.name !== name), saved].slice(-MOST_SAVED));
}

export const forget = (storage: Pick<Storage, 'getItem' | 'setItem'>, name: string): readonly Saved[] =>
  keep(storage, savedQuestions(storage).filter((one) => one.name !== name));

function keep(storage: Pick<Storage, 'setItem'>, saved: readonly Saved[]): readonly Saved[] {
  storage.setItem(STORAGE, JSON.stringify(saved));
  return saved;
}

/** The question that was kept, for now. */
export function asked(saved: Saved, now: number): Question {
  const question = readQuestion(saved.query, now);
  if (saved.hours === null) return question;
  const to = Math.ceil(now / MINUTE) * MINUTE;
  return { ...question, from: to - saved.hours * HOUR, to };
}
