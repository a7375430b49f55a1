/** What the field page shows and does: live while there is a line, what was seen last while there is none. */
import type { Alert, Incident, IncidentTask } from '$schemas/events';
import { postJson } from '../http';
import type { MapView } from '../map/view';
import { LiveFeed } from '../protocol/feed';
import type { View } from '../protocol/messages';
import { openSocket, wallClock } from '../protocol/socket';
import { momentText } from '../time';
import { randomKey } from './actions';
import { badge } from './connection';
import { shownDrawings } from './drawings';
import { forgetLastSeen, keepLastSeen, lastSeen, openFieldDb, outboxStore, type FieldDb, type LastSeen } from './field_db';
import { ownIncident, readPlace, type FieldPlace, type FieldTab } from './field_place';
import { FieldSession } from './field_session';
import { nextState } from './incident_tasks';
import { HELP } from './incident_work';
import { Outbox, type Deed, type Item } from './outbox';
import { byUrgency, isActive, isOver } from './ranking';
import { Session } from './session.svelte';
import { queuesOf } from './shelving';
import { World } from './world';

/** Nothing else is asked for: that is most of what keeps the line free. */
export const FIELD_CHANNELS = ['alerts', 'incidents', 'drawings', 'units', 'layers'] as const satisfies readonly LastSeen['channel'][];
/** Without these the page is not live. */
const NEEDED = ['alerts', 'incidents', 'units'] as const;
/** Views are told at most this often. */
const NOTIFY_MS = 250;
const LOOK_MS = 700;
const KEEP_MS = 10_000;
const DELIVER_MS = 15_000;
/** Nobody looks at a box until the map is there. */
const NOWHERE: View['bbox'] = [0, 0, 0, 0];
const UNITS_EVERY_S = 1;
const PLACE = 'watchfloor.field.place';
const ACTOR = 'watchfloor.actor';

export class Field {
  local = $state(Date.now());
  now = $state(Date.now());
  revisions = $state({ alerts: 0, incidents: 0, drawings: 0, units: 0, layers: 0 });
  linkRevision = $state(0);
  place = $state.raw<FieldPlace>(readPlace(localStorage.getItem(PLACE)));
  alertId = $state<string | null>(null);
  actor = $state(localStorage.getItem(ACTOR) ?? '');
  items = $state.raw<readonly Item[]>([]);
  held = $state('');
  /** Nothing can be kept on this device: why, in words. */
  storeTrouble = $state('');
  /** What is shown comes from this device and not from the server. */
  isRestored = $state(false);
  /** The session is locked by the clock while the server cannot be asked. */
  isLockedHere = $state(false);
  asking = $state.raw<((name: string | null) => void) | null>(null);
  urgent = $state('');
  map: MapView | null = null;

  readonly world: World;
  readonly feed: LiveFeed;
  readonly session = new Session();
  readonly kept = new FieldSession(localStorage);
  outbox: Outbox | null = null;

  #db: FieldDb | null = null;
  #bbox: View['bbox'] = NOWHERE;
  #told = '';
  #keptAt = 0;
  #keptRevisions = '';
  #notifyTimer: ReturnType<typeof setTimeout> | null = null;
  #lookTimer: ReturnType<typeof setTimeout> | null = null;

