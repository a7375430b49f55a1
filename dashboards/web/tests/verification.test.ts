import { describe, expect, it } from 'vitest';
import { didWhat } from '../src/state/names';
import { checkedBy, isDispatchable } from '../src/state/verification';
import { alert } from './rows';

const ALL = ['plate', 'state', 'record'];

describe('verification', () => {
  it('lets nobody be sent before all is checked and found correct', () => {
    expect(isDispatchable(alert('a'))).toBe(false);
    expect(isDispatchable(alert('a', { checks: ALL }))).toBe(false);
    expect(isDispatchable(alert('a', { checks: ['plate'], verdict: 'correct' }))).toBe(false);
    expect(isDispatchable(alert('a', { checks: ALL, verdict: 'misread' }))).toBe(false);
    expect(isDispatchable(alert('a', { checks: ALL, verdict: 'correct' }))).toBe(true);
  });

  it('asks nothing of alerts that are not about a plate', () => {
    expect(isDispatchable(alert('a', { subject_kind: 'camera' }))).toBe(true);
  });

  it('shows a person only their own checks', () => {
    const begun = alert('a', { checks: ['plate', 'state'], verified_by: 'r.diaz' });
    expect(checkedBy(begun, 'r.diaz')).toEqual(['plate', 'state']);
    expect(checkedBy(begun, 'someone')).toEqual([]);
  });

  it.each([
    ['acknowledged', 'taken'],
    ['dispatched', 'dispatched'],
    ['closed', 'closed'],
    ['recalled', 'recalled'],
  ])('an alert that is %s says that it was %s', (status, words) => {
    expect(didWhat(alert('a', { status }))).toBe(words);
  });
});
