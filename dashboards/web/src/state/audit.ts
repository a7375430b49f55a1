/** Who did what, as GET /api/audit tells it. */

export interface Deed {
  readonly event_id: string;
  readonly at: string;
  readonly who: string;
  readonly what: string;
  readonly subject: string;
  readonly why: string;
  readonly details: Readonly<Record<string, string>>;
  readonly source: string;
  readonly synthetic: boolean;
  /** The number of the seal it lies under. */
  readonly seal: number | null;
}

export interface AuditPage {
  readonly begin: string;
  readonly end: string;
  readonly rows: readonly Deed[];
  readonly next: string | null;
}

/** What deeds can be told apart by: how their names begin. */
export const KINDS: readonly (readonly [prefix: string, text: string])[] = [
  ['', 'all'], ['search.', 'searches'], ['export.', 'files made'], ['view.', 'looks at the audit, replays, files'], ['alert.', 'alerts'],
  ['incident.', 'incidents'], ['hotlist.', 'lists'], ['marker.', 'markers'], ['noise.', 'texts that are no plates'], ['access.', 'accounts'], ['map.', 'layers of the map'],
];

export const PERIODS: readonly (readonly [days: number, text: string])[] = [
  [1, 'last 24 h'], [7, 'last 7 days'], [31, 'last 31 days'], [366, 'last year'],
];

/** Who did it; what a command did names no person. */
export const whoText = (deed: Pick<Deed, 'who' | 'source'>): string => deed.who || `by ${deed.source}`;

/** Where a deed stands among the seals: what `watchfloor audit verify` checks. */
export const sealText = (deed: Pick<Deed, 'seal'>): string =>
  deed.seal === null ? 'Not sealed: too new, or of a kind that is not' : `Under seal ${deed.seal}`;

/** Code and number of a purpose: "stolen vehicle, 26-0112"; empty where none was asked. */
export function purposeText(deed: Pick<Deed, 'details'>, words: Readonly<Record<string, string>>): string {
  const code = deed.details['purpose_code'] ?? '';
  return [words[code] ?? code, deed.details['reference'] ?? ''].filter(Boolean).join(', ');
}

const APART = new Set(['purpose_code', 'reference']);

/** What else the record says: "plate AB?123, rows 3". */
export const detailsText = (deed: Pick<Deed, 'details'>): string =>
  Object.entries(deed.details).filter(([name]) => !APART.has(name)).map(([name, text]) => `${name.replaceAll('_', ' ')} ${text}`).join(', ');
