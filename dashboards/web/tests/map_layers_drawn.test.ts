import { createExpression } from '@maplibre/maplibre-gl-style-spec';
import { describe, expect, it } from 'vitest';
import { OVER, TOGETHER, UNDER } from '../src/map/layers';

const layer = (id: string) => {
  const found = [...UNDER, ...OVER].find((one) => one.id === id);
  if (found?.type !== 'symbol') throw new Error(`no such layer of symbols: ${id}`);
  return found;
};
/** What an expression of a layer makes of a feature. */
function value(expression: unknown, properties: Record<string, unknown>): string {
  const made = createExpression(expression, 'layers[0].layout.icon-image');
  if (made.result !== 'success') throw new Error(JSON.stringify(made.value));
  return String(made.value.evaluate({ zoom: 11 }, { type: 1, properties } as never));
}

describe('a crowd of alerts', () => {
  const { layout } = layer('alert-cluster');
  it.each([[8, 'P1-open'], [7, 'P1-taken'], [6, 'P2-open'], [5, 'P2-taken'], [4, 'P3-open'], [3, 'P3-taken'], [2, 'P4-open'], [1, 'P4-taken']])(
    'of weight %i has the shape %s', (weight, shape) => expect(value(layout?.['icon-image'], { weight })).toBe(`alert-${shape}`),
  );
  it('says how many there are, and how many of them nobody has taken', () => {
    expect(value(layout?.['text-field'], { point_count: 7, point_count_abbreviated: '7', open: 7 })).toBe('×7');
    expect(value(layout?.['text-field'], { point_count: 7, point_count_abbreviated: '7', open: 2 })).toBe('×7, 2 open');
  });
  it('weighs as much as the gravest of them', () => expect(TOGETHER.alerts?.clusterProperties).toMatchObject({ weight: ['max', ['get', 'weight']] }));
});

describe('a crowd of cameras', () => {
  const { layout } = layer('camera-cluster');
  it.each([
    [{ stopped: 1, degraded: 5, unclear: 9 }, 'stopped'], [{ stopped: 0, degraded: 1, unclear: 9 }, 'degraded'],
    [{ stopped: 0, degraded: 0, unclear: 1 }, 'unclear'], [{ stopped: 0, degraded: 0, unclear: 0 }, 'ok'],
  ])('%o looks %s', (counts, state) => expect(value(layout?.['icon-image'], counts)).toBe(`cluster-${state}`));
});

describe('the order in which names are placed', () => {
  // The library places what lies on top first; what comes later makes way.
  const at = (id: string): number => [...UNDER, ...OVER].findIndex((one) => one.id === id);
  it('is alerts, then units, then cameras', () => {
    expect(at('alert-label')).toBeGreaterThan(at('unit-label'));
    expect(at('unit-label')).toBeGreaterThan(at('camera-label'));
  });
  it('is by urgency among alerts', () => expect(layer('alert-label').layout?.['symbol-sort-key']).toEqual(['-', ['get', 'rank']]));
});
