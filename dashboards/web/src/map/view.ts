/** What the rest of the page may ask of a map, so that the map library stays behind one door. */
import type { Alert, Camera, EmergencyCall, Incident, Sighting, Zone } from '$schemas/events';
import type { CameraState } from '../state/camera_state';

export type Subject = { readonly kind: 'alert' | 'incident' | 'call' | 'camera' | 'zone'; readonly id: string };

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
  readonly frames: number;
  readonly sightingLayer: 'none' | 'linked' | 'failed';
  /** Features of the basemap and of our own layers on the screen now. */
  readonly rendered: Readonly<Record<string, number>>;
}

export interface MapView {
  setAlerts(alerts: readonly Alert[]): void;
  /** `now` and `serverNow`: the server's clock, ms. */
  setCalls(incidents: readonly Incident[], calls: readonly EmergencyCall[], now: number): void;
  setCameras(cameras: readonly { readonly camera: Camera; readonly state: CameraState }[]): void;
  setZones(zones: readonly Zone[]): void;
  addSightings(rows: readonly Sighting[], serverNow: number): void;
  clearSightings(): void;
  select(subject: Subject | null, place: readonly [lon: number, lat: number] | null): void;
  centre(place: readonly [lon: number, lat: number]): void;
  /** Show the whole estate again. */
  overview(): void;
  zoom(step: 1 | -1): void;
  /** Ask again for what of the basemap could not be had while the server was away. */
  retryBasemap(): void;
  stats(): MapStats;
  remove(): void;
}

export interface MapEvents {
  /** The person clicked something, or nothing. */
  picked(subject: Subject | null): void;
  /** In words, what is wrong; empty when all is well. */
  trouble(text: string): void;
  ready(): void;
}
