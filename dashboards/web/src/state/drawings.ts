/** What is drawn on the map for incidents: how it is called, where it is, and how it is written with keys alone. */
import { DRAWING_SHAPES, type Drawing, type Incident } from '$schemas/events';
import { parseTime } from '../time';
import type { LogEntry } from './incident_room';
import { wholeOf } from './incident_work';
import { coordinates } from './names';
import { metresBetween } from './near_cameras';
import { isOver } from './ranking';

export type DrawingKind = keyof typeof DRAWING_SHAPES;
export type Shape = 'polygon' | 'line' | 'point';
/** Longitude, latitude, degrees, as GeoJSON has it. */
export type Corner = readonly [lon: number, lat: number];
export type DrawnGeometry =
  | { readonly type: 'Point'; readonly coordinates: Corner }
  | { readonly type: 'LineString'; readonly coordinates: readonly Corner[] }
  | { readonly type: 'Polygon'; readonly coordinates: readonly (readonly Corner[])[] };

export const KINDS = Object.keys(DRAWING_SHAPES) as DrawingKind[];
export const KIND_TEXT: Readonly<Record<DrawingKind, string>> = {
  perimeter: 'Perimeter', hot_zone: 'Hot zone', warm_zone: 'Warm zone', cold_zone: 'Cold zone', staging: 'Staging area',
  command_post: 'Command post', route: 'Route', note: 'Note',
};
export const SHAPE_TEXT: Readonly<Record<Shape, string>> = { polygon: 'Area', line: 'Line', point: 'Point' };
export const shapesOf = (kind: DrawingKind): readonly Shape[] => DRAWING_SHAPES[kind];

/** The radius that is offered for a circle, metres. */
export const RADIUS_M: Readonly<Partial<Record<DrawingKind, number>>> = { perimeter: 200, hot_zone: 50, warm_zone: 100, cold_zone: 150, staging: 40 };
/** As many as the server takes; the one that closes a ring is not counted (schemas/drawing_geometry.py). */
export const MOST_CORNERS = 500;
/** Corners of a circle: with so many it looks like one at every zoom. */
const CIRCLE_CORNERS = 48;
const METRES_PER_DEG = 111_195;

const isKnown = (kind: string): kind is DrawingKind => kind in DRAWING_SHAPES;
export const kindText = (kind: string): string => (isKnown(kind) ? KIND_TEXT[kind] : kind.replaceAll('_', ' '));
export const drawingName = ({ kind, label }: Pick<Drawing, 'kind' | 'label'>): string => (label ? `${kindText(kind)}: ${label}` : kindText(kind));

/** Those of an incident and of what was merged into it, oldest first. */
export function drawnFor(drawings: Iterable<Drawing>, incidents: ReadonlyMap<string, Incident>, id: string): Drawing[] {
  const found: Drawing[] = [];
  for (const drawing of drawings) {
    const own = incidents.get(drawing.incident_id);
    if (own && (drawing.incident_id === id || wholeOf(incidents, own).incident_id === id)) found.push(drawing);
  }
  return found.sort((a, b) => parseTime(a.drawn_at) - parseTime(b.drawn_at));
}

/** Those that stand now: of every incident that goes on, and of the one that is looked at. */
export function shownDrawings(drawings: Iterable<Drawing>, incidents: ReadonlyMap<string, Incident>, looked: string | null): Drawing[] {
  const found: Drawing[] = [];
  for (const drawing of drawings) {
    const own = incidents.get(drawing.incident_id);
    const whole = own && wholeOf(incidents, own);
    if (whole && (!isOver(whole) || whole.incident_id === looked || drawing.incident_id === looked)) found.push(drawing);
  }
  return found;
}

/** Corners as they are typed: latitude and longitude, one on each line. What is no corner is told in words. */
export function readCorners(text: string): readonly Corner[] | string {
  const corners: Corner[] = [];
  for (const [n, line] of text.split(/[\n;]/).entries()) {
    const words = line.trim();
    if (!words) continue;
    const parts = /^([-+]?\d+(?:\.\d+)?)°?\s*[,\s]\s*([-+]?\d+(?:\.\d+)?)°?$/.exec(words);
    const [lat, lon] = [Number(parts?.[1]), Number(parts?.[2])];
    if (!parts || Math.abs(lat) > 90 || Math.abs(lon) > 180) return `Line ${n + 1}: latitude and longitude are expected, as in 29.95472, -90.07135`;
    corners.push([round(lon), round(lat)]);
  }
  return corners;
}

