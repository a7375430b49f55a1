/** Which incidents may be the same one, and which are part of one: what a person chooses from, and what may not be. */
import type { EmergencyCall, Incident } from '$schemas/events';
import { wholeOf } from './incident_work';

type Placed = Pick<Incident, 'lat' | 'lon'>;
type Incidents = ReadonlyMap<string, Incident>;

/** An open incident near another. `distanceM`: straight line, metres; null: the place of one of them is not known. */
export interface Candidate {
  readonly incident: Incident;
  readonly distanceM: number | null;
}

/** Further off than this, an incident is not offered; it can be named by its number. */
export const FURTHEST_M = 5_000;
export const MOST_OFFERED = 8;

const EARTH_M = 6_371_008.8;

/** Metres between two places by a straight line; null where one is not known. */
export function distanceM(one: Placed, other: Placed): number | null {
  if (one.lat === null || one.lon === null || other.lat === null || other.lon === null) return null;
  const [a, b] = [one.lat * (Math.PI / 180), other.lat * (Math.PI / 180)];
  const turn = (other.lon - one.lon) * (Math.PI / 180);
  const h = Math.sin((b - a) / 2) ** 2 + Math.cos(a) * Math.cos(b) * Math.sin(turn / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

const fits = (one: Incident, other: Incident): boolean =>
  one.jurisdiction === other.jurisdiction && one.synthetic === other.synthetic;

/** The open incidents that this one may be the same as: nearest first, then those without a place, newest first. */
export function candidates(incidents: Iterable<Incident>, of: Incident): Candidate[] {
  const found: Candidate[] = [];
  for (const incident of incidents) {
    if (incident.incident_id === of.incident_id || incident.status !== 'open' || incident.merged_into || !fits(of, incident)) continue;
    const metres = distanceM(of, incident);
    if (metres === null || metres <= FURTHEST_M) found.push({ incident, distanceM: metres });
  }
  const newest = (one: Candidate): number => -Date.parse(one.incident.opened_at);
  found.sort((a, b) => (a.distanceM ?? Infinity) - (b.distanceM ?? Infinity) || newest(a) - newest(b));
  return found.slice(0, MOST_OFFERED);
}

/** The incidents that somebody may mean by a number: an incident's id, a call's id or number, the source's incident. */
export function meantBy(text: string, incidents: Incidents, calls: Iterable<EmergencyCall>): Incident[] {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  const is = (value: string): boolean => value.toLowerCase() === wanted;
  const named = new Set<string>();
  for (const call of calls) if (is(call.call_id) || is(call.number) || is(call.incident_ref)) named.add(call.call_id);
  const found = new Map<string, Incident>();
  for (const incident of incidents.values()) {
    if (!is(incident.incident_id) && !incident.call_ids.some((id) => named.has(id) || is(id))) continue;
    const whole = wholeOf(incidents, incident);
    found.set(whole.incident_id, whole);
  }
  return [...found.values()];
}

/** Why one cannot become part of the other, with what to do; empty: it can. The server decides; this saves the way. */
export function joinFault(part: Incident, whole: Incident): string {
  if (part.incident_id === whole.incident_id) return 'They are one incident already.';
  if (part.jurisdiction !== whole.jurisdiction) return 'It belongs to another jurisdiction: link them instead.';
  if (part.synthetic !== whole.synthetic) return 'One is simulated and the other is real: choose another.';
  if (part.merged_into) return 'It became part of another incident meanwhile: choose that one.';
  if (whole.merged_into) return 'The one that is to stay became part of another incident meanwhile: choose that one.';
  if (whole.status !== 'open') return 'The one that is to stay is closed: reopen it first, or let the other one stay.';
  return '';
}

/** Which of two stays unless the person says otherwise: the one opened first, but none that is closed. */
export function staysFirst(one: Incident, other: Incident): Incident {
  if (one.status !== other.status) return one.status === 'open' ? one : other;
  return Date.parse(one.opened_at) <= Date.parse(other.opened_at) ? one : other;
}

/** The incidents that are part of this one, also of its parts; oldest first. */
export function partsOf(incidents: Incidents, whole: Incident): Incident[] {
  const parts = [...incidents.values()].filter((one) => one.merged_into && wholeOf(incidents, one).incident_id === whole.incident_id);
  return parts.sort((a, b) => Date.parse(a.opened_at) - Date.parse(b.opened_at));
}

/** `120 m`, `2.4 km`, or that it is not known. */
export function distanceText(metres: number | null): string {
  if (metres === null) return 'distance not known';
  return metres < 1000 ? `${Math.round(metres / 10) * 10} m` : `${(metres / 1000).toFixed(1)} km`;
}
