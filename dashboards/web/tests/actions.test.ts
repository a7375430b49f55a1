import { describe, expect, it } from 'vitest';
import { Actions, randomKey, UNSEEN_MS } from '../src/state/actions';

const ALERT = { alert_id: 'a', rev: 1 };

function setUp(answers: { ok: boolean; error: string }[]) {
  const posted: Readonly<Record<string, unknown>>[] = [];
  const timers: { ms: number; run: () => void }[] = [];
  let keys = 0;
  const actions = new Actions(
    (body) => {
      posted.push(body);
      return Promise.resolve(answers.shift() ?? { ok: true, error: '' });
    },
    () => `key-${(keys += 1)}`,
    (ms, run) => void timers.push({ ms, run }),
    () => undefined,
  );
  return { actions, posted, timers };
}

describe('an action', () => {
  it('is saved only when its new state has come back through the log', async () => {
    const { actions, posted } = setUp([]);
    await actions.act(ALERT, 'alert.acknowledge', 'r.diaz');
    expect(posted).toEqual([{ key: 'key-1', name: 'alert.acknowledge', subject_id: 'a', actor: 'r.diaz', note: '' }]);
    expect(actions.pending.get('a')?.state).toBe('saving');
    actions.seen({ alert_id: 'a', rev: 1, status: 'open' });
    expect(actions.pending.get('a')?.state).toBe('saving');
    actions.seen({ alert_id: 'a', rev: 2, status: 'acknowledged' });
    expect(actions.pending.size).toBe(0);
  });

  it.each([
    ['alert.acknowledge', 'closed', 0],
    ['alert.close', 'acknowledged', 1],
    ['alert.close', 'recalled', 0],
    ['alert.reopen', 'open', 0],
    ['alert.dispatch', 'dispatched', 0],
    ['alert.check', 'acknowledged', 0],
    ['alert.judge', 'open', 0],
  ] as const)('%s that meets a revision that is %s leaves %i waiting', async (name, status, waiting) => {
    const { actions } = setUp([]);
    await actions.act(ALERT, name, 'x');
    actions.seen({ alert_id: 'a', rev: 2, status });
    expect(actions.pending.size).toBe(waiting);
  });

  it('of shelving is saved when the alert is put aside, and of taking back when it is no more', async () => {
    const { actions, posted } = setUp([]);
    const details = { reason: 'a test car', until: '2026-01-15T19:00:00.000Z' };
    await actions.act(ALERT, 'alert.shelve', 'r.diaz', '', { details });
    expect(posted[0]).toMatchObject({ name: 'alert.shelve', details });
    actions.seen({ alert_id: 'a', rev: 2, status: 'open', shelved_until: null });
    expect(actions.pending.size).toBe(1);
    actions.seen({ alert_id: 'a', rev: 3, status: 'open', shelved_until: details.until, changed_by: 'r.diaz' });
    expect([actions.pending.size, actions.outrun.size]).toEqual([0, 0]);
    await actions.act({ alert_id: 'a', rev: 3 }, 'alert.unshelve', 'r.diaz');
    actions.seen({ alert_id: 'a', rev: 4, status: 'open', shelved_until: null, changed_by: 'r.diaz' });
    expect(actions.pending.size).toBe(0);
  });

  it('check 27: that somebody else did first tells who it was', async () => {
    const { actions } = setUp([]);
    await actions.act(ALERT, 'alert.acknowledge', 'r.diaz');
    actions.seen({ alert_id: 'a', rev: 2, status: 'acknowledged', changed_by: 'c.kim', changed_at: '2026-01-15T18:30:00Z' });
    expect(actions.pending.size).toBe(0);
    expect(actions.outrun.get('a')).toEqual({ name: 'alert.acknowledge', by: 'c.kim', at: '2026-01-15T18:30:00Z' });
    await actions.act({ alert_id: 'a', rev: 2 }, 'alert.close', 'r.diaz');
    expect(actions.outrun.size).toBe(0);
  });

  it('tells what was checked and found', async () => {
    const { actions, posted } = setUp([]);
    await actions.act(ALERT, 'alert.check', 'r.diaz', '', { check: 'state' });
    expect(posted).toEqual([
      { key: 'key-1', name: 'alert.check', subject_id: 'a', actor: 'r.diaz', note: '', check: 'state' },
    ]);
  });

  it('is posted once however often the key is pressed', async () => {
    const { actions, posted } = setUp([]);
    await Promise.all([actions.act(ALERT, 'alert.acknowledge', 'x'), actions.act(ALERT, 'alert.acknowledge', 'x')]);
    expect(posted).toHaveLength(1);
  });

  it('that was not saved says so and is tried again under the same key', async () => {
    const { actions, posted } = setUp([{ ok: false, error: 'the broker did not confirm' }]);
    await actions.act(ALERT, 'alert.close', 'x', 'false alarm');
    expect(actions.pending.get('a')).toMatchObject({ state: 'failed', error: 'the broker did not confirm' });
    await actions.retry('a');
    expect(posted[1]).toEqual(posted[0]);
    expect(actions.pending.get('a')?.state).toBe('saving');
  });

  it('that was accepted but never seen in the log is not called saved', async () => {
    const { actions, timers } = setUp([]);
    await actions.act(ALERT, 'alert.acknowledge', 'x');
    expect(timers[0]?.ms).toBe(UNSEEN_MS);
    timers[0]?.run();
    expect(actions.pending.get('a')?.state).toBe('failed');
  });

  it('can be given up', async () => {
    const { actions } = setUp([{ ok: false, error: 'no' }]);
    await actions.act(ALERT, 'alert.acknowledge', 'x');
    actions.dismiss('a');
    expect(actions.pending.size).toBe(0);
  });
});

it('makes keys that are UUIDs of version 4', () => {
  expect(randomKey()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(randomKey()).not.toBe(randomKey());
});
