/** What a person does to alerts at a desk: to one, to those chosen, and taken back for a few seconds. */
import type { Alert } from '$schemas/events';
import type { Actions, ActionName, Found } from './actions';
import { undoable, type Undoable } from './alert_history';
import { MOST_CHOSEN, sorted, told, type Batch, type BatchAct } from './batch';

/** What of a desk they need. */
export interface DeedsDesk {
  readonly actions: Actions;
  readonly me: string;
  readonly now: number;
  readonly isPast: boolean;
  /** Read to be told again when alerts, or what waits to be saved, change. */
  readonly revision: unknown;
  alert(id: string): Alert | undefined;
  clock(): number;
  refused(): boolean;
  whoIsHere(): Promise<string | null>;
  say(words: string): void;
}

type UndoableAlert = Undoable & { readonly alert: Alert };

export class Deeds {
  /** The alerts chosen for one act, by id. */
  chosen = $state.raw<ReadonlySet<string>>(new Set());
  /** The last act done to many, until the next or until it was read. */
  batch = $state.raw<Batch | null>(null);
  /** The alerts that something was done to here last. */
  acted = $state.raw<readonly string[]>([]);
  /** What became of an undo, in words, until the next act. */
  undoSaid = $state('');

  constructor(private readonly desk: DeedsDesk) {}

  /** What of the last act may be undone now: for a few seconds, while nobody has acted since. */
  undo = $derived.by((): { readonly all: readonly UndoableAlert[]; readonly text: string; readonly until: number } | null => {
    void this.desk.revision;
    if (this.desk.isPast) return null;
    const all = this.acted.flatMap((id) => {
      const alert = this.desk.alert(id);
      const found = undoable(alert, this.desk.me, this.desk.now);
      return found && alert ? [{ ...found, alert }] : [];
    });
    const [first] = all;
    if (!first) return null;
    const what = all.length === 1 ? first.alert.title : `${all.length} alerts`;
    return { all, text: `${first.text}: ${what}`, until: Math.min(...all.map(({ until }) => until)) };
  });

  /** What became of the last act done to many. */
  told = $derived.by(() => {
    void this.desk.revision;
    return this.batch && told(this.batch, this.desk.actions);
  });

  async act(alert: Alert, name: ActionName, note = '', found: Found = {}): Promise<void> {
    if (this.desk.refused()) return;
    const actor = await this.desk.whoIsHere();
    if (!actor) return;
    this.acted = [alert.alert_id];
    this.undoSaid = '';
    await this.desk.actions.act(alert, name, actor, note, found);
  }

  /** Undo the last act; say what became of it where that is not to be seen. */
  async undoLast(): Promise<void> {
    const last = this.undo;
    if (this.desk.refused()) return;
    if (!last) return this.desk.say('Nothing to undo: what you did last can be undone for 10 seconds.');
    const actor = await this.desk.whoIsHere();
    if (!actor) return;
    this.batch = null;
    const { actions } = this.desk;
    await Promise.all(last.all.map(({ alert, of }) => actions.act(alert, 'alert.undo', actor, '', { details: { of } })));
    const failed = last.all.flatMap(({ alert: { alert_id } }) => {
      const pending = actions.pending.get(alert_id);
      if (pending?.name !== 'alert.undo' || pending.state !== 'failed') return [];
      // To try it again later would be refused: it is told once and given up.
      actions.dismiss(alert_id);
      return [pending.error];
    });
    if (failed.length) this.undoSaid = `Not undone${last.all.length > 1 ? `, ${failed.length} of ${last.all.length}` : ''}: ${failed[0]}`;
  }

  /** Another one did something to what was to be undone. */
  undoOutrun(): void {
    const first = this.acted.map((id) => this.desk.actions.outrun.get(id)).filter((one) => one?.name === 'alert.undo');
    if (first[0]) this.undoSaid = `Not undone${first.length > 1 ? `, ${first.length} of them` : ''}: ${first[0].by} has done something to it since.`;
  }

  /** Add alerts to those chosen; or leave them out again when each is chosen. */
  toggle(ids: readonly string[]): void {
    const next = new Set(this.chosen);
    if (ids.every((id) => next.has(id))) for (const id of ids) next.delete(id);
    else for (const id of ids) next.add(id);
    this.#choose(next);
  }

  add(ids: readonly string[]): void {
    this.#choose(new Set([...this.chosen, ...ids]));
  }

  drop(): void {
    this.chosen = new Set();
  }

  #choose(next: ReadonlySet<string>): void {
    this.batch = null;
    if (next.size > MOST_CHOSEN) this.desk.say(`At most ${MOST_CHOSEN} alerts can be chosen at once.`);
    this.chosen = next.size > MOST_CHOSEN ? new Set([...next].slice(0, MOST_CHOSEN)) : next;
  }

  /** Do one thing to those chosen, each with a key and an answer of its own. */
  async actOnChosen(act: BatchAct, found: (alert: Alert) => Found = () => ({})): Promise<void> {
    if (this.chosen.size === 0 || this.desk.refused()) return;
    const actor = await this.desk.whoIsHere();
    if (!actor) return;
    const alerts = [...this.chosen].map((id) => this.desk.alert(id)).filter((alert) => alert !== undefined);
    const { todo, leftOut } = sorted(act, alerts, actor, this.desk.clock());
    const begun = todo.map(({ alert_id }) => alert_id);
    this.batch = { act, begun, leftOut };
    this.drop();
    if (begun.length === 0) return;
    this.acted = begun;
    this.undoSaid = '';
    await Promise.all(todo.map((alert) => this.desk.actions.act(alert, act, actor, '', found(alert))));
  }

  async retryFailed(): Promise<void> {
    await Promise.all((this.told?.failed ?? []).map((id) => this.desk.actions.retry(id)));
  }
}
