/** The map beneath: our own dark style over a PMTiles file served from this page's own origin. */
import { PMTiles, Protocol } from 'pmtiles';
import type { LayerSpecification, SourceSpecification, StyleSpecification } from 'maplibre-gl';
import { COLOUR, FONT } from './tokens';

export const BASEMAP_URL = '/maps/demo-nola.pmtiles';

export interface Basemap {
  readonly source: SourceSpecification;
  readonly layers: readonly LayerSpecification[];
  /** West, south, east, north. */
  readonly bounds: readonly [number, number, number, number];
}

/** Return the basemap, or null when the file is not there or is not one. */
export async function openBasemap(protocol: Protocol, url: string = BASEMAP_URL): Promise<Basemap | null> {
  try {
    const archive = new PMTiles(new URL(url, location.href).href);
    const header = await archive.getHeader();
    protocol.add(archive);
    const bounds = [header.minLon, header.minLat, header.maxLon, header.maxLat] as const;
    return {
      source: {
        type: 'vector',
        url: `pmtiles://${archive.source.getKey()}`,
      },
      layers: LAYERS,
      bounds,
    };
  } catch {
    return null;
  }
}

const prefix = (source: string): string => (source === 'basemap' ? '' : `${source}-`);

const roads = (source: string, kind: string, colour: string, width: readonly [number, number, number], minzoom: number): LayerSpecification => ({
  id: `${prefix(source)}road-${kind}`,
  type: 'line',
  source,
  'source-layer': 'road',
  minzoom,
  filter: ['==', ['get', 'class'], kind],
  layout: { 'line-cap': 'round', 'line-join': 'round' },
  paint: {
    'line-color': colour,
    'line-width': ['interpolate', ['exponential', 1.6], ['zoom'], 9, width[0], 13, width[1], 17, width[2]],
  },
});

/** The layers of tiles of our own schema (docs/how-to/basemap.md), from any source. */
export const layersOf = (source: string): LayerSpecification[] => [
  { id: `${prefix(source)}land`, type: 'fill', source, 'source-layer': 'land', paint: { 'fill-color': COLOUR.land } },
  { id: `${prefix(source)}park`, type: 'fill', source, 'source-layer': 'park', paint: { 'fill-color': COLOUR.park } },
  { id: `${prefix(source)}water`, type: 'fill', source, 'source-layer': 'water', paint: { 'fill-color': COLOUR.water } },
  {
    id: `${prefix(source)}district`, type: 'line', source, 'source-layer': 'district',
    paint: { 'line-color': COLOUR.district, 'line-width': 0.8, 'line-dasharray': [3, 3] },
  },
  roads(source, 'street', COLOUR.street, [0.1, 0.7, 6], 11.5),
  roads(source, 'arterial', COLOUR.arterial, [0.4, 1.5, 9], 9),
  roads(source, 'motorway', COLOUR.motorway, [0.8, 2.4, 12], 7),
  {
    id: `${prefix(source)}road-label`, type: 'symbol', source, 'source-layer': 'road', minzoom: 13,
    filter: ['has', 'name'],
    layout: {
      'symbol-placement': 'line',
      'symbol-spacing': 320,
      'text-field': ['get', 'name'],
      'text-font': [FONT],
      'text-size': ['interpolate', ['linear'], ['zoom'], 13, 10, 17, 12.5],
    },
    paint: { 'text-color': COLOUR.road_label, 'text-halo-color': COLOUR.halo, 'text-halo-width': 1.2 },
  },
  {
    id: `${prefix(source)}place-label`, type: 'symbol', source, 'source-layer': 'place',
    layout: {
      'text-field': ['get', 'name'],
      'text-font': [FONT],
      'text-size': ['interpolate', ['linear'], ['zoom'], 10, 11, 15, 14],
      'text-max-width': 7,
      'text-letter-spacing': 0.04,
      'text-padding': 1,
      'text-variable-anchor': ['center', 'top', 'bottom', 'left', 'right', 'top-left', 'top-right', 'bottom-left', 'bottom-right'],
      'text-radial-offset': 0.9,
      'symbol-sort-key': ['coalesce', ['to-number', ['get', 'rank']], 9],
    },
    paint: { 'text-color': COLOUR.place_label, 'text-halo-color': COLOUR.halo, 'text-halo-width': 1.4, 'text-opacity': 0.85 },
  },
];

const LAYERS: readonly LayerSpecification[] = layersOf('basemap');
/** What is switched off while another basemap is shown. */
export const BASEMAP_LAYERS: readonly string[] = LAYERS.map((layer) => layer.id);

/** The style without `glyphs`: text is drawn from the bundled web font, so no server of glyphs is asked. */
export function styleOf(basemap: Basemap | null): StyleSpecification {
  return {
    version: 8,
    sources: basemap ? { basemap: basemap.source } : {},
    layers: [
      { id: 'ground', type: 'background', paint: { 'background-color': COLOUR.ground } },
      ...(basemap?.layers ?? []),
    ],
  };
}
