import { expect, it } from 'vitest';
import { HeldList } from '../src/state/held_list';

it('follows the ranking while nobody works in it', () => {
  const list = new HeldList();
  list.offer(['a', 'b'], false);
  list.offer(['c', 'a', 'b'], false);
  expect(list.shown).toEqual(['c', 'a', 'b']);
  expect(list.fresh).toBe(0);
});

it('stands still under a hand, counts what waits, and lets it in when asked', () => {
  const list = new HeldList();
  list.offer(['a', 'b'], false);
  list.offer(['x', 'b', 'y'], true);
  expect(list.shown).toEqual(['a', 'b']);
  expect(list.fresh).toBe(2);
  list.merge();
  expect(list.shown).toEqual(['x', 'b', 'y']);
  expect([list.fresh, list.pending]).toEqual([0, false]);
});

it('says that the order has changed though nothing is new', () => {
  const list = new HeldList();
  list.offer(['a', 'b'], false);
  list.offer(['b', 'a'], true);
  expect([list.fresh, list.pending]).toEqual([0, true]);
});

it('moves within its bounds', () => {
  const list = new HeldList();
  expect(list.neighbour(null, 1)).toBeNull();
  list.offer(['a', 'b', 'c'], false);
  expect([list.neighbour(null, 1), list.neighbour(null, -1)]).toEqual(['a', 'c']);
  expect([list.neighbour('b', 1), list.neighbour('b', -1), list.neighbour('c', 1), list.neighbour('a', -3)]).toEqual(['c', 'a', 'c', 'a']);
});
