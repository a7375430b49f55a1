import { expect, it } from 'vitest';
import { alertText, hopText, summary, worstOf, type LedgerPage, type LedgerRow } from '../src/state/ledger';

const row: LedgerRow = {
  event_type: 'plate_read', source: 'rekor/east', minute: '2026-01-15T18:30:00Z', accepted: 3, logged: 3, stored: 2,
  processed: 2, alerts_due: 2, alerts_raised: 1, state: 'gap', why: '1 in the log and not stored',
  gaps: [{ hop: 'stored', count: 1, event_ids: ['x'], why: '' }],
};
const page = (states: LedgerPage['states'], rows: readonly LedgerRow[] = []): LedgerPage =>
  ({ begin: '', end: '', judged_at: null, states, rows, left_out: 0 });

it('says first what is missing', () => {
  expect(summary(page({ gap: 1, not_reported: 2, balanced: 9 }, [row]))).toBe('1 event is missing, in 1 of these minutes and sources.');
  expect(summary(page({ not_comparable: 2, balanced: 9 }))).toMatch(/2 could not be compared/);
});

it('claims nothing where nothing was judged', () => {
  expect(summary(page({ open: 4 }))).toBe('Nothing has been judged yet.');
  expect(summary(page({ open: 4, resends: 1 }))).toMatch(/^Every event that was judged/);
});

it('shows a dash where nobody counts', () => {
  expect([hopText(null), hopText(0)]).toEqual(['–', '0']);
  expect([alertText(row), alertText({ ...row, alerts_due: null })]).toEqual(['1 of 2', '–']);
});

it('has one mark for a whole period, that of the worst', () => {
  expect(worstOf(page({ balanced: 40, gap: 1, open: 3 }))).toBe('gap');
  expect(worstOf(page({ balanced: 40, not_reported: 1 }))).toBe('not_reported');
  expect([worstOf(page({ balanced: 40, resends: 0, open: 3 })), worstOf(page({}))]).toEqual(['balanced', null]);
});
