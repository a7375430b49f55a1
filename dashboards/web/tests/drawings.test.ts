import { describe, expect, test } from 'vitest';
import { drawingRows } from '../src/map/rows';
import { readRow } from '../src/protocol/messages';
import {
  circle, cornersText, drawingLog, drawingName, drawnFor, geometryOf, KINDS, KIND_TEXT, MOST_CORNERS, openCorners, readCorners, shapesOf, shownDrawings, whereText,
  type Corner,
} from '../src/state/drawings';
import { metresBetween } from '../src/state/near_cameras';
import { World } from '../src/state/world';
import { at, drawing, incident, NOW } from './rows';

const silent = { changed() {}, raised() {}, escalated() {}, alertsSeen() {}, sightings() {}, sightingsReplaced() {} };

describe('corners as they are typed', () => {
  test.each([
    ['29.95472, -90.07135', [[-90.07135, 29.95472]]],
    ['29.95472 -90.07135\n\n 29.96,-90.08 ;-1,+2', [[-90.07135, 29.95472], [-90.08, 29.96], [2, -1]]],
    ['29.9547221234°, -90.0713512345°', [[-90.071351, 29.954722]]],
    ['', []],
  ] as const)('%j', (text, corners) => expect(readCorners(text)).toEqual(corners));

  test.each(['Cedar St', '29.9', '29.9, -90.1, 3', '91, 0', '0, 181', '29,9 -90,1', '1e1, 2', '<b>1</b>, 2'])('%j is none, and is told with its line', (text) => {
    expect(readCorners(`29.95, -90.07\n${text}`)).toMatch(/^Line 2: latitude and longitude/);
  });

  test('come back as they were written', () => {
    const corners = circle([-90.07135, 29.95472], 200);
    expect(readCorners(cornersText(corners))).toEqual(corners);
  });
});

describe('a geometry', () => {
  const three: Corner[] = [[0, 0], [1, 0], [1, 1]];
  test('closes its ring once', () => {
    const ring = { type: 'Polygon', coordinates: [[[0, 0], [1, 0], [1, 1], [0, 0]]] };
    expect(geometryOf('polygon', three)).toEqual(ring);
    expect(geometryOf('polygon', [...three, [0, 0]])).toEqual(ring);
  });
  test('says what is missing', () => {
    expect(geometryOf('polygon', three.slice(1))).toMatch('three corners');
    expect(geometryOf('polygon', [[0, 0], [1, 0], [0, 0]])).toMatch('three corners');
    expect(geometryOf('line', three.slice(2))).toMatch('two places');
    expect(geometryOf('point', three)).toMatch('One place');
    expect(geometryOf('point', [])).toMatch('One place');
    expect(geometryOf('polygon', Array.from({ length: MOST_CORNERS + 1 }, (_, n): Corner => [n / 1000, n % 2]))).toMatch('500');
  });
  test('of a circle has its radius all around', () => {
    const centre: Corner = [-90.07, 29.95];
    for (const corner of circle(centre, 200)) expect(metresBetween(centre, corner)).toBeCloseTo(200, -1);
  });
});

test('every kind has a name and a shape, and is called by its name and what people call it', () => {
  for (const kind of KINDS) expect([KIND_TEXT[kind], shapesOf(kind).length > 0]).toEqual([expect.any(String), true]);
  expect(drawingName({ kind: 'hot_zone', label: 'Gas' })).toBe('Hot zone: Gas');
  expect(drawingName({ kind: 'of_tomorrow', label: '' })).toBe('of tomorrow');
  expect(whereText(drawing('d'))).toMatch(/^3 corners, 445 m across, around 29\.957\d*, -90\.07/);
  const round = circle([-90.07, 29.95], 200);
  expect(whereText({ shape: 'polygon', corners: [...round, ...round.slice(0, 1)] })).toMatch(/^48 corners, 40[01] m across, around 29\.95/);
  expect(whereText(drawing('p', { shape: 'point', corners: [[-90.07, 29.95]] }))).toMatch(/^at 29\.95/);
});

