/** What is known of a caller, as GET /api/contact tells it. */

export interface CountedWindow { readonly window: string; readonly count: number }
export interface EarlierCall {
  readonly call_id: string; readonly number: string; readonly received_at: string; readonly kind: string;
  readonly disposition: string; readonly address: string; readonly distance_m: number | null;
}
export interface Earlier {
  readonly rule: string; readonly what: string; readonly number: string; readonly repeat: boolean;
  readonly windows: readonly CountedWindow[]; readonly calls: readonly EarlierCall[];
}
export interface Reason { readonly part: string; readonly why: string; readonly points: number }
export interface KnownPerson {
  readonly person_id: string; readonly name: string; readonly birth_date: string; readonly role: string;
  readonly address: string; readonly at: string; readonly grade: string; readonly why: readonly Reason[];
}
export interface People {
  readonly rule: string; readonly people: readonly KnownPerson[]; readonly repeat_victim: boolean;
  readonly victim_windows: readonly CountedWindow[]; readonly calls: readonly EarlierCall[];
}
export interface LiveMarker {
  readonly marker_id: string; readonly category: string; readonly kind: string; readonly subject: string;
  readonly text: string; readonly origin: string; readonly review_at: string; readonly expires_at: string;
  readonly review_due: boolean;
}
export interface Markers { readonly live: readonly LiveMarker[]; readonly expired: number }
export interface NearIncident { readonly incident_id: string; readonly kind: string; readonly address: string; readonly opened_at: string; readonly distance_m: number }
export interface NearCamera { readonly camera_id: string; readonly name: string; readonly distance_m: number }

export type Part<T> = { readonly state: 'ready'; readonly found: T } | { readonly state: 'unavailable'; readonly text: string };
export interface Parts {
  readonly number?: Part<Earlier>; readonly place?: Part<Earlier>; readonly person?: Part<People>;
  readonly people_by_number?: Part<People>; readonly people_at_address?: Part<People>; readonly markers?: Part<Markers>;
  readonly incidents?: Part<readonly NearIncident[]>; readonly cameras?: Part<readonly NearCamera[]>;
}
export interface ContactAnswer { readonly at: string; readonly parts: Parts; readonly recorded: boolean }

/** Nobody waits longer than this for the view (the server stops a little before). */
export const STOP_MS = 2_000;
export const UNAVAILABLE = { state: 'unavailable', text: 'history unavailable' } as const;

/** What is shown when no answer came: every part says so, none is blank. */
export const NOTHING_CAME: Parts = { number: UNAVAILABLE, place: UNAVAILABLE, person: UNAVAILABLE, markers: UNAVAILABLE };

/** The markers that hold now: a page left open must not go on showing one that has ended. */
export function stillLive(markers: Markers, now: number): readonly LiveMarker[] {
  return markers.live.filter((marker) => Date.parse(marker.expires_at) > now);
}

const RULES: Readonly<Record<string, string>> = {
  withheld: 'The number is withheld: no history is joined to it.',
  not_a_number: 'This is no phone number: no history is joined to it.',
};

/** Why nothing is joined, or no flag is raised; empty when all is as usual. */
export function ruleText(rule: string, what = ''): string {
  if (rule === 'shared') return `Shared number${what ? ` (${what})` : ''}: these calls may be anybody's.`;
  return RULES[rule] ?? '';
}

/** "24h 1 · 28d 2 · 12m 3". */
export const windowsText = (windows: readonly CountedWindow[]): string => windows.map((one) => `${one.window} ${one.count}`).join(' · ');

/** "family name one typo, birth date day and month swapped". */
export const whyText = (why: readonly Reason[]): string =>
  why.filter((one) => one.why !== 'not_known').map((one) => {
    const part = one.part.replaceAll('_', ' ');
    const told = one.why.replaceAll('_', ' ');
    return told.startsWith(part) ? told : `${part} ${told}`;
  }).join(', ');
