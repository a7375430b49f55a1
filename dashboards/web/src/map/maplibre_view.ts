/** The map, on MapLibre GL. This file and its neighbours are the only ones that know the library. */
import {
  addProtocol, type GeoJSONSource, Map as MapLibreMap, setWorkerUrl,
} from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import 'maplibre-gl/dist/maplibre-gl.css';
import { Protocol } from 'pmtiles';
import type { Alert, Camera, EmergencyCall, Incident, Sighting, Zone } from '$schemas/events';
import type { CameraState } from '../state/camera_state';
import { VANISH_MS } from '../state/sighting_log';
import { openBasemap, styleOf } from './basemap';
import { OVER, SOURCES, UNDER, type SourceName } from './layers';
import { MovingLayer } from './moving_layer';
import { alertRows, callRows, cameraRows, pulsesOf, zoneRows } from './rows';
import { SourceContent, type Row } from './source_diff';
import { pictures, RATIO } from './symbols';
import { FONT } from './tokens';
import type { MapEvents, MapStats, MapView, Subject } from './view';

setWorkerUrl(workerUrl);
const protocol = new Protocol();
addProtocol('pmtiles', protocol.tile);

/** Where the map opens before any camera is known: the demo city. */
const HOME: readonly [number, number] = [-90.075, 29.955];
const PICKABLE = ['alert', 'call', 'camera', 'zone-fill'] as const;
/** A frame this slow halves the rate of what moves by itself: on a weak machine the lists matter more. */
const SLOW_FRAME_MS = 80;

export async function openMap(
  container: HTMLElement,
  events: MapEvents,
  serverNow: () => number,
): Promise<MapView> {
  // Without the font loaded first, the labels of the first tiles would be drawn in another one and kept.
  const font = document.fonts.load(`16px "${FONT}"`).catch(() => []);
  const [basemap] = await Promise.all([openBasemap(protocol), font]);
  return new MapLibreView(container, events, serverNow, basemap);
}

class MapLibreView implements MapView {
  readonly #map: MapLibreMap;
  readonly #moving: MovingLayer;
  readonly #content = Object.fromEntries(SOURCES.map((name) => [name, new SourceContent()])) as Record<SourceName, SourceContent>;
  readonly #waiting = new Map<SourceName, readonly Row[]>();
  readonly #reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');
  #ready = false;
  #touched = false;
  #estate: [number, number, number, number] | null = null;
  #lastAlert: string | null = null;
  #frames = 0;
  #frameMs = 0;
  #askedAt = 0;
  #width: number;
  #repaint: ReturnType<typeof setTimeout> | null = null;
  #basemap: MapStats['basemap'];

