/** Where a person is on the field page, and what is theirs: kept over reloads and locks. */
import type { Incident } from '$schemas/events';
import { wholeOf } from './incident_work';
import { isOver } from './ranking';

export const FIELD_TABS = ['map', 'alerts', 'incident', 'me'] as const;
export type FieldTab = (typeof FIELD_TABS)[number];
/** How much of the screen the sheet takes. */
export const STOPS = ['peek', 'half', 'full'] as const;
export type Stop = (typeof STOPS)[number];

export interface FieldPlace {
  readonly tab: FieldTab;
  readonly stop: Stop;
  /** The incident that was chosen; "" leaves it to the assignment. */
  readonly incidentId: string;
  /** The unit this person is; "" when not told. */
  readonly unitId: string;
  readonly sun: boolean;
  /** What the map showed. */
  readonly bounds: readonly [number, number, number, number] | null;
}

const START: FieldPlace = { tab: 'map', stop: 'peek', incidentId: '', unitId: '', sun: false, bounds: null };

/** Read what was kept; whatever of it makes no sense is as at the start. */
export function readPlace(text: string | null): FieldPlace {
  let raw: Partial<Record<keyof FieldPlace, unknown>>;
  try {
    raw = (JSON.parse(text ?? '{}') as Partial<Record<keyof FieldPlace, unknown>>) ?? {};
  } catch {
    return START;
  }
  const word = (value: unknown): string => (typeof value === 'string' ? value : '');
  const { bounds } = raw;
  return {
    tab: FIELD_TABS.find((tab) => tab === raw.tab) ?? START.tab,
    stop: STOPS.find((stop) => stop === raw.stop) ?? START.stop,
    incidentId: word(raw.incidentId),
    unitId: word(raw.unitId),
    sun: raw.sun === true,
    bounds: Array.isArray(bounds) && bounds.length === 4 && bounds.every(Number.isFinite) ? (bounds as unknown as FieldPlace['bounds']) : null,
  };
}

/**
 * My incident: the one I chose, or what it became part of; else the gravest that my unit is on or that I have in hand.
 * One that is over is nobody's.
 */
export function ownIncident(
  incidents: ReadonlyMap<string, Incident>, place: Pick<FieldPlace, 'incidentId' | 'unitId'>, account: string,
): Incident | null {
  const chosen = incidents.get(place.incidentId);
  const whole = chosen && wholeOf(incidents, chosen);
  if (whole && !isOver(whole)) return whole;
  const assigned = [...incidents.values()].filter((one) =>
    !isOver(one) && !one.merged_into && ((place.unitId !== '' && one.units.includes(place.unitId)) || (account !== '' && one.owner === account)));
  return assigned.sort((a, b) => (b.priority ?? -1) - (a.priority ?? -1) || Date.parse(b.opened_at) - Date.parse(a.opened_at))[0] ?? null;
}
