/** What a person did, on its way to the log: posted once however often it is tried, believed only when it comes back. */
import { ALERT_ACTIONS, type ALERT_CHECKS, type ALERT_VERDICTS, type Alert, type AlertDeed } from '$schemas/events';
import { since, takenSince } from './alert_history';

/** Looking at one thing of an alert, and saying what was found, leave its status as it is. */
export type Found = {
  details?: Readonly<Record<string, string>>;
  check?: (typeof ALERT_CHECKS)[number]; verdict?: (typeof ALERT_VERDICTS)[number]; true_plate?: string };
export type ActionName = keyof typeof ALERT_ACTIONS | 'alert.check' | 'alert.judge' | 'alert.shelve' | 'alert.unshelve'
  | 'alert.assign' | 'alert.escalate' | 'alert.note' | 'alert.undo';

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

export type Post = (body: Readonly<Record<string, unknown>>) => Promise<{ ok: boolean; error: string }>;

/** Somebody else did it before us. */
export interface Outrun {
  readonly name: ActionName;
  readonly by: string;
  /** When they did, as the log says. */
  readonly at: string;
}

type Seen = Pick<Alert, 'rev' | 'status'> & Partial<Pick<Alert, 'history'>>;
const ended = ({ status, history }: Seen): AlertDeed | undefined =>
  status === 'closed' || status === 'recalled' ? history?.findLast(({ name }) => name === 'alert.close' || name === 'alert.recall') : undefined;

/**
 * Acts of which the history tells whether they were done, and what somebody did meanwhile that they are refused for:
 * anything for an undo, whose the alert is for taking it, another's escalation, and nothing for a note.
 */
const IN_THE_WAY: Partial<Record<ActionName, (alert: Seen, rev: number, actor: string) => AlertDeed | undefined>> = {
  'alert.undo': (alert, rev) => since(alert, rev).at(-1),
  'alert.assign': (alert, rev, actor) => takenSince(alert, rev, actor) ?? ended(alert),
  'alert.escalate': (alert, rev) => since(alert, rev).findLast(({ name, actor }) => name === 'alert.escalate' && !actor.startsWith('rule:')) ?? ended(alert),
  'alert.note': () => undefined,
};

/** The server confirmed, but the log did not bring the new state within this time. */
export const UNSEEN_MS = 15_000;

export class Actions {
  readonly pending = new Map<string, Pending>();
  /** Of whom it must be told that another one was first, by alert. */
  readonly outrun = new Map<string, Outrun>();

  constructor(
    private readonly post: Post,
    private readonly newKey: () => string,
    private readonly after: (ms: number, run: () => void) => void,
    private readonly changed: () => void,
  ) {}

  async act(alert: Pick<Alert, 'alert_id' | 'rev'>, name: ActionName, actor: string, note = '', found: Found = {}): Promise<void> {
    if (this.pending.get(alert.alert_id)?.state === 'saving') return;
    this.outrun.delete(alert.alert_id);
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
  seen(alert: Pick<Alert, 'alert_id' | 'rev' | 'status'> & Partial<Pick<Alert, 'shelved_until' | 'changed_by' | 'changed_at' | 'history'>>): void {
    const waiting = this.pending.get(alert.alert_id);
    if (!waiting || alert.rev <= waiting.rev) return;
    if (waiting.name in IN_THE_WAY) {
      this.#seenInHistory(alert, waiting);
      return;
    }
    const overtaken = alert.status === 'recalled' || (waiting.name === 'alert.acknowledge' && alert.status === 'closed');
    if (!overtaken && !isThere(waiting.name, alert)) return;
    this.pending.delete(alert.alert_id);
    if (alert.changed_by && alert.changed_by !== waiting.actor && waiting.name !== 'alert.check' && waiting.name !== 'alert.judge') {
      this.outrun.set(alert.alert_id, { name: waiting.name, by: alert.changed_by, at: alert.changed_at ?? '' });
    }
  }

  #seenInHistory(alert: Parameters<Actions['seen']>[0], { name, actor, rev }: Pending): void {
    const isOurs = since(alert, rev).some((one) => one.name === name && one.actor === actor);
    const first = isOurs ? undefined : IN_THE_WAY[name]?.(alert, rev, actor);
    if (!isOurs && !first) return;
    this.pending.delete(alert.alert_id);
    if (first) this.outrun.set(alert.alert_id, { name, by: first.actor, at: first.at });
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

/** Whether an alert is where an action wanted it. */
function isThere(name: ActionName, alert: Pick<Alert, 'status'> & Partial<Pick<Alert, 'shelved_until'>>): boolean {
  switch (name) {
    case 'alert.check': case 'alert.judge': return true;
    case 'alert.shelve': return !!alert.shelved_until;
    case 'alert.unshelve': return !alert.shelved_until;
    default: return name in ALERT_ACTIONS && alert.status === ALERT_ACTIONS[name as keyof typeof ALERT_ACTIONS];
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