  constructor(
    container: HTMLElement,
    private readonly events: MapEvents,
    serverNow: () => number,
    basemap: Awaited<ReturnType<typeof openBasemap>>,
  ) {
    this.#width = container.clientWidth;
    this.#basemap = basemap ? 'loading' : 'missing';
    if (!basemap) events.trouble('No basemap file found: places are shown on a plain background.');
    this.#moving = new MovingLayer(HOME, serverNow);
    this.#moving.still = this.#reducedMotion.matches;
    this.#reducedMotion.addEventListener('change', this.#motionChanged);
    this.#map = new MapLibreMap({
      container,
      style: styleOf(basemap),
      center: basemap ? [(basemap.bounds[0] + basemap.bounds[2]) / 2, (basemap.bounds[1] + basemap.bounds[3]) / 2] : [...HOME],
      zoom: 11,
      minZoom: 7,
      maxZoom: 18,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      fadeDuration: 0,
      // Rotation would turn the meaning of "north is up" that people rely on over the radio.
      rollEnabled: false,
    });
    this.#map.touchZoomRotate.disableRotation();
    const canvas = this.#map.getCanvas();
    canvas.setAttribute('aria-label', 'Map. Everything on it is also in the lists beside it.');
    // Not 'load', which waits for the basemap's tiles: what is going on need not.
    this.#map.once('style.load', () => this.#load());
    this.#map.on('resize', () => {
      // A banner above the map changes its height a little; that is no reason to move the city.
      if (this.#touched || container.clientWidth === this.#width) return;
      this.#width = container.clientWidth;
      this.overview(false);
    });
    this.#map.on('render', () => this.#rendered());
    this.#map.on('error', (event) => this.#failed(event));
    this.#map.on('sourcedata', (event) => {
      if (event.sourceId === 'basemap' && this.#map.isSourceLoaded('basemap')) this.#basemap = 'shown';
    });
    for (const name of ['dragstart', 'wheel', 'touchstart'] as const) this.#map.on(name, () => (this.#touched = true));
    this.#map.on('click', (event) => this.#click(event.point));
    this.#map.on('mousemove', (event) => {
      canvas.style.cursor = this.#at(event.point, PICKABLE.slice(0, 3)) ? 'pointer' : '';
    });
  }

  setAlerts(alerts: readonly Alert[]): void {
    const newest = alerts.reduce<Alert | null>((a, b) => (!a || b.raised_at > a.raised_at ? b : a), null);
    this.#lastAlert = newest?.alert_id ?? null;
    this.#moving.setPulses(pulsesOf(alerts));
    this.#show('alerts', alertRows(alerts));
    this.#animate();
  }

  setCalls(incidents: readonly Incident[], calls: readonly EmergencyCall[], now: number): void {
    this.#show('calls', callRows(incidents, calls, now));
  }

  setCameras(cameras: readonly { readonly camera: Camera; readonly state: CameraState }[]): void {
    this.#show('cameras', cameraRows(cameras));
    const first = this.#estate === null;
    this.#estate = boundsOf(cameras.map(({ camera }) => [camera.lon, camera.lat]));
    if (first && this.#estate && !this.#touched) this.overview(false);
  }

  setZones(zones: readonly Zone[]): void {
    this.#show('zones', zoneRows(zones));
  }

  addSightings(rows: readonly Sighting[], serverNow: number): void {
    for (const row of rows) {
      if (row.lat === null || row.lon === null) continue;
      const at = Date.parse(row.occurred_at);
      if (serverNow - at < VANISH_MS) this.#moving.add(row.lon, row.lat, Math.min(at, serverNow), row.hits.length > 0);
    }
    this.#animate();
  }

  clearSightings(): void {
    this.#moving.clear();
    if (this.#ready) this.#map.triggerRepaint();
  }

  select(subject: Subject | null, place: readonly [number, number] | null): void {
    const row = subject && place && subject.kind !== 'zone'
      ? [{ id: subject.id, geometry: { type: 'Point' as const, coordinates: [...place] }, properties: {} }]
      : [];
    this.#show('selection', row);
  }

  centre(place: readonly [number, number]): void {
    this.#touched = true;
    this.#map.easeTo({ center: [...place], zoom: Math.max(this.#map.getZoom(), 14), duration: this.#reducedMotion.matches ? 0 : 500 });
  }

  overview(animate = true): void {
    if (!this.#estate) return;
    this.#map.fitBounds(this.#estate, {
      padding: 48,
      maxZoom: 14,
      duration: animate && !this.#reducedMotion.matches ? 500 : 0,
    });
  }

  zoom(step: 1 | -1): void {
    this.#touched = true;
    this.#map.zoomTo(this.#map.getZoom() + step, { duration: this.#reducedMotion.matches ? 0 : 200 });
  }

  retryBasemap(): void {
    if (this.#basemap !== 'missing' || !this.#ready || !this.#map.getSource('basemap')) return;
    this.#basemap = 'loading';
    this.events.trouble('');
    this.#map.refreshTiles('basemap');
  }

  stats(): MapStats {
    const rendered: Record<string, number> = {};
    if (this.#ready) {
      for (const found of this.#map.queryRenderedFeatures()) rendered[found.layer.id] = (rendered[found.layer.id] ?? 0) + 1;
    }
    return {
      ready: this.#ready,
      basemap: this.#basemap,
      cameras: this.#content.cameras.size,
      alerts: this.#content.alerts.size,
      calls: this.#content.calls.size,
      zones: this.#content.zones.size,
      sightings: this.#moving.alive(),
      pulses: this.#moving.pulses,
      lastAlert: this.#lastAlert,
      frameMs: this.#frameMs,
      frames: this.#frames,
      sightingLayer: this.#moving.state,
      rendered,
    };
  }

  remove(): void {
    this.#reducedMotion.removeEventListener('change', this.#motionChanged);
    if (this.#repaint) clearTimeout(this.#repaint);
    this.#map.remove();
  }

  #load(): void {
    for (const { name, image } of pictures()) this.#map.addImage(name, image, { pixelRatio: RATIO });
    for (const name of SOURCES) {
      this.#map.addSource(name, { type: 'geojson', data: { type: 'FeatureCollection', features: [] }, promoteId: 'id' });
    }
    for (const layer of UNDER) this.#map.addLayer(layer);
    this.#map.addLayer(this.#moving);
    for (const layer of OVER) this.#map.addLayer(layer);
    this.#ready = true;
    for (const [name, rows] of this.#waiting) this.#show(name, rows);
    this.#waiting.clear();
    if (this.#moving.state === 'failed') this.events.trouble('This browser cannot draw moving sightings; the list has them.');
    this.events.ready();
    this.#animate();
  }

  #show(name: SourceName, rows: readonly Row[]): void {
    if (!this.#ready) {
      this.#waiting.set(name, rows);
      return;
    }
    const diff = this.#content[name].update(rows);
    if (diff) void this.#map.getSource<GeoJSONSource>(name)?.updateData(diff);
  }

  /** Repaint only while something moves by itself, and slower where frames are slow. */
  #animate(): void {
    if (this.#repaint !== null || !this.#ready || document.hidden) return;
    const rest = this.#moving.restlessness();
    if (rest === null) return;
    const wait = this.#frameMs > SLOW_FRAME_MS ? Math.max(rest, 250) : rest;
    this.#repaint = setTimeout(() => {
      this.#repaint = null;
      this.#askedAt = performance.now();
      this.#map.triggerRepaint();
    }, wait);
  }

  #rendered(): void {
    this.#frames += 1;
    // From asking for a frame of the animation to having it is what a frame costs here.
    if (this.#askedAt > 0) this.#frameMs = 0.8 * this.#frameMs + 0.2 * (performance.now() - this.#askedAt);
    this.#askedAt = 0;
    this.#animate();
  }

  #failed(event: object): void {
    if ('sourceId' in event && event.sourceId === 'basemap') {
      this.#basemap = 'missing';
      this.events.trouble('The basemap could not be read: places are shown on a plain background.');
    }
  }

  #click(at: { x: number; y: number }): void {
    this.#touched = true;
    this.events.picked(this.#at(at, PICKABLE));
  }

  #at(at: { x: number; y: number }, layers: readonly string[]): Subject | null {
    if (!this.#ready) return null;
    const reach = 5;
    const box: [[number, number], [number, number]] = [[at.x - reach, at.y - reach], [at.x + reach, at.y + reach]];
    for (const layer of layers) {
      const found = this.#map.queryRenderedFeatures(layer === 'zone-fill' ? [at.x, at.y] : box, { layers: [layer] })[0];
      const id = found?.properties['id'] as string | undefined;
      if (id === undefined) continue;
      if (layer === 'call') {
        const [kind, ...rest] = id.split(':');
        return { kind: kind === 'incident' ? 'incident' : 'call', id: rest.join(':') };
      }
      return { kind: layer === 'zone-fill' ? 'zone' : (layer as 'alert' | 'camera'), id };
    }
    return null;
  }

  readonly #motionChanged = (): void => {
    this.#moving.still = this.#reducedMotion.matches;
    this.#map.triggerRepaint();
  };
}

/** Bounds of the middle 98 % of places, so that one wrong coordinate does not shrink the city to a dot. */
function boundsOf(places: readonly (readonly [number, number])[]): [number, number, number, number] | null {
  if (places.length === 0) return null;
  const cut = (values: number[]): [number, number] => {
    values.sort((a, b) => a - b);
    const skip = Math.floor(values.length * 0.01);
    return [values[skip] ?? 0, values[values.length - 1 - skip] ?? 0];
  };
  const [west, east] = cut(places.map(([lon]) => lon));
  const [south, north] = cut(places.map(([, lat]) => lat));
  return [west, south, east, north];
}
