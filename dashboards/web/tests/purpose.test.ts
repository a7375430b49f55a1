import { expect, it } from 'vitest';
import { toldPurpose, whatIsMissing } from '../src/state/purpose';

const whole = { code: 'stolen_vehicle', reference: ' 26-0112 ', text: 'taken from Canal Street' };

it('is whole with a code, a number and words', () => {
  expect(whatIsMissing(whole)).toBe('');
  expect(toldPurpose(whole)).toEqual({ purpose_code: 'stolen_vehicle', reference: '26-0112', purpose: 'taken from Canal Street' });
});

it.each([
  [{ code: '' }, 'Choose what it is for'], [{ code: 'curiosity' }, 'Choose what it is for'],
  [{ reference: ' - ' }, 'number of the case'], [{ text: ' x ' }, 'in words'], [{ text: '1234567' }, 'in words'],
])('check 28: lacks something with %o', (change, said) => {
  expect(whatIsMissing({ ...whole, ...change })).toContain(said);
});
