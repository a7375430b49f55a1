/** What cameras read that is no plate, as the server tells it, and its words. */

export interface NoiseRow {
  readonly noise_id: string;
  readonly camera_id: string;
  readonly plate: string;
  readonly is_noise: boolean;
  readonly is_learnt: boolean;
  readonly changed_at: string;
  readonly changed_by: string;
  readonly reason: string;
  readonly hours: number;
  readonly reads: number;
  readonly fewest_in_an_hour: number;
  readonly most_in_an_hour: number;
  readonly doubts: readonly string[];
  readonly synthetic: boolean;
}

/** Whose word it is: what was counted, or a person, whose name nobody has checked. */
export const whoSaidSo = (row: Pick<NoiseRow, 'is_learnt' | 'changed_by'>): string =>
  row.is_learnt ? 'learnt' : `${row.changed_by || 'unknown'} (unverified)`;

/** The counts behind it; empty where a person said so before anything was counted. */
export function evidenceOf(row: Pick<NoiseRow, 'hours' | 'reads' | 'fewest_in_an_hour' | 'most_in_an_hour' | 'doubts'>): string {
  if (row.hours === 0) return '';
  const each = row.fewest_in_an_hour === row.most_in_an_hour ? `${row.most_in_an_hour}` : `${row.fewest_in_an_hour} to ${row.most_in_an_hour}`;
  const doubts = row.doubts.length ? `; as a plate it has ${row.doubts.join(' and ')}` : '';
  return `read ${row.reads.toLocaleString('en')} times in ${row.hours} of 72 hours, ${each} an hour${doubts}`;
}
