import { describe, expect, it } from 'vitest';
import type { AlertDeed } from '$schemas/events';
import { Actions } from '../src/state/actions';
import { broughtHere, deedText, holderOf, isUndone, takenSince, undoable } from '../src/state/alert_history';
import { commandFor, KeyMap } from '../src/state/keys';
import { byUrgency, isEscalated } from '../src/state/ranking';
import { QUEUES, queuesOf, waitingSince } from '../src/state/shelving';
import { Sounding } from '../src/state/sounding';
import { alert, at, NOW } from './rows';

const deed = (name: string, actor = 'r.diaz', over: Partial<AlertDeed> = {}): AlertDeed => ({ action_id: `${name} ${actor}`, name: `alert.${name}`, actor, at: at(2), note: '', about: '', ...over });
const before = [{ status: 'open', owner: '', shelved_until: null, shelved_by: '', shelved_reason: '', escalated_at: null, escalated_by: '' }];

describe('what was done to an alert', () => {
  it('says who brought it where it is, whoever wrote or checked something later', () => {
    const history = [deed('acknowledge'), deed('note', 'c.kim', { note: 'seen' })];
    const taken = alert('a', { rev: 3, status: 'acknowledged', owner: 'r.diaz', history, changed_by: 'c.kim', note: 'seen' });
    expect(broughtHere(taken)).toEqual({ changed_by: 'r.diaz', changed_at: at(2), note: '' });
    expect(holderOf(taken)).toBe('r.diaz');
  });

  it('does not take who gave an alert away for who took it', () => {
    const history = [deed('assign', 'r.diaz', { about: 'r.diaz' }), deed('assign', 'r.diaz', { about: 'c.kim' })];
    const given = alert('a', { status: 'acknowledged', owner: 'c.kim', history });
    expect([broughtHere(given).changed_by, holderOf(given)]).toEqual(['r.diaz', 'c.kim']);
    expect(history.map(deedText)).toEqual(['taken', 'given to c.kim']);
  });

  it('is told as before of alerts whose state has no history', () => {
    const { history: _, owner: __, ...old } = alert('a', { status: 'acknowledged', changed_by: 'r.diaz', note: 'on it' });
    expect(broughtHere(old)).toMatchObject({ changed_by: 'r.diaz', note: 'on it' });
    expect(holderOf(old)).toBe('r.diaz');
  });

  it('marks what was undone, and keeps it', () => {
    const history = [deed('close', 'r.diaz', { about: 'false' }), deed('undo', 'r.diaz', { about: 'alert.close' })];
    expect(history.map((_, n) => isUndone(history, n))).toEqual([true, false]);
    expect(history.map(deedText)).toEqual(['closed, false', 'undone: closed']);
  });
});

describe('an undo', () => {
  const taken = alert('a', { rev: 2, status: 'acknowledged', history: [deed('acknowledge')], standing_before: before });

  it('is offered to whoever acted last, for ten seconds', () => {
    expect(undoable(taken, 'r.diaz', NOW)).toEqual({ of: 'acknowledge r.diaz', text: 'acknowledged', until: NOW + 8_000 });
    expect(undoable(taken, 'r.diaz', NOW + 7_999)).not.toBeNull();
    expect(undoable(taken, 'r.diaz', NOW + 8_000)).toBeNull();
  });

  it('is offered to nobody else, nor of what cannot be undone, nor when something came after', () => {
    expect(undoable(taken, 'c.kim', NOW)).toBeNull();
    expect(undoable({ ...taken, standing_before: [] }, 'r.diaz', NOW)).toBeNull();
    expect(undoable({ ...taken, history: [deed('acknowledge'), deed('note', 'c.kim')] }, 'r.diaz', NOW)).toBeNull();
    expect(undoable(undefined, 'r.diaz', NOW)).toBeNull();
  });
});

