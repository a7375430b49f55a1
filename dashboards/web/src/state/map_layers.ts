/** Layers that the agency added: which of them this person sees. The choice stays in this browser. */
import type { MapLayer } from '$schemas/events';

/** What a layer's file is like now; `missing`: it could not be read. */
export type LayerState = 'loading' | 'shown' | 'missing';

/** The choice of basemap that means the one that comes with the page. */
export const DEMO = '';

export interface LayerChoice {
  /** Overlays that are switched off, by name. */
  readonly off: ReadonlySet<string>;
  /** Name of the basemap, DEMO for the page's own; null: not chosen, the newest added. */
  readonly basemap: string | null;
}

const KEY = 'watchfloor.map-layers';

export const isBasemap = (layer: MapLayer): boolean => layer.kind === 'basemap';
export const titleOf = (layer: MapLayer): string => layer.title || layer.name;

/** The basemap that is shown, or null for the one that comes with the page. */
export function basemapOf(layers: readonly MapLayer[], choice: LayerChoice): MapLayer | null {
  if (choice.basemap === DEMO) return null;
  const all = layers.filter(isBasemap);
  // A chosen one that was removed is no choice any more.
  return all.find((layer) => layer.name === choice.basemap)
    ?? all.reduce<MapLayer | null>((a, b) => (a && Date.parse(a.changed_at) >= Date.parse(b.changed_at) ? a : b), null);
}

/** What is drawn: the basemap first, then the overlays that are on, in the order of their names. */
export function shownLayers(layers: readonly MapLayer[], choice: LayerChoice): MapLayer[] {
  const basemap = basemapOf(layers, choice);
  const overlays = layers
    .filter((layer) => !isBasemap(layer) && !choice.off.has(layer.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return basemap ? [basemap, ...overlays] : overlays;
}

/** Whose data is on the screen; each said once. */
export function attributionsOf(shown: readonly MapLayer[]): string[] {
  return [...new Set(shown.map((layer) => layer.attribution.trim()).filter((text) => text !== ''))];
}

/** What is wrong with the files, in words; empty when all is well. */
export function layerTrouble(shown: readonly MapLayer[], states: Readonly<Record<string, LayerState>>): string {
  const missing = shown.filter((layer) => states[layer.name] === 'missing').map(titleOf);
  if (missing.length === 0) return '';
  return `The file of ${missing.length === 1 ? 'the map layer' : 'the map layers'} ${missing.join(', ')} cannot be read. Everything else goes on.`;
}

/** Read the choice kept in this browser; what is not readable is no choice. */
export function readChoice(storage: Pick<Storage, 'getItem'>): LayerChoice {
  try {
    const kept = JSON.parse(storage.getItem(KEY) ?? '{}') as { off?: unknown; basemap?: unknown };
    const off = Array.isArray(kept.off) ? kept.off.filter((name): name is string => typeof name === 'string') : [];
    return { off: new Set(off), basemap: typeof kept.basemap === 'string' ? kept.basemap : null };
  } catch {
    return { off: new Set(), basemap: null };
  }
}

export function keepChoice(storage: Pick<Storage, 'setItem'>, choice: LayerChoice): void {
  storage.setItem(KEY, JSON.stringify({ off: [...choice.off], basemap: choice.basemap }));
}

/** The choice with one overlay switched. */
export function switched(choice: LayerChoice, name: string, on: boolean): LayerChoice {
  const off = new Set(choice.off);
  if (on) off.delete(name);
  else off.add(name);
  return { ...choice, off };
}
