/** Which facts are drawn, and as what. */
import type { Alert, Camera, EmergencyCall, Incident, Zone } from '$schemas/events';
import type { CameraState } from '../state/camera_state';
import { byUrgency, isActive, isOpen, isOver, severityOf } from '../state/ranking';
import type { Row } from './source_diff';
import type { Pulse } from './moving_layer';

/** A call that began this long ago is history, not a thing going on; it stays in the list. */
export const CALL_ON_MAP_MS = 24 * 3_600_000;
/** From here on it is drawn faint. */
const CALL_FRESH_MS = 2 * 3_600_000;

const RANK = { P1: 4, P2: 3, P3: 2, P4: 1 } as const;

const point = (lon: number, lat: number): GeoJSON.Point => ({ type: 'Point', coordinates: [lon, lat] });

/** Alerts at one place (to about ten metres) lie like cards, the most urgent on top; further ones are under the last. */
const MOST_CARDS = 4;

export function alertRows(alerts: readonly Alert[]): Row[] {
  const rows: Row[] = [];
  const cards = new Map<string, number>();
  for (const alert of byUrgency(alerts)) {
    if (alert.lat === null || alert.lon === null || !isActive(alert)) continue;
    const severity = severityOf(alert);
    const open = isOpen(alert);
    const place = `${alert.lon.toFixed(4)} ${alert.lat.toFixed(4)}`;
    const card = cards.get(place) ?? 0;
    cards.set(place, card + 1);
    rows.push({
      id: alert.alert_id,
      geometry: point(alert.lon, alert.lat),
      properties: {
        severity, form: open ? 'open' : 'taken', card: Math.min(card, MOST_CARDS - 1),
        rank: RANK[severity] + (open ? 4 : 0) - card / 1000,
      },
    });
  }
  return rows;
}

/** P1 alerts nobody has taken, newest first. */
export function pulsesOf(alerts: readonly Alert[]): Pulse[] {
  return alerts
    .filter((a): a is Alert & { lat: number; lon: number } =>
      isOpen(a) && severityOf(a) === 'P1' && a.lat !== null && a.lon !== null)
    .map((a) => ({ lon: a.lon, lat: a.lat, since: Date.parse(a.raised_at) }))
    .sort((a, b) => b.since - a.since);
}

/** Open incidents, and open calls that belong to none: a call and its incident are one mark. */
export function callRows(incidents: readonly Incident[], calls: readonly EmergencyCall[], now: number): Row[] {
  const rows: Row[] = [];
  const grouped = new Set<string>();
  const put = (id: string, lat: number | null, lon: number | null, priority: number | null, began: string): void => {
    const old = now - Date.parse(began);
    if (lat === null || lon === null || !(old < CALL_ON_MAP_MS)) return;
    rows.push({
      id,
      geometry: point(lon, lat),
      properties: { priority: String(priority ?? 'none'), rank: priority ?? -1, opacity: old < CALL_FRESH_MS ? 1 : 0.5 },
    });
  };
  for (const incident of incidents) {
    for (const id of incident.call_ids) grouped.add(id);
    if (!isOver(incident)) put(`incident:${incident.incident_id}`, incident.lat, incident.lon, incident.priority, incident.opened_at);
  }
  for (const call of calls) {
    if (isOver(call) || grouped.has(call.call_id)) continue;
    put(`call:${call.call_id}`, call.lat, call.lon, call.priority, call.received_at);
  }
  return rows;
}

export function cameraRows(cameras: readonly { camera: Camera; state: CameraState }[]): Row[] {
  return cameras.map(({ camera, state }) => ({
    id: camera.camera_id,
    geometry: point(camera.lon, camera.lat),
    properties: { form: camera.kind === 'video' ? 'video' : 'reader', state, name: camera.name },
  }));
}

export function zoneRows(zones: readonly Zone[]): Row[] {
  return zones.map((zone) => ({
    id: zone.zone_id,
    geometry: { type: 'MultiPolygon', coordinates: zone.polygons as unknown as GeoJSON.Position[][][] },
    properties: { name: zone.name, kind: zone.kind, watched: zone.watched || zone.kind === 'school' },
  }));
}
