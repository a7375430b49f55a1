/** The ledger as the server tells it, and its words. */

export type LedgerState = 'balanced' | 'resends' | 'open' | 'not_reported' | 'not_comparable' | 'gap';

export interface LedgerGap {
  readonly hop: string;
  readonly count: number;
  readonly event_ids: readonly string[];
  readonly why: string;
}

export interface LedgerRow {
  readonly event_type: string;
  readonly source: string;
  readonly minute: string;
  readonly accepted: number | null;
  readonly logged: number;
  readonly stored: number;
  readonly processed: number | null;
  readonly alerts_due: number | null;
  readonly alerts_raised: number | null;
  readonly state: LedgerState;
  readonly why: string;
  readonly gaps: readonly LedgerGap[];
}

export interface LedgerPage {
  readonly begin: string;
  readonly end: string;
  readonly judged_at: string | null;
  readonly states: Readonly<Partial<Record<LedgerState, number>>>;
  readonly rows: readonly LedgerRow[];
  readonly left_out: number;
}

export const STATE_TEXT: Readonly<Record<LedgerState, string>> = {
  gap: 'Gap',
  not_reported: 'Not reported',
  not_comparable: 'Not comparable',
  open: 'Not judged yet',
  resends: 'Balanced, with resends',
  balanced: 'Balanced',
};

/** Worst first: what one mark says of a whole period. */
const WORST: readonly LedgerState[] = ['gap', 'not_reported', 'not_comparable', 'resends', 'balanced', 'open'];

/** The worst state there is; null where nothing came. */
export const worstOf = (page: Pick<LedgerPage, 'states'>): LedgerState | null => WORST.find((state) => page.states[state]) ?? null;

/** The sentence above the table: the worst there is, in words. */
export function summary(page: LedgerPage): string {
  const count = (state: LedgerState): number => page.states[state] ?? 0;
  const missing = page.rows.reduce((sum, row) => sum + row.gaps.reduce((all, gap) => all + gap.count, 0), 0);
  if (count('gap')) return `${missing} event${missing === 1 ? ' is' : 's are'} missing, in ${count('gap')} of these minutes and sources.`;
  const unknown = count('not_reported') + count('not_comparable');
  if (unknown) return `Nothing is known to be missing. ${unknown} could not be compared at every hop.`;
  if (count('balanced') + count('resends') === 0) return 'Nothing has been judged yet.';
  return 'Every event that was judged is where it must be.';
}

/** A count, or a dash where nobody counts at that hop. */
export const hopText = (count: number | null): string => (count === null ? '–' : String(count));

/** Alerts raised of those due; a dash where none is due or none can be checked. */
export const alertText = (row: LedgerRow): string =>
  row.alerts_due === null ? '–' : `${row.alerts_raised ?? 0} of ${row.alerts_due}`;
