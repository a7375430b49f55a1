/** What was done to an alert, in words: by whom it stands as it does, and what its last doer may still undo. */
import { ALERT_TAKING, ALERT_UNDO_MS, ALERT_UNDOABLE, type Alert, type AlertDeed } from '$schemas/events';
import { parseTime } from '../time';
import { changedByShort } from './names';
import { outcomeText } from './outcome';

type Standing = Pick<Alert, 'status'> & Partial<Pick<Alert, 'history' | 'changed_by' | 'changed_at' | 'note'>>;
export type Change = Pick<Alert, 'changed_by' | 'changed_at' | 'note'>;

/** The deeds that lead to a status. */
const LEADS: Readonly<Record<string, readonly string[]>> = {
  acknowledged: ['alert.acknowledge', 'alert.assign'], dispatched: ['alert.dispatch'], closed: ['alert.close'], recalled: ['alert.recall'],
};

const isGift = ({ name, actor, about }: AlertDeed): boolean => name === 'alert.assign' && about !== actor;

/** Who brought an alert where it is, when and with what words. A note or a check by somebody else later is not that. */
export function broughtHere(alert: Standing): Change {
  const deed = alert.history?.findLast((one) => LEADS[alert.status]?.includes(one.name) && !isGift(one));
  if (deed) return { changed_by: deed.actor, changed_at: deed.at, note: deed.note };
  return { changed_by: alert.changed_by ?? '', changed_at: alert.changed_at ?? null, note: alert.note ?? '' };
}

/** Who has it in hand; "" when nobody has. */
export const holderOf = (alert: Standing & Partial<Pick<Alert, 'owner'>>): string =>
  alert.owner || (alert.status === 'acknowledged' ? changedByShort(broughtHere(alert)) : '');

/** What was done since a revision. */
export const since = (alert: Pick<Alert, 'rev'> & Partial<Pick<Alert, 'history'>>, rev: number): readonly AlertDeed[] =>
  alert.rev > rev ? (alert.history ?? []).slice(rev - alert.rev) : [];

/** What another one did since a revision that changed whose the alert is (schemas/owning.py). */
export const takenSince = (alert: Pick<Alert, 'rev'> & Partial<Pick<Alert, 'history'>>, rev: number, actor: string): AlertDeed | undefined =>
  since(alert, rev).findLast((one) => (ALERT_TAKING as readonly string[]).includes(one.name) && one.actor !== actor);

const DONE: Readonly<Record<string, string>> = {
  'alert.acknowledge': 'acknowledged', 'alert.dispatch': 'dispatched', 'alert.close': 'closed', 'alert.reopen': 'reopened',
  'alert.check': 'checked', 'alert.judge': 'judged', 'alert.shelve': 'shelved', 'alert.unshelve': 'taken off the shelf',
  'alert.escalate': 'escalated', 'alert.note': 'note', 'alert.recall': 'recalled',
};

/** What was done, in a word or two. */
export function deedText(deed: AlertDeed): string {
  if (deed.name === 'alert.assign') return isGift(deed) ? `given to ${deed.about}` : 'taken';
  if (deed.name === 'alert.undo') return `undone: ${deed.about === 'alert.assign' ? 'taken or given' : (DONE[deed.about] ?? deed.about)}`;
  const about = deed.name === 'alert.close' ? outcomeText(deed.about).toLowerCase() : deed.about;
  return [DONE[deed.name] ?? deed.name, about].filter(Boolean).join(', ');
}

/** Whether the deed at a place was undone: nothing can come between the two. */
export const isUndone = (history: readonly AlertDeed[], at: number): boolean => history[at + 1]?.name === 'alert.undo';

export interface Undoable {
  /** event_id of the act. */
  readonly of: string;
  readonly text: string;
  /** Until when, ms by the server's clock. */
  readonly until: number;
}

/** What this person may undo of an alert now; null: nothing. The processor that owns it decides. */
export function undoable(alert: Alert | undefined, actor: string, now: number): Undoable | null {
  const last = alert?.history?.at(-1);
  if (!last || last.actor !== actor || !alert?.standing_before?.length || !(ALERT_UNDOABLE as readonly string[]).includes(last.name)) return null;
  const until = parseTime(last.at) + ALERT_UNDO_MS;
  return now < until ? { of: last.action_id, text: deedText(last), until } : null;
}
