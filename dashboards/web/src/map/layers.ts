/** Our own layers over the basemap: zones, cameras, calls, alerts, where a wanted vehicle is expected, the selection. */
import type { ExpressionSpecification, FilterSpecification, GeoJSONSourceSpecification, LayerSpecification } from 'maplibre-gl';
import { CLASS_COLOURS } from '../state/analysis';
import { COLOUR, FONT } from './tokens';

/** Sources that hold what changes; each feature's `id` property names its subject. */
export const SOURCES = ['zones', 'drawings', 'cameras', 'units', 'calls', 'alerts', 'expected', 'trail', 'cells', 'heat', 'selection'] as const;
export type SourceName = (typeof SOURCES)[number];

/** From here on everything stands by itself. */
export const APART_ZOOM = 13;
const CLUSTER: FilterSpecification = ['has', 'point_count'];
const SINGLE: FilterSpecification = ['!', ['has', 'point_count']];
const most = (value: ExpressionSpecification): ExpressionSpecification => ['max', value] as unknown as ExpressionSpecification;
const sum = (test: ExpressionSpecification): unknown => ['+', ['case', test, 1, 0]];

/** Sources whose points lie together from afar: crowds of cameras, and of alerts with the gravest of them to be seen. */
export const TOGETHER: Readonly<Partial<Record<SourceName, Partial<GeoJSONSourceSpecification>>>> = {
  cameras: {
    cluster: true, clusterMaxZoom: APART_ZOOM - 1, clusterRadius: 40, clusterMinPoints: 4,
    clusterProperties: {
      stopped: sum(['==', ['get', 'state'], 'stopped']),
      degraded: sum(['==', ['get', 'state'], 'degraded']),
      unclear: sum(['in', ['get', 'state'], ['literal', ['unknown', 'stale']]]),
    },
  },
  alerts: {
    // Fewer than that are drawn each.
    cluster: true, clusterMaxZoom: APART_ZOOM - 1, clusterRadius: 26, clusterMinPoints: 4,
    clusterProperties: { weight: most(['get', 'weight']), open: sum(['==', ['get', 'form'], 'open']) },
  },
};

const iconSize = (small: number, large: number): ExpressionSpecification =>
  ['interpolate', ['linear'], ['zoom'], 10, small, 15, large];

/** How the outline of each kind of drawing is drawn: its dashes tell it from the others as its colour does. */
const OUTLINES: readonly (readonly [kind: string, colour: string, width: number, dashes: number[]])[] = [
  ['perimeter', COLOUR.text, 3, [4, 2]],
  ['hot_zone', COLOUR.P1, 3, [1, 0]],
  ['warm_zone', COLOUR.P2, 2.5, [2, 1]],
  ['cold_zone', COLOUR.P3, 2.5, [1, 1.5]],
  ['staging', COLOUR.watched, 2.5, [4, 1, 1, 1]],
  ['route', COLOUR.stale, 4, [1, 0]],
  ['draft', COLOUR.focus, 3, [1, 1]],
];
const ofKind: ExpressionSpecification = [
  'match', ['get', 'kind'], 'hot_zone', COLOUR.P1, 'warm_zone', COLOUR.P2, 'cold_zone', COLOUR.P3, 'staging', COLOUR.watched,
  'route', COLOUR.stale, 'draft', COLOUR.focus, COLOUR.text,
];

