import { describe, expect, it } from 'vitest';
import { pictureWords } from '../src/state/picture';

describe('the picture of a read', () => {
  it('is not spoken of where none was wanted, or where it is shown', () => {
    expect(pictureWords({ state: 'none', reason: '' })).toBe('');
    expect(pictureWords({ state: 'fetched', reason: '' })).toBe('');
  });

  it.each([
    ['wanted', '', 'on its way'],
    ['expired', 'image_expired', 'expired'],
    ['refused', 'host_not_allowed', 'not one that is allowed'],
    ['failed', 'too_large', '(too large)'],
  ] as const)('that is %s says why it is not there', (state, reason, words) => {
    expect(pictureWords({ state, reason })).toContain(words);
  });
});
