/** Words for what has an id: people know a camera by its name. */
import type { Alert } from '$schemas/events';
import type { Subject } from '../map/view';
import type { World } from './world';

/** The pages besides the map, as they are named in the address. */
export const PAGES = ['incident', 'cameras', 'contact', 'plates', 'analysis', 'audit', 'dead-letters', 'ledger', 'noise', 'precision', 'system'] as const;
export type Route = 'map' | (typeof PAGES)[number];

const NAMES = new Intl.Collator(undefined, { numeric: true });
/** Names as people order them, "Camera 9" before "Camera 10"; one collator, as to make one for each comparison is slow. */
export const byName = (a: string, b: string): number => NAMES.compare(a, b);

export const cameraName = (world: World, id: string): string => world.cameras.get(id)?.name || id;
export const zoneName = (world: World, id: string): string => world.zones.get(id)?.name || id;

export const coordinates = (lat: number, lon: number): string => `${lat.toFixed(5)}, ${lon.toFixed(5)}`;

const RULE = 'rule:';
const LIST = 'hotlist:';

/** The rule or the list that changed an alert by itself; null when a person did. */
const changedByItself = ({ changed_by: by }: Pick<Alert, 'changed_by'>): string | null =>
  by?.startsWith(RULE) ? 'its rule' : by?.startsWith(LIST) ? `the list ${by.slice(LIST.length)}` : null;

/** Who changed an alert last: a rule or a list by itself, or a person, whose name nobody has checked. */
export const changedBy = (alert: Pick<Alert, 'changed_by'>): string =>
  changedByItself(alert) ?? `${alert.changed_by || 'unknown'} (unverified)`;

/** The same, where there is little room. */
export const changedByShort = (alert: Pick<Alert, 'changed_by'>): string =>
  changedByItself(alert) ?? (alert.changed_by || 'unknown');

const DID: Readonly<Record<string, string>> = { acknowledged: 'taken' };
/** What was done to an alert to bring it where it is, in a word; a status this page does not know says itself. */
export const didWhat = (alert: Pick<Alert, 'status'>): string => DID[alert.status] ?? alert.status;

/** An alert's title without the camera at its end, which its row names anyway. */
export function shortTitle(world: World, alert: Pick<Alert, 'title' | 'camera_id'>): string {
  const end = alert.camera_id ? ` at ${cameraName(world, alert.camera_id)}` : '';
  return end && alert.title.endsWith(end) ? alert.title.slice(0, -end.length) : alert.title;
}

/** Where an alert is, in the words known best. */
export function placeOf(world: World, alert: Pick<Alert, 'camera_id' | 'zones' | 'lat' | 'lon'>): string {
  if (alert.camera_id) return cameraName(world, alert.camera_id);
  if (alert.zones.length) return zoneName(world, alert.zones[0] ?? '');
  if (alert.lat !== null && alert.lon !== null) return coordinates(alert.lat, alert.lon);
  return 'place not known';
}

/** What somebody picked on the map or in a list, in the words known best. */
export function subjectName(world: World, { kind, id }: Subject): string {
  const name = {
    alert: () => world.alerts.get(id)?.title, incident: () => world.incidents.get(id)?.kind, call: () => world.calls.get(id)?.kind,
    camera: () => world.cameras.get(id)?.name, unit: () => world.units.get(id)?.call_sign, zone: () => world.zones.get(id)?.name,
  }[kind]();
  return name || `${kind} ${id}`;
}
