/** Everything this page knows, folded from the feed. Plain TypeScript: the views are told at most once a frame. */
import { CHANNELS, goneKey, KEY_OF, readRow, type Channel, type Person, type ReplayState, type RowOf, type Speed } from '../protocol/messages';
import type { FeedSink, LiveFeed } from '../protocol/feed';
import { parseTime, ServerClock, type ShownClock } from '../time';
import type { Heard } from './connection';
import { needsHelp } from './incident_work';
import { Keyed } from './keyed';
import { isActive, isEscalated, isOpen, isOver } from './ranking';
import { SightingLog } from './sighting_log';
import type { Alert, Attachment, Camera, CameraHealth, Drawing, EmergencyCall, Hotlist, Incident, MapLayer, Sighting, UnitPosition, Zone } from '$schemas/events';

/** Closed things are kept up to here, so that a page left open for a week does not grow. */
const MOST_ALERTS = 10_000;
const MOST_CALLS = 5_000;
const MOST_OTHERS = 50_000;
/** Latency shown is the median of the last data not older than this. */
const LATENCY_WINDOW_MS = 15_000;
const LATENCY_SAMPLES = 31;

const later = (a: string, b: string): number => Date.parse(b) - Date.parse(a);

/** What a person has to hear of at once. */
export interface WorldEvents {
  changed(): void;
  /** Alerts never seen before that came live, not with a snapshot. */
  raised(alerts: readonly Alert[]): void;
  /** Alerts that came live, and that nobody took in time or a person escalated. */
  escalated(alerts: readonly Alert[]): void;
  /** New states of alerts, however they came. */
  alertsSeen(alerts: readonly Alert[]): void;
  sightings(rows: readonly Sighting[]): void;
  sightingsReplaced(rows: readonly Sighting[]): void;
  /** Somebody in the field asks for help, live. */
  helpAsked?(incidents: readonly Incident[]): void;
  present?(incident: string, people: readonly Person[]): void;
  replayed?(state: ReplayState, speed: Speed, why: string, now: number): void;
}

export class World implements FeedSink {
  readonly alerts = new Keyed<Alert>({
    key: (a) => a.alert_id,
    atLeast: (a, b) => a.rev >= b.rev,
    most: MOST_ALERTS,
    worth: (a, b) => Number(isActive(b)) - Number(isActive(a)) || later(a.raised_at, b.raised_at),
  });
  readonly incidents = new Keyed<Incident>({
    key: (i) => i.incident_id,
    atLeast: (a, b) => a.rev >= b.rev,
    most: MOST_CALLS,
    worth: (a, b) => Number(isOver(a)) - Number(isOver(b)) || later(a.opened_at, b.opened_at),
  });
  readonly drawings = new Keyed<Drawing>({
    key: (d) => d.drawing_id,
    atLeast: (a, b) => a.rev >= b.rev,
    removed: (d) => d.removed,
    most: MOST_CALLS,
    worth: (a, b) => later(a.changed_at, b.changed_at),
  });
  readonly attachments = new Keyed<Attachment>({
    key: (a) => a.attachment_id,
    atLeast: (a, b) => a.rev >= b.rev,
    most: MOST_CALLS,
    worth: (a, b) => later(a.added_at, b.added_at),
  });
  readonly calls = new Keyed<EmergencyCall>({
    key: (c) => c.call_id,
    // The log's order decides between two states of the same moment, so only a strictly newer one is kept.
    atLeast: (a, b) => a.event_id === b.event_id || Date.parse(a.updated_at) > Date.parse(b.updated_at),
    most: MOST_CALLS,
    worth: (a, b) => Number(isOver(a)) - Number(isOver(b)) || later(a.received_at, b.received_at),
  });
  readonly cameras = this.#latest<Camera>((c) => c.camera_id, (c) => c.observed_at, (c) => c.removed);
  readonly health = this.#latest<CameraHealth>((h) => h.camera_id, (h) => h.occurred_at);
  readonly zones = this.#latest<Zone>((z) => z.zone_id, (z) => z.observed_at, (z) => z.removed);
  readonly units = this.#latest<UnitPosition>((u) => u.unit_id, (u) => u.occurred_at);
  readonly layers = this.#latest<MapLayer>((l) => l.name, (l) => l.changed_at, (l) => l.removed);
  readonly hotlists = new Keyed<Hotlist>({
    key: (h) => h.list_id,
    atLeast: (a, b) => a.version >= b.version,
    most: MOST_OTHERS,
    worth: (a, b) => later(a.observed_at, b.observed_at),
  });
  readonly sightings = new SightingLog();

