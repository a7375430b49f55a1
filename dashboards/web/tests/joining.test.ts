import { describe, expect, it } from 'vitest';
import type { Incident } from '$schemas/events';
import { candidates, distanceM, distanceText, joinFault, meantBy, MOST_OFFERED, partsOf, staysFirst } from '../src/state/joining';
import { outcomeAmong, refusalText } from '../src/state/incident_work';
import { at, call, incident } from './rows';

const known = (...rows: Incident[]): Map<string, Incident> => new Map(rows.map((row) => [row.incident_id, row]));

describe('the incidents that one may be joined with', () => {
  const here = incident('here');
  it('are the open ones near it, nearest first, and those without a place after them', () => {
    const near = incident('near', { lat: 29.9509 });
    const nearer = incident('nearer', { lat: 29.9501 });
    const nowhere = incident('nowhere', { lat: null, lon: null });
    const rows = [
      nowhere, near, nearer, here,
      incident('closed', { status: 'closed' }), incident('part', { merged_into: 'near' }), incident('far', { lat: 30.2 }),
      incident('simulated', { synthetic: true }), incident('foreign', { jurisdiction: 'elsewhere' }),
    ];
    const found = candidates(rows, here);
    expect(found.map((one) => one.incident.incident_id)).toEqual(['nearer', 'near', 'nowhere']);
    expect(found.map((one) => distanceText(one.distanceM))).toEqual(['10 m', '100 m', 'distance not known']);
  });
  it('are the newest where the place is not known, and never more than fit', () => {
    const rows = Array.from({ length: 30 }, (_, i) => incident(`i${i}`, { opened_at: at(i) }));
    const found = candidates(rows, incident('here', { lat: null, lon: null }));
    expect(found).toHaveLength(MOST_OFFERED);
    expect(found[0]?.incident.incident_id).toBe('i0');
  });
});

it('a degree of longitude is half as long at 60 degrees north', () => {
  const metres = distanceM({ lat: 60, lon: 0 }, { lat: 60, lon: 1 });
  expect(metres).toBeGreaterThan(55_500);
  expect(metres).toBeLessThan(55_700);
});

describe('a number', () => {
  const whole = incident('w', { call_ids: ['cad:1', 'cad:2'] });
  const part = incident('p', { call_ids: ['cad:2'], merged_into: 'w', status: 'closed' });
  const other = incident('o', { call_ids: ['cad:3'] });
  const rows = known(whole, part, other);
  const calls = [call('cad:1', { number: 'A1' }), call('cad:2', { number: 'A2', incident_ref: 'CASE-7' }), call('cad:3', { number: 'A1' })];
  it('of a call, of the source or of the incident means the whole that it is part of', () => {
    for (const text of ['cad:2', ' a2 ', 'case-7', 'p', 'w']) expect(meantBy(text, rows, calls).map((one) => one.incident_id)).toEqual(['w']);
  });
  it('that two have means both, so that nobody joins the wrong one', () => {
    expect(meantBy('A1', rows, calls).map((one) => one.incident_id)).toEqual(['w', 'o']);
  });
  it('that nobody knows means none', () => {
    expect(meantBy('', rows, calls)).toEqual([]);
    expect(meantBy('A9', rows, calls)).toEqual([]);
  });
});

describe('what cannot be joined', () => {
  const one = incident('one');
  it.each([
    ['itself', one, one, /one incident already/],
    ['one of another jurisdiction', one, incident('b', { jurisdiction: 'x' }), /link them/],
    ['a simulated one', one, incident('b', { synthetic: true }), /choose another/],
    ['one that is closed', one, incident('b', { status: 'closed' }), /reopen it first/],
    ['one that is part of another', one, incident('b', { merged_into: 'c' }), /choose that one/],
    ['what is joined already', incident('a', { merged_into: 'c' }), one, /choose that one/],
  ])('%s is refused with what to do', (_, part, whole, words) => {
    expect(joinFault(part, whole)).toMatch(words);
  });
  it('a closed one may become part of an open one', () => {
    expect(joinFault(incident('a', { status: 'closed' }), one)).toBe('');
  });
});

it('the one opened first stays, unless it is closed', () => {
  const early = incident('early', { opened_at: at(90) });
  const later = incident('later', { opened_at: at(10) });
  expect(staysFirst(later, early)).toBe(early);
  expect(staysFirst(early, later)).toBe(early);
  expect(staysFirst(later, { ...early, status: 'closed' })).toBe(later);
});

it('the parts of an incident are those of its parts too', () => {
  const rows = known(incident('w'), incident('b', { merged_into: 'w', opened_at: at(5) }), incident('c', { merged_into: 'b', opened_at: at(9) }), incident('x'));
  expect(partsOf(rows, rows.get('w')!).map((one) => one.incident_id)).toEqual(['c', 'b']);
});

describe('who was too late', () => {
  const refused = { action_id: 'mine', name: 'incident.merge', actor: 'r.diaz', why: 'changed_meanwhile', first_by: 'c.kim', at: at(1) };
  it('is told by the incident that theirs became part of meanwhile', () => {
    const rows = known(incident('theirs', { merged_into: 'w', actions: ['other'] }), incident('w', { actions: ['mine'], refused: [refused] }));
    expect(outcomeAmong(rows, 'theirs', 'mine')).toBe(refused);
    expect(outcomeAmong(rows, 'theirs', 'not yet')).toBe('waiting');
    expect(outcomeAmong(rows, 'unknown', 'mine')).toBeUndefined();
    expect(refusalText(refused)).toMatch(/by c\.kim\. Look at it as it is now/);
  });
});
