import { expect, it } from 'vitest';
import { binText, calibratedText, calibrationText, intervalText, shareText, wrong, wrongText, type PrecisionRow } from '../src/state/precision';

const row: PrecisionRow = {
  name: 'C1', alerts: 15, judged: 10, correct: 7, wrong_state: 1, misread: 2, list_wrong: 0, other: 1, published: 4,
  precision: 0.7, low: 0.397, high: 0.892,
};

it('tells a share only with the interval that it may lie in', () => {
  expect(shareText(row)).toBe('70 %');
  expect(intervalText(row)).toBe('40 % to 89 %');
});

it('claims no share where nobody judged', () => {
  const none = { ...row, judged: 0, correct: 0, precision: null, low: 0, high: 1 };
  expect([shareText(none), intervalText(none), calibratedText({ ...none, published: 0 })]).toEqual(['–', 'nobody judged', 'no']);
});

it('says what the wrong ones were', () => {
  expect(wrong(row)).toBe(3);
  expect(wrongText(row)).toBe('2 misread, 1 wrong state');
  expect(wrongText({ ...row, misread: 0, wrong_state: 0 })).toBe('');
});

it('says with how many of those judged a probability was said', () => {
  expect(calibratedText(row)).toBe('with 4 of 10');
  expect(calibratedText({ ...row, published: 10 })).toBe('yes');
});

it('holds the probabilities against always saying the same', () => {
  const said = (brier: number | null, judged = 40) => calibrationText({ calibration: { judged, brier, brier_of_base_rate: brier === null ? null : 0.2, bins: [] } });
  expect(said(0.1)).toMatch(/40 judged alerts: Brier score 0\.100 .* better than .* \(0\.200\)/);
  expect(said(0.3)).toContain('worse than');
  expect(said(null, 0)).toContain('too few verdicts');
  expect(binText({ published: 0.9, found: 0.8, low: 0.49, high: 0.94, judged: 10 })).toBe('said 90 %, found right 80 % (49 % to 94 %) of 10');
});
