/** How the system stands, and who may sign in: the words and the order of the administrators' page. */
import type { Hotlist } from '$schemas/events';
import { parseTime } from '../time';
import type { LedgerRow } from './ledger';

/** An account as GET /api/accounts tells it. Times are Unix seconds; null: all, or never. */
export interface Account {
  readonly account: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly agencies: readonly string[] | null;
  readonly areas: readonly string[] | null;
  readonly disabled: string;
  readonly used_at: number;
  readonly sessions: number;
  readonly issuer: string;
}

export interface AccountsPage {
  readonly accounts: readonly Account[];
  readonly roles: readonly string[];
}

/** What a new account signs in with; the server tells it this once. */
export interface Entry {
  readonly account: string;
  readonly password: string;
  readonly secret: string;
  readonly address: string;
}

export type Deed = 'add' | 'access' | 'disable' | 'release' | 'end-sessions';

export const DEED_TEXT: Readonly<Record<Deed, string>> = {
  add: 'Add an account', access: 'Change what it may do', disable: 'Lock', release: 'Unlock', 'end-sessions': 'End sessions',
};

/** What can be done with an account: what it may do is said where it signs in. */
export function deedsFor(account: Pick<Account, 'disabled' | 'issuer' | 'sessions'>): Deed[] {
  return [...(account.issuer ? [] : ['access' as const]), account.disabled ? 'release' : 'disable', ...(account.sessions ? ['end-sessions' as const] : [])];
}

export const pathOf = (deed: Deed, account: string): string =>
  deed === 'add' ? '/api/accounts' : `/api/accounts/${encodeURIComponent(account)}/${deed}`;

/** Accounts in which every word of a filter occurs somewhere. */
export function filtered(accounts: readonly Account[], filter: string): Account[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  return accounts.filter((one) => {
    const text = [one.account, one.name, ...one.roles, ...(one.agencies ?? []), ...(one.areas ?? []), one.disabled && 'locked', one.issuer].join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

export const someText = (words: readonly string[] | null): string => (words === null ? 'all' : words.join(', ') || 'none');
/** What somebody wrote with commas between; nothing: all. */
export const someOf = (text: string): string[] | null => {
  const words = text.split(',').map((word) => word.trim()).filter(Boolean);
  return words.length ? words : null;
};

/** The ledger is asked for so much; a source that was silent for longer is not in it. */
export const LOOK_BACK_MS = 2 * 3_600_000;
/** A source from which nothing came for so long is silent. */
export const SILENT_MS = 5 * 60_000;

export interface Source {
  readonly source: string;
  readonly types: readonly string[];
  /** The last minute in which an event came, epoch ms; NaN: none is known. */
  readonly lastAt: number;
  readonly silent: boolean;
  /** Events per minute over the whole time that was looked at. */
  readonly perMinute: number;
  readonly refused: number;
  readonly lastError: string;
}

export interface Refusal {
  readonly source: string;
  readonly occurred_at: string;
  readonly error: string;
}

/** What came from each source, the silent ones first. `refused`: dead letters, newest first. */
export function sourcesOf(rows: readonly LedgerRow[], refused: readonly Refusal[], now: number): Source[] {
  const lately = refused.filter((one) => now - parseTime(one.occurred_at) <= LOOK_BACK_MS);
  const names = new Set([...rows, ...lately].map(({ source }) => source));
  const found = [...names].map((source): Source => {
    const mine = rows.filter((row) => row.source === source);
    const bad = lately.filter((one) => one.source === source);
    const lastAt = mine.length ? Math.max(...mine.map((row) => parseTime(row.minute))) : Number.NaN;
    return {
      source,
      types: [...new Set(mine.map((row) => row.event_type))].sort(),
      lastAt,
      silent: !(now - lastAt < SILENT_MS),
      perMinute: mine.reduce((sum, row) => sum + row.logged, 0) / (LOOK_BACK_MS / 60_000),
      refused: bad.length,
      lastError: bad[0]?.error ?? '',
    };
  });
  return found.sort((a, b) => Number(b.silent) - Number(a.silent) || (a.source < b.source ? -1 : 1));
}

export interface ListStanding {
  readonly list: Hotlist;
  readonly ageMs: number;
  readonly stale: boolean;
}

/** Lists, those past their limit first, then the oldest. */
export function listsOf(lists: Iterable<Hotlist>, now: number): ListStanding[] {
  return [...lists]
    .map((list) => {
      const ageMs = now - parseTime(list.as_of);
      return { list, ageMs, stale: ageMs > (list.max_age_s ?? Number.POSITIVE_INFINITY) * 1000 };
    })
    .sort((a, b) => Number(b.stale) - Number(a.stale) || b.ageMs - a.ageMs);
}
