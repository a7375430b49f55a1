import { describe, expect, it } from 'vitest';
import { layersFor, nameOfSource, sourceId } from '../src/map/added_layers';
import {
  attributionsOf, basemapOf, DEMO, keepChoice, layerTrouble, readChoice, shownLayers, switched, type LayerChoice,
} from '../src/state/map_layers';
import type { MapLayer } from '$schemas/events';

const layer = (name: string, more: Partial<MapLayer> = {}): MapLayer => ({
  event_id: name, occurred_at: '2026-01-15T12:00:00.000Z', observed_at: '2026-01-15T12:00:00.000Z', source: 'map/cli',
  jurisdiction: 'default', synthetic: false, name, title: '', kind: 'overlay', archive: `${name}-0.pmtiles`, sha256: '0'.repeat(64),
  bytes: 1, tiles: 'vector', tile_schema: 'generic', source_layers: ['a'], west: -1, south: -1, east: 1, north: 1, min_zoom: 0,
  max_zoom: 14, label: '', colour: '', attribution: '', changed_at: '2026-01-15T12:00:00.000Z', changed_by: 'r.diaz',
  removed: false, ...more,
});
const nothing: LayerChoice = { off: new Set(), basemap: null };
const old = layer('old', { kind: 'basemap' });
const young = layer('young', { kind: 'basemap', changed_at: '2026-01-16T12:00:00.000Z' });

describe('which layers are shown', () => {
  it('is the newest basemap until a person chooses, and the demo only when chosen or when there is no other', () => {
    expect(basemapOf([old, young], nothing)).toBe(young);
    expect(basemapOf([old, young], { ...nothing, basemap: 'old' })).toBe(old);
    expect(basemapOf([old, young], { ...nothing, basemap: DEMO })).toBeNull();
    expect(basemapOf([young], { ...nothing, basemap: 'removed' })).toBe(young);
    expect(basemapOf([layer('a')], nothing)).toBeNull();
  });

  it('is the basemap beneath, and the overlays that are on in one order', () => {
    const all = [layer('b'), old, layer('a'), layer('c')];
    expect(shownLayers(all, switched(nothing, 'c', false)).map((one) => one.name)).toEqual(['old', 'a', 'b']);
    expect(shownLayers(all, switched(switched(nothing, 'c', false), 'c', true))).toHaveLength(4);
  });

  it('is kept in the browser, and nonsense there is no choice', () => {
    const kept = new Map<string, string>();
    const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
    keepChoice(storage, { off: new Set(['a']), basemap: DEMO });
    expect(readChoice(storage)).toEqual({ off: new Set(['a']), basemap: DEMO });
    for (const value of ['{', 'null', '{"off":3,"basemap":[]}']) {
      kept.set([...kept.keys()][0] ?? '', value);
      expect(readChoice(storage)).toEqual(nothing);
    }
  });
});

describe('what is said of layers', () => {
  it('names each maker once', () => {
    expect(attributionsOf([layer('a', { attribution: 'City ' }), layer('b', { attribution: 'City' }), layer('c')])).toEqual(['City']);
  });

  it('names those whose file cannot be read, of those that are shown', () => {
    expect(layerTrouble([layer('a', { title: 'Hydrants' })], { a: 'missing', b: 'missing' })).toMatch(/map layer Hydrants cannot be read/);
    expect(layerTrouble([layer('a')], { a: 'shown', b: 'missing' })).toBe('');
  });
});

describe('how layers are drawn', () => {
  it('draws areas, lines and points of every layer inside, with the label where there is one', () => {
    const made = layersFor(layer('a', { source_layers: ['x', 'y'], label: 'label', min_zoom: 13 }));
    expect(new Set(made.map((one) => ('source-layer' in one ? one['source-layer'] : '')))).toEqual(new Set(['x', 'y']));
    expect(made.filter((one) => one.type === 'symbol')).toHaveLength(4);
    expect(made.every((one) => one.minzoom === 13 && 'source' in one && one.source === sourceId('a'))).toBe(true);
    expect(layersFor(layer('a')).filter((one) => one.type === 'symbol')).toEqual([]);
  });

  it.each([
    ['protomaps', ['earth', 'water', 'roads'], ['earth', 'roads', 'water']],
    ['openmaptiles', ['transportation', 'water', 'housenumber'], ['transportation', 'water']],
    ['watchfloor', ['road', 'water'], ['road', 'water']],
  ])('draws %s tiles as a street map, of the layers that they have', (tile_schema, source_layers, drawn) => {
    const made = layersFor(layer('a', { kind: 'basemap', tile_schema, source_layers }));
    expect([...new Set(made.map((one) => ('source-layer' in one ? one['source-layer'] : '')))].sort()).toEqual(drawn);
    expect(new Set(made.map((one) => one.id)).size).toBe(made.length);
  });

  it('draws pictures as pictures', () => {
    expect(layersFor(layer('a', { tiles: 'raster', source_layers: [] })).map((one) => one.type)).toEqual(['raster']);
  });

  it('check 17: asks no text of a font that is not the page\'s own', () => {
    const made = layersFor(layer('a', { label: 'label' })).filter((one) => one.type === 'symbol');
    expect(made.map((one) => (one.layout as { 'text-font': string[] })['text-font'])).toEqual([['Inter Variable'], ['Inter Variable']]);
  });

  it('knows its own sources', () => {
    expect([nameOfSource(sourceId('a')), nameOfSource('basemap')]).toEqual(['a', null]);
  });
});