  /** Server's clock when an alert first came live; absent for those that came with the page. */
  readonly arrivals = new Map<string, number>();
  /** The newest `observed_at` of each channel, ms. */
  readonly newest = new Map<Channel, number>();
  /** Channels whose first snapshot is here. */
  readonly loaded = new Set<Channel>();
  unreadableRows = 0;
  feed: LiveFeed | null = null;

  #lastFrame: number | null = null;
  readonly #openedAt: number;
  #latencies: { at: number; ms: number }[] = [];

  constructor(
    private readonly events: WorldEvents,
    private readonly localNow: () => number = Date.now,
    readonly clock: ShownClock = new ServerClock(),
  ) {
    this.#openedAt = localNow();
  }

  #latest<T extends { observed_at: string }>(
    key: (row: T) => string, version: (row: T) => string, removed?: (row: T) => boolean,
  ): Keyed<T> {
    return new Keyed<T>({
      key,
      atLeast: (a, b) => Date.parse(version(a)) >= Date.parse(version(b)),
      ...(removed && { removed }),
      most: MOST_OTHERS,
      worth: (a, b) => later(a.observed_at, b.observed_at),
    });
  }

  replace(channel: Channel, rows: readonly unknown[]): void {
    this.loaded.add(channel);
    this.newest.delete(channel);
    const known = channel === 'alerts' ? new Set(this.alerts.rows.keys()) : null;
    const read = this.#read(channel, rows);
    if (channel === 'sightings') {
      this.sightings.replace(read as Sighting[]);
      this.events.sightingsReplaced(read as Sighting[]);
    } else {
      (this[channel] as Keyed<unknown>).replace(read);
    }
    if (known) {
      const alerts = [...this.alerts.rows.values()];
      this.events.alertsSeen(alerts);
      // After a gap, what was missed must be announced too; on the first snapshot everything is "new" and nothing is.
      if (known.size) this.#raise(alerts.filter((alert) => !known.has(alert.alert_id)));
      for (const id of this.arrivals.keys()) if (!this.alerts.rows.has(id)) this.arrivals.delete(id);
    }
    this.events.changed();
  }

  /** Take what was seen at an earlier time, before anything is live. Nobody is told that it is news. */
  restore(channel: Exclude<Channel, 'sightings'>, rows: readonly unknown[], at: number): void {
    if (this.loaded.has(channel)) return;
    (this[channel] as Keyed<unknown>).replace(this.#read(channel, rows));
    this.#lastFrame = Math.max(this.#lastFrame ?? 0, at);
  }

  merge(channel: Channel, told: readonly unknown[]): void {
    const rows = channel === 'sightings' ? told : this.#dropGone(channel, told);
    const read = this.#read(channel, rows);
    if (channel === 'sightings') {
      this.#measure(read as Sighting[]);
      this.sightings.add(read as Sighting[], this.localNow());
      this.events.sightings(read as Sighting[]);
    } else if (channel === 'alerts') {
      const before = new Set((read as Alert[]).filter((a) => this.alerts.rows.has(a.alert_id)).map((a) => a.alert_id));
      const marked = new Map((read as Alert[]).map((a) => [a.alert_id, this.alerts.get(a.alert_id)?.escalated_at]));
      const news = this.alerts.merge(read as Alert[]);
      this.events.alertsSeen(news);
      const now = this.clock.now(this.localNow());
      const raised = news.filter((alert) => !before.has(alert.alert_id));
      for (const alert of raised) this.arrivals.set(alert.alert_id, now);
      this.#measure(raised.filter((alert) => alert.rev === 1));
      this.#raise(raised);
      const late = news.filter((a) => isEscalated(a) && a.escalated_at !== marked.get(a.alert_id));
      if (late.length) this.events.escalated(late);
      if (this.arrivals.size > 2 * MOST_ALERTS) {
        for (const id of this.arrivals.keys()) if (!this.alerts.rows.has(id)) this.arrivals.delete(id);
      }
    } else if (channel === 'incidents') {
      const notes = new Map((read as Incident[]).map((one) => [one.incident_id, this.incidents.get(one.incident_id)?.note]));
      const asked = this.incidents.merge(read as Incident[]).filter((one) => needsHelp(one) && notes.get(one.incident_id) !== one.note);
      if (asked.length) this.events.helpAsked?.(asked);
    } else {
      (this[channel] as Keyed<unknown>).merge(read);
    }
    this.events.changed();
  }

  dropped(channel: Channel, count: number): void {
    if (channel === 'sightings') this.sightings.leftOut(count, this.localNow());
    this.events.changed();
  }

  heard(serverNow: number | null, at: number): void {
    this.#lastFrame = at;
    if (serverNow !== null) this.clock.heard(serverNow, at);
  }

  present(incident: string, people: readonly Person[]): void {
    this.events.present?.(incident, people);
  }

  replayed(state: ReplayState, speed: Speed, why: string, now: number): void {
    this.events.replayed?.(state, speed, why, now);
    this.events.changed();
  }

  changed(feed: LiveFeed): void {
    this.feed = feed;
    this.events.changed();
  }

  /** What the connection badge is made of. */
  connection(): Heard {
    return {
      phase: this.feed?.phase ?? 'connecting',
      refusal: this.feed?.refusal ?? '',
      lastFrame: this.#lastFrame,
      since: this.#openedAt,
      latency: this.latency(),
      behind: (this.feed?.behind['process'] ?? 0) * 1000,
      newest: this.newestAge(this.clock.now(this.localNow())),
    };
  }

  /** Edge to screen, ms: median of the last data; null when none came lately. */
  latency(): number | null {
    const at = this.localNow();
    const fresh = this.#latencies.filter((l) => at - l.at < LATENCY_WINDOW_MS).map((l) => l.ms).sort((a, b) => a - b);
    return fresh[Math.floor(fresh.length / 2)] ?? null;
  }

  /** Age of the newest data of a channel, ms; null when none is known. */
  ageOf(channel: Channel, now: number): number | null {
    const at = this.newest.get(channel);
    return at === undefined ? null : Math.max(0, now - at);
  }

  /** Age of the newest thing that was seen or heard out there (not of reference data). */
  newestAge(now: number): number | null {
    const ages = (['alerts', 'incidents', 'calls', 'health', 'sightings'] as const)
      .map((channel) => this.ageOf(channel, now))
      .filter((ms): ms is number => ms !== null);
    return ages.length ? Math.min(...ages) : null;
  }

  counts(): Record<Channel, number> {
    return Object.fromEntries(
      CHANNELS.map((c) => [c, c === 'sightings' ? this.sightings.recent(this.clock.now()).length : this[c].rows.size]),
    ) as Record<Channel, number>;
  }

  #raise(alerts: readonly Alert[]): void {
    const open = alerts.filter(isOpen);
    if (open.length) this.events.raised(open);
  }

  /** Forget what may be seen here no longer; return the states of the others, and of what came back. */
  #dropGone(channel: Exclude<Channel, 'sightings'>, told: readonly unknown[]): readonly unknown[] {
    const gone = new Map(told.flatMap((row, at) => { const key = goneKey(channel, row); return key === null ? [] : [[key, at] as const]; }));
    if (!gone.size) return told;
    this[channel].drop(gone.keys());
    return told.filter((row, at) => at > (gone.get(String((row as Record<string, unknown> | null)?.[KEY_OF[channel]])) ?? -1));
  }

  #read<C extends Channel>(channel: C, rows: readonly unknown[]): RowOf[C][] {
    const out: RowOf[C][] = [];
    let newest = this.newest.get(channel) ?? Number.NEGATIVE_INFINITY;
    for (const raw of rows) {
      const row = readRow(channel, raw);
      if (row === null) {
        this.unreadableRows += 1;
        continue;
      }
      out.push(row);
      newest = Math.max(newest, parseTime(row.observed_at));
    }
    if (Number.isFinite(newest)) this.newest.set(channel, newest);
    return out;
  }

  #measure(rows: readonly { observed_at: string }[]): void {
    if (!rows.length) return;
    const at = this.localNow();
    const now = this.clock.now(at);
    for (const row of rows.slice(-LATENCY_SAMPLES)) this.#latencies.push({ at, ms: Math.max(0, now - parseTime(row.observed_at)) });
    this.#latencies = this.#latencies.slice(-LATENCY_SAMPLES);
  }
}
