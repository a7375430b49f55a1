import { describe, expect, it } from 'vitest';
import { asksForCommands, asksForFile, COMMANDS, commandFor, commandsIn, KEY_GROUPS, KeyMap, keepKeys, PageKeys, readKeys, shortcutText, whyNoKey } from '../src/state/keys';

const press = (key: string, over = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, isComposing: false, ...over });
const map = new KeyMap();
const onMap = (key: string, keys = map, letters = true, typing = false) => commandFor(keys, press(key), letters, typing, 'all', 'map');

describe('single keys', () => {
  it.each([
    ['j', 'next'], ['k', 'previous'], ['a', 'acknowledge'], ['A', 'acknowledge-chosen'], ['x', 'choose'], ['J', 'choose-next'], ['K', 'choose-previous'],
    ['c', 'close'], ['m', 'centre'], ['i', 'join'], ['v', 'cameras'], ['.', 'merge'], ['L', 'live'], ['l', 'live'], ['?', 'help'], ['h', 'shelve'],
    ['S', 'sound'], ['s', 'sound'], ['n', 'note'], ['N', 'night'], ['F', 'full-screen'], [']', 'next-queue'], ['[', 'previous-queue'], ['/', 'commands'],
  ])('%s asks for %s', (key, command) => expect(onMap(key)).toBe(command));
  it('are each told once in the help, and no key means two things in one place', () => {
    const told = KEY_GROUPS.flatMap(([, scope]) => commandsIn(scope));
    expect([...told].sort()).toEqual([...COMMANDS].sort());
    expect(map.isSound()).toBe(true);
  });
  it('are letters while somebody writes, and can be turned off', () => {
    expect(onMap('a', map, true, true)).toBeNull();
    expect(onMap('a', map, false)).toBeNull();
  });
  it("leave the browser's own keys alone", () => {
    expect(commandFor(map, press('c', { ctrlKey: true }), true, false, 'map')).toBeNull();
    expect(commandFor(map, press('a', { isComposing: true }), true, false, 'map')).toBeNull();
  });
  it('are heard in their place only', () => {
    expect(commandFor(map, press('t'), true, false, 'all', 'room')).toBe('room-task');
    expect(commandFor(map, press('x'), true, false, 'table')).toBeNull();
    expect(commandFor(map, press('x'), true, false, 'table', 'search')).toBe('exclude');
  });
});

describe('a changed key', () => {
  const changed = map.with('acknowledge', 'y');
  it('asks for what it was given, and the old one for nothing', () => {
    expect([onMap('y', changed), onMap('a', changed)]).toEqual(['acknowledge', null]);
  });
  it('clashes with what is heard in the same place, and with nothing elsewhere', () => {
    expect(map.clash('acknowledge', 'j')).toBe('next');
    expect(map.clash('acknowledge', '?')).toBe('help');
    expect(map.clash('toggle', 'j')).toBe('next');
    expect(map.clash('pin', 'j')).toBeNull();
    expect(map.clash('page-audit', 'a')).toBe('page-analysis');
    expect(map.clash('page-audit', 'j')).toBeNull();
  });
  it('can be exchanged with the one that has it', () => {
    const both = map.swapped('acknowledge', 'close');
    expect([onMap('a', both), onMap('c', both), both.isSound()]).toEqual(['close', 'acknowledge', true]);
  });
  it('is none that another place heard at the same time has', () => {
    expect(map.clash('exclude', 'j')).toBe('next');
    expect(map.clash('exclude', 'a')).toBeNull();
  });
  it('is kept, and given back', () => {
    let kept: string | null = null;
    keepKeys({ setItem: (_, value) => void (kept = value) }, changed);
    expect(readKeys({ getItem: () => kept }).own).toEqual({ acknowledge: 'y' });
    expect(changed.with('acknowledge', 'a').own).toEqual({});
  });
  it.each(['no json', 'null', '{"nothing":"y"}', '{"acknowledge":"Enter"}', '{"acknowledge":5}', '{"acknowledge":"j"}', '{"toString":"y"}'])(
    'is not read from %s', (kept) => expect(readKeys({ getItem: () => kept }).own).toEqual({}));
  it('cannot be one that is the browser\'s or no character', () => {
    expect(whyNoKey(press('y'))).toBe('');
    expect(whyNoKey(press('Enter'))).not.toBe('');
    expect(whyNoKey(press('y', { ctrlKey: true }))).not.toBe('');
  });
  it.each([['a', 'A'], ['A', 'Shift+A'], [' ', 'Space'], ['+', 'Plus'], [']', ']']])('%s is told as %s', (key, told) => expect(shortcutText(key)).toBe(told));
});

describe('the key of the pages and a letter', () => {
  const after = (key: string, ms: number, letters = true, typing = false, keys = map) => {
    const pages = new PageKeys();
    return [pages.press(keys, press(keys.keyOf('page')), letters, typing, 1000), pages.press(keys, press(key), letters, typing, 1000 + ms)];
  };
  it.each([['c', 'cameras'], ['p', 'plates'], ['u', 'audit'], ['s', 'system'], ['m', 'map'], ['q', 'queue']])('g %s goes to %s', (key, page) => expect(after(key, 200)).toEqual(['begun', page]));
  it('is over after a while, and after a letter that names no page', () => {
    expect(after('p', 2000)).toEqual(['begun', null]);
    const pages = new PageKeys();
    expect(['g', 'x', 'p'].map((key) => pages.press(map, press(key), true, false, 0))).toEqual(['begun', null, null]);
  });
  it('are letters while somebody writes, and can be turned off', () => {
    expect(after('p', 200, true, true)).toEqual([null, null]);
    expect(after('p', 200, false)).toEqual([null, null]);
  });
  it('can be changed, too', () => {
    expect(after('P', 200, true, false, map.with('page', 'G').with('page-plates', 'P'))).toEqual(['begun', 'plates']);
  });
});

it('keys with Ctrl open the command box and make a file, and nothing else', () => {
  expect([asksForCommands(press('k', { ctrlKey: true })), asksForCommands(press('k')), asksForCommands(press('j', { ctrlKey: true }))]).toEqual([true, false, false]);
  expect([asksForFile(press('e', { ctrlKey: true })), asksForFile(press('e'))]).toEqual([true, false]);
});
