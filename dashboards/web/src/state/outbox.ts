/**
 * What a person did while there may be no connection: kept on the device until the server has it, delivered in order.
 *
 * A deed has its key from the moment it is done, so however often it is sent it is one deed (dashboards/server/actions.py).
 */
import type { Alert, Incident } from '$schemas/events';
import type { Answer } from '../http';
import { namesFirst, outcomeAmong, refusalText } from './incident_work';
import { broughtHere, takenSince } from './alert_history';
import { didWhat } from './names';
import { isActive } from './ranking';

/** Something done, as the server is told of it. */
export interface Deed {
  readonly key: string;
  readonly name: string;
  readonly subject_id: string;
  readonly actor: string;
  /** The account that was signed in; "" where nobody is asked. Only the same person delivers it. */
  readonly account: string;
  readonly note: string;
  readonly details: Readonly<Record<string, string>>;
}

/**
 * waiting: the server does not have it yet. sent: it is in the log. done: the state it was done to says so.
 * failed: it was refused, by whom and why is in `why`; kept until the person has seen it.
 */
export type DeedState = 'waiting' | 'sent' | 'done' | 'failed';

export interface Item {
  /** The order in which things were done on this device. */
  readonly n: number;
  readonly deed: Deed;
  /** What it is, in words. */
  readonly about: string;
  /** When it was done, ms. */
  readonly at: number;
  readonly state: DeedState;
  readonly event_id: string;
  readonly why: string;
}

/** Where items are kept; every promise is kept before anything is shown or sent. */
export interface OutboxStore {
  all(): Promise<readonly Item[]>;
  /** Keep a new one; return it with its place in the order. */
  add(item: Omit<Item, 'n'>): Promise<Item>;
  put(item: Item): Promise<void>;
  remove(n: number): Promise<void>;
}

/** Who could deliver now; null: nobody (not known, or a session is locked). */
export type Sender = { readonly account: string; readonly asked: boolean } | null;

/** So many of those that are through stay to be looked at. */
export const KEPT_DONE = 20;
/** Answers after which the same may succeed later. 401: whoever did it must sign in first. */
const LATER = new Set([401, 408, 425, 429]);
const isLater = (status: number | undefined): boolean => status === undefined || status >= 500 || LATER.has(status);

export class Outbox {
  items: readonly Item[] = [];
  /** What keeps the next one from going, in words; "" when nothing does. */
  held = '';
  #running: Promise<void> | null = null;
  #again = false;

  constructor(
    private readonly store: OutboxStore,
    private readonly post: (deed: Deed) => Promise<Answer<{ event_id: string }>>,
    private readonly sender: () => Sender,
    private readonly changed: () => void,
    /** Runs one at a time, however many pages are open. */
    private readonly exclusively: (run: () => Promise<void>) => Promise<void> = (run) => run(),
    private readonly now: () => number = Date.now,
  ) {}

  async load(): Promise<void> {
    this.items = [...(await this.store.all())].sort((a, b) => a.n - b.n);
    this.changed();
  }

  /** Keep something that was done. When this returns it will not be lost. */
  async add(deed: Deed, about: string): Promise<Item> {
    const item = await this.store.add({ deed, about, at: this.now(), state: 'waiting', event_id: '', why: '' });
    this.items = [...this.items, item];
    this.changed();
    return item;
  }

  /** Deliver what waits, oldest first, until there is nothing left or something stands in the way. */
  deliver(): Promise<void> {
    this.#again = true;
    this.#running ??= (async () => {
      try {
        while (this.#again) {
          this.#again = false;
          await this.exclusively(() => this.#deliver());
        }
      } finally {
        this.#running = null;
      }
    })();
    return this.#running;
  }

  /** The person has seen that it failed, or wants it out of sight. What waits cannot be put away. */
  async dismiss(n: number): Promise<void> {
    const item = this.items.find((one) => one.n === n);
    if (!item || item.state === 'waiting') return;
    await this.store.remove(n);
    this.items = this.items.filter((one) => one.n !== n);
    this.changed();
  }

  /** Look what became of those that are in the log. */
  async settle(alerts: ReadonlyMap<string, Alert>, incidents: ReadonlyMap<string, Incident>): Promise<void> {
    for (const item of this.items.filter((one) => one.state === 'sent')) {
      const outcome = outcomeOf(item, alerts, incidents);
      if (outcome === 'waiting') continue;
      await this.#put(outcome === 'done' ? { ...item, state: 'done' } : { ...item, state: 'failed', why: outcome.refused });
    }
    const done = this.items.filter((one) => one.state === 'done');
    for (const item of done.slice(0, Math.max(0, done.length - KEPT_DONE))) await this.dismiss(item.n);
  }

  counts(): Readonly<Record<DeedState, number>> {
    const counts = { waiting: 0, sent: 0, done: 0, failed: 0 };
    for (const { state } of this.items) counts[state] += 1;
    return counts;
  }

  async #deliver(): Promise<void> {
    // Another page of the same browser may have delivered some meanwhile.
    await this.load();
    for (;;) {
      const sender = this.sender();
      const waiting = this.items.filter((one) => one.state === 'waiting');
      const next = waiting.find(({ deed }) => sender !== null && (!sender.asked || deed.account === sender.account));
      if (!next) {
        this.#hold(!waiting[0] ? '' : sender === null ? 'the server has not been reached yet' : whoMust(waiting[0].deed));
        return;
      }
      const answer = await this.post(next.deed);
      if (answer.ok) {
        this.#hold('');
        await this.#put({ ...next, state: 'sent', event_id: answer.value.event_id });
      } else if (isLater(answer.status)) {
        this.#hold(answer.status === 401 ? whoMust(next.deed) : answer.error);
        return;
      } else {
        await this.#put({ ...next, state: 'failed', why: answer.error });
      }
    }
  }

  async #put(item: Item): Promise<void> {
    await this.store.put(item);
    this.items = this.items.map((one) => (one.n === item.n ? item : one));
    this.changed();
  }

  #hold(why: string): void {
    if (why === this.held) return;
    this.held = why;
    this.changed();
  }
}

const whoMust = (deed: Deed): string => (deed.account ? `${deed.account} must sign in to send it` : 'sign in to send it');

/** What became of something that is in the log, as far as can be seen. */
export function outcomeOf(
  item: Item, alerts: ReadonlyMap<string, Alert>, incidents: ReadonlyMap<string, Incident>,
): 'waiting' | 'done' | { readonly refused: string } {
  const { name, subject_id } = item.deed;
  if (name.startsWith('incident.')) {
    const told = outcomeAmong(incidents, subject_id, item.event_id) ?? 'waiting';
    if (typeof told === 'string') return told;
    const by = told.first_by && !namesFirst(told.why) ? ` ${told.first_by} was first.` : '';
    return { refused: `${refusalText(told)}${by}` };
  }
  const alert = alerts.get(subject_id);
  if (!alert) return 'waiting';
  if ((alert.actions ?? []).includes(item.event_id)) return 'done';
  if (name === 'alert.note') return 'waiting';
  if (name === 'alert.assign' && isActive(alert)) {
    const first = takenSince(alert, Number(item.deed.details['expected_rev']), item.deed.actor);
    return first ? { refused: `Not done: ${first.actor} was first.` } : 'waiting';
  }
  // An open alert has not been reached by it yet; any other was, by somebody else.
  return alert.status === 'open' ? 'waiting' : { refused: `Not done: ${didWhat(alert)} by ${broughtHere(alert).changed_by || 'somebody else'}, who was first.` };
}
