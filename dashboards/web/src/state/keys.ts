/** Which key asks for what. Single letters can be turned off (WCAG 2.1.4); Escape, Enter and arrows always work. */

export type Command = 'next' | 'previous' | 'acknowledge' | 'close' | 'centre' | 'merge' | 'live' | 'back' | 'help';

const LETTERS: Readonly<Record<string, Command>> = {
  j: 'next', k: 'previous', a: 'acknowledge', c: 'close', m: 'centre', '.': 'merge', L: 'live', l: 'live', '?': 'help',
};

export const KEY_HELP: readonly (readonly [keys: string, text: string])[] = [
  ['j / k', 'next and previous row'],
  ['Enter', 'show the row on the map and go to its details'],
  ['a', 'acknowledge the selected alert'],
  ['c', 'close the selected alert with a note'],
  ['m', 'centre the map on the selection'],
  ['.', 'let new rows into the list'],
  ['L', 'back to live: no selection, list from the top, whole map'],
  ['Esc', 'close or deselect'],
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
