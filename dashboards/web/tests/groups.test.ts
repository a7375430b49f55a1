import { describe, expect, it } from 'vitest';
import { COARSEST, countText, groupAlerts, MOST_GROUPS } from '../src/state/groups';
import { byUrgency } from '../src/state/ranking';
import { alert, at } from './rows';

const group = (rows: Parameters<typeof byUrgency>[0], level = 0) => groupAlerts(byUrgency(rows), level);

describe('groups of alerts', () => {
  it('are of one incident, or of one rule at one place', () => {
    const { groups } = group([
      alert('a', { incident_id: 'i' }), alert('b', { incident_id: 'i', rule: 'loitering', lat: 1 }),
      alert('c', { camera_id: 'c1' }), alert('d', { camera_id: 'c1' }), alert('e', { camera_id: 'c2' }),
      alert('f', { rule: 'loitering', camera_id: 'c1' }),
    ]);
    expect(groups.map((g) => g.alerts.map((a) => a.title))).toEqual([['a', 'b'], ['c', 'd'], ['e'], ['f']]);
  });
  it('always show the worst severity, also when somebody has taken that one', () => {
    const [only] = group([alert('low', { severity: 'P3', camera_id: 'c' }), alert('taken', { severity: 'P1', status: 'acknowledged', camera_id: 'c' })]).groups;
    expect([only?.worst, only?.worstIsOpen, only?.lead.title]).toEqual(['P1', false, 'low']);
    expect(only && countText(only)).toBe('2 alerts: 1 P1, 1 P3');
  });
  it('come in the order of their most urgent alert', () => {
    const { groups } = group([
      alert('p3', { severity: 'P3', camera_id: 'a', raised_at: at(1) }), alert('p2', { camera_id: 'b' }), alert('p1', { severity: 'P1', camera_id: 'a', raised_at: at(99) }),
    ]);
    expect(groups.map((g) => g.lead.title)).toEqual(['p1', 'p2']);
  });
  it('of alerts without a place go by zone, and one without either is still in a group', () => {
    const nowhere = { lat: null, lon: null };
    const { groups } = group([alert('a', { ...nowhere, zones: ['z'] }), alert('b', { ...nowhere, zones: ['z'] }), alert('c', nowhere)]);
    expect(groups.map((g) => g.alerts.length)).toEqual([2, 1]);
  });
  it('stay as coarse as they were, so that their names do not change under a hand', () => {
    const rows = [alert('a', { camera_id: 'c1' }), alert('b', { camera_id: 'c2' })];
    expect(group(rows).groups).toHaveLength(2);
    const again = group(rows, 1);
    expect([again.level, again.groups.length]).toEqual([1, 1]);
    expect(group(rows, 99).level).toBe(COARSEST);
  });
  it('of nothing are none', () => expect(groupAlerts([]).groups).toEqual([]));
});

describe('check 12: of five thousand alerts', () => {
  const SEVERITIES = ['P1', 'P2', 'P3', 'P4'];
  const flood = (place: (n: number) => object) =>
    Array.from({ length: 5000 }, (_, n) => alert(`${n}`, { severity: n === 4321 ? 'P1' : (SEVERITIES[1 + (n % 3)] ?? 'P4'), rule: `rule_${n % 5}`, ...place(n) }));
  it.each([
    ['at twelve cameras', 0, (n: number) => ({ camera_id: `c${Math.floor(n / 5) % 7}` })],
    ['at as many places close together', 1, (n: number) => ({ lat: 29.9405 + (n % 70) / 2000, lon: -90.0701 })],
    ['all over the county', 2, (n: number) => ({ lat: 29 + n / 5000, camera_id: `c${n}` })],
    ['each of an incident of its own', 2, (n: number) => ({ incident_id: `i${n}` })],
    ['each of a rule of its own', 3, (n: number) => ({ rule: `r${n}` })],
  ])('%s at most fifty groups are shown, at level %i, none is lost and the one P1 is on top', (_, level, place) => {
    const rows = byUrgency(flood(place));
    const grouping = groupAlerts(rows);
    expect(grouping.groups.length).toBeLessThanOrEqual(MOST_GROUPS);
    expect(grouping.level).toBe(level);
    const ids = grouping.groups.flatMap((g) => g.alerts.map((a) => a.alert_id));
    expect(new Set(ids).size).toBe(5000);
    expect(ids).toHaveLength(5000);
    expect([grouping.groups[0]?.worst, grouping.groups[0]?.lead.title]).toEqual(['P1', '4321']);
  }, 60_000);
});
