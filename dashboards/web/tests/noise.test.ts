import { expect, it } from 'vitest';
import { evidenceOf, whoSaidSo } from '../src/state/noise';

const row = { hours: 72, reads: 8640, fewest_in_an_hour: 118, most_in_an_hour: 121, doubts: [] };

it('tells the counts that a text was learnt from', () => {
  expect(evidenceOf(row)).toBe('read 8,640 times in 72 of 72 hours, 118 to 121 an hour');
  expect(evidenceOf({ ...row, fewest_in_an_hour: 120, most_in_an_hour: 120, doubts: ['no digit'] }))
    .toBe('read 8,640 times in 72 of 72 hours, 120 an hour; as a plate it has no digit');
});

it('claims no counts where a person said so before anything was counted', () => {
  expect(evidenceOf({ ...row, hours: 0, reads: 0 })).toBe('');
});

it('says that nobody has checked the name of whoever said so', () => {
  expect(whoSaidSo({ is_learnt: true, changed_by: '' })).toBe('learnt');
  expect(whoSaidSo({ is_learnt: false, changed_by: 'r.diaz' })).toBe('r.diaz (unverified)');
});
