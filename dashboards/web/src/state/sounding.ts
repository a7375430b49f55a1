/** Which sound is due. A P1 sounds until somebody takes it, a P2 once, P3 and P4 never; nor does what is shelved or made up. */
import type { Alert } from '$schemas/events';
import { isEscalated, severityOf } from './ranking';
import { isShelved, isWaiting } from './shelving';

export type Sound = 'P1' | 'P2' | 'escalated';

/** A P1 that nobody has taken is heard again after so long. */
export const REPEAT_MS = 10_000;
/** Not more often than this, however many come: one sound must not cut off the next. What is due earlier waits so long. */
export const APART_MS = 2_000;

export class Sounding {
  /** Alerts that are made up (a simulator, a training) sound as well. */
  simulated = false;
  readonly played: Record<Sound, number> = { P1: 0, P2: 0, escalated: 0 };
  #last = Number.NEGATIVE_INFINITY;
  #lastP1 = Number.NEGATIVE_INFINITY;
  readonly #delayed = new Set<Sound>();

  /** `play` returns whether it could be heard: what could not is tried again where it is still due. */
  constructor(private readonly play: (sound: Sound) => boolean) {}

  /** Alerts that have just been raised, or are open again. Times: the server's clock, ms. */
  raised(alerts: readonly Alert[], now: number): void {
    const heard = alerts.filter((alert) => this.#mayBeHeard(alert, now));
    if (heard.some((alert) => severityOf(alert) === 'P1')) this.#sound('P1', now);
    else if (heard.some((alert) => severityOf(alert) === 'P2')) this.#sound('P2', now);
  }

  escalated(alerts: readonly Alert[], now: number): void {
    // Who wants a supervisor is heard also when somebody has taken the alert.
    if (alerts.some((alert) => !isShelved(alert, now) && isEscalated(alert) && (this.simulated || !alert.synthetic))) this.#sound('escalated', now);
  }

  /** Asked every second, with all alerts that are open. */
  tick(open: Iterable<Alert>, now: number): void {
    if (now - this.#lastP1 >= REPEAT_MS) {
      for (const alert of open) {
        if (severityOf(alert) === 'P1' && this.#mayBeHeard(alert, now)) {
          this.#sound('P1', now);
          break;
        }
      }
    }
    if (now - this.#last < APART_MS) return;
    for (const sound of this.#delayed) {
      this.#delayed.delete(sound);
      this.#sound(sound, now);
      break;
    }
  }

  #mayBeHeard(alert: Alert, now: number): boolean {
    return isWaiting(alert, now) && (this.simulated || !alert.synthetic);
  }

  #sound(sound: Sound, now: number): void {
    // A P1 waits for nothing but another P1.
    const last = sound === 'P1' ? this.#lastP1 : this.#last;
    if (now - last < APART_MS) {
      if (sound !== 'P1') this.#delayed.add(sound);
      return;
    }
    this.#delayed.delete(sound);
    if (!this.play(sound)) return;
    this.#last = now;
    if (sound === 'P1') this.#lastP1 = now;
    this.played[sound] += 1;
  }
}
