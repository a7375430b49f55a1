/** Who was signed in here last, so that a page without a line knows whose device it is and when it locks. */
import type { Standing } from './session.svelte';

const KEPT = 'watchfloor.field.session';

interface KeptSession {
  readonly account: string;
  readonly sign_in: boolean;
  readonly locked: boolean;
  /** After so long without a touch the session locks, ms; null: it does not. */
  readonly lock_after: number | null;
  /** Unix time, ms. */
  readonly ends_at: number | null;
}
const NOBODY: KeptSession = { account: '', sign_in: false, locked: false, lock_after: null, ends_at: null };

export class FieldSession {
  #kept: KeptSession;
  #touchedAt: number;

  constructor(private readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>, now: number = Date.now()) {
    this.#kept = read(storage.getItem(KEPT));
    // A page that was closed has not been touched since it was last told of, whenever that was.
    this.#touchedAt = Math.min(now, Number(storage.getItem(`${KEPT}.touched`) ?? 0) || 0);
  }

  get account(): string {
    return this.#kept.account;
  }

  /** Take what the server says of who is here. */
  note(standing: Standing, now: number): void {
    if (standing.sign_in && !standing.account) {
      // It has ended: whose device this was is still known, so that nobody else goes on with it.
      this.#keep({ ...this.#kept, sign_in: true, locked: true });
      return;
    }
    const before = this.#kept.account === standing.account ? this.#kept.lock_after : null;
    // What the server gives until the lock is longest right after a touch: that is the whole time.
    const left = standing.locks_at === null ? null : Math.max(0, standing.locks_at * 1000 - now);
    const next: KeptSession = {
      account: standing.account,
      sign_in: standing.sign_in,
      locked: standing.locked,
      lock_after: left === null ? null : Math.max(left, before ?? 0),
      ends_at: standing.ends_at === null ? null : standing.ends_at * 1000,
    };
    this.#keep(next);
    // While the server answers, it decides when somebody was here last.
    if (left !== null && next.lock_after !== null) this.#touch(now + left - next.lock_after);
  }

  #keep(next: KeptSession): void {
    if (JSON.stringify(next) !== JSON.stringify(this.#kept)) this.storage.setItem(KEPT, JSON.stringify(next));
    this.#kept = next;
  }

  /** Somebody is at the device; once it is locked, a touch does not open it. */
  touched(at: number): void {
    if (!this.isLocked(at)) this.#touch(at);
  }

  #touch(at: number): void {
    if (at <= this.#touchedAt) return;
    this.#touchedAt = at;
    this.storage.setItem(`${KEPT}.touched`, String(at));
  }

  /** Whether nothing may be shown without asking the server. */
  isLocked(now: number): boolean {
    const { sign_in, account, locked, lock_after, ends_at } = this.#kept;
    if (!sign_in) return false;
    if (!account || locked) return true;
    return (ends_at !== null && now >= ends_at) || (lock_after !== null && now >= this.#touchedAt + lock_after);
  }

  forget(): void {
    this.#kept = NOBODY;
    this.storage.removeItem(KEPT);
    this.storage.removeItem(`${KEPT}.touched`);
  }
}

function read(text: string | null): KeptSession {
  try {
    return { ...NOBODY, ...(JSON.parse(text ?? '{}') as Partial<KeptSession>) };
  } catch {
    return NOBODY;
  }
}
