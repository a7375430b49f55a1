/** The sounds themselves, made by WebAudio: three rhythms, so that they can be told apart also by who hears no pitch. */
import type { Sound } from './sounding';

type Note = readonly [startS: number, hertz: number, lengthS: number];

/** P1: six quick pulses. P2: two long notes. Escalated: three groups of two, rising. */
export const PATTERNS: Readonly<Record<Sound, readonly Note[]>> = {
  P1: [0, 0.2, 0.4, 0.7, 0.9, 1.1].map((start): Note => [start, 880, 0.12]),
  P2: [[0, 660, 0.35], [0.5, 520, 0.35]],
  escalated: [[0, 520, 0.1], [0.14, 520, 0.1], [0.45, 660, 0.1], [0.59, 660, 0.1], [0.9, 830, 0.1], [1.04, 830, 0.1]],
};
/** Up and down so fast that it does not click. */
const EDGE_S = 0.01;

/** off: nobody has armed it, or it was turned off; blocked: the browser lets nothing be heard. */
export type SpeakerState = 'off' | 'on' | 'blocked';

export class Speaker {
  state: SpeakerState = 'off';
  /** 0 to 1. */
  volume = 0.6;
  #context: AudioContext | null = null;

  constructor(private readonly open: () => AudioContext, private readonly changed: () => void) {}

  /** Let sounds be heard. A browser allows it only in answer to a key or a click. */
  async arm(): Promise<void> {
    try {
      if (!this.#context) {
        this.#context = this.open();
        this.#context.onstatechange = () => this.#follow();
      }
      await this.#context.resume();
      this.#become(this.#context.state === 'running' ? 'on' : 'blocked');
    } catch {
      this.#become('blocked');
    }
  }

  disarm(): void {
    this.#become('off');
  }

  /** Return whether it could be heard. */
  play(sound: Sound): boolean {
    const context = this.#context;
    if (this.state !== 'on' || context?.state !== 'running') return false;
    const loudness = context.createGain();
    loudness.gain.value = this.volume;
    loudness.connect(context.destination);
    for (const [start, hertz, length] of PATTERNS[sound]) {
      const from = context.currentTime + start;
      const tone = context.createOscillator();
      const shape = context.createGain();
      tone.frequency.value = hertz;
      shape.gain.setValueAtTime(0, from);
      shape.gain.linearRampToValueAtTime(1, from + EDGE_S);
      shape.gain.setValueAtTime(1, from + length - EDGE_S);
      shape.gain.linearRampToValueAtTime(0, from + length);
      tone.connect(shape).connect(loudness);
      tone.start(from);
      tone.stop(from + length);
    }
    return true;
  }

  /** The browser took the sound away, or gave it back: the screen must not claim otherwise. */
  #follow(): void {
    if (this.state === 'on' && this.#context?.state !== 'running') this.#become('blocked');
    else if (this.state === 'blocked' && this.#context?.state === 'running') this.#become('on');
  }

  #become(state: SpeakerState): void {
    this.state = state;
    this.changed();
  }
}
