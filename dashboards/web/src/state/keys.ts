/**
 * Which key asks for what: the one definition of every key, and what a person made of it. Keys that are characters can
 * be changed or turned off (WCAG 2.1.4); Escape, Enter, arrows and keys with Ctrl always work.
 */
import type { Route } from './names';

/** Where a key is heard. `table`: on a page with a form and a table; `pages`: after the key that begins a page. */
export type Scope = 'all' | 'map' | 'replay' | 'room' | 'cameras' | 'table' | 'search' | 'pages';

interface KeyDefinition {
  readonly in: readonly Scope[];
  readonly key: string;
  /** What it does, for the help. */
  readonly text: string;
  /** It does something to the selected alert. */
  readonly toAlert?: true;
  /** With or without Shift, where the other case is nothing else. */
  readonly anyCase?: true;
}

const EVERYWHERE = ['all'] as const;
const MAP = ['map'] as const;

export const KEYS = {
  'help': { in: EVERYWHERE, key: '?', text: 'this help' },
  'commands': { in: ['map', 'room', 'cameras'], key: '/', text: 'the command box: pages, what can be done, incidents' },
  'page': { in: EVERYWHERE, key: 'g', text: 'go to a page: then one of the letters of the pages' },
  'sound': { in: EVERYWHERE, key: 'S', text: 'sound on and off', anyCase: true },
  'night': { in: EVERYWHERE, key: 'N', text: 'night colours on and off: dimmer and warmer' },
  'full-screen': { in: EVERYWHERE, key: 'F', text: 'full screen on and off', anyCase: true },
  'live': { in: EVERYWHERE, key: 'L', text: 'back to live: out of a replay; no selection, list from the top, whole map', anyCase: true },
  'next': { in: ['map', 'table'], key: 'j', text: 'next row' },
  'previous': { in: ['map', 'table'], key: 'k', text: 'previous row' },
  'acknowledge': { in: MAP, key: 'a', text: 'acknowledge the selected alert, take the selected incident', toAlert: true },
  'choose': { in: MAP, key: 'x', text: 'add the row to those chosen, or leave it out again; of a group, each alert' },
  'choose-next': { in: MAP, key: 'J', text: 'choose the row and the next one' },
  'choose-previous': { in: MAP, key: 'K', text: 'choose the row and the one before' },
  'acknowledge-chosen': { in: MAP, key: 'A', text: 'acknowledge those chosen, P3 and P4 only' },
  'close': { in: MAP, key: 'c', text: 'close the selected alert: then 1 useful, 2 false, 3 duplicate, 4 test, and Enter; write a note to an incident', toAlert: true },
  'shelve': { in: MAP, key: 'h', text: 'shelve the selected alert, or those chosen, for a time with a reason; or take it back', toAlert: true },
  'own': { in: MAP, key: 'o', text: 'take the selected alert (Enter), or give it to somebody who is here; take those chosen', toAlert: true },
  'escalate': { in: MAP, key: 'e', text: 'escalate the selected alert to supervisors now, with a word why', toAlert: true },
  'note': { in: MAP, key: 'n', text: 'write a note to the selected alert', toAlert: true },
  'undo': { in: MAP, key: 'z', text: 'undo what you did last to alerts, within 10 s: acknowledge, take or give, shelve, close' },
  'previous-queue': { in: MAP, key: '[', text: 'the queue before: your own, open, shelved, closed' },
  'next-queue': { in: MAP, key: ']', text: 'the next queue' },
  'join': { in: MAP, key: 'i', text: 'join the selected incident with another one; of an alert, show its incident' },
  'centre': { in: MAP, key: 'm', text: 'centre the map on the selection' },
  'cameras': { in: MAP, key: 'v', text: 'the cameras near the selection; there: arrows, Enter to enlarge' },
  'merge': { in: MAP, key: '.', text: 'let new rows into the list' },
  'travel': { in: MAP, key: 't', text: 'look back: replay a past period; in a replay, to its controls' },
  'toggle': { in: ['replay'], key: ' ', text: 'play and pause' },
  'faster': { in: ['replay'], key: '+', text: 'faster' },
  'slower': { in: ['replay'], key: '-', text: 'slower' },
  'room-log': { in: ['room'], key: 'q', text: 'a line for the log' },
  'room-task': { in: ['room'], key: 't', text: 'a task' },
  'room-draw': { in: ['room'], key: 'd', text: 'draw on its map' },
  'room-brief': { in: ['room'], key: 'b', text: 'its brief on one page' },
  'room-replay': { in: ['room'], key: 'r', text: 'a replay from its start' },
  'pin': { in: ['cameras'], key: 'p', text: 'pin the tile' },
  'field': { in: ['table'], key: '/', text: 'to the first field of the form' },
  'exclude': { in: ['search'], key: 'x', text: 'leave a read out' },
  'page-map': { in: ['pages'], key: 'm', text: 'the map' },
  'page-queue': { in: ['pages'], key: 'q', text: 'the queue of open alerts' },
  'page-incident': { in: ['pages'], key: 'i', text: 'the incidents' },
  'page-cameras': { in: ['pages'], key: 'c', text: 'the cameras' },
  'page-plates': { in: ['pages'], key: 'p', text: 'the plate search' },
  'page-analysis': { in: ['pages'], key: 'a', text: 'the analysis' },
  'page-audit': { in: ['pages'], key: 'u', text: 'the audit' },
  'page-system': { in: ['pages'], key: 's', text: 'the system' },
} as const satisfies Readonly<Record<string, KeyDefinition>>;

