/** How often alerts about plates were right, as the server tells it, and its words. */

export type PrecisionBy = 'camera' | 'list' | 'rule' | 'match';

export interface PrecisionRow {
  readonly name: string;
  readonly alerts: number;
  readonly judged: number;
  readonly correct: number;
  readonly wrong_state: number;
  readonly misread: number;
  readonly list_wrong: number;
  readonly other: number;
  readonly published: number;
  readonly precision: number | null;
  readonly low: number;
  readonly high: number;
}

export interface CalibrationBin {
  readonly published: number;
  readonly found: number;
  readonly low: number;
  readonly high: number;
  readonly judged: number;
}

/** What a rule asked of people, and what came of it. Times in seconds. */
export interface RuleRecord {
  readonly rule: string;
  readonly raised: number;
  readonly waiting: number;
  readonly escalated: number;
  readonly taken_p50_s: number | null;
  readonly taken_p95_s: number | null;
  readonly closed: number;
  readonly useful: number;
  readonly false: number;
  readonly duplicate: number;
  readonly test: number;
  readonly unsaid: number;
  readonly share_useful: number | null;
  readonly low: number;
  readonly high: number;
}

export interface PrecisionPage {
  readonly by: PrecisionBy;
  readonly days: number;
  readonly rows: readonly PrecisionRow[];
  readonly calibration: {
    readonly judged: number;
    readonly brier: number | null;
    readonly brier_of_base_rate: number | null;
    readonly bins: readonly CalibrationBin[];
  };
  readonly rules: readonly RuleRecord[];
}

export const BY_TEXT: Readonly<Record<PrecisionBy, string>> = {
  camera: 'Camera', list: 'List', rule: 'Rule', match: 'Kind of match',
};

export const PERIODS: readonly number[] = [7, 30, 90, 365];

const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** The share that was right; a dash where nobody judged. */
export const shareText = (row: Pick<PrecisionRow, 'precision'>): string =>
  row.precision === null ? '–' : percent(row.precision);

/** Between what the share lies, by so few verdicts; of none nothing is known. */
export const intervalText = (row: Pick<PrecisionRow, 'judged' | 'low' | 'high'>): string =>
  row.judged === 0 ? 'nobody judged' : `${percent(row.low)} to ${percent(row.high)}`;

/** The share of the useful among the useful and the false, with the interval it lies in. */
export const usefulText = (row: Pick<RuleRecord, 'share_useful' | 'low' | 'high'>): string =>
  row.share_useful === null ? 'nobody said' : `${percent(row.share_useful)} (${percent(row.low)} to ${percent(row.high)})`;

const WRONG: readonly (readonly [keyof PrecisionRow, string])[] = [
  ['misread', 'misread'], ['wrong_state', 'wrong state'], ['list_wrong', 'list wrong'],
];

export const wrong = (row: Pick<PrecisionRow, 'judged' | 'correct'>): number => row.judged - row.correct;

/** What the wrong ones were, in words; empty where there were none. */
export const wrongText = (row: PrecisionRow): string =>
  WRONG.filter(([kind]) => Number(row[kind]) > 0).map(([kind, text]) => `${row[kind]} ${text}`).join(', ');

/** Whether a probability was said with those that were judged. */
export function calibratedText(row: Pick<PrecisionRow, 'judged' | 'published'>): string {
  if (row.judged === 0 || row.published === 0) return 'no';
  return row.published === row.judged ? 'yes' : `with ${row.published} of ${row.judged}`;
}

/** The sentence about the probabilities that were said with alerts. */
export function calibrationText({ calibration }: Pick<PrecisionPage, 'calibration'>): string {
  const { judged, brier, brier_of_base_rate: base } = calibration;
  if (judged === 0 || brier === null || base === null) return 'No probability was said of what was judged: too few verdicts went before.';
  const better = brier < base ? 'better than' : brier > base ? 'worse than' : 'the same as';
  return `Probabilities said with ${judged} judged alert${judged === 1 ? '' : 's'}: Brier score ${brier.toFixed(3)} (0 is best), ${better} always saying the share that was right (${base.toFixed(3)}).`;
}

/** A tenth of probability in words: what was said, and what was found. */
export const binText = (bin: CalibrationBin): string =>
  `said ${percent(bin.published)}, found right ${percent(bin.found)} (${percent(bin.low)} to ${percent(bin.high)}) of ${bin.judged}`;