const round = (degrees: number): number => Number(degrees.toFixed(6));
export const cornersText = (corners: readonly Corner[]): string => corners.map(([lon, lat]) => `${lat}, ${lon}`).join('\n');
const isSame = (a: Corner | undefined, b: Corner | undefined): boolean => a !== undefined && b !== undefined && a[0] === b[0] && a[1] === b[1];

/** What these corners are as a shape; in words, what is missing. A ring is closed here. */
export function geometryOf(shape: Shape, corners: readonly Corner[]): DrawnGeometry | string {
  const [first] = corners;
  if (shape === 'point') return first && corners.length === 1 ? { type: 'Point', coordinates: first } : 'One place is expected';
  if (shape === 'line') return corners.length >= 2 ? { type: 'LineString', coordinates: corners } : 'A line needs two places or more';
  const open = isSame(first, corners.at(-1)) ? corners.slice(0, -1) : corners;
  if (!first || open.length < 3) return 'An area needs three corners or more';
  if (open.length > MOST_CORNERS) return `An area may have ${MOST_CORNERS} corners`;
  return { type: 'Polygon', coordinates: [[...open, first]] };
}

/** The corners that are typed of a drawing: a ring without the one that closes it. */
export const openCorners = ({ shape, corners }: Pick<Drawing, 'shape' | 'corners'>): readonly Corner[] =>
  (shape === 'polygon' ? corners.slice(0, -1) : corners) as readonly Corner[];

/** A ring around a place. */
export function circle([lon, lat]: Corner, radiusM: number): readonly Corner[] {
  const high = radiusM / METRES_PER_DEG;
  const wide = high / Math.max(Math.cos((lat * Math.PI) / 180), 0.01);
  return Array.from({ length: CIRCLE_CORNERS }, (_, n): Corner => {
    const turn = (2 * Math.PI * n) / CIRCLE_CORNERS;
    return [round(lon + wide * Math.cos(turn)), round(lat + high * Math.sin(turn))];
  });
}

/** The middle of the box around it. */
export function middleOf(corners: readonly (readonly [number, number])[]): Corner {
  const lons = corners.map(([lon]) => lon);
  const lats = corners.map(([, lat]) => lat);
  return [(Math.min(...lons) + Math.max(...lons)) / 2, (Math.min(...lats) + Math.max(...lats)) / 2];
}

/** Where it is, for whoever does not see the map. */
export function whereText(drawing: Pick<Drawing, 'shape' | 'corners'>): string {
  const [lon, lat] = middleOf(drawing.corners);
  const at = coordinates(lat, lon);
  if (drawing.shape === 'point') return `at ${at}`;
  const west = Math.min(...drawing.corners.map(([x]) => x));
  const south = Math.min(...drawing.corners.map(([, y]) => y));
  const across = 2 * Math.max(metresBetween([west, lat], [lon, lat]), metresBetween([lon, south], [lon, lat]));
  return `${openCorners(drawing).length} ${drawing.shape === 'line' ? 'places' : 'corners'}, ${Math.round(across)} m across, around ${at}`;
}

/** What the log needs of a state of a drawing: what the store tells of each, and what comes live. */
export type DrawingState = Pick<Drawing, 'drawing_id' | 'kind' | 'label' | 'removed' | 'changed_by' | 'changed_at'> & { readonly rev: number | string };

/** What was done to drawings, by whom and when, in order. */
export function drawingLog(stored: readonly DrawingState[], live: readonly DrawingState[]): LogEntry[] {
  const states = [...new Map([...stored, ...live].map((state) => [`${state.drawing_id}/${state.rev}`, state])).values()];
  states.sort((a, b) => Number(a.rev) - Number(b.rev));
  const before = new Map<string, DrawingState>();
  const entries: LogEntry[] = [];
  for (const state of states) {
    const was = before.get(state.drawing_id);
    before.set(state.drawing_id, state);
    // It only followed its incident to another place: nobody did anything.
    if (was && parseTime(was.changed_at) === parseTime(state.changed_at)) continue;
    const did = state.removed ? 'Removed from the map' : Number(state.rev) === 1 ? 'Drawn' : was?.removed ? 'Put back on the map' : 'Drawing changed';
    entries.push({ id: `drawing/${state.drawing_id}/${state.rev}`, at: parseTime(state.changed_at), by: state.changed_by, text: `${did}: ${drawingName(state)}`, isNote: false });
  }
  return entries.sort((a, b) => a.at - b.at);
}
