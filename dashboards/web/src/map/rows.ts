/** Which facts are drawn, and as what. */
import type { Alert, Camera, Drawing, EmergencyCall, Incident, UnitPosition, Zone } from '$schemas/events';
import type { CameraState } from '../state/camera_state';
import { classes, classOf, type Cell } from '../state/analysis';
import { drawingName, geometryOf, openCorners, type Shape } from '../state/drawings';
import { byUrgency, isActive, isOpen, isOver, severityOf } from '../state/ranking';
import { isShelved } from '../state/shelving';
import { UNIT_STALE_MS } from '../state/units';
import type { Row } from './source_diff';
import type { Draft, TrailRead } from './view';
import type { Pulse } from './moving_layer';

/** A call that began this long ago is history, not a thing going on; it stays in the list. */
export const CALL_ON_MAP_MS = 24 * 3_600_000;
/** From here on it is drawn faint. */
const CALL_FRESH_MS = 2 * 3_600_000;

const RANK = { P1: 4, P2: 3, P3: 2, P4: 1 } as const;

const point = (lon: number, lat: number): GeoJSON.Point => ({ type: 'Point', coordinates: [lon, lat] });

/** Alerts at one place (to about ten metres) lie like cards, the most urgent on top; further ones are under the last. */
const MOST_CARDS = 4;

/** `now`: the server's clock, ms. A shelved alert is drawn as a taken one. */
export function alertRows(alerts: readonly Alert[], now: number): Row[] {
  const rows: Row[] = [];
  const cards = new Map<string, number>();
  for (const alert of byUrgency(alerts)) {
    if (alert.lat === null || alert.lon === null || !isActive(alert)) continue;
    const severity = severityOf(alert);
    const open = isOpen(alert) && !isShelved(alert, now);
    const place = `${alert.lon.toFixed(4)} ${alert.lat.toFixed(4)}`;
    const card = cards.get(place) ?? 0;
    cards.set(place, card + 1);
    rows.push({
      id: alert.alert_id,
      geometry: point(alert.lon, alert.lat),
      properties: {
        severity, form: open ? 'open' : 'taken', card: Math.min(card, MOST_CARDS - 1),
        rank: RANK[severity] + (open ? 4 : 0) - card / 1000,
        // By severity before all else: 7 and 8 are P1, 5 and 6 P2; even while nobody has taken it.
        weight: 2 * RANK[severity] - (open ? 0 : 1), label: severity === 'P1' || severity === 'P2' ? alert.title : '',
      },
    });
  }
  return rows;
}