describe('acts that the history tells of', () => {
  const setUp = () => new Actions(() => Promise.resolve({ ok: true, error: '' }), () => 'key', () => undefined, () => undefined);
  const seenBy = async (name: 'alert.assign' | 'alert.escalate' | 'alert.note' | 'alert.undo', history: AlertDeed[], status = 'acknowledged') => {
    const actions = setUp();
    await actions.act({ alert_id: 'a', rev: 1 }, name, 'r.diaz');
    actions.seen({ alert_id: 'a', rev: 1 + history.length, status, history });
    return [actions.pending.size, actions.outrun.get('a')?.by];
  };

  it.each(['assign', 'escalate', 'note', 'undo'] as const)('%s is saved when it is in the history, whatever came with it', async (name) => {
    expect(await seenBy(`alert.${name}`, [deed('check', 'c.kim'), deed(name)])).toEqual([0, undefined]);
  });

  it.each([
    ['alert.assign', 'assign', [0, 'c.kim']], ['alert.assign', 'acknowledge', [0, 'c.kim']], ['alert.assign', 'note', [1, undefined]],
    ['alert.escalate', 'escalate', [0, 'c.kim']], ['alert.escalate', 'note', [1, undefined]],
    ['alert.note', 'close', [1, undefined]], ['alert.undo', 'note', [0, 'c.kim']],
  ] as const)('%s that meets another’s %s is told of who was first where that refuses it', async (name, meanwhile, expected) => {
    expect(await seenBy(name, [deed(meanwhile, 'c.kim')])).toEqual(expected);
  });

  it('a rule that escalates meanwhile is in nobody’s way', async () => {
    expect(await seenBy('alert.escalate', [deed('escalate', 'rule:escalation')], 'open')).toEqual([1, undefined]);
  });

  it('taking what was closed meanwhile is told', async () => {
    expect(await seenBy('alert.assign', [deed('close', 'rule:expiry')], 'closed')).toEqual([0, 'rule:expiry']);
  });

  it('only what was done since a revision counts', () => {
    const row = alert('a', { rev: 3, history: [deed('acknowledge', 'c.kim'), deed('note', 'c.kim')] });
    expect([takenSince(row, 1, 'r.diaz')?.actor, takenSince(row, 2, 'r.diaz'), takenSince(row, 1, 'c.kim')]).toEqual(['c.kim', undefined, undefined]);
  });
});

describe('an alert that a person escalated', () => {
  const wanted = alert('wanted', { status: 'acknowledged', escalated_at: at(5), escalated_by: 'r.diaz', severity: 'P2' });

  it('stands among those that nobody has taken, until it is taken', () => {
    expect(isEscalated(wanted)).toBe(true);
    expect(isEscalated({ ...wanted, escalated_by: '' })).toBe(false);
    expect(isEscalated({ ...wanted, status: 'closed' })).toBe(false);
    const open = alert('open', { severity: 'P2' });
    expect(byUrgency([open, wanted, alert('grave', { severity: 'P1' })]).map(({ title }) => title)).toEqual(['grave', 'wanted', 'open']);
    expect(waitingSince(wanted)).toBe(NOW - 5_000);
  });

  it('sounds though somebody has taken it, and not while it is shelved', () => {
    const heard: string[] = [];
    const sounding = new Sounding((sound) => heard.push(sound) > 0);
    sounding.escalated([{ ...wanted, shelved_until: at(-60) }], NOW);
    expect(heard).toEqual([]);
    sounding.escalated([wanted], NOW);
    expect(heard).toEqual(['escalated']);
  });
});

it('"mine" holds what one has in hand, besides the queue it is in', () => {
  const rows = [alert('given', { owner: 'r.diaz' }), alert('over', { owner: 'r.diaz', status: 'closed' }), alert('other', { owner: 'c.kim' })];
  const queues = queuesOf(rows, NOW, 'r.diaz');
  expect([queues.mine, queues.open, queues.closed].map((list) => list.map(({ title }) => title))).toEqual([['given'], ['given', 'other'], ['over']]);
  expect(queuesOf([alert('a')], NOW).mine).toEqual([]);
  expect(QUEUES[0]).toEqual(['mine', 'Mine']);
});

it.each([['o', 'own'], ['e', 'escalate'], ['n', 'note'], ['z', 'undo']])('%s asks for %s, is in the help, and is a letter while one types', (key, command) => {
  const press = { key, ctrlKey: false, metaKey: false, altKey: false, isComposing: false };
  expect([commandFor(new KeyMap(), press, true, false, 'map'), commandFor(new KeyMap(), press, true, true, 'map'), commandFor(new KeyMap(), press, false, false, 'map')]).toEqual([command, null, null]);
  expect(commandFor(new KeyMap(), { ...press, ctrlKey: true }, true, false, 'map')).toBeNull();
});
