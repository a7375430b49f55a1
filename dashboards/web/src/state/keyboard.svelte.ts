/** The keys of this browser: what each person made of them, kept here, as accounts keep nothing of the kind. */
import { commandFor, keepKeys, KeyMap, keyText, readKeys, shortcutText, type Command, type KeyPress, type Scope } from './keys';

const LETTERS = 'watchfloor.letter-keys';

class Keyboard {
  map = $state.raw(readKeys(localStorage));
  /** Keys that are characters are on. */
  letters = $state(localStorage.getItem(LETTERS) !== 'off');

  setLetters(on: boolean): void {
    this.letters = on;
    localStorage.setItem(LETTERS, on ? 'on' : 'off');
  }

  change(map: KeyMap): void {
    this.map = map;
    keepKeys(localStorage, map);
  }

  commandFor(press: KeyPress, typing: boolean, ...scopes: readonly Scope[]): Command | null {
    return commandFor(this.map, press, this.letters, typing, ...scopes);
  }

  /** The key of a command as it is written on the screen; "" while keys that are characters are off. */
  text(command: Command): string {
    return this.letters ? keyText(this.map.keyOf(command)) : '';
  }

  /** ` (z)`, to stand behind words. */
  hint(command: Command): string {
    return this.letters ? ` (${this.text(command)})` : '';
  }

  /** For aria-keyshortcuts. */
  shortcut(command: Command): string | undefined {
    return this.letters ? shortcutText(this.map.keyOf(command)) : undefined;
  }
}

export const keyboard = new Keyboard();
