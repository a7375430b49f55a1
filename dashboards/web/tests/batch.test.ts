import { describe, expect, it } from 'vitest';
import type { Alert } from '$schemas/events';
import { matching, MOST_OFFERED, type Offer } from '../src/state/command_box';
import { MOST_CHOSEN, sorted, told, whyLeftOut } from '../src/state/batch';
import { MOST_SIMILAR, similarAlerts } from '../src/state/similar_alerts';
import type { Outrun, Pending } from '../src/state/actions';
import { alert as row } from './rows';

const NOW = Date.parse('2026-01-15T18:30:00Z');
const alert = (id: string, over: Partial<Alert> = {}): Alert => row(id, { severity: 'P3', ...over });
const pending = (state: Pending['state'], error = ''): Pending => ({ name: 'alert.acknowledge', key: 'k', actor: 'me', note: '', found: {}, rev: 1, state, error });

describe('an act on many', () => {
  it.each(['alert.acknowledge', 'alert.assign', 'alert.shelve'] as const)('leaves every P1 and P2 out of %s', (act) => {
    expect(['P1', 'P2', 'P3', 'P4'].map((severity) => whyLeftOut(act, alert('a', { severity }), 'me', NOW) !== '')).toEqual([true, true, false, false]);
  });
  it('leaves out what is over, what another one has, and what is shelved', () => {
    expect(whyLeftOut('alert.acknowledge', alert('a', { status: 'closed' }), 'me', NOW)).toBe('over already');
    expect(whyLeftOut('alert.acknowledge', alert('a', { status: 'acknowledged', owner: 'R. Diaz' }), 'me', NOW)).toBe('acked by R. Diaz meanwhile');
    expect(whyLeftOut('alert.shelve', alert('a', { shelved_until: '2026-01-15T19:00:00Z' }), 'me', NOW)).toBe('shelved already');
    expect(whyLeftOut('alert.assign', alert('a', { owner: 'me' }), 'me', NOW)).toBe('yours already');
  });
  it('tells of each what became of it, and calls nothing done that is on its way', () => {
    const { todo, leftOut } = sorted('alert.acknowledge', [alert('a'), alert('b'), alert('c'), alert('d'), alert('e', { severity: 'P1' })], 'me', NOW);
    const batch = { act: 'alert.acknowledge' as const, begun: todo.map(({ alert_id }) => alert_id), leftOut };
    const actions = { pending: new Map<string, Pending>(), outrun: new Map<string, Outrun>() };
    for (const id of batch.begun) actions.pending.set(id, pending('saving'));
    expect(told(batch, actions).text).toBe('4 saving…, 1 left out: P1 and P2 one at a time.');
    actions.pending.clear();
    const [, second = '', third = ''] = batch.begun;
    actions.outrun.set(second, { name: 'alert.acknowledge', by: 'R. Diaz', at: '' });
    actions.pending.set(third, pending('failed', 'no answer'));
    expect(told(batch, actions)).toEqual({
      text: '2 acknowledged, 1 was acked by R. Diaz meanwhile, 1 left out: P1 and P2 one at a time, 1 not saved: no answer.', saving: 0, failed: [third],
    });
  });
  it('has a bound', () => expect(MOST_CHOSEN).toBeLessThanOrEqual(100));
});

it('similar alerts are of the same rule about the same thing or at the same camera, within a day, newest first', () => {
  const at = (hours: number): string => new Date(NOW - hours * 3_600_000).toISOString();
  const one = alert('one', { rule: 'r', subject: 'JKL707', camera_id: 'c1', raised_at: at(0) });
  const others = [
    alert('old', { rule: 'r', subject: 'JKL707', raised_at: at(25) }), alert('rule', { rule: 'q', subject: 'JKL707', raised_at: at(1) }),
    alert('far', { rule: 'r', subject: 'X', camera_id: 'c2', raised_at: at(1) }),
    alert('subject', { rule: 'r', subject: 'JKL707', camera_id: 'c2', raised_at: at(3) }), alert('camera', { rule: 'r', subject: 'X', camera_id: 'c1', raised_at: at(2) }),
  ];
  expect(similarAlerts([one, ...others], one, NOW).shown.map(({ raised_at }) => raised_at)).toEqual([at(2), at(3)]);
  const many = Array.from({ length: 9 }, (_, n) => alert(`n${n}`, { rule: 'r', subject: 'JKL707', raised_at: at(n) }));
  expect([similarAlerts(many, one, NOW).shown.length, similarAlerts(many, one, NOW).total]).toEqual([MOST_SIMILAR, 9]);
});

it('the command box finds what has each word, in its order, and shows so many', () => {
  const offer = (text: string, kind: Offer['kind'] = 'page'): Offer => ({ id: text, kind, text, key: '', run: () => undefined });
  const offers = [offer('acknowledge the alert', 'act'), offer('audit'), offer('SHOTS FIRED, 100 Main St', 'incident')];
  expect(matching(offers, 'a').map(({ text }) => text)).toEqual(['acknowledge the alert', 'audit']);
  expect(matching(offers, 'main shots').map(({ text }) => text)).toEqual(['SHOTS FIRED, 100 Main St']);
  expect(matching(offers, 'zebra')).toEqual([]);
  expect(matching(Array.from({ length: 40 }, (_, n) => offer(`page ${n}`)), '')).toHaveLength(MOST_OFFERED);
});
