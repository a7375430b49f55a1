/** Plate search: what is asked, and what POST /api/plates/search tells. */
import { momentText, parseTime } from '../time';

export interface ListHit {
  readonly list_id: string;
  readonly entry_id: string;
  readonly kind: string;
  readonly match: string;
  readonly severity: string;
}

export interface FoundRead {
  readonly event_id: string;
  readonly occurred_at: string;
  readonly plate: string;
  readonly plate_region: string;
  readonly confidence: number;
  readonly camera_id: string;
  readonly camera: string;
  readonly lat: number | null;
  readonly lon: number | null;
  readonly heading_deg: number | null;
  readonly make: string;
  readonly model: string;
  readonly colour: string;
  readonly body: string;
  readonly image_ref: string;
  readonly source: string;
  readonly synthetic: boolean;
  readonly hits: readonly ListHit[];
}

export interface PlateAnswer {
  readonly search: string;
  readonly begin: string;
  readonly end: string;
  readonly reads: readonly FoundRead[];
  readonly is_cut: boolean;
  readonly unsaid: number;
  readonly oldest: string | null;
  readonly kept_days: number | null;
}

export interface Asked {
  plate: string;
  lookAlikes: boolean;
  state: string;
  make: string;
  colour: string;
  /** Hours back from now; 0: between `from` and `to`. */
  hours: number;
  from: string;
  to: string;
  /** Ids, with commas between. */
  cameras: string;
  /** Only what the map shows. */
  here: boolean;
  simulated: boolean;
}

export const PERIODS: readonly (readonly [hours: number, text: string])[] = [
  [1, 'last hour'], [24, 'last 24 h'], [168, 'last 7 days'], [744, 'last 31 days'], [0, 'between'],
];

export const NOTHING_ASKED: Asked = {
  plate: '', lookAlikes: false, state: '', make: '', colour: '', hours: 24, from: '', to: '', cameras: '', here: false, simulated: false,
};

const LEAST_REAL = 2;
const camerasOf = (asked: Asked): string[] => asked.cameras.split(',').map((id) => id.trim()).filter(Boolean);

/** What a search lacks, in words; empty when it may run. */
export function whatIsTooWide(asked: Asked): string {
  const named = asked.plate.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
  if (named < LEAST_REAL && !asked.here && camerasOf(asked).length === 0) {
    return `Give at least ${LEAST_REAL} letters or digits of the plate, or a camera, or only what the map shows.`;
  }
  if (asked.hours === 0 && !(asked.from && asked.to)) return 'Give both times.';
  return '';
}

/** The search as the server wants it. `area`: west, south, east, north of the map. */
export function toldSearch(asked: Asked, area: readonly [number, number, number, number], now: number): Record<string, unknown> {
  const between = asked.hours === 0;
  const iso = (ms: number): string => new Date(ms).toISOString();
  const [west, south, east, north] = area;
  return {
    plate: asked.plate.trim(), look_alikes: asked.lookAlikes, state: asked.state.trim(), make: asked.make.trim(),
    colour: asked.colour.trim(), simulated: asked.simulated, cameras: camerasOf(asked),
    from: between ? iso(Date.parse(asked.from)) : iso(now - asked.hours * 3_600_000),
    to: between ? iso(Date.parse(asked.to)) : iso(now),
    ...(asked.here ? { area: { west, south, east, north } } : {}),
  };
}

const hoursText = (hours: number): string => (hours < 48 ? `${Math.round(hours)} h` : `${Math.round(hours / 24)} days`);

/** How far back the store's reads go, and whether they are deleted. */
export function reachText({ oldest, kept_days: kept }: PlateAnswer, now: number): string {
  const reach = oldest === null ? 'the store has no reads at all' : `the store has reads from ${momentText(parseTime(oldest), now)}`;
  return `${reach}; ${kept === null ? 'none are deleted by age' : `those older than ${kept} days are deleted`}`;
}

/** What is said above the table. */
export function foundText(answer: PlateAnswer, simulated: boolean, now: number): string {
  const hours = (parseTime(answer.end) - parseTime(answer.begin)) / 3_600_000;
  const left = [
    ...(answer.unsaid ? [`${answer.unsaid} more match otherwise, but their reader did not say the state, make or colour`] : []),
    ...(simulated ? [] : ['simulated ones are left out']),
  ];
  const besides = left.length ? ` ${left.map((text) => text[0]?.toUpperCase() + text.slice(1)).join('. ')}.` : '';
  if (answer.reads.length === 0) return `No reads in ${hoursText(hours)} (${reachText(answer, now)}).${besides}`;
  const count = answer.is_cut ? `The newest ${answer.reads.length} reads` : `${answer.reads.length} read${answer.reads.length === 1 ? '' : 's'}`;
  return `${count} in ${hoursText(hours)} (${reachText(answer, now)}).${answer.is_cut ? ' There are more: narrow the search.' : ''}${besides}`;
}

/** "white toyota corolla"; empty when the reader told nothing. */
export const vehicleText = (read: FoundRead): string => [read.colour, read.make, read.model, read.body].filter(Boolean).join(' ');
