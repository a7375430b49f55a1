/** The map, on MapLibre GL. This file and its neighbours are the only ones that know the library. */
import {
  addProtocol, type GeoJSONSource, Map as MapLibreMap, setWorkerUrl,
} from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import 'maplibre-gl/dist/maplibre-gl.css';
import { PMTiles, Protocol } from 'pmtiles';
import type { Alert, Camera, Drawing, EmergencyCall, Incident, MapLayer, Sighting, UnitPosition, Zone } from '$schemas/events';
import type { Cell, Look } from '../state/analysis';
import type { CameraState } from '../state/camera_state';
import type { Corner, Shape } from '../state/drawings';
import { isBasemap, type LayerState } from '../state/map_layers';
import { VANISH_MS } from '../state/sighting_log';
import type { Place } from '../state/wall_views';
import { addressOf, layersFor, nameOfSource, sourceId, sourceOf } from './added_layers';
import { BASEMAP_LAYERS, openBasemap, styleOf } from './basemap';
import { APART_ZOOM, OVER, SOURCES, TOGETHER, UNDER, type SourceName } from './layers';
import { MovingLayer } from './moving_layer';
import { alertRows, callRows, cameraRows, cellRows, drawingRows, expectedRows, heatRows, pulsesOf, trailRows, unitRows, zoneRows } from './rows';
import { SourceContent, type Row } from './source_diff';
import { pictures, RATIO } from './symbols';
import { COLOUR, FONT, inPalette, type Palette } from './tokens';
import type { Draft, MapEvents, MapLook, MapStats, MapView, Subject, TrailRead } from './view';

// A worker's own script is seen by a service worker only beneath its scope: the field page asks for it there.
setWorkerUrl(`${import.meta.env.PROD && location.pathname.startsWith('/field') ? '/field' : ''}${workerUrl}`);
const protocol = new Protocol();
addProtocol('pmtiles', protocol.tile);

/** Where the map opens before any camera is known: the demo city. */
const HOME: readonly [number, number] = [-90.075, 29.955];
const CLUSTERS = ['alert-cluster', 'camera-cluster'];
const PICKABLE = ['alert', 'call', 'unit', 'camera', 'zone-fill'] as const;
/** Overlays go above it and beneath our own layers, basemaps beneath it. It draws nothing. */
const ABOVE_BASEMAPS = 'above-basemaps';
/** What comes many times a second is drawn so often: to cut it into tiles anew costs more than all else. */
const PACE_MS: Readonly<Partial<Record<SourceName, number>>> = { units: 1_000, cameras: 1_000 };
/** A layer whose file could not be read is tried again so often. */
const RETRY_LAYER_MS = 30_000;
/** A frame this slow halves the rate of what moves by itself: on a weak machine the lists matter more. */
const SLOW_FRAME_MS = 80;

export async function openMap(
  container: HTMLElement,
  events: MapEvents,
  serverNow: () => number,
  { palette = COLOUR, still = false }: MapLook = {},
): Promise<MapView> {
  // Without the font loaded first, the labels of the first tiles would be drawn in another one and kept.
  const font = document.fonts.load(`16px "${FONT}"`).catch(() => []);
  const [basemap] = await Promise.all([openBasemap(protocol), font]);
  return new MapLibreView(container, events, serverNow, basemap, palette, still);
}

class MapLibreView implements MapView {
  readonly #map: MapLibreMap;
  readonly #moving: MovingLayer;
  readonly #content = Object.fromEntries(SOURCES.map((name) => [name, new SourceContent()])) as Record<SourceName, SourceContent>;
  readonly #waiting = new Map<SourceName, readonly Row[]>();
  readonly #pace = new Map<SourceName, { at: number; timer: ReturnType<typeof setTimeout> | null }>();
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
  /** Layers that were added and are wanted now, by name; what of them is drawn; and what their files are like. */
  #wanted: ReadonlyMap<string, MapLayer> = new Map();
  readonly #drawn = new Map<string, { readonly layer: MapLayer; readonly key: string; readonly ids: readonly string[] }>();
  readonly #states = new Map<string, LayerState>();
  #retriedAt = 0;
  /** A click draws, and picks nothing. */
  #isDrawing = false;