export type Command = keyof typeof KEYS;
const definitions: Readonly<Record<Command, KeyDefinition>> = KEYS;
export const COMMANDS = Object.keys(KEYS) as readonly Command[];

/** How the help puts the keys together. */
export const KEY_GROUPS: readonly (readonly [title: string, scope: Scope])[] = [
  ['Everywhere', 'all'], ['Map and lists', 'map'], ['In a replay', 'replay'], ['In the room of an incident', 'room'],
  ['Among the cameras', 'cameras'], ['On pages with a table', 'table'], ['In the plate search', 'search'], ['Pages', 'pages'],
];
/** The commands told in a group of the help, each in one: that of the first place where it is heard. */
export const commandsIn = (scope: Scope): readonly Command[] => COMMANDS.filter((command) => definitions[command].in[0] === scope);
export const textOf = (command: Command): string => definitions[command].text;
export const isToAlert = (command: Command): boolean => definitions[command].toAlert === true;

/** Keys that are no characters: they are the browser's way, and nobody needs to change them. */
export const FIXED_KEYS: readonly (readonly [keys: string, text: string])[] = [
  ['Ctrl-K', 'the command box, from everywhere'],
  ['Enter', 'show the row on the map and go to its details; of a group of alerts, show each of them'],
  ['Esc', 'close, drop those chosen, deselect, or back to the groups'],
  ['← / →', 'in a replay: a step back or forward'],
  ['↑ / ↓, Space', 'among the tasks of an incident: choose one; done, or open again'],
  ['Ctrl-E', 'in the plate search and the audit: make a file'],
];

export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly isComposing: boolean;
}
const isPlain = (press: KeyPress): boolean => !(press.ctrlKey || press.metaKey || press.altKey || press.isComposing);

/** Places besides `all` whose keys are heard at once. */
const TOGETHER: readonly (readonly [Scope, Scope])[] = [['map', 'replay'], ['table', 'search']];
function meet(a: Scope, b: Scope): boolean {
  if (a === b) return true;
  if (a === 'pages' || b === 'pages') return false;
  return a === 'all' || b === 'all' || TOGETHER.some((both) => both.includes(a) && both.includes(b));
}

export type OwnKeys = Readonly<Partial<Record<Command, string>>>;

/** The keys of one person. */
export class KeyMap {
  /** `own`: what differs from the definition. */
  constructor(readonly own: OwnKeys = {}) {}

  keyOf(command: Command): string {
    return this.own[command] ?? definitions[command].key;
  }

  /** The command that a key asks for in a place; null: none. */
  at(key: string, ...scopes: readonly Scope[]): Command | null {
    const heard = COMMANDS.filter((command) => definitions[command].in.some((scope) => scopes.includes(scope)));
    const other = key.toLowerCase() === key ? key.toUpperCase() : key.toLowerCase();
    return heard.find((command) => this.keyOf(command) === key)
      ?? heard.find((command) => definitions[command].anyCase && this.keyOf(command) === other) ?? null;
  }

  /** The other command that would be asked for by the same key; null: none. */
  clash(command: Command, key: string): Command | null {
    return COMMANDS.find((other) => other !== command && this.keyOf(other) === key
      && definitions[other].in.some((a) => definitions[command].in.some((b) => meet(a, b)))) ?? null;
  }

