import { describe, expect, it } from 'vitest';
import { isFlood, raisedLately, rateLevel } from '../src/state/alert_rate';
import { alert, at, NOW } from './rows';

describe('the rate of alerts', () => {
  it('counts those raised within ten minutes, whatever became of them', () => {
    const rows = [alert('new'), alert('closed', { status: 'closed' }), alert('just', { raised_at: at(599) }), alert('old', { raised_at: at(600) })];
    expect(raisedLately(rows, NOW)).toBe(3);
  });
  it.each([[0, 'calm'], [1, 'calm'], [2, 'busy'], [10, 'busy'], [11, 'flood']])('of %i in ten minutes is %s', (count, level) =>
    expect(rateLevel(count)).toBe(level));
  it('is a flood above ten, and stays one until it is below five', () => {
    expect([10, 11, 10, 5, 4, 10].reduce<boolean[]>((told, count) => [...told, isFlood(count, told.at(-1) ?? false)], [])).toEqual(
      [false, true, true, true, false, false]);
  });
});