/** Beneath the moving layer. */
export const UNDER: readonly LayerSpecification[] = [
  {
    id: 'zone-fill', type: 'fill', source: 'zones',
    paint: {
      'fill-color': ['case', ['get', 'watched'], COLOUR.watched, COLOUR.zone],
      'fill-opacity': ['case', ['get', 'watched'], 0.08, 0.015],
    },
  },
  {
    id: 'zone-line', type: 'line', source: 'zones', filter: ['!', ['get', 'watched']],
    paint: { 'line-color': COLOUR.zone, 'line-width': 1, 'line-opacity': 0.55 },
  },
  {
    id: 'zone-watched', type: 'line', source: 'zones', filter: ['get', 'watched'],
    paint: {
      'line-color': COLOUR.watched,
      'line-width': 1.3,
      // From afar a dash is longer than the zone.
      'line-dasharray': ['step', ['zoom'], ['literal', [1, 0]], 13, ['literal', [3, 2]]],
      'line-opacity': 0.8,
    },
  },
  {
    id: 'zone-label', type: 'symbol', source: 'zones', minzoom: 12.5,
    layout: { 'text-field': ['get', 'name'], 'text-font': [FONT], 'text-size': 11, 'text-max-width': 9, 'text-padding': 8 },
    paint: {
      'text-color': ['case', ['get', 'watched'], COLOUR.watched, '#93a9c2'],
      'text-halo-color': COLOUR.halo, 'text-halo-width': 1.3,
    },
  },
  {
    id: 'drawing-fill', type: 'fill', source: 'drawings', filter: ['==', ['geometry-type'], 'Polygon'],
    paint: { 'fill-color': ofKind, 'fill-opacity': ['match', ['get', 'kind'], 'perimeter', 0.03, 0.12] },
  },
  ...OUTLINES.map(([kind, colour, width, dashes]): LayerSpecification => ({
    id: `drawing-${kind}`, type: 'line', source: 'drawings',
    filter: ['all', ['==', ['get', 'kind'], kind], ['!=', ['geometry-type'], 'Point']],
    layout: { 'line-join': 'round' },
    paint: { 'line-color': colour, 'line-width': width, 'line-dasharray': dashes },
  })),
  {
    id: 'cell-fill', type: 'fill', source: 'cells',
    paint: {
      'fill-color': ['match', ['get', 'class'], 0, CLASS_COLOURS[0], 1, CLASS_COLOURS[1], 2, CLASS_COLOURS[2], 3, CLASS_COLOURS[3], CLASS_COLOURS[4]],
      'fill-opacity': 0.55,
      'fill-outline-color': COLOUR.halo,
    },
  },
  {
    id: 'cell-count', type: 'symbol', source: 'cells', minzoom: 11,
    layout: { 'text-field': ['to-string', ['get', 'count']], 'text-font': [FONT], 'text-size': 11 },
    paint: { 'text-color': COLOUR.text, 'text-halo-color': COLOUR.halo, 'text-halo-width': 1.5 },
  },
  {
    id: 'heat', type: 'heatmap', source: 'heat',
    paint: {
      'heatmap-weight': ['get', 'weight'],
      'heatmap-radius': ['interpolate', ['exponential', 2], ['zoom'], 8, 12, 15, 90],
      'heatmap-intensity': ['interpolate', ['linear'], ['zoom'], 8, 0.8, 15, 2],
      'heatmap-opacity': 0.75,
      'heatmap-color': [
        'interpolate', ['linear'], ['heatmap-density'],
        0, 'rgba(49, 104, 142, 0)', 0.2, CLASS_COLOURS[0], 0.4, CLASS_COLOURS[1], 0.6, CLASS_COLOURS[2], 0.8, CLASS_COLOURS[3], 1, CLASS_COLOURS[4],
      ],
    },
  },
  {
    // The more there are, the larger: from afar this is how dense they stand. Notch, slash or dashes
    // are those of the worst of them.
    id: 'camera-cluster', type: 'symbol', source: 'cameras', filter: CLUSTER,
    layout: {
      'icon-image': ['concat', 'cluster-', ['case', ['>', ['get', 'stopped'], 0], 'stopped', ['>', ['get', 'degraded'], 0], 'degraded', ['>', ['get', 'unclear'], 0], 'unclear', 'ok']],
      'icon-size': ['interpolate', ['linear'], ['ln', ['get', 'point_count']], 1.4, 0.75, 6.9, 1.5],
      'icon-allow-overlap': true,
      'icon-padding': 0,
      'text-field': ['get', 'point_count_abbreviated'], 'text-font': [FONT],
      'text-size': ['interpolate', ['linear'], ['ln', ['get', 'point_count']], 1.4, 10, 6.9, 14],
      'text-allow-overlap': true,
      'symbol-sort-key': ['get', 'point_count'],
    },
    paint: { 'text-color': COLOUR.muted },
  },
  {
    // Which way it looks; how wide is not told, so no field of view is drawn.
    id: 'camera-bearing', type: 'symbol', source: 'cameras', minzoom: 15, filter: ['all', SINGLE, ['has', 'heading']] as FilterSpecification,
    layout: {
      'icon-image': 'bearing', 'icon-rotate': ['get', 'heading'], 'icon-rotation-alignment': 'map',
      'icon-allow-overlap': true, 'icon-ignore-placement': true,
    },
  },
  {
    id: 'camera', type: 'symbol', source: 'cameras', filter: SINGLE,
    layout: {
      'icon-image': ['concat', 'camera-', ['get', 'form'], '-', ['get', 'state']],
      'icon-size': iconSize(0.6, 1.15),
      // Cameras are always drawn; names of streets and places make way for them.
      'icon-allow-overlap': true,
      'icon-padding': 0,
      // What needs a look lies on top of what is well.
      'symbol-sort-key': ['match', ['get', 'state'], 'stopped', 2, 'degraded', 1, 'unknown', -1, 0],
    },
    paint: {
      'icon-opacity': ['interpolate', ['linear'], ['zoom'], 11, ['match', ['get', 'state'], 'unknown', 0.5, 1], 14, 1],
    },
  },
  {
    id: 'camera-label', type: 'symbol', source: 'cameras', minzoom: 15, filter: SINGLE,
    layout: {
      'text-field': ['get', 'name'], 'text-font': [FONT], 'text-size': 10.5,
      'text-offset': [0, 1.1], 'text-anchor': 'top', 'text-max-width': 10,
    },
    paint: { 'text-color': COLOUR.muted, 'text-halo-color': COLOUR.halo, 'text-halo-width': 1.3 },
  },
];

