import type { Route } from './names';

/** Which key asks for what. Single letters can be turned off (WCAG 2.1.4); Escape, Enter and arrows always work. */

export type Command = 'next' | 'previous' | 'acknowledge' | 'close' | 'centre' | 'merge' | 'join' | 'live' | 'back' | 'help' | 'shelve' | 'sound' | 'next-queue' | 'previous-queue' | 'cameras' | 'travel' | 'own' | 'escalate' | 'note' | 'undo';

const LETTERS: Readonly<Record<string, Command>> = {
  j: 'next', k: 'previous', a: 'acknowledge', c: 'close', m: 'centre', i: 'join', '.': 'merge', L: 'live', l: 'live', '?': 'help',
  t: 'travel', h: 'shelve', v: 'cameras', s: 'sound', S: 'sound', ']': 'next-queue', '[': 'previous-queue',
  o: 'own', e: 'escalate', n: 'note', z: 'undo',
};

export const KEY_HELP: readonly (readonly [keys: string, text: string])[] = [
  ['j / k', 'next and previous row'],
  ['Enter', 'show the row on the map and go to its details; of a group of alerts, show each of them'],
  ['a', 'acknowledge the selected alert, take the selected incident'],
  ['c', 'close the selected alert: then 1 useful, 2 false, 3 duplicate, 4 test, and Enter; write a note to an incident'],
  ['h', 'shelve the selected alert for a time with a reason, or take it back'],
  ['o', 'take the selected alert (Enter), or give it to somebody who is here'],
  ['e', 'escalate the selected alert to supervisors now, with a word why'],
  ['n', 'write a note to the selected alert'],
  ['z', 'undo what you did last to an alert, within 10 s: acknowledge, take or give, shelve, close'],
  ['[ / ]', 'your own, open, shelved and closed alerts'],
  ['S', 'sound on and off'],
  ['i', 'join the selected incident with another one'],
  ['m', 'centre the map on the selection'],
  ['v', 'the cameras near the selection; there: arrows, Enter to enlarge, p to pin'],
  ['.', 'let new rows into the list'],
  ['t', 'look back: replay a past period; in a replay, to its controls'],
  ['Space', 'in a replay: play and pause'],
  ['← / →, + / -', 'in a replay: a step back or forward, faster or slower'],
  ['L', 'back to live: out of a replay; no selection, list from the top, whole map'],
  ['Esc', 'close, deselect, or back to the groups'],
  ['g m / g i / g c / g p / g a / g u', 'go to the map, the incidents, the cameras, the plate search, the analysis, the audit'],
  ['q / t / d / b / r', 'in the room of an incident: a line for its log, a task, draw on its map, its brief on one page, a replay from its start'],
  ['↑ / ↓, Space', 'among the tasks of an incident: choose one; done, or open again'],
  ['/', 'on a page with a form: to its first field'],
  ['x / Ctrl-E', 'in the plate search: leave a read out; make a file'],
  ['?', 'this help'],
];

export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly isComposing: boolean;
}

/** `typing`: the focus is where keys are text. */
export function commandFor(press: KeyPress, letters: boolean, typing: boolean): Command | null {
  if (press.ctrlKey || press.metaKey || press.altKey || press.isComposing) return null;
  if (press.key === 'Escape') return 'back';
  if (typing || !letters) return null;
  return LETTERS[press.key] ?? null;
}

/** After `g` the next letter names a page. */
export const PAGE_KEYS: Readonly<Record<string, Route>> = { m: 'map', i: 'incident', c: 'cameras', p: 'plates', a: 'analysis', u: 'audit' };
/** A letter that comes later than this after `g` is a letter of its own. */
const CHORD_MS = 1500;

export class PageKeys {
  #begunAt: number | null = null;

  /** Return the page asked for; 'begun' for the `g`; null for a key that is none of ours. `at`: milliseconds. */
  press(press: KeyPress, letters: boolean, typing: boolean, at: number): Route | 'begun' | null {
    const begun = this.#begunAt !== null && at - this.#begunAt <= CHORD_MS;
    this.#begunAt = null;
    if (press.ctrlKey || press.metaKey || press.altKey || press.isComposing || typing || !letters) return null;
    if (begun && PAGE_KEYS[press.key]) return PAGE_KEYS[press.key] ?? null;
    if (press.key !== 'g') return null;
    this.#begunAt = at;
    return 'begun';
  }
}

export type ReplayCommand = 'toggle' | 'back' | 'forward' | 'faster' | 'slower';

const REPLAY_KEYS: Readonly<Record<string, ReplayCommand>> = {
  ' ': 'toggle', ArrowLeft: 'back', ArrowRight: 'forward', '+': 'faster', '-': 'slower',
};

/** What a key asks of a replay. `taken`: the focus is where keys are text, or where the browser has its own use of it. */
export function replayCommandFor(press: KeyPress, letters: boolean, taken: boolean): ReplayCommand | null {
  if (press.ctrlKey || press.metaKey || press.altKey || press.isComposing || taken || !letters) return null;
  return REPLAY_KEYS[press.key] ?? null;
}

export type TableCommand = 'field' | 'next' | 'previous' | 'exclude' | 'export';

const TABLE_LETTERS: Readonly<Record<string, TableCommand>> = { '/': 'field', j: 'next', k: 'previous', x: 'exclude' };

/** What a key asks of a page with a form and a table. Enter is the browser's own: it runs the form, or opens the row. */
export function tableCommandFor(press: KeyPress, letters: boolean, typing: boolean): TableCommand | null {
  if (press.isComposing || press.altKey) return null;
  if (press.ctrlKey || press.metaKey) return press.key === 'e' ? 'export' : null;
  return typing || !letters ? null : (TABLE_LETTERS[press.key] ?? null);
}

/** Whether the focus is where keys are text. */
export const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
