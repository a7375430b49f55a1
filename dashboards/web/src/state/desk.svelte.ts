/** What the screen shows of the world, and what the person is doing with it. The one place where state is reactive. */
import { ALERT_SEVERITIES, type Alert, type Sighting } from '$schemas/events';
import { getJson, postJson } from '../http';
import { LiveFeed } from '../protocol/feed';
import { CHANNELS, type Channel } from '../protocol/messages';
import type { MapView, Subject } from '../map/view';
import { Actions, type Found, randomKey, type ActionName } from './actions';
import { badge } from './connection';
import { isOpen, severityOf, type Severity } from './ranking';
import { World } from './world';

export type Tab = 'alerts' | 'calls' | 'reads' | 'cameras' | 'zones';

/** What GET /api/status says, as far as it is shown. */
export interface Status {
  readonly version?: string;
  /** What is wrong, in plain words, by part of the server. */
  readonly wrong?: Readonly<Record<string, string>>;
  readonly details?: { readonly embedded_log?: boolean };
}

/** Views are told at most this often; a first change after a pause is told at once. */
const NOTIFY_MS = 100;
const STATUS_MS = 15_000;
const ACTOR = 'watchfloor.actor';
const LETTERS = 'watchfloor.letter-keys';

const TAB_OF: Readonly<Record<Subject['kind'], Tab>> = {
  alert: 'alerts', incident: 'calls', call: 'calls', camera: 'cameras', zone: 'zones',
};

export class Desk {
  /** Ours and the server's clock; they move once a second, and every age on the screen with them. */
  local = $state(Date.now());
  now = $state(Date.now());
  revisions = $state<Record<Channel, number>>(Object.fromEntries(CHANNELS.map((c) => [c, 0])) as Record<Channel, number>);
  pendingRevision = $state(0);
  linkRevision = $state(0);

  tab = $state<Tab>('alerts');
  closedShown = $state(false);
  selection = $state.raw<Subject | null>(null);
  actor = $state(localStorage.getItem(ACTOR) ?? '');
  letterKeys = $state(localStorage.getItem(LETTERS) !== 'off');
  mapTrouble = $state('');
  status = $state.raw<Status | null>(null);
  /** Spoken by screen readers: at once for a P1, when convenient for a P2. */
  urgent = $state('');
  polite = $state('');
  /** The dialog that asks who is at the desk, while it is open. */
  asking = $state.raw<((name: string | null) => void) | null>(null);

  readonly world: World;
  readonly feed: LiveFeed;
  readonly actions: Actions;
  map: MapView | null = null;

  #notifyAt = 0;
  #notifyTimer: ReturnType<typeof setTimeout> | null = null;

  constructor() {
    this.world = new World({
      changed: () => this.#notify(),
      raised: (alerts) => this.#announce(alerts),
      alertsSeen: (alerts) => alerts.forEach((alert) => this.actions.seen(alert)),
      sightings: (rows) => this.map?.addSightings(rows, this.world.clock.now()),
      sightingsReplaced: (rows) => this.#resetSightings(rows),
    });
    this.actions = new Actions(
      async (body) => {
        const answer = await postJson<{ event_id: string }>('/api/actions', body);
        return answer.ok ? { ok: true, error: '' } : { ok: false, error: answer.error };
      },
      randomKey,
      (ms, run) => void setTimeout(run, ms),
      () => (this.pendingRevision += 1),
    );
    const address = `${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}/ws`;
    this.feed = new LiveFeed(
      'map',
      (subprotocol) => {
        const socket = new WebSocket(address, subprotocol);
        return {
          send: (text: string) => {
            if (socket.readyState === WebSocket.OPEN) socket.send(text);
          },
          close: (code?: number) => socket.close(code),
          set onopen(run: (() => void) | null) { socket.onopen = run; },
          set onmessage(run: ((event: { data: unknown }) => void) | null) { socket.onmessage = run; },
          set onclose(run: ((event: { code: number }) => void) | null) { socket.onclose = run; },
        };
      },
      this.world,
      {
        now: () => Date.now(),
        after: (ms, run) => {
          const timer = setTimeout(run, ms);
          return () => clearTimeout(timer);
        },
      },
    );
  }

