import { describe, expect, it } from 'vitest';
import { BURN_IN_PX, burnInShift, nextDaily, whyReload, type Upkeep } from '../src/state/wall_upkeep';

const HOUR = 3_600_000;
const NIGHT = new Date(2026, 0, 15, 3, 0).getTime();
const told = (over: Partial<Upkeep> = {}): Upkeep => ({
  now: NIGHT, openedAt: NIGHT - HOUR, minute: 270, versionThen: '1', versionNow: '1', isLive: true, isRefused: false, newestP1: null, ...over,
});
const dueAt = NIGHT + 90 * 60_000;

describe('what stands still on a wall', () => {
  it('moves by 2 px an hour, one way at a time, and comes back', () => {
    const places = Array.from({ length: 17 }, (_, hour) => burnInShift(hour * HOUR));
    places.slice(1).forEach(([x, y], index) => {
      const [beforeX, beforeY] = places[index] ?? [0, 0];
      expect(Math.abs(x - beforeX) + Math.abs(y - beforeY)).toBe(2);
      expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
      expect(Math.max(x, y)).toBeLessThanOrEqual(BURN_IN_PX);
    });
    expect(places[16]).toEqual(places[0]);
    expect(new Set(places.map(String)).size).toBe(16);
  });
  it('stands within the hour', () => expect(burnInShift(5 * HOUR + 3_599_999)).toEqual(burnInShift(5 * HOUR)));
});

describe('a wall starts anew', () => {
  it('once a day, at its time', () => {
    expect(whyReload(told({ now: dueAt - 1 }))).toBe('');
    expect(whyReload(told({ now: dueAt }))).toBe('once a day');
    expect(whyReload(told({ openedAt: dueAt, now: dueAt + 5000 })), 'it has just been').toBe('');
  });
  it('when the server has another version', () => {
    expect(whyReload(told({ versionNow: '2' }))).toBe('the server has another version');
    expect(whyReload(told({ versionThen: '', versionNow: '2' }))).toBe('');
    expect(whyReload(told({ versionNow: '' }))).toBe('');
  });
  it('not in the first minute of a P1 that nobody has taken', () => {
    expect(whyReload(told({ now: dueAt, newestP1: dueAt - 59_000 }))).toBe('');
    expect(whyReload(told({ versionNow: '2', newestP1: NIGHT - 1 }))).toBe('');
    expect(whyReload(told({ now: dueAt, newestP1: dueAt - 60_000 }))).toBe('once a day');
  });
  it('not while the server is away: the browser could not get the page', () => {
    expect(whyReload(told({ now: dueAt, isLive: false, versionNow: '2' }))).toBe('');
  });
  it('when it was refused, but not again and again', () => {
    expect(whyReload(told({ isRefused: true, isLive: false, openedAt: NIGHT - 10_000 }))).toBe('');
    expect(whyReload(told({ isRefused: true, isLive: false }))).toBe('the server refused this page');
  });
  it('tomorrow, when the time of today is over', () => {
    expect(nextDaily(NIGHT, 270)).toBe(dueAt);
    expect(new Date(nextDaily(dueAt, 270)).getDate()).toBe(16);
  });
});
