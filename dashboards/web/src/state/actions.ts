/** What a person did, on its way to the log: posted once however often it is tried, believed only when it comes back. */
import { ALERT_ACTIONS, type ALERT_CHECKS, type ALERT_VERDICTS, type Alert } from '$schemas/events';

/** Looking at one thing of an alert, and saying what was found, leave its status as it is. */
export type Found = { check?: (typeof ALERT_CHECKS)[number]; verdict?: (typeof ALERT_VERDICTS)[number] };
export type ActionName = keyof typeof ALERT_ACTIONS | 'alert.check' | 'alert.judge';

export interface Pending {
  readonly name: ActionName;
  /** The idempotency key: a retry carries the same, so it is the same action. */
  readonly key: string;
  readonly actor: string;
  readonly note: string;
  readonly found: Found;
  /** The alert's revision when it was done. */
  readonly rev: number;
  /** saving: on its way or not seen in the log yet; failed: not saved. */
  readonly state: 'saving' | 'failed';
  readonly error: string;
}

export type Post = (body: Record<string, string>) => Promise<{ ok: boolean; error: string }>;

/** The server confirmed, but the log did not bring the new state within this time. */
export const UNSEEN_MS = 15_000;

export class Actions {
  readonly pending = new Map<string, Pending>();

  constructor(
    private readonly post: Post,
    private readonly newKey: () => string,
    private readonly after: (ms: number, run: () => void) => void,
    private readonly changed: () => void,
  ) {}

  async act(alert: Pick<Alert, 'alert_id' | 'rev'>, name: ActionName, actor: string, note = '', found: Found = {}): Promise<void> {
    if (this.pending.get(alert.alert_id)?.state === 'saving') return;
    await this.#send(alert.alert_id, { name, key: this.newKey(), actor, note, found, rev: alert.rev, state: 'saving', error: '' });
  }

  async retry(alertId: string): Promise<void> {
    const last = this.pending.get(alertId);
    if (last?.state !== 'failed') return;
    await this.#send(alertId, { ...last, state: 'saving', error: '' });
  }

  /** Give up an action that was not saved. */
  dismiss(alertId: string): void {
    if (this.pending.get(alertId)?.state !== 'failed') return;
    this.pending.delete(alertId);
    this.changed();
  }

  /**
   * A newer revision came through the log. What we wanted is settled when it has the status we wanted, by us or by
   * someone who was first, or one after which it means nothing any more.
   */
  seen(alert: Pick<Alert, 'alert_id' | 'rev' | 'status'>): void {
    const waiting = this.pending.get(alert.alert_id);
    if (!waiting || alert.rev <= waiting.rev) return;
    const overtaken = alert.status === 'recalled' || (waiting.name === 'alert.acknowledge' && alert.status === 'closed');
    const status = waiting.name === 'alert.check' || waiting.name === 'alert.judge' ? alert.status : ALERT_ACTIONS[waiting.name];
    if (overtaken || alert.status === status) this.pending.delete(alert.alert_id);
  }

  async #send(alertId: string, action: Pending): Promise<void> {
    this.#set(alertId, action);
    const { name, key, actor, note, found } = action;
    const answer = await this.post({ key, name, subject_id: alertId, actor, note, ...found });
    if (this.pending.get(alertId) !== action) return;
    if (!answer.ok) {
      this.#set(alertId, { ...action, state: 'failed', error: answer.error });
      return;
    }
    this.after(UNSEEN_MS, () => {
      if (this.pending.get(alertId) !== action) return;
      this.#set(alertId, { ...action, state: 'failed', error: 'accepted, but not seen in the log yet' });
    });
  }

  #set(alertId: string, action: Pending): void {
    this.pending.set(alertId, action);
    this.changed();
  }
}

/** A random UUID; `crypto.randomUUID` exists only where the page is served from https or loopback. */
export function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
