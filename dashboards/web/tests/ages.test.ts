import { describe, expect, it } from 'vitest';
import { cameraState } from '../src/state/camera_state';
import { badge, type Heard } from '../src/state/connection';
import { isLate, legs } from '../src/state/latency';
import { SightingLog } from '../src/state/sighting_log';
import { age, ServerClock, span } from '../src/time';
import { alert, at, health, NOW, sighting } from './rows';

describe('ages as text', () => {
  it.each([[0, '0 s'], [59_999, '59 s'], [60_000, '1 min'], [3_600_000, '1 h'], [3_900_000, '1 h 5 min'], [90_000_000, '1 d'], [-5_000, '0 s'], [Number.NaN, 'unknown']])(
    '%d ms is %s', (ms, text) => expect(age(ms)).toBe(text));
  it.each([[42, '42 ms'], [3_240, '3.2 s'], [120_000, '2 min'], [-5_000, 'clock 5 s ahead']])(
    'a span of %d ms is %s', (ms, text) => expect(span(ms)).toBe(text));
});

describe("the server's clock", () => {
  it('is taken from the frame that was quickest', () => {
    const clock = new ServerClock();
    clock.heard(10_000, 4_000);
    clock.heard(11_000, 8_000);
    expect(clock.offset).toBe(6_000);
    expect(clock.now(5_000)).toBe(11_000);
  });
});

describe('the connection badge', () => {
  const heard = (over: Partial<Heard> = {}): Heard => ({ phase: 'open', refusal: '', lastFrame: NOW, since: NOW - 60_000, latency: 42, behind: 0, newest: 500, ...over });

  it('says live only while frames come', () => {
    expect(badge(heard(), NOW + 1_000)).toEqual({ level: 'live', text: 'LIVE 42 ms', lost: false });
    expect(badge(heard(), NOW + 11_999).lost).toBe(false);
    expect(badge(heard(), NOW + 12_000)).toEqual({ level: 'reconnecting', text: 'RECONNECTING 12 s', lost: true });
  });
  it('says how late the data is when it is', () => {
    expect(badge(heard({ latency: 3_200 }), NOW).text).toBe('DELAYED 3.2 s');
  });
  it('is never live while events wait to be processed, however quick the last ones were or whether any came', () => {
    expect(badge(heard({ behind: 12_300 }), NOW)).toEqual({ level: 'delayed', text: 'DELAYED 12.3 s', lost: false });
    expect(badge(heard({ behind: 180_000, latency: null, newest: 200_000 }), NOW).text).toBe('DELAYED 3 min');
    expect(badge(heard({ behind: 3_000, latency: 5_000 }), NOW).text).toBe('DELAYED 5.0 s');
    expect(badge(heard({ behind: 1_900 }), NOW).level).toBe('live');
  });
  it('does not say live when no source has sent anything for a minute', () => {
    expect(badge(heard({ latency: null, newest: 59_000 }), NOW)).toMatchObject({ level: 'live' });
    expect(badge(heard({ latency: null, newest: 61_000 }), NOW)).toEqual({ level: 'quiet', text: 'NO NEW DATA 1 min', lost: false });
    expect(badge(heard({ latency: null, newest: null }), NOW)).toMatchObject({ level: 'live' });
  });
  it('takes a closed socket for a loss after three seconds', () => {
    expect(badge(heard({ phase: 'waiting' }), NOW + 1_000)).toMatchObject({ level: 'reconnecting', lost: false });
    expect(badge(heard({ phase: 'waiting' }), NOW + 3_000).lost).toBe(true);
  });
  it('calls a minute of nothing offline, with the time of the last data', () => {
    expect(badge(heard({ phase: 'waiting' }), NOW + 60_000).text).toMatch(/^OFFLINE since \d\d:\d\d$/);
  });
  it('does not call the first seconds a loss', () => {
    expect(badge(heard({ phase: 'connecting', lastFrame: null, since: NOW }), NOW + 5_000)).toMatchObject({ level: 'connecting', lost: false });
    expect(badge(heard({ phase: 'waiting', lastFrame: null, since: NOW }), NOW + 13_000).lost).toBe(true);
  });
  it('says when the server refuses', () => {
    expect(badge(heard({ phase: 'refused' }), NOW)).toMatchObject({ level: 'refused', lost: true });
  });
});

describe('a camera', () => {
  it('without any report is unknown, not stopped', () => expect(cameraState(undefined, NOW)).toBe('unknown'));
  it.each([['ok', 'ok'], ['degraded', 'degraded'], ['blurred', 'degraded'], ['frozen', 'stopped'], ['black', 'stopped'], ['no_signal', 'stopped'], ['offline', 'stopped'], ['unknown', 'unknown'], ['a new word', 'unknown']])(
    'reported %s is %s', (status, state) => expect(cameraState(health(status, 1), NOW)).toBe(state));
  it('is believed for three times what its source promised and no longer', () => {
    expect(cameraState(health('ok', 30), NOW)).toBe('ok');
    expect(cameraState(health('ok', 30.1), NOW)).toBe('stale');
    expect(cameraState(health('frozen', 31), NOW)).toBe('stale');
  });
  it('whose source promises nothing is believed for fifteen minutes', () => {
    expect(cameraState(health('ok', 899, null), NOW)).toBe('ok');
    expect(cameraState(health('ok', 901, null), NOW)).toBe('stale');
  });
});

describe('sightings', () => {
  it('are gone after two minutes', () => {
    const log = new SightingLog();
    log.add([sighting(121), sighting(119), sighting(1)], NOW);
    expect(log.recent(NOW).map((s) => s.event_id)).toEqual(['s-1', 's-119']);
    expect(log.recent(NOW + 2_000).map((s) => s.event_id)).toEqual(['s-1']);
  });
  it('are counted with those that were left out', () => {
    const log = new SightingLog();
    log.add([sighting(1)], NOW);
    log.leftOut(9, NOW);
    expect(log.rate(NOW + 1_000)).toBe(10);
    expect(log.rate(NOW + 4_000)).toBe(2.5);
    expect(log.rate(NOW + 6_000)).toBe(0);
  });
  it('of a snapshot are shown and not counted as coming now', () => {
    const log = new SightingLog();
    log.replace([sighting(1), sighting(2)]);
    expect(log.recent(NOW)).toHaveLength(2);
    expect(log.rate(NOW)).toBe(0);
  });
  it('do not pile up', () => {
    const log = new SightingLog();
    for (let i = 0; i < 5_000; i += 1) log.add([sighting(1)], NOW);
    expect(log.recent(NOW).length).toBe(200);
  });
});

describe('the way of an alert', () => {
  const row = alert('a', { occurred_at: at(10), observed_at: at(9.6), raised_at: at(9.58) });
  it('is told leg by leg', () => {
    expect(legs(row, NOW - 9_500).map((leg) => Math.round(leg.ms))).toEqual([400, 20, 80]);
  });
  it('ends before the screen when the alert came with the page', () => {
    expect(legs(row, undefined)[2]?.ms).toBeNaN();
  });
  it('is late from a minute on', () => {
    expect(isLate(row)).toBe(false);
    expect(isLate(alert('b', { occurred_at: at(90), raised_at: at(10) }))).toBe(true);
  });
});
