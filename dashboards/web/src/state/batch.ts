/** One act done to many alerts: which are left out of it and why, and what became of each of the others. */
import type { Alert } from '$schemas/events';
import type { Actions } from './actions';
import { holderOf } from './alert_history';
import { changedByShort } from './names';
import { isActive, isOpen, severityOf } from './ranking';
import { isShelved } from './shelving';

export type BatchAct = 'alert.acknowledge' | 'alert.assign' | 'alert.shelve';

const DONE: Readonly<Record<BatchAct, string>> = {
  'alert.acknowledge': 'acknowledged', 'alert.assign': 'taken', 'alert.shelve': 'shelved',
};

/** More are not done at one stroke: each is sent, and told, by itself. */
export const MOST_CHOSEN = 100;

const GRAVE = 'P1 and P2 one at a time';

/**
 * Why an alert is left out; "" when it is not. A P1 or P2 is never one of many (reference/interface §5.2): to be taken
 * or put aside it must have been looked at.
 */
export function whyLeftOut(act: BatchAct, alert: Alert, me: string, now: number): string {
  if (severityOf(alert) === 'P1' || severityOf(alert) === 'P2') return GRAVE;
  if (!isActive(alert)) return 'over already';
  if (act === 'alert.shelve') return isShelved(alert, now) ? 'shelved already' : alert.status === 'dispatched' ? 'somebody is on the way' : '';
  if (act === 'alert.assign') return me && alert.owner === me ? 'yours already' : '';
  if (isOpen(alert)) return '';
  const holder = holderOf(alert);
  return !holder || holder === me ? 'taken already' : `acked by ${holder} meanwhile`;
}

/** What was begun: of each alert the name it is told by, or why it was left out. */
export interface Batch {
  readonly act: BatchAct;
  readonly begun: readonly string[];
  /** How many were left out, by why. */
  readonly leftOut: ReadonlyMap<string, number>;
}

export interface BatchTold {
  readonly text: string;
  /** On their way. */
  readonly saving: number;
  /** Not saved: they can be tried again. */
  readonly failed: readonly string[];
}

/** Sentence by sentence what became of it, from what the log brought back and never before. */
export function told(batch: Batch, actions: Pick<Actions, 'pending' | 'outrun'>): BatchTold {
  let done = 0;
  let saving = 0;
  const failed: string[] = [];
  const faults = new Set<string>();
  const outrun = new Map<string, number>();
  for (const id of batch.begun) {
    const pending = actions.pending.get(id);
    const first = actions.outrun.get(id);
    if (pending?.state === 'saving') saving += 1;
    else if (pending) {
      failed.push(id);
      faults.add(pending.error);
    } else if (first) {
      const by = changedByShort({ changed_by: first.by });
      outrun.set(by, (outrun.get(by) ?? 0) + 1);
    } else done += 1;
  }
  const parts = [
    done || (!saving && !failed.length && !outrun.size) ? `${done} ${DONE[batch.act]}` : '',
    saving ? `${saving} saving…` : '',
    ...Array.from(outrun, ([by, count]) => `${count} ${count === 1 ? 'was' : 'were'} ${batch.act === 'alert.acknowledge' ? 'acked' : 'acted on'} by ${by} meanwhile`),
    ...Array.from(batch.leftOut, ([why, count]) => `${count} left out: ${why}`),
    failed.length ? `${failed.length} not saved: ${[...faults].join('; ')}` : '',
  ];
  return { text: `${parts.filter(Boolean).join(', ')}.`, saving, failed };
}

/** What an act does to many, sorted into what is to be done and what is left out. */
export function sorted(act: BatchAct, alerts: Iterable<Alert>, me: string, now: number): { readonly todo: readonly Alert[]; readonly leftOut: ReadonlyMap<string, number> } {
  const todo: Alert[] = [];
  const leftOut = new Map<string, number>();
  for (const alert of alerts) {
    const why = whyLeftOut(act, alert, me, now);
    if (why) leftOut.set(why, (leftOut.get(why) ?? 0) + 1);
    else todo.push(alert);
  }
  return { todo, leftOut };
}

