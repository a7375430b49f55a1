/** How the layers that an agency added are drawn, by what their tiles hold. Text needs no glyphs, as in basemap.ts. */
import type { CircleLayerSpecification, ExpressionSpecification, FilterSpecification, LayerSpecification, SourceSpecification } from 'maplibre-gl';
import type { MapLayer } from '$schemas/events';
import { layersOf } from './basemap';
import { COLOUR, FONT } from './tokens';

/** Overlays without a colour of their own. No severity has it. */
export const OVERLAY_COLOUR = '#d98cff';

export const sourceId = (name: string): string => `added-${name}`;
/** The layer whose source it is, or null when it is another source. */
export const nameOfSource = (id: string): string | null => (id.startsWith('added-') ? id.slice('added-'.length) : null);

/** Where the file is, on this page's own origin. */
export const addressOf = (layer: MapLayer): string => `/maps/${encodeURIComponent(layer.archive)}?v=${layer.sha256.slice(0, 12)}`;

export function sourceOf(layer: MapLayer, key: string): SourceSpecification {
  const url = `pmtiles://${key}`;
  return layer.tiles === 'raster' ? { type: 'raster', url, tileSize: 256 } : { type: 'vector', url };
}

/** The style's layers of one added layer, the lowest first. */
export function layersFor(layer: MapLayer): LayerSpecification[] {
  const source = sourceId(layer.name);
  const made = layer.tiles === 'raster' ? [raster(source)] : vector(layer, source);
  return made.map((one) => ({ ...one, minzoom: Math.max(layer.min_zoom, one.minzoom ?? 0) }) as LayerSpecification);
}

function vector(layer: MapLayer, source: string): LayerSpecification[] {
  const has = new Set(layer.source_layers);
  const all =
    layer.tile_schema === 'watchfloor' ? layersOf(source)
    : layer.tile_schema === 'protomaps' ? protomaps(source)
    : layer.tile_schema === 'openmaptiles' ? openMapTiles(source)
    : layer.source_layers.flatMap((name) => generic(layer, source, name));
  // The library complains of a layer that the tiles do not have.
  return all.filter((one) => 'source-layer' in one && has.has(one['source-layer'] ?? ''));
}

const raster = (source: string): LayerSpecification => ({ id: source, type: 'raster', source });

const AREA: ExpressionSpecification = ['==', ['geometry-type'], 'Polygon'];
const LINE: ExpressionSpecification = ['==', ['geometry-type'], 'LineString'];
const POINT: ExpressionSpecification = ['==', ['geometry-type'], 'Point'];

/** Shapes of any kind: areas faint with an edge, lines, dots, and their label. */
function generic(layer: MapLayer, source: string, name: string): LayerSpecification[] {
  const quiet = layer.kind === 'basemap';
  const colour = layer.colour || (quiet ? COLOUR.district : OVERLAY_COLOUR);
  const id = (part: string): string => `${source}-${name}-${part}`;
  const at = { source, 'source-layer': name } as const;
  const dots: CircleLayerSpecification = {
    id: id('dot'), type: 'circle', ...at, filter: POINT,
    paint: {
      'circle-radius': ['interpolate', ['linear'], ['zoom'], 10, 1.6, 16, 5],
      'circle-color': colour, 'circle-stroke-color': COLOUR.halo, 'circle-stroke-width': 0.8,
    },
  };
  const made: LayerSpecification[] = [
    { id: id('area'), type: 'fill', ...at, filter: AREA, paint: { 'fill-color': colour, 'fill-opacity': quiet ? 0.3 : 0.12 } },
    { id: id('edge'), type: 'line', ...at, filter: AREA, paint: { 'line-color': colour, 'line-width': 1, 'line-opacity': 0.8 } },
    {
      id: id('line'), type: 'line', ...at, filter: LINE, layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: { 'line-color': colour, 'line-width': ['interpolate', ['linear'], ['zoom'], 10, 0.8, 16, 3], 'line-opacity': 0.85 },
    },
    dots,
  ];
  if (layer.label) {
    const text = { ...words(['to-string', ['get', layer.label]], 11), 'text-variable-anchor': ['top' as const, 'bottom' as const, 'left' as const, 'right' as const], 'text-radial-offset': 0.6 };
    made.push(
      { id: id('label'), type: 'symbol', ...at, minzoom: 12, filter: ['all', ['!=', ['geometry-type'], 'LineString'], ['has', layer.label]], layout: text, paint: halo(quiet ? COLOUR.place_label : colour) },
      { id: id('along'), type: 'symbol', ...at, minzoom: 12, filter: ['all', LINE, ['has', layer.label]], layout: along(['to-string', ['get', layer.label]]), paint: halo(quiet ? COLOUR.road_label : colour) },
    );
  }
  return made;
}

