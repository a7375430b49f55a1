import { expect, it } from 'vitest';
import { OUTCOMES, outcomeFor, outcomeText } from '../src/state/outcome';
import { usefulText } from '../src/state/precision';

it('has a digit for each outcome, in the order in which they are shown', () => {
  expect(OUTCOMES.map((_, index) => outcomeFor(String(index + 1)))).toEqual(OUTCOMES.map(([outcome]) => outcome));
  expect([outcomeFor('0'), outcomeFor('5'), outcomeFor('a'), outcomeFor('')]).toEqual([undefined, undefined, undefined, undefined]);
});

it('says nothing where nobody said what came of it', () => {
  expect([outcomeText('false'), outcomeText(''), outcomeText(undefined)]).toEqual(['False', '', '']);
});

it('tells the useful only with the interval that their share may lie in', () => {
  expect(usefulText({ share_useful: 0.43, low: 0.16, high: 0.75 })).toBe('43 % (16 % to 75 %)');
  expect(usefulText({ share_useful: null, low: 0, high: 1 })).toBe('nobody said');
});