  constructor() {
    this.world = new World({
      changed: () => this.#notify(),
      raised: (alerts) => this.#announce(alerts),
      escalated: (alerts) => this.#announce(alerts),
      alertsSeen: () => undefined,
      sightings: () => undefined,
      sightingsReplaced: () => undefined,
    });
    this.feed = new LiveFeed(
      'field', openSocket, this.world, wallClock, Math.random, () => this.#ticket(),
      { channels: FIELD_CHANNELS, view: this.#view() },
    );
  }

  badge = $derived.by(() => {
    void this.linkRevision;
    return badge(this.world.connection(), this.local);
  });

  /** Everything shown is as the server has it now. */
  isLive = $derived.by(() => {
    void this.linkRevision;
    return !this.badge.lost && this.feed.phase === 'open' && !this.feed.loading && NEEDED.every((channel) => this.world.loaded.has(channel));
  });

  /** "OFFLINE since …", or what else is to be known before anything on the screen is believed; "" when it is live. */
  notLive = $derived.by(() => {
    void this.linkRevision;
    if (this.isLive) return '';
    const frame = this.world.connection().lastFrame;
    if (this.feed.phase === 'open' && !this.badge.lost) return 'Reading from the server: not complete yet';
    if (frame === null) return this.badge.lost ? 'OFFLINE: nothing was seen yet' : 'Connecting …';
    return `OFFLINE since ${momentText(frame, this.local)}`;
  });

  /** Somebody must sign in before anything is shown. */
  isShut = $derived(this.session.isShut || this.isLockedHere);

  /** Open alerts, most urgent first. */
  ranked = $derived.by((): readonly Alert[] => {
    void this.revisions.alerts;
    return byUrgency(queuesOf(this.world.alerts.rows.values(), this.world.clock.now()).open);
  });

  incidents = $derived.by((): readonly Incident[] => {
    void this.revisions.incidents;
    return [...this.world.incidents.rows.values()]
      .filter((one) => !isOver(one) && !one.merged_into)
      .sort((a, b) => (b.priority ?? -1) - (a.priority ?? -1) || Date.parse(b.opened_at) - Date.parse(a.opened_at));
  });

  mine = $derived.by((): Incident | null => {
    void this.revisions.incidents;
    return ownIncident(this.world.incidents.rows, this.place, this.session.account);
  });

  counts = $derived((void this.items, this.outbox?.counts() ?? { waiting: 0, sent: 0, done: 0, failed: 0 }));

  /** Begin; return how to end. */
  start(): () => void {
    void this.#begin();
    const endSession = this.session.start();
    const back = (): void => {
      this.feed.kick();
      void this.outbox?.deliver();
    };
    const seen = (): void => {
      if (document.hidden) void this.#keep(true);
      else back();
    };
    const touched = (): void => this.kept.touched(Date.now());
    addEventListener('online', back);
    addEventListener('keydown', touched);
    addEventListener('pointerdown', touched);
    document.addEventListener('visibilitychange', seen);
    const second = setInterval(() => this.#tick(), 1000);
    const deliver = setInterval(() => {
      if (this.counts.waiting) void this.outbox?.deliver();
    }, DELIVER_MS);
    return () => {
      endSession();
      this.feed.stop();
      removeEventListener('online', back);
      removeEventListener('keydown', touched);
      removeEventListener('pointerdown', touched);
      document.removeEventListener('visibilitychange', seen);
      clearInterval(second);
      clearInterval(deliver);
    };
  }

  go(tab: FieldTab): void {
    this.setPlace({ tab, stop: tab === 'map' ? 'peek' : this.place.stop === 'peek' ? 'half' : this.place.stop });
  }

  /** Change where the person is; kept over reloads. */
  setPlace(change: Partial<FieldPlace>): void {
    this.place = { ...this.place, ...change };
    localStorage.setItem(PLACE, JSON.stringify(this.place));
    this.#look();
  }

  setActor(name: string): void {
    this.actor = name.trim();
    localStorage.setItem(ACTOR, this.actor);
  }

  /** The map shows this now: units are asked for a quarter beyond its edges. */
  moved(bounds: View['bbox']): void {
    const [west, south, east, north] = bounds;
    const [dx, dy] = [(east - west) / 4, (north - south) / 4];
    const round = (degrees: number, most: number): number => Math.max(-most, Math.min(most, Number(degrees.toFixed(3))));
    this.#bbox = [round(west - dx, 180), round(south - dy, 90), round(east + dx, 180), round(north + dy, 90)];
    this.setPlace({ bounds });
  }

  async acknowledge(alert: Alert): Promise<void> {
    await this.#do('alert.acknowledge', alert.alert_id, `Ack: ${alert.title}`);
  }

  /** Take an alert in hand. */
  async take(alert: Alert): Promise<void> {
    await this.#do('alert.assign', alert.alert_id, `Take: ${alert.title}`, '', { expected_rev: String(alert.rev) });
  }

  async noteAlert(alert: Alert, words: string): Promise<void> {
    await this.#do('alert.note', alert.alert_id, `Note: ${words.trim()}`, words.trim());
  }

  async onScene(incident: Incident): Promise<void> {
    await this.#do('incident.stage', incident.incident_id, `On scene: ${incident.kind}`, '', { stage: 'on_scene' });
  }

  /** Tick a task off, or open it again. */
  async toggle(incident: Incident, task: IncidentTask): Promise<void> {
    const state = nextState(task);
    await this.#do('incident.task_state', incident.incident_id, `${state === 'done' ? 'Done' : 'Open again'}: ${task.text}`, '',
      { task: task.task_id, state, expected_rev: String(incident.rev) });
  }

  async needHelp(incident: Incident, words: string): Promise<void> {
    await this.#do('incident.note', incident.incident_id, `Need help: ${incident.kind}`, `${HELP} ${words.trim() || 'Send whoever is near.'}`);
  }

  async note(incident: Incident, words: string): Promise<void> {
    await this.#do('incident.note', incident.incident_id, `Note: ${words.trim()}`, words.trim());
  }

  /** What was done to a task and is not settled yet. */
  pendingOfTask(task: IncidentTask): Item | undefined {
    return this.items.findLast(({ deed, state }) => deed.details['task'] === task.task_id && (state === 'waiting' || state === 'sent'));
  }

  /** What was done to this and is not settled yet; a note to an alert is in the way of nothing else. */
  pendingOf(subjectId: string): Item | undefined {
    return this.items.findLast(({ deed, state }) => deed.subject_id === subjectId && state !== 'done' && deed.name !== 'alert.note');
  }

  /** Somebody signed in; `before`: the account whose locked session it was, "" for none. */
  entered(before: string): void {
    const account = this.session.account;
    if ((before || this.kept.account) && (before || this.kept.account) !== account) {
      // What another person had on the screen is not for this one; what they did stays theirs in the outbox.
      void this.#forget().then(() => location.reload());
      return;
    }
    this.#noteStanding();
    this.feed.again();
    void this.outbox?.deliver();
  }

  async leave(): Promise<void> {
    await this.#forget();
    await this.session.leave();
    this.kept.forget();
  }

  async #begin(): Promise<void> {
    try {
      this.#db = await openFieldDb();
      this.outbox = new Outbox(
        outboxStore(this.#db), post, () => this.#sender(), () => this.#showOutbox(),
        (run) => (navigator.locks ? navigator.locks.request('watchfloor-outbox', run) : run()),
      );
      await this.outbox.load();
    } catch {
      this.storeTrouble = 'This browser keeps nothing here: what you do without connection is lost when the page closes.';
    }
    await this.#restore();
    await this.session.look();
    this.#noteStanding();
    if (this.session.isShut) return;
    this.feed.start();
    void this.outbox?.deliver();
  }

  /** Show what this device saw last, unless somebody has to sign in for it. */
  async #restore(): Promise<void> {
    this.isLockedHere = this.kept.isLocked(Date.now());
    if (!this.#db || this.isLockedHere) return;
    const seen = await lastSeen(this.#db, this.kept.account);
    if (!seen.length || this.world.loaded.size) return;
    for (const { channel, rows, at } of seen) this.world.restore(channel, rows, at);
    this.isRestored = true;
    this.#notify();
  }

  async #forget(): Promise<void> {
    if (this.#db) await forgetLastSeen(this.#db);
  }

  /** Keep what is live, now and then: only what goes on, as only that is needed without a line. */
  async #keep(atOnce = false): Promise<void> {
    const revisions = FIELD_CHANNELS.map((channel) => this.world[channel].revision).join();
    const at = this.world.connection().lastFrame;
    if (!this.#db || !this.isLive || at === null || this.isShut) return;
    if (!atOnce && (this.local - this.#keptAt < KEEP_MS || (revisions === this.#keptRevisions && this.local - this.#keptAt < 6 * KEEP_MS))) return;
    this.#keptAt = this.local;
    this.#keptRevisions = revisions;
    const { account } = this.session;
    const rows: Record<(typeof FIELD_CHANNELS)[number], readonly unknown[]> = {
      alerts: [...this.world.alerts.rows.values()].filter(isActive),
      incidents: [...this.world.incidents.rows.values()].filter((one) => !isOver(one)),
      drawings: shownDrawings(this.world.drawings.rows.values(), this.world.incidents.rows, null),
      units: [...this.world.units.rows.values()],
      layers: [...this.world.layers.rows.values()],
    };
    const seen = FIELD_CHANNELS.map((channel): LastSeen => ({ channel, rows: rows[channel], at, account }));
    // A full disk takes nothing away from what is live.
    await keepLastSeen(this.#db, seen).catch(() => undefined);
  }

  async #do(name: string, subject_id: string, about: string, note = '', details: Readonly<Record<string, string>> = {}): Promise<void> {
    const account = this.session.standing ? this.session.account : this.kept.account;
    const actor = account || this.actor || (await this.#askActor());
    if (!actor) return;
    const at = new Date(this.world.clock.now());
    // The log has the time of delivery: what was done before that says so.
    const when = this.isLive ? '' : `(done ${at.toISOString().slice(0, 19)}Z without connection)`;
    const deed: Deed = { key: randomKey(), name, subject_id, actor, account, note: [note, when].filter(Boolean).join(' '), details };
    if (this.outbox) {
      await this.outbox.add(deed, about);
      void this.outbox.deliver();
      return;
    }
    const answer = await post(deed);
    if (!answer.ok) this.urgent = this.storeTrouble = `Not saved: ${answer.error}. Do it again.`;
  }

  async #ticket(): Promise<string> {
    // A page that was opened without a line does not know yet who is here.
    if (this.session.standing === null) await this.session.look();
    return this.session.ticket();
  }

  #sender(): ReturnType<ConstructorParameters<typeof Outbox>[2]> {
    const { standing } = this.session;
    if (standing === null || this.isShut) return null;
    return { account: standing.account, asked: standing.sign_in };
  }

  #showOutbox(): void {
    if (!this.outbox) return;
    this.items = this.outbox.items;
    this.held = this.outbox.held;
    // What became of one that is in the log may have been known here before it was sent.
    if (this.counts.sent) this.#notify();
  }

  #askActor(): Promise<string | null> {
    return new Promise((resolve) => {
      this.asking = (name) => {
        this.asking = null;
        if (name?.trim()) this.setActor(name);
        resolve(name?.trim() || null);
      };
    });
  }

  #view(): View {
    return { t: 'view', bbox: this.#bbox, units: [...new Set([...(this.mine?.units ?? []), this.place.unitId])].filter(Boolean).slice(0, 50), every_s: UNITS_EVERY_S };
  }

  /** Tell the server what is looked at, when that is something else than before. */
  #look(): void {
    const view = this.#view();
    if (JSON.stringify(view) === this.#told) return;
    // A map that is dragged stops often, and the server answers each view with a snapshot.
    this.#lookTimer ??= setTimeout(() => {
      this.#lookTimer = null;
      const last = this.#view();
      this.#told = JSON.stringify(last);
      this.feed.look(last);
    }, LOOK_MS);
  }

  #announce(alerts: readonly Alert[]): void {
    const grave = byUrgency(alerts.filter((alert) => alert.severity === 'P1'));
    if (grave[0]) this.urgent = `${grave.length > 1 ? `${grave.length} P1 alerts, first: ` : 'P1 alert: '}${grave[0].title}`;
  }

  #noteStanding(): void {
    if (!this.session.standing) return;
    this.kept.note(this.session.standing, Date.now());
    this.isLockedHere = false;
  }

  #tick(): void {
    if (document.hidden) return;
    this.local = Date.now();
    this.now = this.world.clock.now(this.local);
    // While the server answers, it decides; without it, the clock does.
    if (this.isLive) this.#noteStanding();
    else if (this.kept.isLocked(this.local)) this.isLockedHere = true;
    void this.#keep();
  }

  #notify(): void {
    this.#notifyTimer ??= setTimeout(() => {
      this.#notifyTimer = null;
      for (const channel of FIELD_CHANNELS) this.revisions[channel] = this.world[channel].revision;
      this.linkRevision += 1;
      if (this.isLive) this.isRestored = false;
      this.#look();
      void this.outbox?.settle(this.world.alerts.rows, this.world.incidents.rows);
      if (this.isLive && this.counts.waiting) void this.outbox?.deliver();
    }, NOTIFY_MS);
  }
}

const post = (deed: Deed) => {
  const { account, details, ...told } = deed;
  return postJson<{ event_id: string }>('/api/actions', { ...told, ...(account && { account }), ...(Object.keys(details).length && { details }) });
};
