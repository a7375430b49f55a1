/** What the rest of the page may ask of a map, so that the map library stays behind one door. */
import type { Alert, Camera, Drawing, EmergencyCall, Incident, MapLayer, Sighting, UnitPosition, Zone } from '$schemas/events';
import type { CameraState } from '../state/camera_state';
import type { Cell, Look } from '../state/analysis';
import type { Corner, DrawnGeometry, Shape } from '../state/drawings';
import type { LayerState } from '../state/map_layers';
import type { Place } from '../state/wall_views';
import type { Palette } from './tokens';

export type Subject = { readonly kind: 'alert' | 'incident' | 'call' | 'camera' | 'zone' | 'unit'; readonly id: string };

/** What somebody is drawing: it looks like nothing that stands. */
export interface Draft {
  readonly name: string;
  /** null: it is shown otherwise, or not complete. */
  readonly geometry: DrawnGeometry | null;
  /** The drawing that it is the next state of; "" for a new one. */
  readonly of: string;
}

export interface MapStats {
  readonly ready: boolean;
  readonly basemap: 'loading' | 'shown' | 'missing';
  readonly cameras: number;
  readonly alerts: number;
  readonly calls: number;
  readonly zones: number;
  /** Sightings in the layer's memory that are young enough to be drawn. */
  readonly sightings: number;
  readonly pulses: number;
  readonly lastAlert: string | null;
  /** Milliseconds of the last frame. */
  readonly frameMs: number;
  /** What is looked at. */
  readonly place: Place;
  readonly frames: number;
  readonly sightingLayer: 'none' | 'linked' | 'failed';
  /** Layers that were added and are switched on, by name. */
  readonly layers: Readonly<Record<string, LayerState>>;
  /** How many cameras and alerts are on the screen now, those that lie together counted each. */
  readonly inView: { readonly cameras: number; readonly alerts: number };
  /** Features of the basemap and of our own layers on the screen now. */
  readonly rendered: Readonly<Record<string, number>>;
}

/** A past read, as far as the map needs it. */
export interface TrailRead {
  readonly plate: string;
  readonly occurred_at: string;
  readonly lat: number | null;
  readonly lon: number | null;
}

export interface MapView {
  /** `now` and `serverNow`: the server's clock, ms. */
  setAlerts(alerts: readonly Alert[], now: number): void;
  setCalls(incidents: readonly Incident[], calls: readonly EmergencyCall[], now: number): void;
  setCameras(cameras: readonly { readonly camera: Camera; readonly state: CameraState }[]): void;
  /** `now`: the server's clock, ms. */
  setUnits(units: readonly UnitPosition[], now: number): void;
  setZones(zones: readonly Zone[]): void;
  setDrawings(drawings: readonly Drawing[], draft: Draft | null): void;
  /** Have the person draw on the map; `told`: the corners, whenever they changed. Return how to stop. */
  draw(shape: Shape, corners: readonly Corner[], told: (corners: readonly Corner[]) => void): Promise<() => void>;
  /** Draw these layers of those that were added, and no others; the basemap, if one is among them, comes first. */
  setLayers(shown: readonly MapLayer[]): void;
  /** West, south, east, north. */
  fit(bounds: readonly [number, number, number, number]): void;
  addSightings(rows: readonly Sighting[], serverNow: number): void;
  clearSightings(): void;
  select(subject: Subject | null, place: readonly [lon: number, lat: number] | null): void;
  /** Show where the vehicle of an alert is likely to be seen next; nothing for null. */
  setExpected(alert: Alert | null, cameras: ReadonlyMap<string, Camera>): void;
  /** Show where reads were and how they follow each other; nothing for none. */
  setTrail(reads: readonly TrailRead[]): void;
  /** Show how many there were in each cell; nothing for none. */
  setCells(cells: readonly Cell[], look: Look): void;
  /** Show all of these places at once; `under` px at the bottom are covered by something else, `easeMs` long is the way. */
  frame(places: readonly (readonly [lon: number, lat: number])[], easeMs?: number, under?: number): void;
  /** What is shown, to come back to it with `show`. */
  place(): Place;
  show(place: Place, easeMs?: number): void;
  /** What is shown: west, south, east, north, degrees. */
  bounds(): readonly [number, number, number, number];
  centre(place: readonly [lon: number, lat: number]): void;
  /** Show the whole estate again. */
  overview(animate?: boolean): void;
  zoom(step: 1 | -1): void;
  /** Ask again for what of the basemap could not be had while the server was away. */
  retryBasemap(): void;
  stats(): MapStats;
  remove(): void;
}

export interface MapLook {
  readonly palette?: Palette;
  /** Nothing moves by itself: what is idle costs no battery. */
  readonly still?: boolean;
}

export interface MapEvents {
  /** The person clicked something, or nothing. */
  picked(subject: Subject | null): void;
  /** In words, what is wrong; empty when all is well. */
  trouble(text: string): void;
  /** What the files of the layers are like, whenever that changes. */
  layers(states: Readonly<Record<string, LayerState>>): void;
  ready(): void;
  /** The map came to rest and shows this now: west, south, east, north. */
  moved?(bounds: readonly [number, number, number, number]): void;
}
