/** The way into the past and back: a desk of its own over a recorded period, while the live one goes on behind it. */
import type { Alert } from '$schemas/events';
import { getJson } from '../http';
import type { Speed } from '../protocol/messages';
import { Desk } from './desk.svelte';
import { isOpen, severityOf } from './ranking';
import { emptyText, type Period, type TimeLine, type TimeMark } from './travel';
import { parseTime } from '../time';

export class Traveller {
  /** The desk of the period that is looked at; null: everything on the screen is live. */
  past = $state.raw<Desk | null>(null);
  /** The controls are shown. */
  isOpen = $state(false);
  marks = $state.raw<readonly TimeMark[]>([]);
  isCut = $state(false);
  /** What stands in the way, in words, or what the period lacks. */
  trouble = $state('');
  lack = $state('');
  isLoading = $state(false);
  /** P1 raised while somebody looks at the past. */
  newP1 = $state.raw<readonly Alert[]>([]);
  #end: (() => void) | null = null;

  constructor(readonly live: Desk) {
    live.onraised = (alerts) => {
      const grave = alerts.filter((alert) => severityOf(alert) === 'P1' && isOpen(alert));
      if (this.past && grave.length) this.newP1 = [...grave, ...this.newP1].slice(0, 20);
    };
  }

  /** Replay a period; `paused`: standing at its start. */
  async begin(period: Period, speed: Speed): Promise<void> {
    if (this.isLoading) return;
    const actor = await this.live.whoIsHere();
    if (!actor) return;
    this.isLoading = true;
    this.trouble = this.lack = '';
    const between = new URLSearchParams({ from: new Date(period.from).toISOString(), to: new Date(period.to).toISOString() });
    const answer = await getJson<TimeLine>(`/api/replay?${between}`);
    this.isLoading = false;
    if (!answer.ok) {
      this.trouble = `There is no replay: ${answer.error}.`;
      return;
    }
    const { marks, is_cut, oldest } = answer.value;
    const begun = oldest === null ? null : parseTime(oldest);
    const empty = emptyText(period, begun, this.live.now);
    if (begun === null || period.to <= begun) {
      this.trouble = empty;
      return;
    }
    this.#leave();
    this.lack = empty;
    this.marks = marks;
    this.isCut = is_cut;
    const desk = new Desk({ period, actor, speed, layers: [...this.live.world.layers.rows.values()], session: this.live.session });
    this.#end = desk.start();
    this.live.isSilent = true;
    this.newP1 = [];
    this.isOpen = true;
    this.past = desk;
  }

  /** Back to live: that desk has gone on all the time. */
  back(): void {
    this.#leave();
    this.isOpen = false;
    this.trouble = this.lack = '';
    this.newP1 = [];
  }

  /** Back to live, at an alert. */
  show(alert: Alert): void {
    this.back();
    this.live.select({ kind: 'alert', id: alert.alert_id }, true);
  }

  #leave(): void {
    this.#end?.();
    this.#end = null;
    this.past = null;
    this.live.isSilent = false;
  }
}
