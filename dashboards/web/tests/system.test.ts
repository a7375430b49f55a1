import { describe, expect, it } from 'vitest';
import type { Hotlist } from '$schemas/events';
import type { LedgerRow } from '../src/state/ledger';
import { deedsFor, filtered, listsOf, pathOf, someOf, sourcesOf, type Account } from '../src/state/system';

const NOW = Date.parse('2026-01-15T18:30:00Z');
const row = (source: string, minutesAgo: number, logged = 120): LedgerRow => ({
  event_type: 'plate_read', source, minute: new Date(NOW - minutesAgo * 60_000).toISOString(), accepted: logged, logged, stored: logged,
  processed: null, alerts_due: null, alerts_raised: null, state: 'balanced', why: '', gaps: [],
});
const account = (name: string, over: Partial<Account> = {}): Account => ({
  account: name, name, roles: ['monitor'], agencies: null, areas: null, disabled: '', used_at: 0, sessions: 0, issuer: '', ...over,
});

describe('sources', () => {
  it('stand with the silent ones first, also one that was only refused', () => {
    const refused = [{ source: 'bad', occurred_at: new Date(NOW).toISOString(), error: 'newest' }, { source: 'bad', occurred_at: new Date(NOW).toISOString(), error: 'older' }];
    const found = sourcesOf([row('a', 1), row('b', 90), row('b', 100)], refused, NOW);
    expect(found.map(({ source, silent, refused, lastError }) => [source, silent, refused, lastError])).toEqual([['b', true, 0, ''], ['bad', true, 2, 'newest'], ['a', false, 0, '']]);
    expect(found[0]?.lastAt).toBe(NOW - 90 * 60_000);
    expect(found.map(({ perMinute }) => perMinute)).toEqual([2, 0, 1]);
  });
});

describe('lists', () => {
  it('stand with those past their limit first', () => {
    const list = (list_id: string, hours: number, limit: number | null): Hotlist => ({ list_id, as_of: new Date(NOW - hours * 3_600_000).toISOString(), max_age_s: limit }) as Hotlist;
    expect(listsOf([list('old', 900, null), list('late', 3, 7200), list('new', 1, 7200)], NOW).map(({ list: { list_id }, stale }) => [list_id, stale])).toEqual([['late', true], ['old', false], ['new', false]]);
  });
});

describe('accounts', () => {
  it('are filtered by all words of what is written', () => {
    const all = [account('r.diaz'), account('j.doe', { roles: ['analyst'], disabled: 'left' })];
    expect(['', 'DOE locked', 'diaz locked'].map((text) => filtered(all, text).map((one) => one.account))).toEqual([['r.diaz', 'j.doe'], ['j.doe'], []]);
  });
  it('are offered what can be done with them', () => {
    expect(deedsFor(account('a'))).toEqual(['access', 'disable']);
    expect(deedsFor(account('a', { issuer: 'https://i', disabled: 'left', sessions: 1 }))).toEqual(['release', 'end-sessions']);
  });
  it('see all where nothing is named', () => expect([someOf(' , '), someOf('a, b')]).toEqual([null, ['a', 'b']]));
  it('are named in the address so that nothing else is', () => expect(pathOf('disable', 'a/../b')).toBe('/api/accounts/a%2F..%2Fb/disable'));
});
