/** Words for what has an id: people know a camera by its name. */
import type { Alert } from '$schemas/events';
import type { World } from './world';

export const cameraName = (world: World, id: string): string => world.cameras.get(id)?.name || id;
export const zoneName = (world: World, id: string): string => world.zones.get(id)?.name || id;

export const coordinates = (lat: number, lon: number): string => `${lat.toFixed(5)}, ${lon.toFixed(5)}`;

/** Where an alert is, in the words known best. */
export function placeOf(world: World, alert: Pick<Alert, 'camera_id' | 'zones' | 'lat' | 'lon'>): string {
  const parts: string[] = [];
  if (alert.camera_id) parts.push(cameraName(world, alert.camera_id));
  if (alert.zones.length) parts.push(zoneName(world, alert.zones[0] ?? ''));
  if (parts.length) return parts.join(' · ');
  if (alert.lat !== null && alert.lon !== null) return coordinates(alert.lat, alert.lon);
  return 'place not known';
}