describe('whose drawings are shown', () => {
  const incidents = new Map([
    incident('going'), incident('part', { merged_into: 'going', status: 'closed', stage: 'merged' }), incident('over', { status: 'closed', stage: 'closed' }),
  ].map((one) => [one.incident_id, one]));
  const all = [
    drawing('c', { incident_id: 'over' }), drawing('b', { incident_id: 'part', drawn_at: at(10) }), drawing('a', { incident_id: 'going', drawn_at: at(20) }),
    drawing('x', { incident_id: 'nobody knows it' }),
  ];
  const ids = (found: readonly { drawing_id: string }[]): string[] => found.map(({ drawing_id }) => drawing_id);

  test('a whole has those of its parts, oldest first', () => {
    expect(ids(drawnFor(all, incidents, 'going'))).toEqual(['a', 'b']);
    expect(ids(drawnFor(all, incidents, 'part'))).toEqual(['b']);
    const apart = new Map(incidents).set('part', incident('part'));
    expect(ids(drawnFor(all, apart, 'going'))).toEqual(['a']);
  });
  test('on every map those of incidents that go on; of one that is over while it is looked at; of an unknown one never', () => {
    expect(ids(shownDrawings(all, incidents, null))).toEqual(['b', 'a']);
    expect(ids(shownDrawings(all, incidents, 'over'))).toEqual(['c', 'b', 'a']);
  });
});

test('one that is removed leaves the page, and one that came late changes nothing', () => {
  const world = new World(silent, () => NOW);
  world.replace('drawings', [drawing('d', { rev: 2, label: 'New' })]);
  world.merge('drawings', [drawing('d', { rev: 1, label: 'Old' })]);
  expect(world.drawings.get('d')?.label).toBe('New');
  world.merge('drawings', [drawing('d', { rev: 3, removed: true })]);
  expect(world.drawings.rows.size).toBe(0);
  world.merge('drawings', [drawing('d', { rev: 4 })]);
  expect(world.drawings.rows.size).toBe(1);
});

test('what has no corners is no stumbling block, and is not drawn', () => {
  const { corners: _, ...told } = drawing('d');
  const row = readRow('drawings', told);
  expect(row?.corners).toEqual([]);
  expect(row && drawingRows([row], null)).toEqual([]);
});

test('on the map what is changed stands as it will be, and says that it is not saved', () => {
  const [a, b] = [drawing('a'), drawing('b', { kind: 'command_post', shape: 'point', corners: [[1, 2]], label: '<img src=x>' })];
  expect(drawingRows([a, b], null).map(({ id, properties }) => [id, properties['label'], properties['mark']])).toEqual([
    ['a', 'Perimeter: Outer', ''], ['b', 'Command post: <img src=x>', 'CP'],
  ]);
  const draft = { name: 'Perimeter: Outer', geometry: { type: 'Point', coordinates: [1, 2] }, of: 'a' } as const;
  expect(drawingRows([a, b], draft).map(({ id }) => id)).toEqual(['b', 'draft']);
  expect(drawingRows([a, b], draft).at(-1)?.properties['label']).toBe('Not saved: Perimeter: Outer');
  expect(drawingRows([a, b], { ...draft, geometry: null }).map(({ id }) => id)).toEqual(['b']);
  expect(openCorners(a)).toHaveLength(3);
});

test('the log tells who drew, changed, removed and put back, and nothing of what nobody did', () => {
  const state = (rev: number, ago: number, over = {}) => drawing('d', { rev, changed_at: at(ago), changed_by: `p${rev}`, ...over });
  const stored = [state(1, 50), state(2, 50), state(3, 40, { label: 'Wider' }), state(4, 30, { removed: true }), state(5, 20)];
  const log = drawingLog(stored.map((one) => ({ ...one, rev: String(one.rev) })), [state(5, 20), state(6, 10)]);
  expect(log.map(({ text, by }) => `${text} (${by})`)).toEqual([
    'Drawn: Perimeter: Outer (p1)', 'Drawing changed: Perimeter: Wider (p3)', 'Removed from the map: Perimeter: Outer (p4)',
    'Put back on the map: Perimeter: Outer (p5)', 'Drawing changed: Perimeter: Outer (p6)',
  ]);
});
