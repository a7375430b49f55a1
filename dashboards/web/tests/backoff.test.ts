import { expect, it } from 'vitest';
import { waitMs } from '../src/protocol/backoff';

it('stays within thirty percent of each step', () => {
  expect([waitMs(0, 0), waitMs(0, 1)]).toEqual([350, 650]);
  expect([waitMs(5, 0), waitMs(99, 1)]).toEqual([10_500, 19_500]);
});
