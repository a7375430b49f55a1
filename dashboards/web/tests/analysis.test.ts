import { expect, it } from 'vitest';
import { cellRows, heatRows } from '../src/map/rows';
import {
  asked, bodyOf, classes, classOf, classText, forget, moved, readQuestion, save, savedQuestions, series, stepText, toldQuestion, usual,
  type Cell, type CountsAnswer, type Question,
} from '../src/state/analysis';

const NOW = Date.parse('2026-03-08T12:00:30Z');
const HOUR = 3_600_000;

const cell = (name: string, count: number): Cell => ({ cell: name, count, ring: [[-90, 30], [-89.9, 30], [-89.95, 30.1]] });
const box = (): Storage => {
  const kept = new Map<string, string>();
  return { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, text: string) => void kept.set(key, text) } as Storage;
};

it('asks for the last day of alerts, to the minute', () => {
  const question = usual(NOW);
  expect([question.of, new Date(question.to).toISOString(), question.to - question.from]).toEqual(['alerts', '2026-03-08T12:01:00.000Z', 24 * HOUR]);
});

it('holds a question in the address, whole', () => {
  const question: Question = {
    of: 'calls', from: NOW - HOUR, to: NOW, kinds: ['fire', 'a & b'], area: [-90.2, 29.9, -89.9, 30.1], resolution: 9, simulated: true,
    compare: true, look: 'heat',
  };
  expect(readQuestion(toldQuestion(question), NOW)).toEqual(question);
  expect(bodyOf(question)).toMatchObject({ of: 'calls', kinds: ['fire', 'a & b'], area: { west: -90.2, south: 29.9, east: -89.9, north: 30.1 } });
  expect(bodyOf(usual(NOW))).not.toHaveProperty('area');
});

it.each([
  '', 'of=people&from=never&to=2026-01-01T00:00:00Z', 'from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 'size=99&look=3d&area=1,2,3',
  'from=1990-01-01T00:00:00Z&to=2026-01-01T00:00:00Z', 'area=5,1,4,2',
])('takes an address that is none as usual: %s', (query) => {
  expect(readQuestion(query, NOW)).toEqual(usual(NOW));
});

it('moves by half a period, and halves and doubles it around its middle', () => {
  const question = usual(NOW);
  const by = (move: Parameters<typeof moved>[1]): [number, number] => {
    const next = moved(question, move);
    return [(next.from - question.from) / HOUR, (next.to - question.to) / HOUR];
  };
  expect(by('earlier')).toEqual([-12, -12]);
  expect(by('later')).toEqual([12, 12]);
  expect(by('nearer')).toEqual([6, -6]);
  expect(by('wider')).toEqual([-12, 12]);
  let least = question;
  for (let times = 0; times < 30; times += 1) least = moved(least, 'nearer');
  expect(least.to - least.from).toBe(5 * 60_000);
});

it('fills the steps in which nothing was', () => {
  const answer: CountsAnswer = {
    begin: '2026-03-08T12:00:30Z', end: '2026-03-08T12:04:00Z', step_s: 60, before: [{ at: '2026-03-08T12:03:00Z', count: 7 }],
    counts: {
      total: 3, unplaced: 0, bins: [{ at: '2026-03-08T12:00:00Z', count: 1 }, { at: '2026-03-08T12:02:00Z', count: 2 }], cells: [],
      kinds: [], cells_cut: false, kinds_cut: false, oldest: null, newest: null,
    },
  };
  const [times, counts, before] = series(answer);
  expect(times.map((time) => new Date(time * 1000).toISOString().slice(14, 19))).toEqual(['00:00', '01:00', '02:00', '03:00']);
  expect(counts).toEqual([1, 0, 2, 0]);
  expect(before).toEqual([0, 0, 0, 7]);
});

it('puts about as many cells into each class, and never makes two alike', () => {
  const cells = [1, 1, 1, 2, 3, 5, 8, 13, 21, 34].map((count, index) => cell(`c${index}`, count));
  const from = classes(cells);
  expect(from).toEqual([1, 3, 8, 21]);
  expect(from.map((_, index) => classText(from, index))).toEqual(['1 to 2', '3 to 7', '8 to 20', '21 and more']);
  expect([1, 2, 3, 20, 34].map((count) => classOf(count, from))).toEqual([0, 0, 1, 2, 3]);
  expect(classes([])).toEqual([0]);
});

it('draws a closed ring for a cell, and its middle as a point of heat', () => {
  const cells = [cell('a', 4), cell('b', 1)];
  const rows = cellRows(cells);
  expect(rows.map(({ properties }) => properties)).toEqual([{ class: 1, count: 4 }, { class: 0, count: 1 }]);
  expect(rows[0]?.geometry).toEqual({ type: 'Polygon', coordinates: [[[-90, 30], [-89.9, 30], [-89.95, 30.1], [-90, 30]]] });
  const [hot] = heatRows(cells);
  expect(hot?.properties).toEqual({ weight: 1 });
  expect((hot?.geometry as GeoJSON.Point).coordinates[0]).toBeCloseTo(-89.95);
});

it('says lengths of steps as people do', () => {
  expect([60, 300, 3600, 14_400, 86_400, 604_800].map(stepText)).toEqual(['1 min', '5 min', '1 h', '4 h', '1 d', '7 d']);
});

it('keeps questions by name; one that ended when it was kept ends now when it is asked again', () => {
  const storage = box();
  save(storage, 'nights', usual(NOW), NOW);
  save(storage, 'carnival', { ...usual(NOW), from: NOW - 900 * HOUR, to: NOW - 800 * HOUR }, NOW);
  save(storage, 'nights', { ...usual(NOW), of: 'calls' }, NOW);
  const kept = savedQuestions(storage);
  expect(kept.map(({ name }) => name)).toEqual(['carnival', 'nights']);
  const later = NOW + 48 * HOUR;
  const [carnival, nights] = kept.map((one) => asked(one, later));
  expect(carnival?.to).toBe(NOW - 800 * HOUR);
  expect([nights?.of, new Date(nights?.to ?? 0).toISOString()]).toEqual(['calls', '2026-03-10T12:01:00.000Z']);
  expect(forget(storage, 'carnival').map(({ name }) => name)).toEqual(['nights']);
});

it.each(['{', '7', '[{"name": 3}]'])('passes over what is no question in the storage: %s', (text) => {
  expect(savedQuestions({ getItem: () => text })).toEqual([]);
});
