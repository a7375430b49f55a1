/** Who is signed in at this browser, as the server says. Where it asks nobody, nothing of this is seen. */
import { getJson, postJson, type Answer } from '../http';

/** What GET /api/session says. Times are Unix seconds. */
export interface Standing {
  readonly sign_in: boolean;
  readonly notice: string;
  /** What the identity provider is called by which one may sign in, too; empty: none. */
  readonly provider: string;
  readonly account: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly rights: readonly string[];
  /** Ids of the zones that what is shown lies in; null: anywhere. */
  readonly areas: readonly string[] | null;
  readonly locked: boolean;
  readonly locks_at: number | null;
  readonly ends_at: number | null;
}

/** A sign of life is sent at most this often. */
export const ACTIVE_MS = 60_000;
/** The standing is asked for this often: a lock, a sign-out elsewhere or another role shows without a click. */
const LOOK_MS = 5_000;

const limitsOf = ({ roles, areas }: Standing): string => JSON.stringify([roles, areas]);

export class Session {
  standing = $state.raw<Standing | null>(null);
  /** The server was asked once, whatever it said. */
  isKnown = $state(false);
  #activeAt = 0;

  constructor(
    private readonly get: (path: string) => Promise<Answer<Standing>> = getJson<Standing>,
    private readonly post: (path: string, body: unknown) => Promise<Answer<Standing>> = postJson<Standing>,
    private readonly remove: () => Promise<unknown> = () =>
      fetch('/api/session', { method: 'DELETE', credentials: 'same-origin', headers: { 'content-type': 'application/json' } }),
    private readonly now: () => number = Date.now,
    /** The same account may do other things than before: what is on the screen may not be its any more. */
    private readonly changed: () => void = () => location.reload(),
  ) {}

  /** Somebody must sign in before anything is shown. */
  get isShut(): boolean {
    return this.standing !== null && this.standing.sign_in && (!this.standing.account || this.standing.locked);
  }

  /** Whoever is signed in and not locked out of it; "" where nobody is asked. */
  get account(): string {
    return this.isShut ? '' : (this.standing?.account ?? '');
  }

  may(right: string): boolean {
    return this.standing === null || !this.standing.sign_in || this.standing.rights.includes(right);
  }

  async look(): Promise<void> {
    const answer = await this.get('/api/session');
    // A server that cannot be reached takes nothing away: the connection's own banner tells of it.
    if (answer.ok && answer.value && typeof answer.value === 'object' && 'sign_in' in answer.value) {
      const before = this.account ? this.standing : null;
      this.standing = answer.value;
      if (before && before.account === this.account && limitsOf(before) !== limitsOf(answer.value)) this.changed();
    }
    this.isKnown = true;
  }

  /** Sign in; return what was wrong, or "". */
  async enter(account: string, password: string, code: string): Promise<string> {
    const answer = await this.post('/api/session', { account, password, code });
    if (!answer.ok) return answer.error;
    this.standing = answer.value;
    return '';
  }

  /** Show the password again; return what was wrong, or "". */
  async prove(password: string): Promise<string> {
    const answer = await this.post('/api/session/proof', { password });
    return answer.ok ? '' : answer.error;
  }

  async leave(): Promise<void> {
    await this.remove();
    await this.look();
  }

  async lock(): Promise<void> {
    const answer = await this.post('/api/session/lock', {});
    if (answer.ok) this.standing = answer.value;
  }

  /** Somebody is at the desk. */
  async active(): Promise<void> {
    if (!this.account || this.now() - this.#activeAt < ACTIVE_MS) return;
    this.#activeAt = this.now();
    const answer = await this.post('/api/session/active', {});
    if (answer.ok) this.standing = answer.value;
  }

  async ticket(): Promise<string> {
    if (!this.account) return '';
    const answer = (await this.post('/api/session/ticket', {})) as Answer<unknown>;
    return answer.ok && answer.value && typeof answer.value === 'object' && 'ticket' in answer.value ? String(answer.value.ticket) : '';
  }

  /** Begin; return how to end. */
  start(): () => void {
    const look = setInterval(() => {
      if (this.standing === null || this.standing.sign_in) void this.look();
    }, LOOK_MS);
    const active = (): void => void this.active();
    addEventListener('keydown', active);
    addEventListener('pointerdown', active);
    return () => {
      clearInterval(look);
      removeEventListener('keydown', active);
      removeEventListener('pointerdown', active);
    };
  }
}
