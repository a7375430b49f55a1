import { describe, expect, it } from 'vitest';
import type { Hotlist } from '$schemas/events';
import { isFromStaleList, staleLists } from '../src/state/stale_lists';

const NOW = Date.parse('2026-01-15T18:00:00Z');
const list = (id: string, hours: number, limit: number | null, title = ''): Hotlist =>
  ({ list_id: id, title, as_of: new Date(NOW - hours * 3_600_000).toISOString(), max_age_s: limit === null ? null : limit * 3600 }) as Hotlist;

describe('stale lists', () => {
  it('names those that are older than they may be, the oldest first', () => {
    const found = staleLists([list('fresh', 11, 12), list('old', 13, 12, 'Stolen'), list('older', 50, 24), list('no limit', 900, null)], NOW);
    expect(found.map((one) => one.name)).toEqual(['older', 'Stolen']);
    expect(found[1]?.limitMs).toBe(12 * 3_600_000);
  });
  it('shows on an alert by its evidence', () => {
    expect(isFromStaleList({ why: [{ kind: 'stale_list', text: '', facts: {} }] })).toBe(true);
    expect(isFromStaleList({ why: [{ kind: 'match', text: '', facts: {} }] })).toBe(false);
  });
});
