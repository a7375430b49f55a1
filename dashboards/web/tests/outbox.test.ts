import 'fake-indexeddb/auto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../src/http';
import { keepLastSeen, lastSeen, openFieldDb, outboxStore } from '../src/state/field_db';
import { KEPT_DONE, Outbox, outcomeOf, type Deed, type Item, type Sender } from '../src/state/outbox';
import { alert, incident, NOW } from './rows';

const deed = (key: string, over: Partial<Deed> = {}): Deed => ({
  key, name: 'incident.note', subject_id: 'i', actor: 'r.diaz', account: '', note: '', details: {}, ...over,
});
const NOBODY_ASKED: Sender = { account: '', asked: false };

/** A server that takes each key once, as ours does, over a line that fails before or after it has taken it. */
class Server {
  online = true;
  log: string[] = [];
  by: string[] = [];
  /** What goes wrong with the next posts, first to last. */
  faults: ('before' | 'after' | 'broker' | 'locked')[] = [];
  refused = new Set<string>();

  post = (told: Deed): Promise<Answer<{ event_id: string }>> => {
    const fault = this.faults.shift();
    const gone = { ok: false as const, error: 'the server cannot be reached' };
    if (!this.online || fault === 'before') return Promise.resolve(gone);
    if (fault === 'broker') return Promise.resolve({ ok: false, error: 'the broker did not confirm', status: 503 });
    if (fault === 'locked') return Promise.resolve({ ok: false, error: 'Sign in first.', status: 401 });
    if (this.refused.has(told.key)) return Promise.resolve({ ok: false, error: 'No incident of this id is known.', status: 404 });
    if (!this.log.includes(told.key)) {
      this.log.push(told.key);
      this.by.push(told.account);
    }
    return Promise.resolve(fault === 'after' ? gone : { ok: true, value: { event_id: `event-${told.key}` } });
  };
}

let databases = 0;
async function setUp(server = new Server(), sender: () => Sender = () => NOBODY_ASKED) {
  const db = await openFieldDb(`outbox-${(databases += 1)}`);
  const open = async (): Promise<Outbox> => {
    const outbox = new Outbox(outboxStore(db), server.post, sender, () => undefined, undefined, () => NOW);
    await outbox.load();
    return outbox;
  };
  return { db, server, open, outbox: await open() };
}

describe('the outbox', () => {
  it('delivers each deed once and in order, whatever the line, the answers, reloads and other pages do', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.constant('do' as const) },
      { weight: 3, arbitrary: fc.constant('deliver' as const) },
      fc.constantFrom('offline' as const, 'online' as const, 'reload' as const, 'other page' as const, 'both' as const),
      fc.constantFrom('before' as const, 'after' as const, 'broker' as const, 'locked' as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { server, open, outbox } = await setUp();
        const pages = [outbox, await open()];
        const done: string[] = [];
        let at = 0;
        const page = (): Outbox => pages[at] as Outbox;
        for (const one of steps) {
          switch (one) {
            case 'do':
              done.push(`k${done.length}`);
              await page().add(deed(done.at(-1) as string), 'Note');
              break;
            case 'deliver': await page().deliver(); break;
            case 'both': {
              // What came in while it was delivering is delivered as well.
              const running = page().deliver();
              done.push(`k${done.length}`);
              await page().add(deed(done.at(-1) as string), 'Note');
              await Promise.all([running, page().deliver()]);
              break;
            }
            case 'offline': server.online = false; break;
            case 'online': server.online = true; break;
            case 'reload': pages[at] = await open(); break;
            case 'other page': at = 1 - at; break;
            default: server.faults.push(one);
          }
          expect(server.log).toEqual(done.slice(0, server.log.length));
        }
        server.online = true;
        server.faults = [];
        const last = await open();
        await last.deliver();
        expect(server.log).toEqual(done);
        expect(last.counts()).toEqual({ waiting: 0, sent: done.length, done: 0, failed: 0 });
      }),
      { numRuns: 200 },
    );
  });

  it('keeps what was done over a reload, with the key it had', async () => {
    const { server, open, outbox } = await setUp();
    server.online = false;
    await outbox.add(deed('k1', { note: 'two cars there' }), 'Note');
    await outbox.deliver();
    const again = await open();
    expect(again.items).toEqual([
      { n: 1, deed: deed('k1', { note: 'two cars there' }), about: 'Note', at: NOW, state: 'waiting', event_id: '', why: '' },
    ]);
    expect(outbox.held).toBe('the server cannot be reached');
  });

  it('goes on past one that is refused, which stays until it is dismissed', async () => {
    const { server, open, outbox } = await setUp();
    server.refused.add('k1');
    await outbox.add(deed('k1'), 'Note');
    await outbox.add(deed('k2'), 'Note');
    await outbox.deliver();
    expect(outbox.items.map(({ state, why }) => [state, why])).toEqual([['failed', 'No incident of this id is known.'], ['sent', '']]);
    const again = await open();
    expect(again.counts().failed).toBe(1);
    await again.dismiss(1);
    expect((await open()).items.map(({ n }) => n)).toEqual([2]);
  });

  it('never puts away what still waits', async () => {
    const { server, outbox } = await setUp();
    server.online = false;
    const { n } = await outbox.add(deed('k1'), 'Note');
    await outbox.dismiss(n);
    expect(outbox.counts().waiting).toBe(1);
  });

  it('is delivered by the same person only; another one sends nothing but their own', async () => {
    let sender: Sender = { account: 'b.okafor', asked: true };
    const { server, outbox } = await setUp(new Server(), () => sender);
    await outbox.add(deed('k1', { account: 'r.diaz' }), 'Note');
    await outbox.add(deed('k2', { account: 'b.okafor' }), 'Note');
    await outbox.deliver();
    expect([server.log, server.by]).toEqual([['k2'], ['b.okafor']]);
    expect(outbox.held).toBe('r.diaz must sign in to send it');
    sender = null;
    await outbox.deliver();
    expect(server.log).toEqual(['k2']);
    sender = { account: 'r.diaz', asked: true };
    await outbox.deliver();
    expect([server.log, server.by]).toEqual([['k2', 'k1'], ['b.okafor', 'r.diaz']]);
    expect(outbox.held).toBe('');
  });

  it('is kept when the session has expired, and says who must sign in', async () => {
    const { server, outbox } = await setUp(new Server(), () => ({ account: 'r.diaz', asked: true }));
    server.faults = ['locked'];
    await outbox.add(deed('k1', { account: 'r.diaz' }), 'Note');
    await outbox.deliver();
    expect([outbox.counts().waiting, outbox.held]).toEqual([1, 'r.diaz must sign in to send it']);
  });

  it('forgets what is long through, and nothing else', async () => {
    const { outbox, open } = await setUp();
    for (let i = 0; i < KEPT_DONE + 5; i += 1) await outbox.add(deed(`k${i}`), 'Note');
    await outbox.deliver();
    await outbox.settle(new Map(), new Map([['i', incident('i', { actions: outbox.items.map(({ event_id }) => event_id) })]]));
    expect((await open()).items.map(({ n }) => n)).toEqual(Array.from({ length: KEPT_DONE }, (_, i) => i + 6));
  });
});