  constructor(
    container: HTMLElement,
    private readonly events: MapEvents,
    serverNow: () => number,
    basemap: Awaited<ReturnType<typeof openBasemap>>,
    private readonly palette: Palette,
    private readonly still: boolean,
  ) {
    this.#width = container.clientWidth;
    this.#basemap = basemap ? 'loading' : 'missing';
    if (!basemap) events.trouble('No basemap file found: places are shown on a plain background.');
    this.#moving = new MovingLayer(HOME, serverNow);
    this.#moving.still = still || this.#reducedMotion.matches;
    this.#reducedMotion.addEventListener('change', this.#motionChanged);
    this.#map = new MapLibreMap({
      container,
      style: inPalette(styleOf(basemap), palette),
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
      const added = nameOfSource(event.sourceId ?? '');
      if (added !== null && this.#drawn.has(added) && this.#map.isSourceLoaded(sourceId(added))) this.#say(added, 'shown');
    });
    this.#map.on('moveend', () => this.events.moved?.(this.bounds()));
    for (const name of ['dragstart', 'wheel', 'touchstart'] as const) this.#map.on(name, () => (this.#touched = true));
    // Keys and double clicks move it too; only what a person does comes with an event of the browser.
    this.#map.on('movestart', ({ originalEvent }) => (this.#touched ||= originalEvent !== undefined));
    this.#map.on('click', (event) => this.#click(event.point));
    this.#map.on('mousemove', (event) => {
      canvas.style.cursor = this.#crowdAt(event.point) || this.#at(event.point, PICKABLE.slice(0, 4)) ? 'pointer' : '';
    });
  }

  setAlerts(alerts: readonly Alert[], now: number): void {
    const newest = alerts.reduce<Alert | null>((a, b) => (!a || b.raised_at > a.raised_at ? b : a), null);
    this.#lastAlert = newest?.alert_id ?? null;
    this.#moving.setPulses(pulsesOf(alerts));
    this.#show('alerts', alertRows(alerts, now));
    this.#animate();
  }

  setCalls(incidents: readonly Incident[], calls: readonly EmergencyCall[], now: number): void {
    this.#show('calls', callRows(incidents, calls, now));
  }

  setCameras(cameras: readonly { readonly camera: Camera; readonly state: CameraState }[]): void {
    this.#show('cameras', cameraRows(cameras));
    const before = String(this.#estate);
    this.#estate = boundsOf(cameras.map(({ camera }) => [camera.lon, camera.lat]));
    // The estate comes in pieces: what was framed for the first of them may leave the rest outside.
    if (!this.#touched && String(this.#estate) !== before) this.overview(false);
  }

  setUnits(units: readonly UnitPosition[], now: number): void {
    this.#show('units', unitRows(units, now));
  }

  setZones(zones: readonly Zone[]): void {
    this.#show('zones', zoneRows(zones));
  }

  setDrawings(drawings: readonly Drawing[], draft: Draft | null): void {
    this.#show('drawings', drawingRows(drawings, draft));
  }

  async draw(shape: Shape, corners: readonly Corner[], told: (corners: readonly Corner[]) => void): Promise<() => void> {
    const { startDrawing } = await import('./drawing_tool');
    const stop = startDrawing(this.#map, shape, corners, told);
    this.#isDrawing = true;
    return () => {
      this.#isDrawing = false;
      stop();
    };
  }

  setLayers(shown: readonly MapLayer[]): void {
    this.#wanted = new Map(shown.map((layer) => [layer.name, layer]));
    if (!this.#ready) return;
    for (const [name, { layer }] of this.#drawn) if (this.#wanted.get(name)?.event_id !== layer.event_id) this.#undraw(name);
    for (const name of this.#states.keys()) if (!this.#wanted.has(name)) this.#states.delete(name);
    this.#tellLayers();
    const own = shown.some(isBasemap);
    for (const id of BASEMAP_LAYERS) {
      if (this.#map.getLayer(id)) this.#map.setLayoutProperty(id, 'visibility', own ? 'none' : 'visible');
    }
    for (const layer of shown) if (!this.#drawn.has(layer.name)) void this.#drawLayer(layer);
  }

  fit(bounds: readonly [number, number, number, number]): void {
    this.#touched = true;
    this.#map.fitBounds([...bounds], { padding: 48, maxZoom: 15, duration: this.#way(500) });
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

  setExpected(alert: Alert | null, cameras: ReadonlyMap<string, Camera>): void {
    this.#show('expected', expectedRows(alert, cameras));
  }

  setTrail(reads: readonly TrailRead[]): void {
    this.#show('trail', trailRows(reads));
  }

  setCells(cells: readonly Cell[], look: Look): void {
    this.#show('cells', look === 'hexagons' ? cellRows(cells) : []);
    this.#show('heat', look === 'heat' ? heatRows(cells) : []);
  }

  frame(places: readonly (readonly [number, number])[], easeMs = 0, under = 0): void {
    const [first, ...rest] = places;
    if (!first) return;
    this.#touched = true;
    const [west, south, east, north] = rest.reduce<[number, number, number, number]>(
      ([w, s, e, n], [lon, lat]) => [Math.min(w, lon), Math.min(s, lat), Math.max(e, lon), Math.max(n, lat)],
      [...first, ...first],
    );
    this.#map.fitBounds([west, south, east, north], {
      padding: { top: 48, left: 48, right: 48, bottom: 48 + under }, maxZoom: 15, duration: this.#way(easeMs),
    });
  }

  place(): Place {
    const { lng, lat } = this.#map.getCenter();
    return { lon: lng, lat, zoom: this.#map.getZoom() };
  }

  show(place: Place, easeMs = 0): void {
    this.#touched = true;
    this.#map.easeTo({ center: [place.lon, place.lat], zoom: place.zoom, duration: this.#way(easeMs) });
  }

  bounds(): readonly [number, number, number, number] {
    const shown = this.#map.getBounds();
    return [shown.getWest(), shown.getSouth(), shown.getEast(), shown.getNorth()];
  }

  centre(place: readonly [number, number]): void {
    this.#touched = true;
    this.#map.easeTo({ center: [...place], zoom: Math.max(this.#map.getZoom(), 14), duration: this.#way(500) });
  }

  overview(animate = true): void {
    if (!this.#estate) return;
    this.#map.fitBounds(this.#estate, {
      padding: 48,
      maxZoom: 14,
      duration: animate ? this.#way(500) : 0,
    });
  }

  zoom(step: 1 | -1): void {
    this.#touched = true;
    this.#map.zoomTo(this.#map.getZoom() + step, { duration: this.#way(200) });
  }

  retryBasemap(): void {
    this.#retryLayers();
    if (this.#basemap !== 'missing' || !this.#ready || !this.#map.getSource('basemap')) return;
    this.#basemap = 'loading';
    this.events.trouble('');
    this.#map.refreshTiles('basemap');
  }

  stats(): MapStats {
    const rendered: Record<string, number> = {};
    const inView = { cameras: 0, alerts: 0 };
    if (this.#ready) {
      for (const { layer, properties } of this.#map.queryRenderedFeatures()) {
        rendered[layer.id] = (rendered[layer.id] ?? 0) + 1;
        const count = Number(properties['point_count'] ?? 1);
        if (layer.id === 'camera' || layer.id === 'camera-cluster') inView.cameras += count;
        if (layer.id === 'alert' || layer.id === 'alert-cluster') inView.alerts += count;
      }
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
      place: this.place(),
      frames: this.#frames,
      sightingLayer: this.#moving.state,
      layers: Object.fromEntries(this.#states),
      inView,
      rendered,
    };
  }

  remove(): void {
    this.#reducedMotion.removeEventListener('change', this.#motionChanged);
    if (this.#repaint) clearTimeout(this.#repaint);
    for (const { timer } of this.#pace.values()) if (timer) clearTimeout(timer);
    this.#map.remove();
  }

  /** Who asked for less motion gets none. */
  #way(ms: number): number {
    return this.#reducedMotion.matches ? 0 : ms;
  }

  #load(): void {
    for (const { name, image } of pictures()) this.#map.addImage(name, image, { pixelRatio: RATIO });
    for (const name of SOURCES) {
      this.#map.addSource(name, { type: 'geojson', data: { type: 'FeatureCollection', features: [] }, promoteId: 'id', ...TOGETHER[name] });
    }
    this.#map.addLayer({ id: ABOVE_BASEMAPS, type: 'background', layout: { visibility: 'none' } });
    for (const layer of inPalette(UNDER, this.palette)) this.#map.addLayer(layer);
    this.#map.addLayer(this.#moving);
    for (const layer of inPalette(OVER, this.palette)) this.#map.addLayer(layer);
    this.#ready = true;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const [name, rows] of waiting) this.#show(name, rows);
    this.setLayers([...this.#wanted.values()]);
    if (this.#moving.state === 'failed') this.events.trouble('This browser cannot draw moving sightings; the list has them.');
    this.events.ready();
    this.#animate();
  }

  #show(name: SourceName, rows: readonly Row[]): void {
    if (!this.#ready) {
      this.#waiting.set(name, rows);
      return;
    }
    const every = PACE_MS[name];
    if (every === undefined) {
      this.#draw(name, rows);
      return;
    }
    const pace = this.#pace.get(name) ?? { at: Number.NEGATIVE_INFINITY, timer: null };
    this.#pace.set(name, pace);
    this.#waiting.set(name, rows);
    pace.timer ??= setTimeout(() => {
      pace.timer = null;
      pace.at = performance.now();
      this.#draw(name, this.#waiting.get(name) ?? []);
    }, Math.max(0, pace.at + every - performance.now()));
  }

  #draw(name: SourceName, rows: readonly Row[]): void {
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

  /** Open a layer's file and draw it. What is wrong with it is told, and touches nothing else. */
  async #drawLayer(layer: MapLayer): Promise<void> {
    this.#say(layer.name, 'loading');
    const archive = new PMTiles(new URL(addressOf(layer), location.href).href);
    try {
      await archive.getHeader();
    } catch {
      if (this.#isWanted(layer)) this.#say(layer.name, 'missing');
      return;
    }
    // Meanwhile it may have been switched off, replaced, or drawn by a second try.
    if (!this.#isWanted(layer) || this.#drawn.has(layer.name)) return;
    const key = archive.source.getKey();
    protocol.add(archive);
    const before = isBasemap(layer) ? ABOVE_BASEMAPS : (UNDER[0]?.id ?? '');
    const ids: string[] = [];
    this.#drawn.set(layer.name, { layer, key, ids });
    try {
      this.#map.addSource(sourceId(layer.name), sourceOf(layer, key));
      for (const one of inPalette(layersFor(layer), this.palette)) {
        this.#map.addLayer(one, before);
        ids.push(one.id);
      }
    } catch {
      this.#undraw(layer.name);
      this.#say(layer.name, 'missing');
    }
  }

  #undraw(name: string): void {
    const drawn = this.#drawn.get(name);
    if (!drawn) return;
    for (const id of drawn.ids) if (this.#map.getLayer(id)) this.#map.removeLayer(id);
    if (this.#map.getSource(sourceId(name))) this.#map.removeSource(sourceId(name));
    protocol.tiles.delete(drawn.key);
    this.#drawn.delete(name);
  }

  #isWanted(layer: MapLayer): boolean {
    return this.#wanted.get(layer.name)?.event_id === layer.event_id;
  }

  #say(name: string, state: LayerState): void {
    if (this.#states.get(name) === state) return;
    this.#states.set(name, state);
    this.#tellLayers();
  }

  #tellLayers(): void {
    this.events.layers(Object.fromEntries(this.#states));
  }

  #retryLayers(): void {
    const now = performance.now();
    if (!this.#ready || now - this.#retriedAt < RETRY_LAYER_MS) return;
    this.#retriedAt = now;
    for (const [name, state] of this.#states) {
      const layer = this.#wanted.get(name);
      if (state !== 'missing' || !layer) continue;
      this.#undraw(name);
      void this.#drawLayer(layer);
    }
  }

  #failed(event: object): void {
    const added = 'sourceId' in event && typeof event.sourceId === 'string' ? nameOfSource(event.sourceId) : null;
    if (added !== null && this.#drawn.has(added)) this.#say(added, 'missing');
    if ('sourceId' in event && event.sourceId === 'basemap') {
      this.#basemap = 'missing';
      this.events.trouble('The basemap could not be read: places are shown on a plain background.');
    }
  }

  #click(at: { x: number; y: number }): void {
    this.#touched = true;
    if (this.#isDrawing) return;
    // What lies together is gone to, until it stands apart.
    const crowd = this.#crowdAt(at);
    if (crowd) {
      const [lon = 0, lat = 0] = crowd.coordinates;
      this.#map.easeTo({ center: [lon, lat], zoom: Math.min(this.#map.getZoom() + 2, APART_ZOOM), duration: this.#way(500) });
      return;
    }
    this.events.picked(this.#at(at, PICKABLE));
  }

  #crowdAt(at: { x: number; y: number }): GeoJSON.Point | null {
    const found = this.#ready ? this.#map.queryRenderedFeatures([at.x, at.y], { layers: CLUSTERS })[0] : undefined;
    return found?.geometry.type === 'Point' ? found.geometry : null;
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
      return { kind: layer === 'zone-fill' ? 'zone' : (layer as 'alert' | 'unit' | 'camera'), id };
    }
    return null;
  }

  readonly #motionChanged = (): void => {
    this.#moving.still = this.still || this.#reducedMotion.matches;
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
