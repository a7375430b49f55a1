import { describe, expect, it } from 'vitest';
import { commandFor, KEY_HELP, PageKeys, tableCommandFor } from '../src/state/keys';

const press = (key: string, over = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, isComposing: false, ...over });

describe('single keys', () => {
  it.each([['j', 'next'], ['k', 'previous'], ['a', 'acknowledge'], ['c', 'close'], ['m', 'centre'], ['i', 'join'], ['.', 'merge'], ['L', 'live'], ['?', 'help'], ['h', 'shelve'], ['S', 'sound'], [']', 'next-queue'], ['[', 'previous-queue'], ['Escape', 'back']])(
    '%s asks for %s', (key, command) => expect(commandFor(press(key), true, false)).toBe(command));
  it('are each told once in the help', () => {
    const told = KEY_HELP.map(([keys]) => keys);
    expect(new Set(told).size).toBe(told.length);
  });
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

describe('g and a letter', () => {
  const after = (key: string, ms: number, letters = true, typing = false) => {
    const keys = new PageKeys();
    return [keys.press(press('g'), letters, typing, 1000), keys.press(press(key), letters, typing, 1000 + ms)];
  };
  it.each([['c', 'cameras'], ['p', 'plates'], ['u', 'audit'], ['m', 'map']])('g %s goes to %s', (key, page) => expect(after(key, 200)).toEqual(['begun', page]));
  it('is over after a while, and after a letter that names no page', () => {
    expect(after('p', 2000)).toEqual(['begun', null]);
    const keys = new PageKeys();
    expect(['g', 'x', 'p'].map((key) => keys.press(press(key), true, false, 0))).toEqual(['begun', null, null]);
  });
  it('are letters while somebody writes, and can be turned off', () => {
    expect(after('p', 200, true, true)).toEqual([null, null]);
    expect(after('p', 200, false)).toEqual([null, null]);
  });
});

describe('keys of a table', () => {
  it.each([['/', 'field'], ['j', 'next'], ['k', 'previous'], ['x', 'exclude']])('%s asks for %s', (key, command) => {
    expect(tableCommandFor(press(key), true, false)).toBe(command);
    expect(tableCommandFor(press(key), true, true)).toBeNull();
    expect(tableCommandFor(press(key), false, false)).toBeNull();
  });
  it('Ctrl-E makes a file, wherever the focus is', () => {
    expect(tableCommandFor(press('e', { ctrlKey: true }), false, true)).toBe('export');
    expect(tableCommandFor(press('j', { ctrlKey: true }), true, false)).toBeNull();
  });
});
