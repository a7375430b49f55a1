import { describe, expect, it } from 'vitest';
import { commandFor } from '../src/state/keys';

const press = (key: string, over = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, isComposing: false, ...over });

describe('single keys', () => {
  it.each([['j', 'next'], ['k', 'previous'], ['a', 'acknowledge'], ['c', 'close'], ['m', 'centre'], ['.', 'merge'], ['L', 'live'], ['?', 'help'], ['Escape', 'back']])(
    '%s asks for %s', (key, command) => expect(commandFor(press(key), true, false)).toBe(command));
  it('are letters while somebody writes', () => {
    expect(commandFor(press('a'), true, true)).toBeNull();
    expect(commandFor(press('Escape'), true, true)).toBe('back');
  });
  it('can be turned off', () => {
    expect(commandFor(press('a'), false, false)).toBeNull();
    expect(commandFor(press('Escape'), false, false)).toBe('back');
  });
  it("leave the browser's own keys alone", () => {
    expect(commandFor(press('c', { ctrlKey: true }), true, false)).toBeNull();
    expect(commandFor(press('a', { isComposing: true }), true, false)).toBeNull();
  });
});