  with(command: Command, key: string): KeyMap {
    const { [command]: _, ...rest } = this.own;
    return new KeyMap(key === definitions[command].key ? rest : { ...rest, [command]: key });
  }

  /** Two commands that exchange their keys. */
  swapped(command: Command, other: Command): KeyMap {
    return this.with(command, this.keyOf(other)).with(other, this.keyOf(command));
  }

  /** No key asks for two things. */
  isSound(): boolean {
    return COMMANDS.every((command) => this.clash(command, this.keyOf(command)) === null);
  }
}

/** Why a key that was pressed cannot stand for a command; "" when it can. */
export function whyNoKey(press: KeyPress): string {
  if (!isPlain(press)) return 'A key with Ctrl, Alt or the command key belongs to the browser.';
  return [...press.key].length === 1 ? '' : 'Only a letter, a digit or a sign can be chosen.';
}

/** How a key is written on the screen. */
export const keyText = (key: string): string => (key === ' ' ? 'Space' : key);

/** How it is told to software that reads the screen out (WAI-ARIA 1.2, aria-keyshortcuts). */
export function shortcutText(key: string): string {
  if (key === ' ') return 'Space';
  if (key === '+') return 'Plus';
  const upper = key.toUpperCase();
  return upper === key.toLowerCase() ? key : key === upper ? `Shift+${upper}` : upper;
}

const STORED = 'watchfloor.keys';

/** What was kept; what is no key of ours, or would make one key mean two things, is not used. */
export function readKeys(storage: Pick<Storage, 'getItem'>): KeyMap {
  try {
    const kept: unknown = JSON.parse(storage.getItem(STORED) ?? '{}');
    const own = Object.entries(kept as object).filter(([command, key]) => Object.hasOwn(KEYS, command) && typeof key === 'string' && [...key].length === 1);
    const map = new KeyMap(Object.fromEntries(own) as OwnKeys);
    return map.isSound() ? map : new KeyMap();
  } catch {
    return new KeyMap();
  }
}

export const keepKeys = (storage: Pick<Storage, 'setItem'>, map: KeyMap): void => storage.setItem(STORED, JSON.stringify(map.own));

/** What a key asks for. `letters`: keys that are characters are on; `typing`: the focus is where keys are text. */
export function commandFor(map: KeyMap, press: KeyPress, letters: boolean, typing: boolean, ...scopes: readonly Scope[]): Command | null {
  return isPlain(press) && letters && !typing ? map.at(press.key, ...scopes) : null;
}

/** Ctrl-K, or the command key and K, opens the command box wherever the focus is. */
export const asksForCommands = (press: KeyPress): boolean =>
  (press.ctrlKey || press.metaKey) && !press.altKey && !press.isComposing && press.key.toLowerCase() === 'k';

export type PageAsked = Route | 'queue';
const PAGE = 'page-';
/** A letter that comes later than this after the key of the pages is a letter of its own. */
const CHORD_MS = 1500;

export class PageKeys {
  #begunAt: number | null = null;

  /** Return the page asked for; 'begun' for the first key; null for a key that is none of ours. `at`: milliseconds. */
  press(map: KeyMap, press: KeyPress, letters: boolean, typing: boolean, at: number): PageAsked | 'begun' | null {
    const begun = this.#begunAt !== null && at - this.#begunAt <= CHORD_MS;
    this.#begunAt = null;
    if (!isPlain(press) || typing || !letters) return null;
    const page = begun ? map.at(press.key, 'pages') : null;
    if (page !== null) return page.slice(PAGE.length) as PageAsked;
    if (press.key !== map.keyOf('page')) return null;
    this.#begunAt = at;
    return 'begun';
  }
}

export type ReplayCommand = 'toggle' | 'back' | 'forward' | 'faster' | 'slower';

/** What a key asks of a replay. `taken`: the focus is where keys are text, or where the browser has its own use of it. */
export function replayCommandFor(map: KeyMap, press: KeyPress, letters: boolean, taken: boolean): ReplayCommand | null {
  if (!isPlain(press) || taken || !letters) return null;
  if (press.key === 'ArrowLeft') return 'back';
  if (press.key === 'ArrowRight') return 'forward';
  return map.at(press.key, 'replay') as ReplayCommand | null;
}

/** Ctrl-E makes a file of what a page with a table shows. */
export const asksForFile = (press: KeyPress): boolean =>
  (press.ctrlKey || press.metaKey) && !press.altKey && !press.isComposing && press.key === 'e';

/** Whether the focus is where keys are text. */
export const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
