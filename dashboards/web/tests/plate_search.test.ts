import { expect, it } from 'vitest';
import { trailRows } from '../src/map/rows';
import { foundText, NOTHING_ASKED, toldSearch, whatIsTooWide, type PlateAnswer } from '../src/state/plate_search';

const NOW = Date.parse('2026-01-15T18:00:00Z');
const AREA = [-90.2, 29.9, -89.9, 30.1] as const;

const answer = (over: Partial<PlateAnswer> = {}): PlateAnswer => ({
  search: 's', begin: '2026-01-14T18:00:00Z', end: '2026-01-15T18:00:00Z', reads: [], is_cut: false, unsaid: 0,
  oldest: '2026-01-02T12:00:00Z', kept_days: null, ...over,
});

it.each([
  [{}, false], [{ plate: 'A*' }, false], [{ plate: '??*' }, false], [{ plate: 'AB*' }, true], [{ cameras: 'C1' }, true],
  [{ here: true }, true], [{ plate: 'ABC', hours: 0 }, false],
  [{ plate: 'ABC', hours: 0, from: '2026-01-01T00:00', to: '2026-01-02T00:00' }, true],
])('asks for something that is not everything: %o is enough: %s', (asked, enough) => {
  expect(whatIsTooWide({ ...NOTHING_ASKED, ...asked }) === '').toBe(enough);
});

it('asks for the last day, and for the map only when told', () => {
  const told = toldSearch({ ...NOTHING_ASKED, plate: ' ab?1 ', cameras: 'C1, C2,' }, AREA, NOW);
  expect(told).toMatchObject({ plate: 'ab?1', cameras: ['C1', 'C2'], from: '2026-01-14T18:00:00.000Z', to: '2026-01-15T18:00:00.000Z' });
  expect(told).not.toHaveProperty('area');
  expect(toldSearch({ ...NOTHING_ASKED, here: true }, AREA, NOW)['area']).toEqual({ west: -90.2, south: 29.9, east: -89.9, north: 30.1 });
});

it('says of nothing found how far back the reads go', () => {
  expect(foundText(answer(), true, NOW)).toMatch(/^No reads in 24 h \(the store has reads from 2026-01-02 .*; none are deleted by age\)\.$/);
  expect(foundText(answer({ oldest: null, kept_days: 30 }), true, NOW)).toContain('the store has no reads at all; those older than 30 days are deleted');
  expect(foundText(answer({ unsaid: 2 }), false, NOW)).toContain('2 more match otherwise, but their reader did not say the state, make or colour. Simulated ones are left out.');
});

const read = (plate: string, minute: number, lat: number | null, lon: number | null) => ({
  plate, lat, lon, occurred_at: new Date(NOW + minute * 60_000).toISOString(),
});

it('numbers places in order of time and joins the reads of each plate', () => {
  const rows = trailRows([read('B', 3, 30, -90), read('A', 2, 29.9, -90.1), read('A', 1, 30, -90), read('A', 4, null, null)]);
  expect(rows.map((row) => [row.id, row.properties['label'] ?? null])).toEqual([
    ['path:A', null], ['place:-90.0000 30.0000', '1, 3'], ['place:-90.1000 29.9000', '2'],
  ]);
  expect(rows[0]?.geometry).toEqual({ type: 'LineString', coordinates: [[-90, 30], [-90.1, 29.9]] });
});

it('draws no lines among many plates', () => {
  const many = Array.from({ length: 13 }, (_, i) => [read(`P${i}`, i, 30, -90), read(`P${i}`, i + 20, 29.9, -90)]).flat();
  expect(trailRows(many).filter((row) => row.geometry.type === 'LineString')).toEqual([]);
  expect(trailRows(many).map((row) => row.properties['label'])).toEqual(['1 … 13 (13)', '14 … 26 (13)']);
});
