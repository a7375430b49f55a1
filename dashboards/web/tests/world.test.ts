import { describe, expect, it } from 'vitest';
import type { Alert } from '$schemas/events';
import { World } from '../src/state/world';
import { Keyed } from '../src/state/keyed';
import { alert, at, call, health, NOW, sighting } from './rows';

function setUp() {
  const raised: string[][] = [];
  const moved: string[] = [];
  const late: string[] = [];
  const world = new World(
    {
      changed: () => undefined,
      raised: (alerts) => void raised.push(alerts.map((a) => a.alert_id)),
      escalated: (alerts) => void late.push(...alerts.map((a) => a.alert_id)),
      alertsSeen: () => undefined,
      sightings: (rows) => void moved.push(...rows.map((r) => r.event_id)),
      sightingsReplaced: () => undefined,
    },
    () => NOW,
  );
  world.heard(NOW, NOW);
  return { world, raised, moved, late };
}

describe('what nobody took in time', () => {
  it('is told once, when it comes live', () => {
    const { world, late } = setUp();
    world.replace('alerts', [alert('old', { rev: 2, escalated_at: at(9) }), alert('a')]);
    world.merge('alerts', [alert('a', { rev: 2, escalated_at: at(1) }), alert('taken', { status: 'acknowledged', escalated_at: at(1) })]);
    world.merge('alerts', [alert('a', { rev: 2, escalated_at: at(1) }), alert('old', { rev: 3, escalated_at: at(9), verdict: 'other' })]);
    expect(late).toEqual(['a']);
  });
});

describe('states', () => {
  it('are replaced by newer revisions only', () => {
    const { world } = setUp();
    world.merge('alerts', [alert('a', { rev: 2, status: 'acknowledged' })]);
    world.merge('alerts', [alert('a', { rev: 1 })]);
    expect(world.alerts.get('a')?.status).toBe('acknowledged');
  });
  it('of calls are told apart by when they were updated', () => {
    const { world } = setUp();
    world.merge('calls', [call('c', { event_id: '1', updated_at: at(5), status: 'closed' }), call('c', { event_id: '2', updated_at: at(50) })]);
    expect(world.calls.get('c')?.status).toBe('closed');
  });
  it('of health are told apart by when they were true', () => {
    const { world } = setUp();
    world.merge('health', [health('frozen', 5), health('ok', 50)]);
    expect(world.health.get('c')?.status).toBe('frozen');
  });
  it('that a snapshot does not have are gone', () => {
    const { world } = setUp();
    world.replace('alerts', [alert('a'), alert('b')]);
    world.replace('alerts', [alert('b')]);
    expect([...world.alerts.rows.keys()]).toEqual(['b']);
  });
  it('that this account may see no longer are gone, and are back with the next that it may see', () => {
    const { world, raised } = setUp();
    world.replace('alerts', [alert('a'), alert('b')]);
    world.merge('alerts', [{ alert_id: 'a', gone: true }, alert('c'), { alert_id: 'c', gone: true }, alert('d')]);
    expect([...world.alerts.rows.keys()]).toEqual(['b', 'd']);
    expect(raised).toEqual([['d']]);
    world.merge('alerts', [{ alert_id: 'b', gone: true }, alert('b', { rev: 3 })]);
    expect(world.alerts.get('b')?.rev).toBe(3);
    expect(world.unreadableRows).toBe(0);
  });
  it('without a key or a time are left out and counted', () => {
    const { world } = setUp();
    world.merge('alerts', [null, 'text', { alert_id: '' }, { alert_id: 'x', observed_at: 'soon' }, alert('a')]);
    expect([...world.alerts.rows.keys()]).toEqual(['a']);
    expect(world.unreadableRows).toBe(4);
  });
  it('from a producer that leaves lists out can be shown', () => {
    const { world } = setUp();
    const { why: _why, zones: _zones, ...bare } = alert('a');
    world.merge('alerts', [bare]);
    expect(world.alerts.get('a')).toMatchObject({ why: [], zones: [] });
  });
});

describe('what is announced', () => {
  it('is an alert that came live, once', () => {
    const { world, raised } = setUp();
    world.merge('alerts', [alert('a')]);
    world.merge('alerts', [alert('a'), alert('a', { rev: 2, status: 'acknowledged' })]);
    expect(raised).toEqual([['a']]);
  });
  it('is not what the page opened with', () => {
    const { world, raised } = setUp();
    world.replace('alerts', [alert('a')]);
    expect(raised).toEqual([]);
  });
  it('is what was missed, after a gap', () => {
    const { world, raised } = setUp();
    world.replace('alerts', [alert('a')]);
    world.replace('alerts', [alert('a'), alert('missed'), alert('done', { status: 'closed' })]);
    expect(raised).toEqual([['missed']]);
  });
});

describe('latency', () => {
  it('is the median from edge to screen of what came live', () => {
    const { world } = setUp();
    world.merge('sightings', [sighting(0.1), sighting(0.3), sighting(90)]);
    expect(world.latency()).toBe(300);
  });
  it('does not count what a person did later', () => {
    const { world } = setUp();
    world.merge('alerts', [alert('a', { rev: 2, status: 'closed' })]);
    expect(world.latency()).toBeNull();
  });
  it('is unknown while nothing comes', () => expect(setUp().world.latency()).toBeNull());
});

it('passes sightings on to the map and knows the age of each channel', () => {
  const { world, moved } = setUp();
  world.merge('sightings', [sighting(4)]);
  expect(moved).toEqual(['s-4']);
  expect(world.ageOf('sightings', NOW)).toBe(4_000);
  expect(world.ageOf('calls', NOW)).toBeNull();
  expect(world.newestAge(NOW + 1_000)).toBe(5_000);
});

it('keeps open things and forgets the oldest closed ones when there are too many', () => {
  const keyed = new Keyed<Alert>({
    key: (a) => a.alert_id,
    atLeast: (a, b) => a.rev >= b.rev,
    most: 10,
    worth: (a, b) => Number(b.status === 'open') - Number(a.status === 'open') || Date.parse(b.raised_at) - Date.parse(a.raised_at),
  });
  keyed.merge([alert('open', { raised_at: at(9_999) })]);
  for (let i = 0; i < 20; i += 1) keyed.merge([alert(`closed-${i}`, { status: 'closed', raised_at: at(100 - i) })]);
  expect(keyed.rows.size).toBeLessThanOrEqual(11);
  expect(keyed.rows.has('open')).toBe(true);
  expect(keyed.rows.has('closed-0')).toBe(false);
});