const minutes = (seconds: number): string => (seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`);

/** With more plates than this, lines say nothing any more. */
const MOST_PATHS = 12;

/**
 * Where reads were: a point for each place, labelled with their numbers in order of time, and a line for each plate.
 * Between two reads nobody knows the way, so the line is dashed.
 */
export function trailRows(reads: readonly TrailRead[]): Row[] {
  const placed = reads.filter((read): read is TrailRead & { lat: number; lon: number } => read.lat !== null && read.lon !== null);
  const inTime = placed.toSorted((a, b) => Date.parse(a.occurred_at) - Date.parse(b.occurred_at));
  const places = new Map<string, { at: readonly [number, number]; numbers: number[] }>();
  const paths = new Map<string, (readonly [number, number])[]>();
  inTime.forEach((read, index) => {
    const at = [read.lon, read.lat] as const;
    const name = `${read.lon.toFixed(4)} ${read.lat.toFixed(4)}`;
    const place = places.get(name) ?? { at, numbers: [] };
    place.numbers.push(index + 1);
    places.set(name, place);
    const path = paths.get(read.plate) ?? [];
    path.push(at);
    paths.set(read.plate, path);
  });
  const rows: Row[] = [];
  if (paths.size <= MOST_PATHS) {
    for (const [plate, path] of paths) {
      if (path.length < 2) continue;
      rows.push({ id: `path:${plate}`, geometry: { type: 'LineString', coordinates: path.map((at) => [...at]) }, properties: {} });
    }
  }
  for (const [name, { at, numbers }] of places) {
    const label = numbers.length <= 3 ? numbers.join(', ') : `${numbers[0]} … ${numbers.at(-1)} (${numbers.length})`;
    rows.push({ id: `place:${name}`, geometry: point(...at), properties: { label } });
  }
  return rows;
}

/** Cells of a count, coloured by class. */
export function cellRows(cells: readonly Cell[]): Row[] {
  const from = classes(cells);
  return cells.map(({ cell, count, ring }) => ({
    id: cell,
    geometry: { type: 'Polygon' as const, coordinates: [[...ring, ...ring.slice(0, 1)].map(([lon, lat]) => [lon, lat])] },
    properties: { class: classOf(count, from), count },
  }));
}

/** The same as heat: the middle of each cell, as hot as its share of the most. */
export function heatRows(cells: readonly Cell[]): Row[] {
  const most = Math.max(1, ...cells.map(({ count }) => count));
  return cells.map(({ cell, count, ring }) => ({ id: cell, geometry: point(...middle(ring)), properties: { weight: count / most } }));
}

/** The middle of a ring: the mean of its corners. */
export const middle = (ring: Cell['ring']): readonly [lon: number, lat: number] => [
  ring.reduce((sum, [lon]) => sum + lon, 0) / ring.length,
  ring.reduce((sum, [, lat]) => sum + lat, 0) / ring.length,
];

/** Cameras at which an alert's vehicle is likely to be seen next, with the share of vehicles and the time they take. */
export function expectedRows(alert: Alert | null, cameras: ReadonlyMap<string, Camera>): Row[] {
  const facts = alert?.why.find((reason) => reason.kind === 'expected_next')?.facts ?? {};
  const rows: Row[] = [];
  for (let rank = 1; facts[`camera_${rank}`]; rank += 1) {
    const camera = cameras.get(facts[`camera_${rank}`] ?? '');
    const share = Number(facts[`share_${rank}`]);
    if (!camera || !(share > 0)) continue;
    const span = `${minutes(Number(facts[`soonest_s_${rank}`]))} to ${minutes(Number(facts[`latest_s_${rank}`]))}`;
    rows.push({
      id: camera.camera_id,
      geometry: point(camera.lon, camera.lat),
      properties: { share, label: `${Math.round(share * 100)}% in ${span}` },
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

/** A subject's state never changes, a new one is another object: its row is made once for each look that it has. */
class Made<T extends object> {
  readonly #rows = new WeakMap<T, { readonly look: string; readonly row: Row }>();

  row(subject: T, look: string, make: () => Row): Row {
    const known = this.#rows.get(subject);
    if (known?.look === look) return known.row;
    const row = make();
    this.#rows.set(subject, { look, row });
    return row;
  }
}
const madeCameras = new Made<Camera>();
const madeUnits = new Made<UnitPosition>();
const madeZones = new Made<Zone>();
const madeDrawings = new Made<Drawing>();

export function cameraRows(cameras: readonly { camera: Camera; state: CameraState }[]): Row[] {
  return cameras.map(({ camera, state }) => madeCameras.row(camera, state, () => ({
    id: camera.camera_id,
    geometry: point(camera.lon, camera.lat),
    properties: {
      form: camera.kind === 'video' ? 'video' : 'reader', state, name: camera.name,
      ...(camera.heading_deg !== null && { heading: camera.heading_deg }),
    },
  })));
}

/** Units by what they can do, with the age of a position that is old: an old place must not look like a place now. */
export function unitRows(units: readonly UnitPosition[], now: number): Row[] {
  return units.map((unit) => {
    const age = now - Date.parse(unit.occurred_at);
    const ago = age > UNIT_STALE_MS ? ` (${Math.round(age / 60_000)} min ago)` : '';
    return madeUnits.row(unit, ago, () => ({
      id: unit.unit_id,
      geometry: point(unit.lon, unit.lat),
      properties: {
        name: `${unit.call_sign || unit.unit_id}${ago}`,
        form: ago ? 'stale' : unit.status === 'available' || unit.status === 'conditionally_available' ? 'free' : 'busy',
      },
    }));
  });
}

export function zoneRows(zones: readonly Zone[]): Row[] {
  return zones.map((zone) => madeZones.row(zone, '', () => ({
    id: zone.zone_id,
    geometry: { type: 'MultiPolygon', coordinates: zone.polygons as unknown as GeoJSON.Position[][][] },
    properties: { name: zone.name, kind: zone.kind, watched: zone.watched || zone.kind === 'school' },
  })));
}

/** What is written in the mark of a drawing that is a point. */
const MARKS: Readonly<Record<string, string>> = { command_post: 'CP', staging: 'ST', note: 'i' };

/** Drawings with their names, and instead of the one that is being changed what it is to be. */
export function drawingRows(drawings: readonly Drawing[], draft: Draft | null): Row[] {
  const rows = drawings.flatMap((drawing) => {
    const geometry = geometryOf(drawing.shape as Shape, openCorners(drawing));
    if (typeof geometry === 'string' || drawing.drawing_id === draft?.of) return [];
    return [madeDrawings.row(drawing, '', () => ({
      id: drawing.drawing_id,
      geometry: geometry as unknown as GeoJSON.Geometry,
      properties: { kind: drawing.kind, mark: MARKS[drawing.kind] ?? '', label: drawingName(drawing) },
    }))];
  });
  if (draft?.geometry) rows.push({ id: 'draft', geometry: draft.geometry as unknown as GeoJSON.Geometry, properties: { kind: 'draft', mark: '?', label: `Not saved: ${draft.name}` } });
  return rows;
}