const words = (text: ExpressionSpecification, size: number) => ({ 'text-field': text, 'text-font': [FONT], 'text-size': size, 'text-max-width': 8 });
const along = (text: ExpressionSpecification) => ({ 'text-field': text, 'text-font': [FONT], 'text-size': 11, 'symbol-placement': 'line' as const, 'symbol-spacing': 320 });
const halo = (colour: string) => ({ 'text-color': colour, 'text-halo-color': COLOUR.halo, 'text-halo-width': 1.3 });

interface Roads {
  readonly layer: string;
  readonly field: string;
  readonly motorway: readonly string[];
  readonly arterial: readonly string[];
  readonly street: readonly string[];
}

function roads(source: string, at: Roads): LayerSpecification[] {
  const road = (kind: 'street' | 'arterial' | 'motorway', width: readonly [number, number, number], minzoom: number): LayerSpecification => ({
    id: `${source}-road-${kind}`, type: 'line', source, 'source-layer': at.layer, minzoom,
    filter: ['all', LINE, ['in', ['get', at.field], ['literal', [...at[kind]]]]] as FilterSpecification,
    layout: { 'line-cap': 'round', 'line-join': 'round' },
    paint: { 'line-color': COLOUR[kind], 'line-width': ['interpolate', ['exponential', 1.6], ['zoom'], 9, width[0], 13, width[1], 17, width[2]] },
  });
  return [road('street', [0.1, 0.7, 6], 11.5), road('arterial', [0.4, 1.5, 9], 9), road('motorway', [0.8, 2.4, 12], 5)];
}

const fill = (source: string, id: string, layer: string, colour: string, filter: FilterSpecification = AREA): LayerSpecification =>
  ({ id: `${source}-${id}`, type: 'fill', source, 'source-layer': layer, filter, paint: { 'fill-color': colour } });
const places = (source: string, layer: string, filter: FilterSpecification): LayerSpecification =>
  ({ id: `${source}-place`, type: 'symbol', source, 'source-layer': layer, filter, layout: words(['get', 'name'], 12), paint: halo(COLOUR.place_label) });
const streetNames = (source: string, layer: string): LayerSpecification =>
  ({ id: `${source}-street`, type: 'symbol', source, 'source-layer': layer, minzoom: 13, filter: ['has', 'name'], layout: along(['get', 'name']), paint: halo(COLOUR.road_label) });

/** Protomaps basemap schema, version 4: `kind` tells classes apart. */
const protomaps = (source: string): LayerSpecification[] => [
  fill(source, 'earth', 'earth', COLOUR.land),
  fill(source, 'park', 'landuse', COLOUR.park, ['in', ['get', 'kind'], ['literal', ['park', 'forest', 'wood', 'nature_reserve', 'cemetery', 'golf_course', 'grass']]]),
  fill(source, 'water', 'water', COLOUR.water),
  ...roads(source, { layer: 'roads', field: 'kind', motorway: ['highway'], arterial: ['major_road', 'medium_road'], street: ['minor_road'] }),
  streetNames(source, 'roads'),
  places(source, 'places', ['has', 'name']),
];

/** OpenMapTiles schema, version 3: `class` tells classes apart; names of roads are a layer of their own. */
const openMapTiles = (source: string): LayerSpecification[] => [
  fill(source, 'park', 'landcover', COLOUR.park, ['in', ['get', 'class'], ['literal', ['wood', 'grass']]]),
  fill(source, 'reserve', 'park', COLOUR.park),
  fill(source, 'water', 'water', COLOUR.water),
  ...roads(source, { layer: 'transportation', field: 'class', motorway: ['motorway', 'trunk'], arterial: ['primary', 'secondary', 'tertiary'], street: ['minor', 'service'] }),
  streetNames(source, 'transportation_name'),
  places(source, 'place', ['has', 'name']),
];
