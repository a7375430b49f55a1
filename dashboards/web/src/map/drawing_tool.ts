/** Drawing with mouse or finger, on terra-draw. It comes with the first thing that is drawn, and not before. */
import type { Map as MapLibreMap } from 'maplibre-gl';
import {
  TerraDraw, TerraDrawLineStringMode, TerraDrawPointMode, TerraDrawPolygonMode, TerraDrawSelectMode, ValidateNotSelfIntersecting,
} from 'terra-draw';
import { TerraDrawMapLibreGLAdapter } from 'terra-draw-maplibre-gl-adapter';
import { geometryOf, type Corner, type Shape } from '../state/drawings';

const MODE = { polygon: 'polygon', line: 'linestring', point: 'point' } as const;
/** A finger is no needle. */
const REACH_PX = 24;

/** Draw a shape, or go on with its corners. `told`: what it is now, whenever that was changed. Return how to stop. */
export function startDrawing(map: MapLibreMap, shape: Shape, corners: readonly Corner[], told: (corners: readonly Corner[]) => void): () => void {
  const coordinates = { midpoints: true, draggable: true, deletable: true };
  const draw = new TerraDraw({
    adapter: new TerraDrawMapLibreGLAdapter({ map, coordinatePrecision: 6 }),
    modes: [
      new TerraDrawPolygonMode({ pointerDistance: REACH_PX, validation: (feature, { updateType }) => (updateType === 'finish' ? ValidateNotSelfIntersecting(feature) : { valid: true }) }),
      new TerraDrawLineStringMode({ pointerDistance: REACH_PX }),
      new TerraDrawPointMode(),
      new TerraDrawSelectMode({
        pointerDistance: REACH_PX,
        // The list has what removes a drawing, and asks for it by name.
        keyEvents: null,
        flags: {
          polygon: { feature: { draggable: true, coordinates } },
          linestring: { feature: { draggable: true, coordinates } },
          point: { feature: { draggable: true } },
        },
      }),
    ],
  });
  draw.start();
  const tell = (id: string | number): void => {
    const { geometry } = draw.getSnapshotFeature(id) ?? {};
    if (geometry?.type === 'Point') told([geometry.coordinates as unknown as Corner]);
    if (geometry?.type === 'LineString') told(geometry.coordinates as unknown as readonly Corner[]);
    if (geometry?.type === 'Polygon') told((geometry.coordinates[0] ?? []).slice(0, -1) as unknown as readonly Corner[]);
  };
  let drawn: string | number | null = null;
  draw.on('finish', (id, { action }) => {
    tell((drawn = id));
    // What was drawn can be moved at once.
    if (action === 'draw') draw.selectFeature(id);
  });
  // A corner that is taken out finishes nothing, as far as the library goes.
  draw.on('change', (ids, type) => {
    if (drawn !== null && type === 'update' && ids.includes(drawn)) tell(drawn);
  });
  const begun = geometryOf(shape, corners);
  const [added] = typeof begun === 'string' ? [] : draw.addFeatures([
    { type: 'Feature', properties: { mode: MODE[shape] }, geometry: JSON.parse(JSON.stringify(begun)) },
  ]);
  if (added?.valid && added.id !== undefined) draw.selectFeature((drawn = added.id));
  else draw.setMode(MODE[shape]);
  return () => draw.stop();
}
