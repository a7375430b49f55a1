import { expect, it } from 'vitest';
import { subjectName } from '../src/state/names';
import type { World } from '../src/state/world';

it('what was picked is named as people know it, and by its id where nobody does', () => {
  const named = (rows: Record<string, object>) => ({ get: (id: string) => rows[id] });
  const world = {
    alerts: named({ a: { title: 'Stolen car' } }), incidents: named({}), calls: named({ c: { kind: 'FIRE' } }),
    cameras: named({ k: { name: '' } }), units: named({ u: { call_sign: 'Adam 1' } }), zones: named({ z: { name: 'District 8' } }),
  } as unknown as World;
  expect([['alert', 'a'], ['incident', 'i'], ['call', 'c'], ['camera', 'k'], ['unit', 'u'], ['zone', 'z']].map(([kind, id]) => subjectName(world, { kind, id } as never)))
    .toEqual(['Stolen car', 'incident i', 'FIRE', 'camera k', 'Adam 1', 'District 8']);
});
