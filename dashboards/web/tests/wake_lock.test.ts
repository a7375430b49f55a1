import { describe, expect, it } from 'vitest';
import { keepAwake } from '../src/state/wake_lock';

/** A page that can be hidden, and a browser that gives locks and takes them back. */
function browser(gives = true) {
  const seen = new Set<() => void>();
  const locks: { released: boolean; release(): Promise<void> }[] = [];
  const page = {
    hidden: false,
    addEventListener: (_: string, run: () => void) => void seen.add(run),
    removeEventListener: (_: string, run: () => void) => void seen.delete(run),
  };
  const wakeLock = {
    request: async () => {
      if (!gives) throw new Error('not allowed here');
      const lock = { released: false, release: async () => void (lock.released = true) };
      locks.push(lock);
      return lock;
    },
  };
  const show = (hidden: boolean): void => {
    page.hidden = hidden;
    if (hidden) for (const lock of locks) lock.released = true;
    for (const run of seen) run();
  };
  return { page: page as unknown as Document, wakeLock, locks, seen, show };
}
const settled = () => new Promise((done) => setTimeout(done));

describe('the screen of a wall', () => {
  it('is held awake, asked for anew when the page is seen again, and let go at the end', async () => {
    const told: boolean[] = [];
    const { page, wakeLock, locks, seen, show } = browser();
    const end = keepAwake(wakeLock, page, (held) => told.push(held));
    await settled();
    show(true);
    show(false);
    await settled();
    expect([locks.length, told]).toEqual([2, [true, true]]);
    end();
    expect([locks.every((lock) => lock.released), seen.size]).toEqual([true, 0]);
  });
  it('is said not to be where the browser does not give it, or knows nothing of it', async () => {
    const told: boolean[] = [];
    const refusing = browser(false);
    keepAwake(refusing.wakeLock, refusing.page, (held) => told.push(held));
    keepAwake(undefined, browser().page, (held) => told.push(held));
    await settled();
    expect(told).toEqual([false, false]);
  });
});