/** Above the moving layer. */
export const OVER: readonly LayerSpecification[] = [
  {
    id: 'drawing-point', type: 'circle', source: 'drawings', filter: ['==', ['geometry-type'], 'Point'],
    paint: { 'circle-radius': 12, 'circle-color': COLOUR.ground, 'circle-stroke-color': ofKind, 'circle-stroke-width': 2.5 },
  },
  {
    id: 'drawing-mark', type: 'symbol', source: 'drawings', filter: ['==', ['geometry-type'], 'Point'],
    layout: { 'text-field': ['get', 'mark'], 'text-font': [FONT], 'text-size': 12, 'text-allow-overlap': true, 'text-ignore-placement': true },
    paint: { 'text-color': COLOUR.text },
  },
  {
    id: 'drawing-label', type: 'symbol', source: 'drawings', minzoom: 12, filter: ['==', ['geometry-type'], 'Point'],
    layout: {
      'text-field': ['get', 'label'], 'text-font': [FONT], 'text-size': 12, 'text-max-width': 14,
      'text-anchor': 'top', 'text-offset': [0, 1.3], 'text-allow-overlap': true,
    },
    paint: { 'text-color': COLOUR.text, 'text-halo-color': COLOUR.halo, 'text-halo-width': 2 },
  },
  {
    // Along the outline: zones lie around each other, and in the middle their names would lie on one another.
    id: 'drawing-edge-label', type: 'symbol', source: 'drawings', filter: ['!=', ['geometry-type'], 'Point'],
    layout: {
      'symbol-placement': 'line', 'symbol-spacing': 320,
      'text-field': ['get', 'label'], 'text-font': [FONT], 'text-size': 12, 'text-max-angle': 60, 'text-padding': 0, 'text-allow-overlap': true,
    },
    paint: { 'text-color': COLOUR.text, 'text-halo-color': COLOUR.halo, 'text-halo-width': 2.5 },
  },
  {
    // Free: full; busy: a ring; stale: a faint ring. The form says it as well as the colour.
    id: 'unit', type: 'circle', source: 'units',
    paint: {
      'circle-radius': ['interpolate', ['linear'], ['zoom'], 10, 4, 15, 7],
      'circle-color': COLOUR.watched,
      'circle-opacity': ['match', ['get', 'form'], 'free', 1, 0.05],
      'circle-stroke-color': ['match', ['get', 'form'], 'stale', COLOUR.stale, COLOUR.watched],
      'circle-stroke-opacity': ['match', ['get', 'form'], 'stale', 0.6, 1],
      'circle-stroke-width': 2,
    },
  },
  {
    id: 'unit-label', type: 'symbol', source: 'units', minzoom: 13,
    layout: { 'text-field': ['get', 'name'], 'text-font': [FONT], 'text-size': 10.5, 'text-offset': [0, -1.1], 'text-anchor': 'bottom' },
    paint: { 'text-color': COLOUR.watched, 'text-halo-color': COLOUR.halo, 'text-halo-width': 1.3 },
  },
  {
    id: 'call', type: 'symbol', source: 'calls',
    layout: {
      'icon-image': ['concat', 'call-', ['get', 'priority']],
      // From afar the grave ones are to be seen and the others not to be in the way.
      'icon-size': ['interpolate', ['linear'], ['zoom'], 10, ['case', ['>=', ['get', 'rank'], 7], 0.75, 0.5], 15, 1.1],
      // The bubble's tip is at the place, so that an alert there does not hide it.
      'icon-offset': [4, -10],
      'icon-allow-overlap': true,
      'icon-padding': 0,
      'icon-anchor': 'center',
      'symbol-sort-key': ['get', 'rank'],
    },
    paint: { 'icon-opacity': ['get', 'opacity'] },
  },
  {
    id: 'expected', type: 'circle', source: 'expected',
    paint: {
      'circle-radius': 15,
      'circle-color': 'rgba(0, 0, 0, 0)',
      'circle-stroke-color': COLOUR.focus,
      'circle-stroke-width': 2,
      // The likelier, the plainer.
      'circle-stroke-opacity': ['max', 0.35, ['get', 'share']],
    },
  },
  {
    id: 'expected-label', type: 'symbol', source: 'expected',
    layout: {
      'text-field': ['get', 'label'], 'text-font': [FONT], 'text-size': 11.5,
      'text-offset': [0, -1.6], 'text-anchor': 'bottom', 'text-allow-overlap': true,
    },
    paint: { 'text-color': COLOUR.focus, 'text-halo-color': COLOUR.halo, 'text-halo-width': 1.5 },
  },
  {
    id: 'trail-line', type: 'line', source: 'trail', filter: ['==', ['geometry-type'], 'LineString'],
    layout: { 'line-cap': 'round', 'line-join': 'round' },
    paint: { 'line-color': COLOUR.read, 'line-width': 2, 'line-opacity': 0.8, 'line-dasharray': [2, 2] },
  },
  {
    id: 'trail-point', type: 'circle', source: 'trail', filter: ['==', ['geometry-type'], 'Point'],
    paint: { 'circle-radius': 6, 'circle-color': COLOUR.read, 'circle-stroke-color': COLOUR.halo, 'circle-stroke-width': 2 },
  },
  {
    id: 'trail-label', type: 'symbol', source: 'trail', filter: ['==', ['geometry-type'], 'Point'],
    layout: {
      'text-field': ['get', 'label'], 'text-font': [FONT], 'text-size': 11.5,
      'text-offset': [0, -1], 'text-anchor': 'bottom', 'text-allow-overlap': true,
    },
    paint: { 'text-color': COLOUR.text, 'text-halo-color': COLOUR.halo, 'text-halo-width': 1.6 },
  },
  {
    id: 'selection', type: 'circle', source: 'selection',
    paint: {
      'circle-radius': 23,
      'circle-color': 'rgba(255, 224, 102, 0.08)',
      'circle-stroke-color': COLOUR.focus,
      'circle-stroke-width': 2.5,
    },
  },
  {
    // Names make way for each other: the gravest is placed first, and a unit's name makes way for all of them.
    id: 'alert-label', type: 'symbol', source: 'alerts', minzoom: APART_ZOOM, filter: ['all', SINGLE, ['==', ['get', 'card'], 0], ['>=', ['get', 'weight'], 5]],
    layout: {
      'text-field': ['get', 'label'], 'text-font': [FONT], 'text-size': 11.5, 'text-max-width': 13,
      'text-variable-anchor': ['top', 'bottom', 'left', 'right'], 'text-radial-offset': 2.2, 'text-padding': 2,
      'symbol-sort-key': ['-', ['get', 'rank']],
    },
    paint: { 'text-color': COLOUR.text, 'text-halo-color': COLOUR.halo, 'text-halo-width': 1.6 },
  },
  {
    // Never a number alone: the gravest of them stands on it, filled while one of that severity is not taken.
    id: 'alert-cluster', type: 'symbol', source: 'alerts', filter: CLUSTER,
    layout: {
      'icon-image': ['concat', 'alert-P', ['to-string', ['-', 5, ['ceil', ['/', ['get', 'weight'], 2]]]], '-', ['case', ['==', ['%', ['get', 'weight'], 2], 0], 'open', 'taken']],
      'icon-size': iconSize(0.95, 1.2),
      'icon-allow-overlap': true,
      'icon-padding': 0,
      'text-field': ['case', ['==', ['get', 'open'], ['get', 'point_count']], ['concat', '×', ['get', 'point_count_abbreviated']], ['concat', '×', ['get', 'point_count_abbreviated'], ', ', ['to-string', ['get', 'open']], ' open']],
      'text-font': [FONT], 'text-size': 12, 'text-anchor': 'left', 'text-offset': [1.35, 0], 'text-allow-overlap': true,
      'symbol-sort-key': ['get', 'weight'],
    },
    paint: { 'text-color': COLOUR.text, 'text-halo-color': COLOUR.halo, 'text-halo-width': 2 },
  },
  {
    id: 'alert', type: 'symbol', source: 'alerts', filter: SINGLE,
    layout: {
      'icon-image': ['concat', 'alert-', ['get', 'severity'], '-', ['get', 'form']],
      'icon-size': iconSize(0.72, 1.05),
      'icon-offset': ['match', ['get', 'card'], 1, ['literal', [13, 0]], 2, ['literal', [26, 0]], 3, ['literal', [39, 0]], ['literal', [0, 0]]],
      'icon-allow-overlap': true,
      'icon-padding': 0,
      'symbol-sort-key': ['get', 'rank'],
    },
  },
];
