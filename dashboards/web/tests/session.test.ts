import { describe, expect, it } from 'vitest';
import type { Answer } from '../src/http';
import { ACTIVE_MS, Session, type Standing } from '../src/state/session.svelte';

const NOBODY: Standing = {
  sign_in: true, notice: '', provider: '', account: '', name: '', roles: [], rights: [], areas: null, locked: false, locks_at: null, ends_at: null,
};
const DIAZ: Standing = { ...NOBODY, account: 'r.diaz', name: 'R. Diaz', roles: ['monitor'], rights: ['act', 'see'] };

function desk(...answers: (Standing | { ticket: string } | null)[]) {
  const asked: string[] = [];
  let now = 1_000_000;
  let changes = 0;
  const next = (path: string): Promise<Answer<Standing>> => {
    asked.push(path);
    const value = answers.length > 1 ? answers.shift() : answers[0];
    return Promise.resolve(value ? { ok: true, value: value as Standing } : { ok: false, error: 'Sign in first.' });
  };
  const session = new Session(next, next, () => next('leave'), () => now, () => (changes += 1));
  return { session, asked, pass: (ms: number) => (now += ms), changes: () => changes };
}

describe('a session', () => {
  it('shuts nobody out where the server asks nobody, or does not answer', async () => {
    for (const answer of [{ ...NOBODY, sign_in: false }, null]) {
      const { session } = desk(answer);
      await session.look();
      expect([session.isKnown, session.isShut, session.may('ask')]).toEqual([true, false, true]);
    }
  });

  it('is shut until somebody signs in, and while it is locked', async () => {
    const { session } = desk(NOBODY, DIAZ, { ...DIAZ, locked: true, rights: [] });
    await session.look();
    expect(session.isShut).toBe(true);
    expect(await session.enter('r.diaz', 'secret', '123456')).toBe('');
    expect([session.isShut, session.account, session.may('act'), session.may('audit')]).toEqual([false, 'r.diaz', true, false]);
    await session.lock();
    expect([session.isShut, session.account]).toEqual([true, '']);
  });

  it('says in words why nobody was let in', async () => {
    const { session } = desk(null);
    expect(await session.enter('r.diaz', 'wrong', '1')).toBe('Sign in first.');
  });

  it('keeps what is on the screen when the server is away', async () => {
    const { session } = desk(DIAZ, null);
    await session.look();
    await session.look();
    expect(session.account).toBe('r.diaz');
  });

  it('starts the page anew when the account may do other things than before, and only then', async () => {
    const { session, changes } = desk(DIAZ, DIAZ, { ...DIAZ, roles: ['auditor'] });
    await session.look();
    await session.look();
    expect(changes()).toBe(0);
    await session.look();
    expect(changes()).toBe(1);
  });

  it('tells of somebody at the desk once a minute at the most', async () => {
    const { session, asked, pass } = desk(DIAZ);
    await session.look();
    await session.active();
    await session.active();
    pass(ACTIVE_MS);
    await session.active();
    expect(asked.filter((path) => path === '/api/session/active')).toHaveLength(2);
  });

  it('asks for a ticket only when somebody is signed in', async () => {
    const shut = desk(NOBODY);
    await shut.session.look();
    expect(await shut.session.ticket()).toBe('');
    expect(shut.asked).toEqual(['/api/session']);
    const open = desk(DIAZ, { ticket: 'once' });
    await open.session.look();
    expect(await open.session.ticket()).toBe('once');
  });
});