  /** Begin; return how to end. */
  start(): () => void {
    this.feed.start();
    const kick = (): void => this.feed.kick();
    const seen = (): void => {
      if (!document.hidden) kick();
    };
    addEventListener('online', kick);
    document.addEventListener('visibilitychange', seen);
    const second = setInterval(() => this.#tick(), 1000);
    const status = setInterval(() => void this.#readStatus(), STATUS_MS);
    void this.#readStatus();
    return () => {
      this.feed.stop();
      removeEventListener('online', kick);
      document.removeEventListener('visibilitychange', seen);
      clearInterval(second);
      clearInterval(status);
    };
  }

  badge = $derived.by(() => {
    void this.linkRevision;
    return badge(this.world.connection(), this.local);
  });

  /** Alerts nobody has taken, by severity. */
  openCounts = $derived.by(() => {
    void this.revisions.alerts;
    const counts: Record<Severity, number> = { P1: 0, P2: 0, P3: 0, P4: 0 };
    for (const alert of this.world.alerts.rows.values()) if (isOpen(alert)) counts[severityOf(alert)] += 1;
    return counts;
  });

  select(subject: Subject | null, show = false): void {
    this.selection = subject;
    if (subject && show) {
      this.tab = TAB_OF[subject.kind];
      const alert = subject.kind === 'alert' ? this.world.alerts.get(subject.id) : undefined;
      if (alert) this.closedShown = alert.status === 'closed' || alert.status === 'recalled';
    }
  }

  /** Where a subject is; null when nobody knows. */
  placeOf(subject: Subject): readonly [number, number] | null {
    const row = {
      alert: () => this.world.alerts.get(subject.id),
      incident: () => this.world.incidents.get(subject.id),
      call: () => this.world.calls.get(subject.id),
      camera: () => this.world.cameras.get(subject.id),
      zone: () => middleOf(this.world.zones.get(subject.id)?.polygons[0]?.[0]),
    }[subject.kind]();
    return row && row.lat !== null && row.lon !== null ? [row.lon, row.lat] : null;
  }

  centre(): void {
    const place = this.selection && this.placeOf(this.selection);
    if (place) this.map?.centre(place);
  }

  async act(alert: Alert, name: ActionName, note = '', found: Found = {}): Promise<void> {
    const actor = this.actor || (await this.#askActor());
    if (actor) await this.actions.act(alert, name, actor, note, found);
  }

  setActor(name: string): void {
    this.actor = name.trim();
    localStorage.setItem(ACTOR, this.actor);
  }

  setLetterKeys(on: boolean): void {
    this.letterKeys = on;
    localStorage.setItem(LETTERS, on ? 'on' : 'off');
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

  #resetSightings(rows: readonly Sighting[]): void {
    this.map?.clearSightings();
    this.map?.addSightings(rows, this.world.clock.now());
  }

  #announce(alerts: readonly Alert[]): void {
    const [p1, p2] = (['P1', 'P2'] as const).map((severity) => alerts.filter((alert) => severityOf(alert) === severity));
    const say = (severity: Severity, list: readonly Alert[]): string =>
      `${list.length > 1 ? `${list.length} new ${severity} alerts, first: ` : `New ${severity} alert: `}${list[0]?.title ?? ''}`;
    if (p1?.length) this.urgent = say('P1', p1);
    if (p2?.length) this.polite = say('P2', p2);
  }

  #tick(): void {
    this.local = Date.now();
    this.now = this.world.clock.now(this.local);
  }

  #notify(): void {
    if (this.#notifyTimer !== null) return;
    const wait = Math.max(0, this.#notifyAt + NOTIFY_MS - Date.now());
    this.#notifyTimer = setTimeout(() => {
      this.#notifyTimer = null;
      this.#notifyAt = Date.now();
      for (const channel of CHANNELS) if (channel !== 'sightings') this.revisions[channel] = this.world[channel].revision;
      this.linkRevision += 1;
    }, wait);
  }

  async #readStatus(): Promise<void> {
    if (document.hidden) return;
    const answer = await getJson<Status>('/api/status');
    this.status = answer.ok && answer.value && typeof answer.value === 'object' ? answer.value : null;
  }
}

/** Severities in the order in which they are counted. */
export const SEVERITIES = ALERT_SEVERITIES;

function middleOf(ring: readonly (readonly [number, number])[] | undefined): { lat: number; lon: number } | undefined {
  if (!ring?.length) return undefined;
  const lons = ring.map(([lon]) => lon);
  const lats = ring.map(([, lat]) => lat);
  return { lon: (Math.min(...lons) + Math.max(...lons)) / 2, lat: (Math.min(...lats) + Math.max(...lats)) / 2 };
}