describe('what became of a deed', () => {
  const item = (over: Partial<Deed>): Item => ({ n: 1, deed: deed('k', over), about: '', at: NOW, state: 'sent', event_id: 'e1', why: '' });
  const ack = item({ name: 'alert.acknowledge', subject_id: 'a' });
  const told = (over: Parameters<typeof alert>[1]) => outcomeOf(ack, new Map([['a', alert('a', over)]]), new Map());

  it('is told by the alert it was done to', () => {
    expect(told({ status: 'open' })).toBe('waiting');
    expect(told({ status: 'closed', actions: ['e1', 'e2'], changed_by: 'b.okafor' })).toBe('done');
    expect(told({ status: 'acknowledged', actions: ['e0'], changed_by: 'b.okafor' })).toEqual({
      refused: 'Not done: taken by b.okafor, who was first.',
    });
  });

  it('of taking an alert, is refused only when another one took it since it was looked at', () => {
    const take = item({ name: 'alert.assign', subject_id: 'a', details: { expected_rev: '2' } });
    const by = (name: string, rev: number) => outcomeOf(take, new Map([['a', alert('a', {
      rev, status: 'acknowledged', history: [{ action_id: 'x', name, actor: 'c.kim', at: '', note: '', about: 'c.kim' }],
    })]]), new Map());
    expect([by('alert.assign', 3), by('alert.assign', 2), by('alert.note', 3)]).toEqual([{ refused: 'Not done: c.kim was first.' }, 'waiting', 'waiting']);
  });

  it('of a note to an alert, waits for the log whatever else is done to that', () => {
    const note = item({ name: 'alert.note', subject_id: 'a' });
    const among = (over: object) => outcomeOf(note, new Map([['a', alert('a', over)]]), new Map());
    expect([among({ status: 'closed' }), among({ status: 'closed', actions: ['e1'] })]).toEqual(['waiting', 'done']);
  });

  it('is told by the incident, with who was first', () => {
    const refused = { action_id: 'e1', name: 'incident.stage', actor: 'r.diaz', why: 'already_closed', first_by: 'b.okafor', at: '' };
    const rows = new Map([['i', incident('i', { refused: [refused] })]]);
    expect(outcomeOf(item({ name: 'incident.stage' }), new Map(), rows)).toEqual({
      refused: 'Not done: it is closed already. Reopen it first. b.okafor was first.',
    });
    expect(outcomeOf(item({}), new Map(), new Map([['i', incident('i', { actions: ['e1'] })]]))).toBe('done');
    expect(outcomeOf(item({}), new Map(), new Map())).toBe('waiting');
  });
});

describe('what was seen last', () => {
  it('is for whoever saw it, and is forgotten when somebody else asks', async () => {
    const { db } = await setUp();
    const seen = { channel: 'alerts' as const, rows: [alert('a')], at: NOW, account: 'r.diaz' };
    await keepLastSeen(db, [seen]);
    expect(await lastSeen(db, 'r.diaz')).toEqual([seen]);
    expect(await lastSeen(db, 'b.okafor')).toEqual([]);
    expect(await lastSeen(db, 'r.diaz')).toEqual([]);
  });
});
